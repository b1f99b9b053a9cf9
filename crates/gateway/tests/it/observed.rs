//! What the access log and the metrics tell of calls, and what they never tell.

use serde_json::json;
use tieline_core::route_table::Entry;

use crate::upstream::Upstream;
use crate::world::*;

#[tokio::test]
async fn calls_are_logged_and_counted() {
    let (world, upstream) = (World::new().await, Upstream::echo().await);
    let Entry::Route(mut entry) = Entry::Route(route(&upstream.url())) else { unreachable!() };
    entry.schemes.push(tieline_core::model::Scheme::ApiKey);
    world.put([Entry::Route(entry), Entry::ApiKey(api_key("canary-key"))]);
    let mut claims = claims();
    claims["component"] = json!(COMPONENT);
    let token = world.signer.token(&claims);
    let bearer = format!("Authorization: Bearer {token}");
    let path = format!("{PATH}/canary-rest?canary-query=1");
    let sent = world.call("POST", &path, &[&bearer, "Cookie: canary-cookie"], "canary-body").await.body.len();
    world.call("GET", PATH, &["API-Key: canary-key"], "").await;
    world.call("GET", PATH, &["API-Key: canary-wrong"], "").await;
    world.call("GET", "/canary-unknown", &[], "").await;
    let metrics = world.gateway.metrics();
    let lines = world.stop().await.lines();
    let mut first = lines[0].clone();
    assert!(first["milliseconds"].as_f64().unwrap() > 0.0);
    first["milliseconds"] = json!(0);
    assert_eq!(
        first,
        json!({
            "time": "2027-01-15T08:00:00Z", "side": "internal", "method": "POST", "route": PATH,
            "service": "service:/shop/orders/v1/api", "environment": "development", "client": "app",
            "application": APPLICATION, "connection": CONNECTION, "component": COMPONENT,
            "status": 200, "complete": true, "received": 11, "sent": sent, "milliseconds": 0
        })
    );
    let short: Vec<_> = lines.iter().map(|line| (line["status"].as_u64().unwrap(), line["code"].as_str())).collect();
    assert_eq!(short, [(200, None), (200, None), (401, Some("api_key_unknown")), (404, Some("route_not_found"))]);
    assert_eq!(lines[1]["component"], json!(COMPONENT));
    for line in &lines[2..] {
        let refused = line["sent"].as_u64().unwrap();
        assert!((100..1_000).contains(&refused), "a refusal is an answer with a body: {line}");
    }
    let log = format!("{lines:?}");
    for text in [&log, &metrics] {
        assert!(!text.contains("canary") && !text.contains(&token), "{text}");
    }
    for expect in [
        format!(
            "tieline_gateway_calls_total{{service=\"service:/shop/orders/v1/api\",organization=\"acme\",\
             environment=\"development\",application=\"{APPLICATION}\",connection=\"{CONNECTION}\",\
             component=\"{COMPONENT}\",status=\"2xx\"}} 1"
        ),
        format!("connection=\"{CONNECTION}\",component=\"{COMPONENT}\",status=\"2xx\"}} 1"),
        "tieline_gateway_calls_total{service=\"unknown\",status=\"4xx\"} 1".to_owned(),
        "environment=\"development\",status=\"4xx\"} 1".to_owned(),
        "tieline_gateway_call_duration_seconds_bucket{le=\"+Inf\",service=\"unknown\"} 1".to_owned(),
        "tieline_gateway_received_bytes_total{".to_owned(),
    ] {
        assert!(metrics.contains(&expect), "{expect}\n{metrics}");
    }
    assert!(metrics.ends_with("# EOF\n"));
}

#[tokio::test]
async fn series_are_bounded() {
    let settings = tieline_gateway::Settings { most_series: 3, ..Default::default() };
    let (world, upstream) = (World::with(settings).await, Upstream::echo().await);
    for number in 0..10 {
        let Entry::Route(mut entry) = open(&upstream.url()) else { unreachable!() };
        entry.path = format!("/acme/development/shop/orders{number}/v1");
        entry.reference = format!("service:/shop/orders{number}/v1/api");
        world.put([Entry::Route(entry.clone())]);
        assert_eq!(world.call("GET", &entry.path, &[], "").await.status, 200);
    }
    let metrics = world.gateway.metrics();
    assert_eq!(metrics.matches("tieline_gateway_calls_total{service=\"service:").count(), 3, "{metrics}");
    assert!(metrics.contains("tieline_gateway_calls_total{service=\"more\",status=\"2xx\"} 7"), "{metrics}");
}

#[tokio::test]
async fn a_client_that_leaves_is_logged() {
    let world = World::new().await;
    let (arrived, mut arrival) = tokio::sync::mpsc::unbounded_channel();
    let upstream = Upstream::each(move |mut stream| {
        let arrived = arrived.clone();
        async move {
            use tokio::io::AsyncReadExt as _;
            while let Ok(1..) = stream.read(&mut [0; 1024]).await {
                arrived.send(()).unwrap();
            }
        }
    })
    .await;
    world.put([open(&upstream.url())]);
    let mut client = tokio::net::TcpStream::connect(world.internal).await.unwrap();
    let request = format!("GET {PATH} HTTP/1.1\r\nHost: a\r\n\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut client, request.as_bytes()).await.unwrap();
    arrival.recv().await.unwrap();
    drop(client);
    let lines = world.stop().await.lines();
    assert_eq!((&lines[0]["status"], &lines[0]["complete"]), (&499.into(), &false.into()));
}
