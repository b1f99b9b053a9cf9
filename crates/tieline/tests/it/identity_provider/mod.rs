//! An organization's own identity provider: a certified one, running for real, registers the applications and issues the
//! tokens, and the gateway accepts them.

pub(crate) mod fixed;
pub(crate) mod real;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::real::{AUDIENCE, IdentityProvider, TOKEN};
use crate::gateway::field::{Credential, Field, endpoint, fine, get, outcome, refused};
use crate::oauth;
use crate::world::TestServer;

const ORDERS: &str = "service:/shop/orders/v1/api";
const ACME: [&str; 2] = ["--organization", "acme"];

/// A field whose organization has the provider, with `shop/orders` offered in development.
fn field(provider: &IdentityProvider) -> Field {
    let field = Field::on(TestServer::start_traced());
    set(&field, provider, &["--audience", AUDIENCE]);
    field.offer("development", "v1.0", &endpoint("orders"));
    field
}

fn set(field: &Field, provider: &IdentityProvider, more: &[&str]) -> Value {
    let file = field.server.folder().join("registration.token");
    std::fs::write(&file, format!("{TOKEN}\n")).expect("a file");
    let token = format!("file:{}", file.display());
    let set = ["identity-provider", "set", "--issuer", provider.issuer(), "--registration-token", &token];
    field.server.json(&[&set[..], &ACME, more].concat())
}

/// The connection of `office/desk`, as it is revealed.
fn connection(field: &Field) -> Value {
    field.done("GET", "/connections/orders?project=office&component=desk&reveal=true", &Value::Null)
}

fn statuses(connection: &Value) -> [&str; 2] {
    ["development", "production"].map(|environment| {
        connection["environments"][environment]["status"].as_str().unwrap_or_else(|| panic!("{connection}"))
    })
}

fn value(connection: &Value, environment: &str, key: &str) -> String {
    let parameters = connection["environments"][environment]["parameters"].as_array().expect("parameters");
    let found = parameters.iter().find(|parameter| parameter["key"] == key);
    found.and_then(|found| found["value"].as_str()).unwrap_or_else(|| panic!("{key}: {connection}")).to_owned()
}

