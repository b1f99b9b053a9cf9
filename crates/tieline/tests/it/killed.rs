//! kill −9 under a write load: nothing acknowledged is lost, and the server starts again.

use std::collections::BTreeSet;
use std::sync::mpsc;

use serde_json::json;

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
