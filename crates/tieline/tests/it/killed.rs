//! kill −9 under a write load, and right after a change that many use: nothing acknowledged is lost, and the server starts
//! again.

use std::collections::BTreeSet;
use std::sync::mpsc;

use serde_json::{Value, json};

use crate::world::{TestServer, try_ask};

const ROUNDS: usize = 50;
const WRITERS: usize = 4;
const COMPONENTS: &str = "/organizations/acme/projects/shop/components";

#[test]
fn nothing_acknowledged_is_lost() {
    let mut server = TestServer::start();
    server.tieline(&["organization", "create", "acme"]).done();
    server.tieline(&["project", "create", "shop", "--organization", "acme"]).done();
    let token = server.admin_token();
    let mut acknowledged = BTreeSet::new();
    for round in 0..ROUNDS {
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (sender, url, token) = (sender.clone(), server.url().to_owned(), token.as_str());
                scope.spawn(move || {
                    for number in 0.. {
                        let handle = format!("c-{round}-{writer}-{number}");
                        let body = json!({ "handle": handle, "type": "task" });
                        match try_ask(&url, "POST", COMPONENTS, Some(token), Some(&body), &[]) {
                            Some(reply) if reply.status == 201 => {
                                // Nobody listens any more once the server was killed; what was acknowledged counts.
                                let _ = sender.send(handle);
                            }
                            Some(reply) => panic!("{reply:?}"),
                            None => break,
                        }
                    }
                });
            }
            if round % 5 == 0 {
                // The master key is rotated meanwhile, whose steps must survive as well.
                let (url, token) = (server.url().to_owned(), token.as_str());
                let alone = serde_json::json!({});
                scope.spawn(move || {
                    while try_ask(&url, "POST", "/installation/key", Some(token), Some(&alone), &[]).is_some() {}
                });
            }
            drop(sender);
            // Another moment in each round: after so many acknowledged writes, with others under way.
            acknowledged.extend(receiver.iter().take(1 + round % 13));
            server.kill();
            acknowledged.extend(receiver.iter());
        });
        server = server.restart();
    }
    let components = server.ask("GET", COMPONENTS, Some(&token), None);
    let present: BTreeSet<_> = components.body["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|component| component["handle"].as_str().map(str::to_owned))
        .collect();
    let lost: Vec<_> = acknowledged.difference(&present).collect();
    assert!(lost.is_empty(), "lost of {}: {lost:?}", acknowledged.len());
    assert!(acknowledged.len() > ROUNDS * 5, "the load was a load: {}", acknowledged.len());

    server.tieline(&["audit", "verify", "--organization", "acme"]).done();
    let audit = ["audit", "list", "--organization", "acme", "--action", "component_create", "--limit", "0"];
    let entries = server.json(&audit).as_array().map(Vec::len);
    assert_eq!(entries, Some(present.len()), "an entry for each change, and a change for each entry");
    server.tieline(&["audit", "verify", "--installation"]).done();
    let keyring = std::fs::read_to_string(server.data().join("master.key")).expect("the key");
    assert_eq!(keyring.lines().count(), 1, "a rotation that was cut short is ended by the next start");
}

/// More than a change plans again before it is answered.
const CONSUMERS: usize = 60;

#[test]
fn a_changed_value_reaches_everybody_although_the_server_is_killed() {
    let mut server = TestServer::start();
    let token = server.admin_token();
    server.tieline(&["organization", "create", "acme"]).done();
    server.tieline(&["project", "create", "shop", "--organization", "acme"]).done();
    let post = |server: &TestServer, path: &str, body: &Value| {
        let reply = server.ask("POST", &format!("/organizations/acme{path}"), Some(&token), Some(body));
        assert!(reply.status < 300, "{path}: {reply:?}");
    };
    let register = |server: &TestServer, key: &str| {
        let endpoint = json!({ "name": "live", "url": "https://mail.example", "environments": ["development"],
            "values": { "ApiKey": key } });
        let parameters = json!([{ "name": "ApiKey", "secret": true }]);
        let body = json!({ "name": "Mail", "version": "v1", "parameters": parameters, "endpoints": [endpoint] });
        let reply = server.ask("POST", "/organizations/acme/services", Some(&token), Some(&body));
        assert!(reply.status < 300, "{reply:?}");
    };
    register(&server, "old");
    let mail = json!({ "name": "mail", "service": "thirdparty:Mail/v1", "level": "organization" });
    post(&server, "/connections", &mail);
    let text = "schemaVersion: 1.2\ndependencies:\n  connectionReferences:\n    - name: mail\n      \
                resourceRef: thirdparty:Mail/v1\n";
    let source = json!({ "file": ".choreo/component.yaml", "text": text });
    for number in 0..CONSUMERS {
        let handle = format!("web-{number}");
        post(&server, "/projects/shop/components", &json!({ "handle": handle, "type": "service" }));
        let deploy = json!({ "environment": "development", "version": "v1.0", "source": source });
        post(&server, &format!("/projects/shop/components/{handle}/deployments"), &deploy);
    }
    register(&server, "new");
    server.kill();
    server = server.restart();
    for number in 0..CONSUMERS {
        let path = format!("{COMPONENTS}/web-{number}/environments/development/snapshot");
        let mut snapshot = server.ask("GET", &path, Some(&token), None).body;
        while snapshot["variables"]["CHOREO_MAIL_APIKEY"] == "old" {
            let held = snapshot["revision"].as_str().expect("a revision").to_owned();
            let next = server.ask("GET", &format!("{path}?held={held}&wait=25"), Some(&token), None);
            assert_eq!(next.status, 200, "web-{number} keeps the former value: {next:?}");
            snapshot = next.body;
        }
        assert_eq!(snapshot["variables"]["CHOREO_MAIL_APIKEY"], "new", "{snapshot}");
    }
    server.tieline(&["audit", "verify", "--organization", "acme"]).done();
}
