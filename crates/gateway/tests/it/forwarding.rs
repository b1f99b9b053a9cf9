//! Where a call goes and what it becomes on its way, and what happens when nobody is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tieline_core::route_table::{Entry, InstallationEntry, RouteEntry};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::upstream::Upstream;
use crate::world::*;

#[tokio::test]
async fn the_prefix_is_replaced_by_the_base_path() {
    let (world, upstream) = (World::new().await, Upstream::echo().await);
    for (base, path, expect) in [
        ("/base", "", "/base"),
        ("/base/", "/x?a=b&c=%20", "/base/x?a=b&c=%20"),
        ("/", "", "/"),
        ("", "?a", "/?a"),
        ("", "/x%2Fy//z", "/x%2Fy//z"),
        ("/a/b", "/v2/x.json", "/a/b/v2/x.json"),
    ] {
        world.put([Entry::Route(RouteEntry {
            base_path: base.to_owned(),
            schemes: vec![tieline_core::model::Scheme::None],
            ..route(&upstream.url())
        })]);
        let reply = world.call("PATCH", &format!("{PATH}{path}"), &[], "text").await;
        let json = reply.json();
        assert_eq!(
            (&json["target"], &json["method"], &json["body"]),
            (&expect.into(), &"PATCH".into(), &"text".into())
        );
    }
}

#[tokio::test]
async fn no_path_leaves_its_base() {
    let (world, upstream) = (World::new().await, Upstream::echo().await);
    world.put([open(&upstream.url())]);
    for path in ["/../x", "/%2e%2e/x", "/..%2fx", "/x/..;a/y", "/..\\x", "/%5c..%5cx", "/a/.", "/%00", "/%x"] {
        let reply = world.call("GET", &format!("{PATH}{path}"), &[], "").await;
        assert_eq!(reply.status, 400, "{path}");
        // Some of these hyper refuses itself, without a body.
        assert!(reply.body.is_empty() || reply.code() == "path_unsafe", "{path} {reply:?}");
    }
    for path in ["/acme/development/shop/../shop/orders/v1", "/acme/development/shop//orders/v1", "//acme/x/y/z/v1"] {
        assert_eq!(world.call("GET", path, &[], "").await.code(), "route_not_found", "{path}");
    }
}

