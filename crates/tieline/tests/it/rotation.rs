//! Keys over time, from outside: under load, through a kill, for those who share a client, and for one component alone.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::gateway::field::endpoint;
use crate::gateway::{call, embedded};
use crate::oauth::{basic, send};
use crate::shop::Shop;

/// Gets a token and calls through the gateway with it and with the API key, as fast as it can; says the secret that it
/// began with, and how each call ended.
const LOAD: &str = r#"echo "secret $CHOREO_ORDERS_CONSUMERSECRET"
while :; do
  token=$(curl --silent --data grant_type=client_credentials \
    --user "$CHOREO_ORDERS_CONSUMERKEY:$CHOREO_ORDERS_CONSUMERSECRET" "$CHOREO_ORDERS_TOKENURL" |
    sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  for proof in "Authorization: Bearer $token" "Choreo-API-Key: $CHOREO_ORDERS_CHOREOAPIKEY"; do
    curl --silent --output /dev/null --write-out '%{http_code}\n' --header "$proof" "$CHOREO_ORDERS_SERVICEURL/x"
  done
done"#;

/// Asked so often, what takes seconds has happened.
const PATIENCE: usize = 1000;

/// `orders`, and `web` and `mail`, which call it with connections through the gateway.
fn shop(connections: &[&[&str]], users: &[(&str, &str)]) -> Shop {
    let shop = Shop::open();
    let address = format!("api={}", endpoint("orders"));
    let place = ["--component", "orders", "--env", "development", "--version", "v1.0"];
    shop.tieline(&[&["deploy", "orders", "--address", &address][..], &place].concat()).done();
    shop.tieline(&["component", "create", "mail", "--type", "service"]).done();
    for more in connections {
        let create = ["connection", "create", more[0], "--service", "service:/shop/orders/v1/api"];
        let through = ["--access-mode", "organization", "--level", "project"];
        shop.tieline(&[&create[..], &through, &more[1..]].concat()).done();
    }
    for (component, connection) in users {
        deploy(&shop, component, connection);
    }
    shop
}

fn deploy(shop: &Shop, component: &str, connection: &str) {
    let reference = "service:/shop/orders/v1/api";
    let text = format!(
        "schemaVersion: 1.2\ndependencies: {{ connectionReferences: [{{ name: {connection}, resourceRef: '{reference}' }}] }}\n"
    );
    shop.write(component, &text);
    let place = ["--component", component, "--env", "development", "--version", "v1.0"];
    shop.tieline(&[&["deploy", component][..], &place].concat()).done();
}

/// How the client of a component is answered by the token service.
fn answered(shop: &Shop, variables: &Value, connection: &str) -> u16 {
    let value = |key: &str| variables[format!("CHOREO_{connection}_{key}")].as_str().expect("a value");
    let authorization = basic(value("CONSUMERKEY"), value("CONSUMERSECRET"));
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    send(shop.server.url(), "POST", "/oauth2/token", &headers, "grant_type=client_credentials").status
}

fn variables(shop: &Shop, component: &str) -> Value {
    let place = ["--component", component, "--env", "development", "--output", "json"];
    shop.tieline(&[&["variables"][..], &place].concat()).done().json()
}

/// The rotations that `connection view` shows in development.
fn under_way(shop: &Shop, connection: &str) -> Vec<Value> {
    let view = shop.tieline(&["connection", "view", connection, "--output", "json"]).done().json();
    view["environments"]["development"]["rotations"].as_array().cloned().unwrap_or_default()
}

fn wait_for_the_end(shop: &Shop, connection: &str) {
    let over = (0..PATIENCE).any(|_| under_way(shop, connection).is_empty());
    assert!(over, "{:?}", under_way(shop, connection));
}

/// A supervised consumer under load.
struct Consumer {
    process: Child,
    lines: Receiver<String>,
}

impl Consumer {
    fn start(shop: &Shop) -> Self {
        let mut process =
            shop.run(&["--watch"], LOAD).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
        let (sender, lines) = channel();
        let output = BufReader::new(process.stdout.take().expect("its stdout"));
        std::thread::spawn(move || {
            for line in output.lines() {
                let Ok(()) = sender.send(line.expect("UTF-8")) else { return };
            }
        });
        Self { process, lines }
    }

    /// The secret with which it was started, and then so many requests that went well.
    fn started(&self, requests: usize) -> String {
        let mut secret = None;
        let mut well = 0;
        while secret.is_none() || well < requests {
            let line = self.lines.recv().expect("it goes on");
            match line.strip_prefix("secret ") {
                Some(started) => (secret, well) = (Some(started.to_owned()), 0),
                None => assert_eq!(line, "200"),
            }
            well += 1;
        }
        secret.expect("a secret")
    }

    /// Ends it; answers how many more requests went well, as all did.
    fn end(mut self) -> usize {
        let pid = Pid::from_raw(i32::try_from(self.process.id()).expect("a pid"));
        kill(pid, Signal::SIGTERM).expect("it lives");
        self.process.wait().expect("its end");
        let rest: Vec<_> = self.lines.iter().collect();
        // The shell dies before the request that it waits for: that one alone may say anything.
        let sure = rest.len().saturating_sub(1);
        assert!(rest[..sure].iter().all(|line| line == "200"), "{rest:?}");
        rest.len()
    }
}

#[test]
fn under_load_a_rotation_with_watching_consumers_fails_no_request() {
    let shop = shop(&[&["orders"]], &[("web", "orders")]);
    let before = variables(&shop, "web");
    let consumers = [Consumer::start(&shop), Consumer::start(&shop)];
    let old: Vec<_> = consumers.iter().map(|consumer| consumer.started(20)).collect();
    assert_eq!(old[0], old[1]);

    let rotated = shop.tieline(&["connection", "rotate", "orders", "--output", "json"]).done().json();
    assert_eq!(rotated["touched"][0]["component"], "web", "{rotated}");
    for consumer in &consumers {
        assert_ne!(consumer.started(20), old[0], "it moves on at once");
    }
    let (gateway, key) = (embedded(&shop.server), before["CHOREO_ORDERS_CHOREOAPIKEY"].as_str());
    wait_for_the_end(&shop, "orders");
    assert_eq!(answered(&shop, &before, "ORDERS"), 401, "the former secret is revoked");
    assert_eq!(call(&gateway, key).0, 401, "and so is the former API key");
    for consumer in consumers {
        assert!(consumer.end() > 0, "it went on");
    }
    assert_eq!(answered(&shop, &variables(&shop, "web"), "ORDERS"), 200);
}

#[test]
fn a_process_that_goes_on_keeps_its_key_until_the_deadline_also_through_a_kill() {
    let mut shop = shop(&[&["orders"]], &[("web", "orders")]);
    let before = variables(&shop, "web");
    // It reports no end: whether it still runs, nobody knows.
    assert!(shop.run(&[], "true").status().expect("it runs").success());
    shop.tieline(&["connection", "rotate", "orders", "--deadline", "5s"]).done();
    assert_eq!(answered(&shop, &before, "ORDERS"), 200);
    let held = |_| under_way(&shop, "orders").first().map(|rotation| rotation["held_by"][0].clone());
    let holder = (0..PATIENCE).filter_map(held).find(|holder| holder["instances"] == 1);
    assert_eq!(holder.expect("its report is recorded")["component"], "web");
    let refused = shop.tieline(&["connection", "rotate", "orders", "--output", "json"]);
    assert_eq!((refused.code, refused.error()["code"].as_str()), (Some(1), Some("rotation_under_way")));
    shop.server.kill();
    shop.server = shop.server.restart();
    wait_for_the_end(&shop, "orders");
    assert_eq!(answered(&shop, &before, "ORDERS"), 401);
    assert_eq!(answered(&shop, &variables(&shop, "web"), "ORDERS"), 200);
}

#[test]
fn who_shares_a_client_is_named_before_it_is_rotated() {
    let shop = shop(&[&["first"], &["second"]], &[("web", "first"), ("mail", "second")]);
    let refused = shop.tieline(&["connection", "rotate", "first"]);
    assert_eq!(refused.code, Some(1), "who cannot be asked has not confirmed");
    assert!(refused.stderr.contains("shop/mail (v1.0, connection \"second\")"), "{refused:?}");
    assert_eq!(under_way(&shop, "first"), [Value::Null; 0]);
    let rotated = shop.tieline(&["connection", "rotate", "first", "--yes", "--env", "development,production"]).done();
    assert!(rotated.stdout.contains("mail"), "{rotated:?}");
    assert!(rotated.stdout.contains("accepted until"), "{rotated:?}");
    let before = variables(&shop, "mail");
    let now = ["connection", "rotate", "second", "--now", "--env", "development"];
    let breaks = shop.tieline(&now);
    assert!(breaks.stderr.contains("error[rotation_breaks]"), "{breaks:?}");
    shop.tieline(&[&now[..], &["--yes"]].concat()).done();
    assert_eq!(answered(&shop, &before, "SECOND"), 200, "the one under way was ended, and none was begun");
}

#[test]
fn one_component_is_cut_off_and_the_other_goes_on() {
    let shop = shop(&[&["orders", "--secrets", "per-component"]], &[("web", "orders"), ("mail", "orders")]);
    let (web, mail) = (variables(&shop, "web"), variables(&shop, "mail"));
    assert_eq!(shop.tieline(&["connection", "revoke", "orders"]).code, Some(2), "it says whose");
    let revoked = shop.tieline(&["connection", "revoke", "orders", "--component", "web"]).done();
    assert!(revoked.stdout.contains("development"), "{revoked:?}");
    assert_eq!((answered(&shop, &web, "ORDERS"), answered(&shop, &mail, "ORDERS")), (401, 200));
    deploy(&shop, "web", "orders");
    assert_eq!(answered(&shop, &variables(&shop, "web"), "ORDERS"), 200, "its next deployment gives it another");
}
