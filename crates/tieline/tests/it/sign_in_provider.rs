//! Signing in to the console by a certified OpenID provider, running for real: by a browser through the provider's own pages,
//! and request by request, to see what is refused.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use fantoccini::Locator;
use serde_json::{Value, json};
use ureq::http::Request;

use crate::console::browser::{Browser, Look};
use crate::console::visit;
use crate::node::Module;
use crate::world::{TestServer, tieline};

/// A client secret with everything that must be encoded on its way.
const SECRET: &str = "canary:sign-in+secret/%";

/// The provider, and a server whose people sign in by it.
struct House {
    provider: Module,
    issuer: String,
    server: TestServer,
}

impl House {
    fn new() -> Self {
        let provider = Module::start("sign-in-provider.mjs", &[("CLIENT_SECRET", SECRET)]);
        let issuer = provider.line();
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("secret");
        std::fs::write(&file, format!("{SECRET}\n")).expect("a file");
        let flags = ["--sign-in-issuer", &issuer, "--sign-in-client-id", "tieline", "--sign-in-name", "Acme"];
        let file = ["--sign-in-client-secret-file", file.to_str().expect("UTF-8")];
        let server = TestServer::start_with(&[&flags[..], &file].concat());
        let house = Self { provider, issuer, server };
        house.provider.tell(&format!("client {}/sign-in/callback", house.server.url()));
        house.server.tieline(&["organization", "create", "acme"]).done();
        house
    }

    /// What the provider says of who signs in there as `login`.
    fn person(&self, login: &str, claims: &Value) {
        self.provider.tell(&format!("person {login} {claims}"));
    }

    /// Invites somebody; the path of the address that they are given.
    fn invite(&self, name: &str) -> String {
        let made = self.server.json(&["user", "invite", name, "--role", "viewer", "--organization", "acme"]);
        let url = made["url"].as_str().unwrap_or_else(|| panic!("{made}"));
        url.strip_prefix(self.server.url()).expect("an address of this server").to_owned()
    }

    fn audit(&self) -> String {
        self.server.json(&["audit", "list", "--installation"]).to_string()
    }
}

fn verified(email: &str) -> Value {
    json!({ "email": email, "email_verified": true })
}

/// Signs in at the provider's own pages.
async fn at_the_provider(browser: &Browser, login: &str) {
    browser.find(Locator::Css("input[name=login]")).await.send_keys(login).await.expect("a field");
    browser.find(Locator::Css("input[name=password]")).await.send_keys("any").await.expect("a field");
    browser.press("Sign-in").await;
    browser.press("Continue").await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(all(clients, browser)), ignore = "TIELINE_TEST_CLIENTS or TIELINE_TEST_BROWSER is not set")]
async fn a_person_signs_in_and_comes_back_to_the_page_that_they_wanted() {
    let house = House::new();
    house.person("anna", &verified("Anna@acme.example"));
    house.invite("anna@acme.example");
    for look in [Look::USUAL, Look::PLAIN] {
        let browser = Browser::open(&house.server, look).await;
        browser.visit("/organizations/acme/marketplace?tab=services").await;
        browser.follow("Sign in with Acme").await;
        at_the_provider(&browser, "anna").await;
        browser.reads("anna@acme.example").await;
        assert_eq!(browser.path().await, "/organizations/acme/marketplace?tab=services");
        // Who is signed in at the provider is not asked again.
        browser.press("Sign out").await;
        browser.follow("Sign in with Acme").await;
        browser.reads("anna@acme.example").await;
        assert_eq!(browser.path().await, "/");
        browser.visit("/account").await;
        browser.reads(&format!("You sign in with Acme ({})", house.issuer)).await;
        browser.close().await;
    }
    let audit = house.audit();
    assert_eq!(audit.matches("\"user_bind\"").count(), 1, "once: {audit}");
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(all(clients, browser)), ignore = "TIELINE_TEST_CLIENTS or TIELINE_TEST_BROWSER is not set")]
async fn whoever_is_not_let_in_reads_why() {
    let house = House::new();
    house.person("stranger", &verified("stranger@acme.example"));
    house.person("mallory", &json!({ "email": "anna@acme.example", "email_verified": false }));
    house.invite("anna@acme.example");
    let browser = Browser::open(&house.server, Look::USUAL).await;
    browser.visit("/sign-in").await;
    browser.assert_accessible("the page that asks to sign in").await;
    browser.follow("Sign in with Acme").await;
    browser.follow("[ Cancel ]").await;
    browser.reads("Acme did not sign you in: access_denied: End-User aborted interaction").await;
    browser.assert_accessible("the page that says why not").await;
    browser.follow("Sign in with Acme").await;
    at_the_provider(&browser, "stranger").await;
    browser.reads("Acme signed in stranger@acme.example, whom nobody has invited here yet").await;
    browser.reads("tieline user invite").await;
    // The provider asks again, since they may be somebody else there.
    browser.follow("Sign in with Acme").await;
    at_the_provider(&browser, "mallory").await;
    browser.reads("Acme does not say that anna@acme.example is verified to be yours").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
#[cfg_attr(not(all(clients, browser)), ignore = "TIELINE_TEST_CLIENTS or TIELINE_TEST_BROWSER is not set")]
async fn whoever_opens_an_invitation_joins_by_the_provider() {
    let house = House::new();
    house.person("bert", &json!({ "email": "bert@acme.example" }));
    let address = house.invite("bert");
    let browser = Browser::open(&house.server, Look::PLAIN).await;
    browser.visit(&address).await;
    browser.follow("Join with Acme").await;
    at_the_provider(&browser, "bert").await;
    browser.reads("Sign out").await;
    assert_eq!(browser.path().await, "/organizations/acme");
    browser.visit(&address).await;
    browser.reads("this link was used already").await;
    // What another organization means for somebody of that name is accepted with its own link.
    house.server.tieline(&["organization", "create", "other"]).done();
    let made = house.server.json(&["user", "invite", "bert", "--role", "viewer", "--organization", "other"]);
    let url = made["url"].as_str().expect("an address");
    browser.visit("/").await;
    browser.press("Sign out").await;
    browser.visit(url.strip_prefix(house.server.url()).expect("an address of this server")).await;
    browser.follow("Sign in").await;
    browser.follow("Sign in with Acme").await;
    browser.press("Accept").await;
    browser.reads("Sign out").await;
    assert_eq!(browser.path().await, "/organizations/other");
    browser.close().await;
    // No other site makes somebody join.
    let address = house.invite("carla");
    let mut browser = Plain::new(&house);
    assert_eq!(browser.page(&address).0, 303);
    let (status, location, _) = browser.page("/sign-in/provider?join=true");
    assert_eq!((status, location.as_str()), (303, "/invitation"));
    assert!(!browser.cookies.contains_key("tieline-sign-in"), "it was not led to the provider");
}

/// A browser that runs no page: it keeps cookies, and follows nothing by itself.
struct Plain<'a> {
    house: &'a House,
    cookies: BTreeMap<String, String>,
}