/// What a client gets from a provider.
#[track_caller]
fn bearer(provider: &IdentityProvider, client: &str, secret: &str) -> Credential {
    let basic = oauth::basic(client, secret);
    let headers = [("authorization", basic.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let answer = oauth::send(provider.issuer(), "POST", "/token", &headers, "grant_type=client_credentials");
    let token = answer.body["access_token"].as_str().unwrap_or_else(|| panic!("{answer:?}"));
    Credential("authorization", format!("Bearer {token}"))
}

/// Waits until something is so.
#[track_caller]
fn until(what: &str, mut is: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is() {
        assert!(begin.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::yield_now();
    }
}

#[test]
#[cfg_attr(not(clients), ignore = "TIELINE_TEST_CLIENTS is not set")]
fn applications_are_registered_there_and_their_tokens_open_routes() {
    let provider = IdentityProvider::start();
    let field = field(&provider);
    let shown = field.server.json(&[&["identity-provider", "view"][..], &ACME].concat());
    assert_eq!(shown["token_endpoint"], format!("{}/token", provider.issuer()));
    assert_eq!((&shown["algorithms"], &shown["audience"]), (&json!(["ES256"]), &json!(AUDIENCE)));
    let text = field.server.tieline(&[&["identity-provider", "view"][..], &ACME].concat()).done().stdout;
    assert!(text.contains("registration endpoint") && text.contains("ES256"), "{text}");

    let made = field.done("POST", "/connections", &Field::connection("orders", &json!({})));
    assert_eq!(statuses(&made), ["ready", "ready"], "who makes it waits for its clients");
    assert_eq!(provider.clients().len(), 2);
    field.consume("office/desk", "development", &[("orders", ORDERS)]);
    let injected = field.injected("office/desk", "development", "orders");
    assert_eq!(injected.value("TOKENURL"), format!("{}/token", provider.issuer()));
    let (address, token) = (injected.url() + "/items", injected.bearer());
    let answer = get(&address, Some(&token));
    assert_eq!((answer.status, &answer.body["name"]), (200, &json!("orders")), "{answer:?}");
    assert_eq!(answer.body["headers"]["x-tieline-organization"], "acme");

    // Of the same provider, and no client of this connection in this environment.
    let made = connection(&field);
    let live =
        bearer(&provider, &value(&made, "production", "ConsumerKey"), &value(&made, "production", "ConsumerSecret"));
    let (mine, secret) = provider.register("somebody else's");
    for token in [live, bearer(&provider, &mine, &secret)] {
        assert_eq!(outcome(&address, Some(&token)), refused(403, "subscription_missing"));
    }
    // Of another provider, which the organization does not know.
    let stranger = IdentityProvider::start();
    let (other, secret) = stranger.register("orders");
    let foreign = bearer(&stranger, &other, &secret);
    assert_eq!(outcome(&address, Some(&foreign)), refused(401, "access_token_issuer_unknown"));
    // Tieline's own token service does not know the client.
    let basic = oauth::basic(&injected.value("CONSUMERKEY"), &injected.value("CONSUMERSECRET"));
    let headers = [("authorization", basic.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let own = oauth::send(field.server.url(), "POST", "/oauth2/token", &headers, "grant_type=client_credentials");
    assert_eq!((own.status, &own.body["error"]), (401, &json!("invalid_client")));

    // An audience that its tokens do not name.
    set(&field, &provider, &["--audience", "somebody-else"]);
    assert_eq!(outcome(&address, Some(&token)), refused(401, "access_token_audience"));
    set(&field, &provider, &["--audience", ""]);
    assert_eq!(outcome(&address, Some(&token)), fine());

    field.consume("office/desk", "development", &[]);
    field.done("DELETE", "/connections/orders?project=office&component=desk", &Value::Null);
    assert_eq!(
        outcome(&address, Some(&token)),
        refused(403, "subscription_missing"),
        "its subscription is gone at once"
    );
    until("its clients are deleted there", || provider.clients() == [mine.clone()]);
    let secrets = [TOKEN.to_owned(), injected.value("CONSUMERSECRET"), value(&made, "production", "ConsumerSecret")];
    let audit = field.server.json(&[&["audit", "list", "--limit", "0"][..], &ACME].concat()).to_string();
    for secret in secrets {
        assert!(!field.server.log().contains(&secret) && !audit.contains(&secret), "a secret is told");
    }
    for action in ["identity_provider_set", "client_register", "client_unregister"] {
        assert!(audit.contains(action), "{action}: {audit}");
    }
}

#[test]
#[cfg_attr(not(clients), ignore = "TIELINE_TEST_CLIENTS is not set")]
fn a_provider_that_is_away_stops_nobody_who_has_a_token() {
    let provider = IdentityProvider::start();
    let field = field(&provider);
    provider.down();
    let made = field.done("POST", "/connections", &Field::connection("orders", &json!({})));
    assert_eq!(statuses(&made), ["pending", "pending"]);
    let reason = made["environments"]["development"]["reason"].as_str().expect("a reason");
    assert!(reason.contains("cannot be reached") && reason.contains("by itself"), "{reason}");
    provider.up();
    until("it completes by itself", || statuses(&connection(&field)) == ["ready", "ready"]);
    assert_eq!(provider.clients().len(), 2, "each client is registered once");
    field.consume("office/desk", "development", &[("orders", ORDERS)]);
    let injected = field.injected("office/desk", "development", "orders");
    let (address, token) = (injected.url() + "/items", injected.bearer());
    assert_eq!(outcome(&address, Some(&token)), fine());

    provider.down();
    assert_eq!(outcome(&address, Some(&token)), fine(), "the gateway asks nobody");
    let again = ["identity-provider", "set", "--issuer", provider.issuer(), "--output", "json"];
    let answer = field.server.tieline(&[&again[..], &ACME].concat());
    assert_eq!((answer.code, &answer.error()["code"]), (Some(1), &json!("identity_provider_unreachable")));
    assert_eq!(outcome(&address, Some(&token)), fine(), "what could not be set changes nothing");
    provider.up();

    // It signs with another key, and publishes that one alone.
    provider.rotate();
    let other = injected.bearer();
    assert_eq!(outcome(&address, Some(&other)), refused(401, "access_token_key_unknown"));
    set(&field, &provider, &[]);
    assert_eq!(outcome(&address, Some(&other)), fine());
    assert_eq!(outcome(&address, Some(&token)), refused(401, "access_token_key_unknown"), "a key that it took back");
}

#[test]
fn a_provider_is_asked_at_no_address_that_the_rules_refuse() {
    let fixed = fixed::provider(&json!({}));
    let field = Field::open();
    let set = |issuer: &str| {
        let answer = field
            .server
            .tieline(&[&["identity-provider", "set", "--issuer", issuer, "--output", "json"][..], &ACME].concat());
        (answer.code, answer.error()["code"].as_str().unwrap_or_default().to_owned())
    };
    for (issuer, code) in [
        ("https://169.254.169.254", "address_refused"),
        ("https://metadata.google.internal", "address_refused"),
        ("http://id.example", "issuer_invalid"),
        (field.server.url(), "issuer_invalid"),
        (&field.gateway("internal"), "address_refused"),
        (&fixed::provider(&json!({ "jwks_uri": "https://169.254.169.254/keys" })), "address_refused"),
        (&fixed::provider(&json!({ "registration_endpoint": null })), "identity_provider_incomplete"),
        (&fixed::provider(&json!({ "issuer": "https://id.example" })), "issuer_differs"),
    ] {
        assert_eq!(set(issuer), (Some(1), code.to_owned()), "{issuer}");
    }
    // With a second organization nobody's provider is on loopback.
    field.done("POST", "/organizations", &json!({ "handle": "other" }));
    assert_eq!(set(&fixed), (Some(1), "address_refused".to_owned()));
}
