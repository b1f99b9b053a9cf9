//! Limits on what comes, and patience with those who are slow.

use std::time::Duration;

use tieline_core::route_table::{Entry, RouteEntry};
use tieline_gateway::Settings;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::upstream::Upstream;
use crate::world::*;

#[tokio::test]
async fn heads_have_a_size() {
    let (world, upstream) = (World::new().await, Upstream::echo().await);
    world.put([open(&upstream.url())]);
    let headers = |count: usize, length: usize| -> Vec<String> {
        (0..count).map(|index| format!("x-{index}: {}", "a".repeat(length))).collect()
    };
    for (headers, status) in [
        (headers(90, 10), 200),
        (headers(101, 10), 431),
        (headers(1_000, 10), 431),
        (headers(10, 6_000), 200),
        (headers(10, 7_000), 431),
        (headers(1, 300_000), 431),
    ] {
        let lines: Vec<&str> = headers.iter().map(String::as_str).collect();
        let reply = world.call("GET", PATH, &lines, "").await;
        assert_eq!(reply.status, status, "{} headers", headers.len());
        if !reply.body.is_empty() && status == 431 {
            assert_eq!(reply.code(), "head_too_large");
        }
    }
    let path = format!("{PATH}/{}", "a".repeat(70_000));
    assert!([414, 431].contains(&world.call("GET", &path, &[], "").await.status));
}

#[tokio::test]
async fn bodies_have_a_size() {
    let settings = Settings { most_body: 10, ..Settings::default() };
    let (world, upstream) = (World::with(settings).await, Upstream::echo().await);
    world.put([open(&upstream.url())]);
    assert_eq!(world.call("POST", PATH, &[], "0123456789").await.status, 200);
    let reply = world.call("POST", PATH, &[], "0123456789a").await;
    assert_eq!((reply.status, reply.code().as_str()), (413, "body_too_large"));
    // Of a body in chunks nobody knows the size beforehand.
    let chunked = format!(
        "POST {PATH} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n8\r\n\
         01234567\r\n0\r\n\r\n"
    );
    let reply = Reply::read(&raw(world.internal, chunked.as_bytes()).await);
    assert_eq!((reply.status, reply.code().as_str()), (413, "body_too_large"));
}

#[tokio::test]
async fn more_calls_than_it_takes_are_refused() {
    let settings = Settings { most_calls: 1, ..Settings::default() };
    let world = World::with(settings).await;
    // Takes calls and answers none.
    let (arrived, mut arrival) = tokio::sync::mpsc::unbounded_channel();
    let upstream = Upstream::each(move |mut stream| {
        let arrived = arrived.clone();
        async move {
            while let Ok(1..) = stream.read(&mut [0; 1024]).await {
                arrived.send(()).unwrap();
            }
        }
    })
    .await;
    world.put([open(&upstream.url())]);
    let mut first = TcpStream::connect(world.internal).await.unwrap();
    first.write_all(format!("GET {PATH} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await.unwrap();
    arrival.recv().await.unwrap();
    let reply = world.call("GET", PATH, &[], "").await;
    assert_eq!((reply.status, reply.code().as_str()), (503, "gateway_overloaded"));
}

#[tokio::test]
async fn an_organization_leaves_calls_for_others() {
    let settings = Settings { most_calls: 9, ..Settings::default() };
    let world = World::with(settings).await;
    let (arrived, mut arrival) = tokio::sync::mpsc::unbounded_channel();
    let stuck = Upstream::each(move |mut stream| {
        let arrived = arrived.clone();
        async move {
            while let Ok(1..) = stream.read(&mut [0; 1024]).await {
                arrived.send(()).unwrap();
            }
        }
    })
    .await;
    let echo = Upstream::echo().await;
    let Entry::Route(other) = open(&echo.url()) else { unreachable!() };
    let path = PATH.replace("acme", "other");
    let other = RouteEntry { path: path.clone(), organization: "other".to_owned(), ..other };
    world.put([open(&stuck.url()), Entry::Route(other)]);
    let mut waiting = Vec::new();
    for _ in 0..6 {
        let mut stream = TcpStream::connect(world.internal).await.unwrap();
        stream.write_all(format!("GET {PATH} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await.unwrap();
        arrival.recv().await.unwrap();
        waiting.push(stream);
    }
    let reply = world.call("GET", PATH, &[], "").await;
    assert_eq!((reply.status, reply.code().as_str()), (503, "gateway_overloaded"));
    for _ in 0..10 {
        assert_eq!(world.call("GET", &path, &[], "").await.status, 200);
    }
}

#[tokio::test]
async fn connections_are_counted_before_anybody_says_who_calls() {
    for (behind_proxy, most) in [(false, 2), (true, 3)] {
        let settings =
            Settings { most_connections: 3, most_connections_of_one: 2, behind_proxy, ..Settings::default() };
        let (world, upstream) = (World::with(settings).await, Upstream::echo().await);
        world.put([open(&upstream.url())]);
        let call = format!("GET {PATH} HTTP/1.1\r\nHost: a\r\n\r\n");
        let mut inside = Vec::new();
        for _ in 0..most {
            let mut stream = TcpStream::connect(world.internal).await.unwrap();
            stream.write_all(call.as_bytes()).await.unwrap();
            assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 8, "it is answered");
            inside.push(stream);
        }
        assert_eq!(raw(world.external, call.as_bytes()).await, "", "{most} are there");
    }
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_given_up() {
    let settings = Settings { head: Duration::from_millis(50), idle: Duration::from_millis(50), ..Settings::default() };
    let world = World::with(settings).await;
    let upstream =
        Upstream::each(|mut stream| async move { while let Ok(1..) = stream.read(&mut [0; 1024]).await {} }).await;
    world.put([open(&upstream.url())]);
    let reply = world.call("GET", PATH, &[], "").await;
    assert_eq!((reply.status, reply.code().as_str()), (504, "upstream_slow"));
    // An answer that stands still is broken off, so that the client knows.
    let (upstream, _) = Upstream::witness(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc").await;
    world.put([open(&upstream.url())]);
    let reply = world.call("GET", PATH, &[], "").await;
    assert_eq!((reply.status, reply.body.as_str()), (200, "abc"));
    // So is a body that stands still.
    let slow = format!("POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    let upstream = Upstream::echo().await;
    world.put([open(&upstream.url())]);
    let reply = Reply::read(&raw(world.internal, slow.as_bytes()).await);
    assert_eq!((reply.status, reply.code().as_str()), (400, "body_broken"));
}