impl<'a> Plain<'a> {
    fn new(house: &'a House) -> Self {
        Self { house, cookies: BTreeMap::new() }
    }

    /// Sends a request anywhere; the status, and where it leads.
    fn send(&mut self, method: &str, url: &str, body: &str) -> (u16, String, String) {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header("cookie", cookies.join("; "))
            .header("content-type", "application/x-www-form-urlencoded");
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build();
        let agent: ureq::Agent = config.into();
        let mut answer = agent.run(request.body(body.to_owned()).expect("a request")).expect("an answer");
        for cookie in answer.headers().get_all("set-cookie") {
            let (pair, rest) = cookie.to_str().expect("text").split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            if rest.contains("Max-Age=0") || value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let location = answer.headers().get("location").map(|value| value.to_str().expect("text").to_owned());
        let text = answer.body_mut().read_to_string().expect("UTF-8");
        (answer.status().as_u16(), location.unwrap_or_default(), text)
    }

    fn page(&mut self, path: &str) -> (u16, String, String) {
        let url = if path.starts_with('/') { format!("{}{path}", self.house.server.url()) } else { path.to_owned() };
        self.send("GET", &url, "")
    }

    /// Where the provider sends people when they begin to sign in.
    fn begin(&mut self) -> String {
        let (status, location, text) = self.page("/sign-in/provider?next=/organizations/acme");
        assert_eq!(status, 303, "{text}");
        location
    }

    /// Goes through the provider's pages; the address that it sends the browser back to.
    fn through(&mut self, login: &str) -> String {
        let mut at = self.begin();
        let back = format!("{}/sign-in/callback", self.house.server.url());
        for _ in 0..10 {
            if at.starts_with(&back) {
                return at;
            }
            let (status, location, text) = self.send("GET", &at, "");
            if status == 200 {
                let (_, rest) = text.split_once("action=\"").expect("a form");
                let action = rest.split('"').next().expect("its address").to_owned();
                let prompt = if text.contains("value=\"login\"") { "login" } else { "consent" };
                let (status, location, text) =
                    self.send("POST", &action, &format!("prompt={prompt}&login={login}&password=any"));
                assert_eq!(status, 303, "{text}");
                at = location;
            } else {
                at = location;
            }
            if at.starts_with('/') {
                at = format!("{}{at}", self.house.issuer);
            }
        }
        panic!("the provider leads nowhere: {at}");
    }
}

#[test]
#[cfg_attr(not(clients), ignore = "TIELINE_TEST_CLIENTS is not set")]
fn an_answer_counts_once_and_in_the_browser_that_asked() {
    let house = House::new();
    house.person("anna", &verified("anna@acme.example"));
    house.invite("anna@acme.example");

    let mut browser = Plain::new(&house);
    let callback = browser.through("anna");
    let kept = browser.cookies.clone();
    // What an attacker was sent back with, opened by somebody else: with no question, and with another one.
    let mut victim = Plain::new(&house);
    let (status, _, text) = victim.page(&callback);
    assert!(status == 401 && text.contains("begin again") && victim.cookies.is_empty(), "{status} {text}");
    victim.begin();
    let (status, _, text) = victim.page(&callback);
    assert!(status == 401 && text.contains("no question that this browser put"), "{status} {text}");
    // Of another provider.
    let (before, issuer) = callback.split_once("iss=").expect("RFC 9207");
    let mut mixed = Plain { house: &house, cookies: kept.clone() };
    for address in [format!("{before}iss=https%3A%2F%2Fevil.example"), before.to_owned()] {
        let (status, _, text) = mixed.page(&address);
        assert!(status == 401 && text.contains("no question"), "{issuer}: {status} {text}");
        mixed.cookies = kept.clone();
    }

    let (status, location, text) = browser.page(&callback);
    assert_eq!((status, location.as_str()), (303, "/organizations/acme"), "{text}");
    assert!(browser.cookies.contains_key("tieline-session") && !browser.cookies.contains_key("tieline-sign-in"));
    let (status, _, text) = browser.page("/organizations/acme");
    assert!(status == 200 && text.contains("anna@acme.example"), "{status} {text}");
    assert_eq!(browser.page(&callback).0, 401, "the browser's question is answered");
    // Whoever copied everything is refused by the provider.
    let mut copied = Plain { house: &house, cookies: kept };
    let (status, _, text) = copied.page(&callback);
    assert!(status == 401 && text.contains("Acme did not confirm this sign-in"), "{status} {text}");
    assert!(!copied.cookies.contains_key("tieline-session"));
    let code = callback.split_once("code=").expect("a code").1.split('&').next().expect("it");
    for secret in [SECRET, code, "canary"] {
        assert!(!house.server.log().contains(secret) && !house.audit().contains(secret), "{secret} was written down");
    }

    let accounts = house.server.json(&["user", "list", "--installation"]);
    assert_eq!((&accounts[0]["issuer"], &accounts[0]["state"]), (&json!(house.issuer), &json!("active")));
    let unlinked = house.server.json(&["user", "unlink", "anna@acme.example"]);
    assert_eq!((&unlinked["issuer"], &unlinked["state"]), (&Value::Null, &json!("invited")));
    assert_eq!(browser.page("/organizations/acme").1, "/sign-in?next=/organizations/acme", "its sessions have ended");
}

#[test]
fn a_provider_that_is_away_stops_no_server() {
    let gone = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("it");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("secret");
    std::fs::write(&file, "canary").expect("a file");
    let (issuer, file) = (format!("http://{gone}"), file.to_str().expect("UTF-8"));
    let flags = ["--sign-in-issuer", &issuer, "--sign-in-client-id", "tieline", "--sign-in-client-secret-file", file];
    let server = TestServer::start_with(&flags);
    let page = visit::get(&server, "/sign-in?next=/organizations/acme", "");
    let way = "href=\"/sign-in/provider?next=/organizations/acme\"";
    assert!(page.body.contains(way) && page.body.contains(&format!("Sign in with {gone}")), "{page:?}");
    let answer = visit::get(&server, "/sign-in/provider", "");
    assert_eq!((answer.status, answer.header("set-cookie")), (409, ""), "{answer:?}");
    assert!(answer.body.contains("cannot be asked at the moment") && answer.body.contains("login-link"), "{answer:?}");
    assert!(server.log().contains("nobody can sign in by the identity provider"), "{}", server.log());

    let without = TestServer::start();
    assert!(!visit::get(&without, "/sign-in", "").body.contains("Sign in with"));
    for path in ["/sign-in/provider", "/sign-in/callback?code=a&state=b"] {
        let answer = visit::get(&without, path, "");
        assert!(answer.status == 404 && answer.body.contains("by a sign-in provider"), "{answer:?}");
    }
    let refused = tieline(&["server", "--sign-in-issuer", "https://id.example"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("--sign-in-client-id"), "{refused:?}");
}

#[test]
fn a_question_to_the_provider_outlives_whoever_hung_up() {
    let provider = TcpListener::bind("127.0.0.1:0").expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("secret");
    std::fs::write(&file, "canary").expect("a file");
    let issuer = format!("http://{}", provider.local_addr().expect("it"));
    let file = file.to_str().expect("UTF-8");
    let flags = ["--sign-in-issuer", &issuer, "--sign-in-client-id", "tieline", "--sign-in-client-secret-file", file];
    let server = TestServer::start_with(&flags);
    let host = server.url().strip_prefix("http://").expect("an address");
    let mut visitor = TcpStream::connect(host).expect("the server");
    let head = format!("GET /sign-in/provider HTTP/1.1\r\nHost: {host}\r\n\r\n");
    visitor.write_all(head.as_bytes()).expect("a request");
    let (mut asked, _) = provider.accept().expect("a question");
    drop(visitor);
    // The server has noticed by then.
    std::thread::sleep(Duration::from_millis(300));
    asked.write_all(b"HTTP/1.1 500 Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").expect("an answer");
    std::thread::sleep(Duration::from_millis(300));
    provider.set_nonblocking(true).expect("a listener");
    assert_eq!(visit::get(&server, "/sign-in/provider", "").status, 409);
    assert!(provider.accept().is_err(), "what was answered is kept");
}
