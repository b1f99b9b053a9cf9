//! What goes on by itself is seen on the page: a rotation, a value that arrives, instances; and the end of it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::time::Duration;

use fantoccini::Locator;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::browser::{Browser, Look};
use super::graph::dependent;
use super::visit::{get, post, sign_in};
use crate::shop::{Shop, WEB};
use crate::world::TestServer;

/// `tieline run --watch` as `web`; ended with the test.
struct Watching(Child);

impl Watching {
    fn start(shop: &Shop) -> Self {
        let mut command = shop.run(&["--watch"], "exec sleep 600");
        let started = Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs"));
        let reported = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            progress(shop)["current"] == 1
        });
        assert!(reported, "{}", progress(shop));
        started
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.0.id()).expect("a pid")), signal).expect("it lives");
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        for signal in [Signal::SIGCONT, Signal::SIGTERM] {
            let _ = kill(Pid::from_raw(i32::try_from(self.0.id()).expect("a pid")), signal);
        }
        let _ = self.0.wait();
    }
}

/// How far the instances of `web` in development have come.
fn progress(shop: &Shop) -> Value {
    let list = [&["deployment", "list", "--live", "--output", "json"], &WEB[..]].concat();
    shop.tieline(&list).done().json()[0]["progress"].clone()
}

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn a_rotation_is_seen_to_its_end_without_loading_the_page_again() {
    let shop = dependent();
    let web = Watching::start(&shop);
    let view = shop.tieline(&["connection", "view", "own", "--component", "web", "--output", "json"]).done().json();
    let browser = Browser::signed_in(&shop.server, Look::USUAL, None).await;
    let place = "/organizations/acme/projects/shop/components/web";
    browser.visit(&format!("{place}/connections/{}", view["id"].as_str().expect("an id"))).await;
    browser.mark().await;
    // While it is stopped, it holds the former keys.
    web.signal(Signal::SIGSTOP);
    shop.tieline(&["connection", "rotate", "own", "--component", "web", "--yes"]).done();
    let rotation = Locator::XPath("//*[@aria-live='polite']//*[contains(@class, 'rotation')][contains(., 'shop/web')]");
    browser.find(rotation).await;

    let deployments = Browser::signed_in(&shop.server, Look::USUAL, None).await;
    deployments.visit(&format!("{place}/deployments")).await;
    deployments.mark().await;
    deployments.reads("0 of 1 running instances hold this snapshot").await;
    web.signal(Signal::SIGCONT);
    deployments.reads("1 running instance holds this snapshot").await;
    browser.loses(rotation).await;
    assert!(browser.is_marked().await && deployments.is_marked().await, "no page was loaded again");
    deployments.close().await;
    browser.close().await;
}

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn a_pending_environment_is_seen_to_complete_where_scripts_run_and_after_a_look_where_not() {
    for look in [Look::USUAL, Look::PLAIN] {
        let shop = Shop::open();
        let register = |endpoints: &[(&str, &str)]| {
            let mut text = "name: Mail\nversion: v1\nendpoints:\n".to_owned();
            for (name, environment) in endpoints {
                text += &format!(
                    "  - {{ name: {name}, url: 'https://{name}.example', environments: [{environment}], values: {{}} }}\n"
                );
            }
            std::fs::write(shop.server.folder().join("service.yaml"), text).expect("a file");
            shop.tieline(&["service", "register", "--file", "service.yaml"]).done();
        };
        register(&[("sandbox", "development")]);
        let create = ["connection", "create", "mail", "--service", "thirdparty:Mail/v1", "--level", "project"];
        let made = shop.tieline(&[&create[..], &["--output", "json"]].concat()).done().json();
        let browser = Browser::signed_in(&shop.server, look, None).await;
        let path = format!("/organizations/acme/projects/shop/connections/{}", made["id"].as_str().expect("an id"));
        browser.visit(&path).await;
        browser.find(Locator::XPath("//*[@id='state-2']//*[.='pending']")).await;
        register(&[("sandbox", "development"), ("live", "production")]);
        if !look.scripts {
            browser.follow("Refresh").await;
        }
        browser.find(Locator::XPath("//*[@id='state-2']//*[.='ready']")).await;
        browser.find(Locator::XPath("//*[@id='values-2']//code[.='https://live.example']")).await;
        let copies = browser.shows(Locator::Css("#values-2 button.copy:not([hidden])")).await;
        assert_eq!(copies, look.scripts, "what came can be copied");
        if look.scripts {
            browser.follow("Connections").await;
            browser.find(Locator::LinkText("mail")).await;
            browser.mark().await;
            let create = ["connection", "create", "letters", "--service", "thirdparty:Mail/v1", "--level", "project"];
            shop.tieline(&create).done();
            browser.find(Locator::LinkText("letters")).await;
            assert!(browser.is_marked().await, "the list was not loaded again");
        }
        browser.close().await;
    }
}

/// The events that are sent to who brings a cookie; read line by line.
fn follow(server: &TestServer, cookie: &str) -> impl Iterator<Item = String> + use<> {
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(60))).build().into();
    let url = format!("{}/organizations/acme/changes?after=0", server.url());
    let answer = agent.get(url).header("cookie", cookie).call().expect("a stream");
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    BufReader::new(answer.into_body().into_reader().take(1 << 20)).lines().map_while(Result::ok)
}

#[test]
fn signing_out_ends_what_is_told() {
    let server = TestServer::start();
    server.tieline(&["organization", "create", "acme"]).done();
    let cookie = sign_in(&server, &server.admin_token());
    let mut told = follow(&server, &cookie);
    assert_eq!(told.next().as_deref(), Some("retry: 2000"));
    server.tieline(&["project", "create", "shop", "--organization", "acme"]).done();
    assert!(told.any(|line| line == "event: change"));
    let token = get(&server, "/", &cookie).form_token();
    post(&server, "/sign-out", &cookie, &format!("form_token={token}"));
    let rest: Vec<_> = told.collect();
    assert!(rest.contains(&"event: end".to_owned()), "{rest:?}");
    assert_eq!(get(&server, "/organizations/acme/changes?after=0", &cookie).status, 401);
    assert_eq!(get(&server, "/organizations/acme/changes?after=0", "").status, 401);
    server.tieline(&["organization", "create", "other"]).done();
    let create = ["token", "create", "eve", "--role", "viewer", "--organization", "other"];
    let stranger = sign_in(&server, server.json(&create)["token"].as_str().expect("a token"));
    assert_eq!(get(&server, "/organizations/acme/changes?after=0", &stranger).status, 404);
}

#[test]
fn a_server_that_stops_waits_for_nobody_who_follows() {
    let mut server = TestServer::start();
    server.tieline(&["organization", "create", "acme"]).done();
    let cookie = sign_in(&server, &server.admin_token());
    let mut told: Vec<_> = (0..3).map(|_| follow(&server, &cookie)).collect();
    for stream in &mut told {
        assert_eq!(stream.next().as_deref(), Some("retry: 2000"));
    }
    let took = server.stop();
    assert!(took < Duration::from_secs(4), "{took:?}");
    for stream in told {
        assert!(!stream.collect::<Vec<_>>().contains(&"event: end".to_owned()), "the session goes on");
    }
}
