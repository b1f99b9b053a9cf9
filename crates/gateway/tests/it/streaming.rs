//! Bodies that take their time, both ways and at once; trailers; answers without a body.

use std::convert::Infallible;

use http_body_util::{BodyExt as _, Empty, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::client::conn::http2;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tieline_core::route_table::Entry;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::upstream::Upstream;
use crate::world::*;

async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(text) {
        let mut chunk = [0; 4096];
        let length = stream.read(&mut chunk).await.unwrap();
        assert!(length > 0, "closed after {:?}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&chunk[..length]);
    }
    String::from_utf8_lossy(&read).into_owned()
}

#[tokio::test]
async fn events_come_one_by_one() {
    let world = World::new().await;
    let (next, events) = mpsc::unbounded_channel::<&'static str>();
    let events = std::sync::Mutex::new(Some(events));
    let upstream = Upstream::each(move |mut stream| {
        let events = events.lock().unwrap().take();
        async move {
            let mut events = events.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n").await.unwrap();
            while let Some(event) = events.recv().await {
                stream.write_all(event.as_bytes()).await.unwrap();
            }
        }
    })
    .await;
    world.put([open(&upstream.url())]);
    let mut client = TcpStream::connect(world.internal).await.unwrap();
    client.write_all(format!("GET {PATH} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await.unwrap();
    let head = read_until(&mut client, "\r\n\r\n").await;
    assert!(head.contains("text/event-stream"), "{head}");
    for event in ["data: one\n\n", "data: two\n\n"] {
        // The second is not sent before the first has arrived.
        next.send(event).unwrap();
        read_until(&mut client, event).await;
    }
    drop(next);
    // The endpoint's end is the end of the last chunk.
    read_until(&mut client, "0\r\n\r\n").await;
}

#[tokio::test]
async fn bodies_go_both_ways_at_once() {
    let world = World::new().await;
    // Sends back what comes, as it comes.
    let upstream = Upstream::each(|stream| async move {
        let service =
            service_fn(
                |request: Request<Incoming>| async move { Ok::<_, Infallible>(Response::new(request.into_body())) },
            );
        let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    })
    .await;
    world.put([open(&upstream.url())]);
    let mut client = TcpStream::connect(world.internal).await.unwrap();
    let head = format!("POST {PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    for word in ["first", "second", "third"] {
        client.write_all(format!("{:x}\r\n{word}\r\n", word.len()).as_bytes()).await.unwrap();
        read_until(&mut client, word).await;
    }
    client.write_all(b"0\r\n\r\n").await.unwrap();
    read_until(&mut client, "0\r\n\r\n").await;
    // A large one, whole.
    let body = "x".repeat(5 << 20);
    let reply = world.call("POST", PATH, &[], &body).await;
    assert_eq!((reply.status, reply.body.len()), (200, body.len()));
}

#[tokio::test]
async fn who_waits_to_continue_is_asked_to_only_after_the_checks() {
    let (world, upstream) = (World::new().await, Upstream::echo().await);
    world.put([Entry::Route(route(&upstream.url()))]);
    for (token, good) in [(world.token(), true), ("x".to_owned(), false)] {
        let mut client = TcpStream::connect(world.internal).await.unwrap();
        let head = format!(
            "POST {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
        );
        client.write_all(head.as_bytes()).await.unwrap();
        let answer = read_until(&mut client, "\r\n\r\n").await;
        if good {
            assert!(answer.starts_with("HTTP/1.1 100"), "{answer}");
            client.write_all(b"text").await.unwrap();
            let answer = read_until(&mut client, "}").await;
            assert!(answer.contains("\"body\":\"text\""), "{answer}");
            assert!(!answer.contains("expect"), "{answer}");
        } else {
            assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        }
    }
}

#[tokio::test]
async fn answers_without_a_body_end() {
    let world = World::new().await;
    for (answer, method, expect) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"[..], "HEAD", "content-length: 10"),
        (b"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n", "GET", "x-a: b"),
        (b"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n", "GET", "etag: \"x\""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "GET", "content-length: 0"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 0\r\n\r\n", "GET", "x-a: b"),
    ] {
        let (upstream, _) = Upstream::witness(answer).await;
        world.put([open(&upstream.url())]);
        // The same connection, twice: the first answer ended where it should.
        let request = format!("{method} {PATH} HTTP/1.1\r\nHost: a\r\n");
        let both = format!("{request}\r\n{request}Connection: close\r\n\r\n");
        let answer = raw(world.internal, both.as_bytes()).await.to_ascii_lowercase();
        assert_eq!(answer.matches("http/1.1 ").count(), 2, "{answer}");
        assert_eq!(answer.matches(expect).count(), 2, "{answer}");
        assert!(!answer.contains("transfer-encoding"), "{answer}");
    }
}

async fn http2(world: &World) -> http2::SendRequest<http_body_util::combinators::BoxBody<Bytes, Infallible>> {
    let stream = TcpStream::connect(world.internal).await.unwrap();
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::task::spawn_local(connection);
    sender
}

fn trailers(value: &'static str) -> HeaderMap {
    HeaderMap::from_iter([("x-sum".parse().unwrap(), value.parse().unwrap())])
}

#[tokio::test]
async fn trailers_travel_both_ways_over_http2() {
    // Tells the trailers it got, in a trailer.
    let upstream = Upstream::each(|stream| async move {
        let service = service_fn(|request: Request<Incoming>| async move {
            let te = request.headers().get("te").cloned();
            let collected = request.into_body().collect().await.unwrap();
            let sum = collected.trailers().and_then(|trailers| trailers.get("x-sum").cloned()).unwrap();
            let trailers =
                HeaderMap::from_iter([("x-sum".parse().unwrap(), sum), ("x-te".parse().unwrap(), te.unwrap())]);
            let frames = [Ok(Frame::data(collected.to_bytes())), Ok(Frame::trailers(trailers))];
            let body = StreamBody::new(Frames(frames.into_iter().collect()));
            Ok::<_, Infallible>(Response::builder().header("trailer", "x-sum, x-te").body(body).unwrap())
        });
        let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    })
    .await;
    let world = World::new().await;
    world.put([open(&upstream.url())]);
    tokio::task::LocalSet::new()
        .run_until(async {
            let mut client = http2(&world).await;
            let frames = [Ok(Frame::data(Bytes::from("text"))), Ok(Frame::trailers(trailers("7")))];
            let body = StreamBody::new(Frames(frames.into_iter().collect())).boxed();
            let request = Request::post(format!("http://gateway.example{PATH}"));
            let request = request.header("trailer", "x-sum").header("te", "trailers").body(body).unwrap();
            let answer = client.send_request(request).await.unwrap().into_body().collect().await.unwrap();
            let got = answer.trailers().unwrap();
            assert_eq!((&got["x-sum"], &got["x-te"]), (&"7".parse().unwrap(), &"trailers".parse().unwrap()));
            assert_eq!(answer.to_bytes(), "text");
        })
        .await;
}

#[tokio::test]
async fn many_calls_share_a_connection_of_http2() {
    let (world, upstream) = (World::new().await, Upstream::echo().await);
    world.put([open(&upstream.url())]);
    tokio::task::LocalSet::new()
        .run_until(async {
            let mut client = http2(&world).await;
            let mut calls = Vec::new();
            for number in 0..50 {
                let request = Request::get(format!("http://gateway.example{PATH}/{number}"));
                calls.push(client.send_request(request.body(Empty::new().boxed()).unwrap()));
            }
            for (number, call) in calls.into_iter().enumerate() {
                let body = call.await.unwrap().into_body().collect().await.unwrap().to_bytes();
                let told: serde_json::Value = serde_json::from_slice(&body).unwrap();
                assert_eq!(told["target"], format!("/base/{number}"));
                let host = told["headers"].as_array().unwrap().iter().find(|header| header[0] == "x-forwarded-host");
                assert_eq!(host.unwrap()[1], "gateway.example");
            }
        })
        .await;
}

/// Frames that are there at once.
struct Frames(std::collections::VecDeque<Result<Frame<Bytes>, Infallible>>);

impl futures_util::Stream for Frames {
    type Item = Result<Frame<Bytes>, Infallible>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.pop_front())
    }
}