#[tokio::test]
async fn the_table_is_needed() {
    let world = World::new().await;
    let table = Arc::new(tieline_gateway::Table::new(&tieline_core::randomness::FixedRandomness::seeded(1)));
    let gateway = tieline_gateway::Gateway::new(
        tieline_gateway::Settings::default(),
        table,
        Arc::<tieline_core::clock::FixedClock>::clone(&world.clock),
        None,
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let serving = gateway.serve(listener, tieline_gateway::Side::Internal, stopping);
    let asking = async {
        let reply = call(address, "GET", PATH, &[], "").await;
        stop.send_replace(true);
        reply
    };
    let (reply, ()) = tokio::join!(asking, serving);
    assert_eq!((reply.status, reply.code().as_str()), (503, "gateway_starting"));
    assert!(reply.head.contains("retry-after: 1"));
}

#[tokio::test]
async fn addresses_are_checked_as_they_resolve() {
    let (world, upstream) = (World::new().await, Upstream::echo().await);
    let port = upstream.address.port();
    let installation = |loopback| Entry::Installation(InstallationEntry { loopback, own: vec![world.internal] });
    world.put([open(&format!("http://localhost:{port}"))]);
    assert_eq!(world.call("GET", PATH, &[], "").await.status, 200);
    for (address, allowed, loopback) in [
        (format!("http://localhost:{port}"), vec![], false),
        (format!("http://127.0.0.1:{port}"), vec![], false),
        (format!("http://{}", world.internal), vec![], true),
        ("http://169.254.169.254".to_owned(), vec![], true),
        ("http://10.0.0.1:80".to_owned(), vec!["192.168.0.0/16".to_owned()], true),
        (format!("http://127.0.0.1:{port}"), vec!["nonsense".to_owned()], true),
        ("grpc://127.0.0.1:1".to_owned(), vec![], true),
    ] {
        let Entry::Route(open) = open(&address) else { unreachable!() };
        world.put([installation(loopback), Entry::Route(RouteEntry { allowed, ..open })]);
        let reply = world.call("GET", PATH, &[], "").await;
        assert_eq!((reply.status, reply.code().as_str()), (502, "upstream_address_refused"), "{address}");
        assert!(!reply.body.contains(&address), "{reply:?}");
    }
}

/// An address of this machine beyond loopback, where it has one: the one by which it would reach others.
fn beyond_loopback() -> Option<std::net::IpAddr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("198.51.100.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|address| !address.is_loopback())
}

#[tokio::test]
async fn a_listener_on_every_address_is_recognised_by_each() {
    let Some(machine) = beyond_loopback() else { return };
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let upstream = Upstream::on(listener, |stream| async move { drop(stream) });
    let endpoint = format!("http://{machine}:{}", upstream.address.port());
    for (of_table, of_process, code) in [
        (vec![upstream.address], vec![], "upstream_address_refused"),
        (vec![], vec![upstream.address], "upstream_address_refused"),
        (vec![], vec![], "upstream_broke_off"),
    ] {
        let settings = tieline_gateway::Settings { own: of_process, ..Default::default() };
        let world = World::with(settings).await;
        world.put([Entry::Installation(InstallationEntry { loopback: true, own: of_table }), open(&endpoint)]);
        assert_eq!(world.call("GET", PATH, &[], "").await.code(), code);
    }
}

#[tokio::test]
async fn a_call_that_comes_back_again_and_again_ends() {
    let world = World::new().await;
    let (gateway, rounds) = (world.internal, Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&rounds);
    // A load balancer in front of the gateway.
    let upstream = Upstream::each(move |mut stream| {
        count.fetch_add(1, Ordering::SeqCst);
        async move {
            let mut gateway = TcpStream::connect(gateway).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut gateway).await;
        }
    })
    .await;
    let Entry::Route(route) = open(&upstream.url()) else { unreachable!() };
    world.put([Entry::Route(RouteEntry { base_path: PATH.to_owned(), ..route })]);
    let reply = world.call("GET", PATH, &["Connection: Via"], "").await;
    assert_eq!((reply.status, reply.code().as_str()), (508, "call_loops"));
    assert_eq!(rounds.load(Ordering::SeqCst), 4);
    // Somebody else's marks are passed on, with the gateway's own.
    let upstream = Upstream::echo().await;
    world.put([open(&upstream.url())]);
    let via = world.call("GET", PATH, &["Via: 1.1 fred, 1.1 tieline-0"], "").await.got("via");
    assert!(via.len() == 2 && via[0].starts_with("1.1 fred") && via[1].starts_with("1.1 tieline-"), "{via:?}");
}

