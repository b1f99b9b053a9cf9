//! WebSockets: a tunnel when the endpoint agrees, with nothing lost and nothing let through before.

use std::time::Duration;

use tieline_core::model::Scheme;
use tieline_core::route_table::{Entry, RevocationEntry, RouteEntry, SubscriptionState};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::upstream::Upstream;
use crate::world::*;

const AGREED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\nhello";

fn handshake(token: &str) -> String {
    format!(
        "GET {PATH}/chat?room=1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\
         Connection: keep-alive, Upgrade, Sec-WebSocket-Key\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
    )
}

/// Agrees to a handshake, sends `hello`, and sends everything back; tells the head that it got first.
async fn agreeing() -> (Upstream, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let (tell, heads) = tokio::sync::mpsc::unbounded_channel();
    let upstream = Upstream::each(move |mut stream| {
        let tell = tell.clone();
        async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            tell.send(String::from_utf8(head).unwrap()).unwrap();
            stream.write_all(AGREED).await.unwrap();
            let (mut from, mut to) = stream.split();
            let _ = tokio::io::copy(&mut from, &mut to).await;
        }
    })
    .await;
    (upstream, heads)
}

async fn exactly(stream: &mut TcpStream, length: usize) -> String {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap().to_ascii_lowercase()
}

#[tokio::test]
async fn a_tunnel_carries_both_ways_until_its_end() {
    let world = World::new().await;
    let (upstream, mut heads) = agreeing().await;
    world.put([Entry::Route(route(&upstream.url()))]);
    let mut client = TcpStream::connect(world.internal).await.unwrap();
    // What comes at once after the handshake belongs into the tunnel, once there is one.
    client.write_all(format!("{}early", handshake(&world.token())).as_bytes()).await.unwrap();
    let answer = head(&mut client).await;
    assert!(answer.starts_with("http/1.1 101") && answer.contains("sec-websocket-accept: s3pp"), "{answer}");
    assert!(answer.contains("upgrade: websocket") && answer.contains("sec-websocket-protocol: chat"), "{answer}");
    assert_eq!(exactly(&mut client, 10).await, "helloearly");
    client.write_all(b"ping").await.unwrap();
    assert_eq!(exactly(&mut client, 4).await, "ping");
    client.shutdown().await.unwrap();
    assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
    let head = heads.recv().await.unwrap();
    assert!(head.starts_with("GET /base/chat?room=1 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==") && !head.contains("authorization"), "{head}");
    assert!(head.contains("x-tieline-application"), "{head}");
    let log = world.stop().await.lines();
    assert_eq!((&log[0]["status"], &log[0]["received"], &log[0]["sent"]), (&101.into(), &9.into(), &14.into()));
}

