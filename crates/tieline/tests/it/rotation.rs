//! Keys over time, from outside: under load, through a kill, for those who share a client, and for one component alone.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::gateway::field::endpoint;
use crate::gateway::{call, embedded};
use crate::oauth::{basic, send};
use crate::shop::{Shop, WEB};

/// Requests per second that are asked for, all consumers together. A busy machine answers fewer; the test says how many.
const RATE: usize = 500;
const CONSUMERS: usize = 2;

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

/// A supervised consumer under load: `tieline run --watch` of a program that prints how each of its requests ended.
struct Consumer {
    process: Child,
    lines: Receiver<String>,
    /// How long the requests took that went well, in microseconds.
    well: Vec<u64>,
}

impl Consumer {
    fn start(shop: &Shop) -> Self {
        let load = ["demo-program", "load", "CHOREO_ORDERS", "--rate", &(RATE / CONSUMERS).to_string()];
        let run = [&["run"], &WEB[..], &["--watch", "--", env!("CARGO_BIN_EXE_tieline")], &load].concat();
        let mut process = shop.command(&run).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
        let (sender, lines) = channel();
        let output = BufReader::new(process.stdout.take().expect("its stdout"));
        std::thread::spawn(move || {
            for line in output.lines() {
                let Ok(()) = sender.send(line.expect("UTF-8")) else { return };
            }
        });
        Self { process, lines, well: Vec::new() }
    }

    /// Waits until its program was started, and then so many requests went well, as all before did.
    fn started(&mut self, requests: usize) {
        let mut left = None;
        while left != Some(0) {
            let line = self.lines.recv_timeout(Duration::from_secs(60)).expect("it goes on");
            left = if line == "begun" { Some(requests) } else { left.map(|left| left - 1) };
            self.take(&line);
        }
    }

    fn take(&mut self, line: &str) {
        if let Some((status, microseconds)) = line.split_once(' ') {
            assert_eq!(status, "200", "after {} requests that went well", self.well.len());
            self.well.push(microseconds.parse().expect("a number"));
        }
    }

    /// Ends it; answers how long its requests took, of which none failed.
    fn end(mut self) -> Vec<u64> {
        let pid = Pid::from_raw(i32::try_from(self.process.id()).expect("a pid"));
        kill(pid, Signal::SIGTERM).expect("it lives");
        self.process.wait().expect("its end");
        while let Ok(line) = self.lines.recv() {
            self.take(&line);
        }
        std::mem::take(&mut self.well)
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        // Of a test that failed; one that was ended is gone already.
        let _ = kill(Pid::from_raw(i32::try_from(self.process.id()).expect("a pid")), Signal::SIGTERM);
        let _ = self.process.wait();
    }
}

#[test]
fn under_load_a_rotation_with_watching_consumers_fails_no_request() {
    let shop = shop(&[&["orders"]], &[("web", "orders")]);
    let before = variables(&shop, "web");
    let mut consumers: Vec<_> = (0..CONSUMERS).map(|_| Consumer::start(&shop)).collect();
    consumers.iter_mut().for_each(|consumer| consumer.started(100));
    let warm: usize = consumers.iter().map(|consumer| consumer.well.len()).sum();
    let begin = Instant::now();

    let rotated = shop.tieline(&["connection", "rotate", "orders", "--output", "json"]).done().json();
    assert_eq!(rotated["touched"][0]["component"], "web", "{rotated}");
    // Each is started again with the other keys.
    consumers.iter_mut().for_each(|consumer| consumer.started(100));
    let (gateway, key) = (embedded(&shop.server), before["CHOREO_ORDERS_CHOREOAPIKEY"].as_str());
    wait_for_the_end(&shop, "orders");
    assert_eq!(answered(&shop, &before, "ORDERS"), 401, "the former secret is revoked");
    assert_eq!(call(&gateway, key).0, 401, "and so is the former API key");
    let mut times: Vec<u64> = consumers.into_iter().flat_map(Consumer::end).collect();
    let took = begin.elapsed();
    times.sort_unstable();
    let (requests, p99) = (times.len(), times[times.len() * 99 / 100]);
    let rate = (requests - warm) as f64 / took.as_secs_f64();
    println!("{requests} requests, about {rate:.0} a second, none failed; p99 {p99} µs; the rotation took {took:.1?}");
    assert_eq!(answered(&shop, &variables(&shop, "web"), "ORDERS"), 200);
}

#[test]
fn a_process_that_goes_on_keeps_its_key_until_the_deadline_also_through_a_kill() {
    let mut shop = shop(&[&["orders"]], &[("web", "orders")]);
    let before = variables(&shop, "web");
    // It reports no end: whether it still runs, nobody knows.
    assert!(shop.run(&[], "true").status().expect("it runs").success());
    shop.tieline(&["connection", "rotate", "orders", "--deadline", "5s", "--yes"]).done();
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
