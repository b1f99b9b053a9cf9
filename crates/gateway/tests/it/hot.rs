//! The table changes while calls go on: each change counts for the next call, and no call fails for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tieline_core::route_table::{Entry, SubscriptionState};
use tieline_gateway::Settings;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::upstream::Upstream;
use crate::world::*;

#[tokio::test]
async fn every_change_counts_for_the_next_call() {
    let (world, upstream) = (World::new().await, Upstream::echo().await);
    let token = world.token();
    let key = Entry::ApiKey(api_key("key-1"));
    let mut entry = route(&upstream.url());
    entry.schemes.push(tieline_core::model::Scheme::ApiKey);
    let entry = Entry::Route(entry);
    for _ in 0..20 {
        assert_eq!(world.get(&token).await.code(), "route_not_found");
        world.put([entry.clone()]);
        assert_eq!(world.get(&token).await.status, 200);
        world.put([subscribed("app", SubscriptionState::Blocked, "unlimited")]);
        assert_eq!(world.get(&token).await.code(), "subscription_blocked");
        world.put([subscription("app")]);
        assert_eq!(world.get(&token).await.status, 200);
        world.remove(&subscription("app"));
        assert_eq!(world.get(&token).await.code(), "subscription_missing");
        world.put([key.clone(), subscription("app")]);
        assert_eq!(world.call("GET", PATH, &["API-Key: key-1"], "").await.status, 200);
        world.remove(&key);
        assert_eq!(world.call("GET", PATH, &["API-Key: key-1"], "").await.code(), "api_key_unknown");
        world.remove(&entry);
    }
}

#[tokio::test]
async fn nothing_is_served_from_half_a_table() {
    let (world, upstream) = (World::empty(Settings::default()).await, Upstream::echo().await);
    let entries = [world.own(), world.issuer(), subscription("app"), Entry::Route(route(&upstream.url()))];
    let changes: BTreeMap<_, _> = entries.into_iter().map(|entry| (entry.key(), Some(entry))).collect();
    for prepared in [BTreeMap::new(), changes] {
        world.table.prepare(false, prepared);
        let reply = world.get(&world.token()).await;
        assert_eq!((reply.status, reply.code().as_str()), (503, "gateway_starting"));
        assert!(reply.head.contains("retry-after: 1"), "{}", reply.head);
    }
    world.put([]);
    assert_eq!(world.get(&world.token()).await.status, 200);
}

/// Calls again and again on one connection, until told to stop; tells who answered.
async fn keep_calling(
    world: Arc<World>,
    method: &'static str,
    body: &'static str,
    stop: Arc<AtomicBool>,
) -> Vec<String> {
    let mut stream = TcpStream::connect(world.internal).await.unwrap();
    let token = world.token();
    let request = format!(
        "{method} {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut names = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let mut chunk = [0; 4096];
        // What the endpoint tells ends with its only unescaped `}`.
        while !answer.ends_with(b"}") {
            let length = stream.read(&mut chunk).await.unwrap();
            assert!(length > 0, "closed");
            answer.extend_from_slice(&chunk[..length]);
        }
        let reply = Reply::read(&String::from_utf8(answer).unwrap());
        assert_eq!(reply.status, 200, "{reply:?}");
        names.push(reply.json()["name"].as_str().unwrap().to_owned());
    }
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_is_switched_under_load_without_a_failed_call() {
    let world = Arc::new(World::new().await);
    let mut upstream = Upstream::named("v0").await;
    world.put([Entry::Route(route(&upstream.url()))]);
    let stop = Arc::new(AtomicBool::new(false));
    let mut callers = JoinSet::new();
    for caller in 0..8 {
        let (method, body) = if caller % 2 == 0 { ("GET", "") } else { ("POST", "text") };
        callers.spawn(keep_calling(Arc::clone(&world), method, body, Arc::clone(&stop)));
    }
    let names = ["v1", "v2", "v3", "v4", "v5", "v6"];
    for name in names {
        let next = Upstream::named(name).await;
        world.put([Entry::Route(route(&next.url()))]);
        let reply = world.get(&world.token()).await;
        assert_eq!(reply.json()["name"], name);
        // The former version runs until its calls have ended, as deployments do.
        for _ in 0..20 {
            assert_eq!(world.get(&world.token()).await.json()["name"], name);
        }
        std::mem::replace(&mut upstream, next).drained().await;
    }
    stop.store(true, Ordering::SeqCst);
    while let Some(answered) = callers.join_next().await {
        let answered = answered.unwrap();
        // Versions come in order: nobody sees the former one after the next.
        assert!(answered.is_sorted(), "{answered:?}");
        assert!(
            answered.contains(&"v1".to_owned()) && answered.last().is_some_and(|last| last == "v6"),
            "{answered:?}"
        );
    }
}

#[tokio::test]
async fn a_call_to_an_endpoint_that_went_follows_its_route() {
    let (world, next) = (World::new().await, Upstream::named("next").await);
    let gone = Upstream::echo().await.stop().await;
    world.put([Entry::Route(route(&format!("http://{gone}")))]);
    let token = world.token();
    // While the gateway tries the endpoint that went, the route changes.
    let change = async {
        tokio::task::yield_now().await;
        world.put([Entry::Route(route(&next.url()))]);
    };
    let (reply, ()) = tokio::join!(world.get(&token), change);
    assert_eq!(reply.status, 200, "{reply:?}");
}