#[tokio::test]
async fn nobody_gets_a_tunnel_without_a_right_to_it() {
    let world = World::new().await;
    let (upstream, mut heads) = agreeing().await;
    world.put([Entry::Route(route(&upstream.url()))]);
    let answer = raw(world.internal, handshake("x").replace("keep-alive", "close").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(heads.try_recv().is_err());
}

#[tokio::test]
async fn an_endpoint_that_does_not_agree_answers() {
    let world = World::new().await;
    for (answer, expect) in [
        (&b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 4\r\n\r\nnope"[..], "HTTP/1.1 426"),
        (
            b"HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nConnection: upgrade\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200",
        ),
        (b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n", "HTTP/1.1 502"),
        (b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\r\n", "HTTP/1.1 502"),
    ] {
        let (upstream, _) = Upstream::witness(answer).await;
        world.put([Entry::Route(route(&upstream.url()))]);
        let request = handshake(&world.token()).replace("keep-alive", "close");
        let got = raw(world.internal, request.as_bytes()).await;
        assert!(got.starts_with(expect), "{got}");
        assert!(!got.to_ascii_lowercase().contains("upgrade: "), "{got}");
    }
}

#[tokio::test]
async fn a_switch_that_nobody_asked_for_is_refused() {
    let world = World::new().await;
    let (upstream, _) = Upstream::witness(AGREED).await;
    world.put([Entry::Route(route(&upstream.url()))]);
    assert_eq!(world.get(&world.token()).await.code(), "upstream_broke_off");
}

#[tokio::test]
async fn a_stop_ends_tunnels_when_their_time_is_over() {
    let settings = tieline_gateway::Settings { drain: Duration::from_millis(50), ..Default::default() };
    let world = World::with(settings).await;
    let (upstream, _heads) = agreeing().await;
    world.put([Entry::Route(route(&upstream.url()))]);
    let mut client = TcpStream::connect(world.internal).await.unwrap();
    client.write_all(handshake(&world.token()).as_bytes()).await.unwrap();
    head(&mut client).await;
    world.begin_stop();
    assert_eq!(exactly(&mut client, 5).await, "hello");
    assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
    let log = world.stop().await.lines();
    assert_eq!((&log[0]["status"], &log[0]["complete"]), (&101.into(), &false.into()));
}

#[tokio::test]
async fn a_tunnel_ends_with_the_right_that_opened_it_and_no_other_does() {
    type Change = fn(&World, &str);
    let revoke = |world: &World, id: &str| {
        world.put([Entry::Revocation(RevocationEntry { id: id.to_owned(), until: NOW + 900 })]);
    };
    let changes: [(&str, Change, bool); 10] = [
        ("the subscription is blocked", |w, _| w.put([subscribed("app", SubscriptionState::Blocked, "gold")]), true),
        ("it goes", |w, _| w.remove(&subscription("app")), true),
        ("the route goes", |w, url| w.remove(&Entry::Route(route(url))), true),
        ("tokens open it no more", |w, url| w.put([with_schemes(url, &[Scheme::ApiKey])]), true),
        ("its owners change the plan", |w, _| w.put([subscribed("app", SubscriptionState::Live, "gold")]), false),
        ("another's goes", |w, _| w.remove(&subscription("other")), false),
        ("it is deployed elsewhere", |w, _| w.put([Entry::Route(route("http://127.0.0.1:9"))]), false),
        ("an API key is revoked", |w, _| w.remove(&Entry::ApiKey(api_key("key-1"))), false),
        ("nobody needs to prove anything", |w, url| w.put([with_schemes(url, &[Scheme::None])]), false),
        ("the table is read anew", |w, url| w.put([w.issuer(), Entry::Route(route(url))]), false),
    ];
    for (what, change, ends) in changes {
        let world = World::new().await;
        let (upstream, _heads) = agreeing().await;
        world.put([Entry::Route(route(&upstream.url())), subscription("other")]);
        let mut client = tunnel(&world, &format!("Authorization: Bearer {}", world.token())).await;
        change(&world, &upstream.url());
        assert_eq!(is_open(&mut client).await, !ends, "{what}");
        if ends {
            let log = world.stop().await.lines();
            assert_eq!((&log[0]["code"], &log[0]["complete"]), (&"access_ended".into(), &false.into()), "{what}");
        }
    }
    // Of two by one client, the token of one is revoked; then the secret of both.
    let world = World::new().await;
    let (upstream, _heads) = agreeing().await;
    world.put([Entry::Route(route(&upstream.url()))]);
    let mut other = claims();
    other["jti"] = "t2".into();
    let mut first = tunnel(&world, &format!("Authorization: Bearer {}", world.token())).await;
    let mut second = tunnel(&world, &format!("Authorization: Bearer {}", world.signer.token(&other))).await;
    revoke(&world, "t1");
    assert_eq!((is_open(&mut first).await, is_open(&mut second).await), (false, true));
    revoke(&world, "s1");
    assert!(!is_open(&mut second).await);
}

#[tokio::test]
async fn a_tunnel_by_an_api_key_ends_with_the_key() {
    let world = World::new().await;
    let (upstream, _heads) = agreeing().await;
    let key = Entry::ApiKey(api_key("key-1"));
    world.put([with_schemes(&upstream.url(), &[Scheme::ApiKey]), key.clone(), Entry::ApiKey(api_key("key-2"))]);
    let mut first = tunnel(&world, "Choreo-API-Key: key-1").await;
    let mut second = tunnel(&world, "Choreo-API-Key: key-2").await;
    world.remove(&key);
    assert_eq!((is_open(&mut first).await, is_open(&mut second).await), (false, true));
}

fn with_schemes(url: &str, schemes: &[Scheme]) -> Entry {
    Entry::Route(RouteEntry { schemes: schemes.to_vec(), ..route(url) })
}

/// A tunnel that was opened with a credential.
async fn tunnel(world: &World, credential: &str) -> TcpStream {
    let mut client = TcpStream::connect(world.internal).await.unwrap();
    let handshake = handshake("").replace("Authorization: Bearer ", credential);
    client.write_all(handshake.as_bytes()).await.unwrap();
    assert!(head(&mut client).await.starts_with("http/1.1 101"), "{credential}");
    assert_eq!(exactly(&mut client, 5).await, "hello");
    client
}

/// Whether a tunnel still carries what is sent.
async fn is_open(client: &mut TcpStream) -> bool {
    // One that is cut may refuse it, or take it and answer with its end.
    let mut echo = [0; 4];
    let sent = client.write_all(b"ping").await;
    let answer = tokio::time::timeout(Duration::from_secs(20), client.read_exact(&mut echo)).await.unwrap();
    sent.is_ok() && answer.is_ok() && &echo == b"ping"
}
