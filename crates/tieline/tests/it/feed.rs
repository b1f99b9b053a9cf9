//! The gateway's table as a gateway that runs alone is told of it.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use serde_json::{Value, json};

use crate::world::TestServer;

/// The lines of an answer that ends.
fn lines(server: &TestServer, query: &str, token: &str) -> Vec<Value> {
    let reply = server.ask("GET", &format!("/gateway/table{query}"), Some(token), None);
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/x-ndjson")), "{reply:?}");
    match &reply.body {
        Value::String(text) => text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect(),
        line => vec![line.clone()],
    }
}

fn furnish(server: &TestServer) -> String {
    server.tieline(&["organization", "create", "acme"]).done();
    server.tieline(&["project", "create", "shop", "--organization", "acme"]).done();
    let shop = ["--organization", "acme", "--project", "shop"];
    server.tieline(&[&["component", "create", "orders", "--type", "service"], &shop[..]].concat()).done();
    server.tieline(&["token", "create", "edge", "--role", "gateway"]).done().stdout.trim().to_owned()
}

fn deploy(server: &TestServer, address: &str) {
    let text = "schemaVersion: 1.2\nendpoints: [{ name: api, type: REST, service: { port: 9090 } }]\n";
    let body = json!({ "environment": "development", "version": "v1.0", "addresses": { "api": address },
        "source": { "file": "component.yaml", "text": text } });
    let path = "/organizations/acme/projects/shop/components/orders/deployments";
    let reply = server.ask("POST", path, Some(&server.admin_token()), Some(&body));
    assert_eq!(reply.status, 201, "{reply:?}");
}

#[test]
fn a_gateway_is_told_what_it_lacks() {
    let server = TestServer::start();
    let token = furnish(&server);
    deploy(&server, "http://10.0.0.1:1");
    let first = lines(&server, "", &token);
    let [begin, changes, reached] = &first[..] else { panic!("{first:?}") };
    assert_eq!(begin["begin"]["whole"], true);
    let key = "route/acme/development/shop/orders/v1";
    assert_eq!(changes["changes"][key]["route"]["address"], "http://10.0.0.1:1");
    let generation = begin["begin"]["generation"].as_str().expect("a generation");
    let more = format!("?after={}&generation={generation}", reached["reached"]);
    let nothing = json!([{ "begin": { "generation": generation, "whole": false } }, reached]);
    assert_eq!(json!(lines(&server, &more, &token)), nothing);
    deploy(&server, "http://10.0.0.1:2");
    let second = lines(&server, &more, &token);
    assert_eq!(second[1]["changes"].as_object().map(serde_json::Map::len), Some(1), "{second:?}");
    assert_eq!(second[1]["changes"][key]["route"]["address"], "http://10.0.0.1:2");
    assert_eq!(lines(&server, "?after=1&generation=another", &token)[0]["begin"]["whole"], true);
}

#[test]
fn what_changes_meanwhile_follows_until_the_token_ends() {
    let server = TestServer::start();
    let token = furnish(&server);
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(60))).build().into();
    let url = format!("{}/api/v1/gateway/table?wait=25", server.url());
    let answer = agent.get(url).header("authorization", format!("Bearer {token}")).call().expect("an answer");
    let mut lines = BufReader::new(answer.into_body().into_reader()).lines();
    let mut next = || lines.next().map(|line| line.map(|line| serde_json::from_str::<Value>(&line).expect("JSON")));
    let mut until = |word: &str| loop {
        match next() {
            Some(Ok(line)) if line.get(word).is_some() => return Some(line),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return None,
        }
    };
    until("reached").expect("all that there is");
    deploy(&server, "http://10.0.0.1:3");
    let changes = until("changes").expect("the change");
    let route = &changes["changes"]["route/acme/development/shop/orders/v1"]["route"];
    assert_eq!(route["address"], "http://10.0.0.1:3");
    server.tieline(&["token", "revoke", "edge", "--installation"]).done();
    assert_eq!(until("changes"), None, "who is no longer accepted is told nothing more");
}