#[tokio::test]
async fn connections_of_other_rules_are_not_used() {
    let (world, upstream) = (World::new().await, Upstream::echo().await);
    world.put([open(&upstream.url())]);
    assert_eq!(world.call("GET", PATH, &[], "").await.status, 200);
    world.put([Entry::Installation(InstallationEntry { loopback: false, own: Vec::new() })]);
    assert_eq!(world.call("GET", PATH, &[], "").await.code(), "upstream_address_refused");
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_named() {
    let (world, upstream) = (World::new().await, Upstream::echo().await);
    let gone = format!("http://{}", upstream.stop().await);
    world.put([open(&gone)]);
    let reply = world.call("GET", PATH, &[], "").await;
    assert_eq!((reply.status, reply.code().as_str()), (502, "upstream_unreachable"));
    assert!(reply.json()["title"].as_str().unwrap().contains("service:/shop/orders/v1/api"), "{reply:?}");
    world.put([open("http://no.such.host.invalid")]);
    assert_eq!(world.call("POST", PATH, &[], "x").await.code(), "upstream_unreachable");
}

/// Answers `answers` requests on a connection, then reads one more and closes.
async fn answer(mut stream: TcpStream, answers: usize, seen: Arc<AtomicUsize>) {
    let mut bytes = [0; 4096];
    for answered in 0.. {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(length @ 1..) = stream.read(&mut bytes).await else { return };
            head.extend_from_slice(&bytes[..length]);
        }
        seen.fetch_add(1, Ordering::SeqCst);
        if answered == answers {
            return;
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
    }
}

#[tokio::test]
async fn what_may_be_repeated_survives_a_closed_connection() {
    for (method, status) in [("GET", 200), ("HEAD", 200), ("DELETE", 200), ("POST", 502)] {
        let seen = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&seen);
        let upstream = Upstream::each(move |stream| answer(stream, 1, Arc::clone(&count))).await;
        let world = World::new().await;
        world.put([open(&upstream.url())]);
        assert_eq!(world.call("GET", PATH, &[], "").await.status, 200);
        // The idle connection looks alive, takes this call, and closes.
        let reply = world.call(method, PATH, &[], "").await;
        assert_eq!(reply.status, status, "{method} {reply:?}");
        assert_eq!(seen.load(Ordering::SeqCst), if status == 200 { 3 } else { 2 }, "{method}");
    }
}

#[tokio::test]
async fn a_first_connection_that_breaks_off_is_no_reason_to_repeat() {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let upstream = Upstream::each(move |stream| answer(stream, 0, Arc::clone(&count))).await;
    let world = World::new().await;
    world.put([open(&upstream.url())]);
    assert_eq!(world.call("GET", PATH, &[], "").await.code(), "upstream_broke_off");
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_belongs_to_one_connection_is_not_passed_on() {
    let world = World::new().await;
    let (upstream, seen) = Upstream::witness(
        b"HTTP/1.1 200 OK\r\nConnection: X-Own, keep-alive\r\nX-Own: 1\r\nKeep-Alive: timeout=9\r\nX-Kept: 1\r\n\
          Content-Length: 2\r\n\r\nok",
    )
    .await;
    world.put([open(&upstream.url())]);
    let headers = [
        "Connection: keep-alive, X-Mine, cookie",
        "X-Mine: 1",
        "Cookie: a=b",
        "Keep-Alive: 5",
        "Proxy-Authorization: Basic x",
        "Proxy-Connection: close",
        "TE: gzip",
        "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABkAAQAAP__",
        "X-Kept: 1",
    ];
    let reply = world.call("GET", PATH, &headers, "").await;
    assert!(reply.head.contains("x-kept") && !reply.head.contains("x-own") && !reply.head.contains("keep-alive"));
    let seen = String::from_utf8(seen.lock().unwrap().clone()).unwrap();
    assert!(seen.contains("x-kept: 1"), "{seen}");
    for name in ["x-mine", "cookie", "keep-alive", "proxy-", "te:", "upgrade", "http2", "connection"] {
        assert!(!seen.contains(name), "{name}: {seen}");
    }
}

#[tokio::test]
async fn behind_a_proxy_its_word_counts() {
    let settings = tieline_gateway::Settings { behind_proxy: true, ..Default::default() };
    let (world, upstream) = (World::with(settings).await, Upstream::echo().await);
    world.put([open(&upstream.url())]);
    let headers =
        ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https", "X-Forwarded-Host: public", "Forwarded: for=x"];
    let reply = world.call("GET", PATH, &headers, "").await;
    assert_eq!(reply.got("x-forwarded-for"), ["6.6.6.6", "127.0.0.1"]);
    assert_eq!(
        (reply.got("x-forwarded-proto"), reply.got("x-forwarded-host")),
        (vec!["https".into()], vec!["public".into()])
    );
}
