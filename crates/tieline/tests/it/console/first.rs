//! The first start of a database, on a terminal, and a person who has only a keyboard.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use fantoccini::Locator;
use nix::pty::openpty;

use super::accounts::{PASSWORD, invited, join};
use super::browser::{Browser, Look};
use crate::world::{TestServer, command};

#[test]
fn the_first_start_on_a_terminal_prints_an_address_that_signs_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let data = data.to_str().expect("a path");
    let anywhere = "127.0.0.1:0";
    let listen = ["--listen", anywhere, "--gateway-internal", anywhere, "--gateway-external", anywhere];
    let start = || {
        let terminal = openpty(None, None).expect("a terminal");
        let mut server = command(&[&["server", "--data", data][..], &listen].concat());
        let process = server.stderr(Stdio::from(terminal.slave)).spawn().expect("it starts");
        (process, BufReader::new(File::from(terminal.master)).lines().map_while(Result::ok))
    };
    let (mut process, mut lines) = start();
    let line = lines.find(|line| line.contains("sign in to the console")).expect("the address");
    let address = line.rsplit(' ').next().expect("an address").trim().to_owned();
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
    let open = || agent.get(&address).call().expect("an answer");
    let answer = open();
    assert_eq!((answer.status().as_u16(), answer.headers().contains_key("set-cookie")), (303, true));
    assert_eq!(open().status().as_u16(), 401, "once");
    process.kill().and_then(|()| process.wait()).expect("it ends");

    let (mut process, lines) = start();
    // The pages are served before the last line is written.
    let mut later = lines.take_while(|line| !line.contains("data folder"));
    assert!(!later.any(|line| line.contains("sign in to the console")), "the first start alone");
    process.kill().and_then(|()| process.wait()).expect("it ends");
}

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn the_keyboard_alone_leads_everywhere() {
    let server = TestServer::start();
    server.tieline(&["organization", "create", "acme"]).done();
    join(&server, &invited(&server, "anna", "organization-admin", &["--organization", "acme"]));
    for look in [Look::USUAL, Look::PLAIN] {
        let browser = Browser::open(&server, look).await;
        browser.visit("/sign-in").await;
        browser.tab_to("Name").await;
        browser.type_keys("anna").await;
        browser.tab_to("Password").await;
        browser.type_keys(&format!("{PASSWORD}\n")).await;
        browser.find(Locator::LinkText("acme")).await;
        browser.tab_to("acme").await;
        browser.type_keys("\n").await;
        browser.find(Locator::XPath("//h1[.='acme']")).await;
        browser.tab_to("Skip to the content").await;
        browser.type_keys("\n").await;
        // What comes next lies in the content, behind the navigation.
        browser.tab_to("New project").await;
        browser.type_keys(&format!("shop-{}\n", look.scripts)).await;
        browser.find(Locator::XPath(&format!("//h1[.='shop-{}']", look.scripts))).await;
        browser.tab_to("Connections").await;
        browser.type_keys("\n").await;
        browser.find(Locator::XPath("//h1[.='Connections']")).await;
        browser.tab_to("+ Create").await;
        browser.type_keys("\n").await;
        browser.find(Locator::XPath("//h1[.='Marketplace']")).await;
        browser.close().await;
    }
}
