//! Every operation that changes something leaves an audit entry of its own name: each of `/openapi.json` is done once.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::console::accounts::{PASSWORD, join, own_token};
use crate::identity_provider::fixed;
use crate::oauth::Provider;
use crate::world::TestServer;

/// Operations that are no `GET` and leave no entry, with the reason.
const UNRECORDED: [(&str, &str); 4] = [
    ("access_token_introspect", "it answers what a token is, and changes nothing"),
    ("access_token_issue", "a token is no state; those who did not prove themselves are recorded together"),
    ("connection_preview", "it answers what a connection would be, and changes nothing"),
    ("plan", "it answers what a deployment would be, and changes nothing"),
];

const ORDERS: &str = "/organizations/acme/projects/shop/components/orders";
const MAIL: &str = "/organizations/acme/services/thirdparty:Mail%2Fv1";
const CONNECTION: &str = "/organizations/acme/connections/3f1b6f0e-8d6c-4f6e-9a57-0b9f3f1f7c11";
const SUBSCRIPTION: &str = "/organizations/acme/subscriptions/3f1b6f0e-8d6c-4f6e-9a57-0b9f3f1f7c11.development";

#[test]
fn every_change_is_audited_under_the_name_of_its_operation() {
    let server = TestServer::start();
    let admin = server.admin_token();
    for (method, path, body) in steps() {
        let reply = server.ask(method, &path, Some(&admin), (!body.is_null()).then_some(&body));
        assert!(reply.status < 300, "{method} {path}: {reply:?}");
        // Whoever is invited joins at once.
        if let Some(address) = reply.body["url"].as_str().and_then(|url| url.strip_prefix(server.url()))
            && address.starts_with("/invitation")
        {
            join(&server, address);
        }
    }
    let actions = |scope: &[&str]| -> BTreeSet<String> {
        let entries = server.json(&[&["audit", "list", "--limit", "0"], scope].concat());
        let entries = entries.as_array().expect("entries");
        entries.iter().map(|entry| entry["action"].as_str().expect("an action").to_owned()).collect()
    };
    let mut recorded = actions(&["--organization", "acme"]);
    own_tokens(&server);
    recorded.extend(actions(&["--installation"]));
    recorded.extend(revoked());

    let document = server.ask("GET", "/openapi.json", None, None).body;
    let methods =
        document["paths"].as_object().expect("paths").values().flat_map(|path| path.as_object().expect("one"));
    let changing: BTreeSet<_> = methods
        .filter(|(method, _)| *method != "get")
        .map(|(_, operation)| operation["operationId"].as_str().expect("an id").to_owned())
        .collect();
    assert!(changing.len() > 25, "the operations are found: {changing:?}");
    let unrecorded: BTreeSet<_> = changing.difference(&recorded).map(String::as_str).collect();
    assert_eq!(unrecorded, UNRECORDED.iter().map(|(operation, _)| *operation).collect());
}

/// What a person does with their own account.
fn own_tokens(server: &TestServer) {
    let made = server.json(&["user", "invite", "bert", "--role", "viewer", "--organization", "acme"]);
    let address = made["url"].as_str().and_then(|url| url.strip_prefix(server.url())).expect("an address");
    let own = own_token(server, &join(server, address));
    let reply = server.ask("POST", "/account/tokens", Some(&own), Some(&json!({ "name": "other" })));
    assert_eq!(reply.status, 201, "{reply:?}");
    assert_eq!(server.ask("DELETE", "/account/tokens/other", Some(&own), None).status, 204);
    assert_eq!(server.ask("POST", "/account/sign-out", Some(&own), None).status, 204);
    let change = json!({ "current": PASSWORD, "password": "another-good-one" });
    assert_eq!(server.ask("POST", "/account/password", Some(&own), Some(&change)).status, 204);
}

/// What is recorded when a client revokes its token.
fn revoked() -> BTreeSet<String> {
    let provider = Provider::open(&[]);
    let form = format!("token={}", provider.token());
    assert_eq!(provider.form("/oauth2/revoke", Some(&provider.basic()), &form).status, 200);
    let entries = provider.server.json(&["audit", "list", "--organization", "acme", "--limit", "1"]);
    let client = format!("client:{}", provider.client.0);
    assert_eq!(entries[0]["actor"], client.as_str());
    BTreeSet::from([entries[0]["action"].as_str().expect("an action").to_owned()])
}

/// Each changing operation once, in an order in which all succeed.
fn steps() -> Vec<(&'static str, String, Value)> {
    let source = json!({ "file": "component.yaml", "text": "schemaVersion: 1.2\nconfigurations: { env: [{ name: A, value: b }] }\n" });
    let deploy = |version: &str| json!({ "environment": "development", "version": version, "source": source });
    let acme = |rest: &str| format!("/organizations/acme{rest}");
    let orders = |rest: &str| format!("{ORDERS}{rest}");
    let mail = json!({
        "name": "Mail", "version": "v1",
        "endpoints": [{ "name": "live", "url": "https://mail.example", "environments": ["development"], "values": {} }],
    });
    let database = json!({
        "name": "main", "kind": "postgresql",
        "credentials": [{ "name": "dev", "environments": ["development"], "values": {
            "HostName": "db.example", "Port": "5432", "Username": "app", "Password": "x", "DatabaseName": "shop" } }],
    });
    let connection = json!({
        "id": "3f1b6f0e-8d6c-4f6e-9a57-0b9f3f1f7c11", "name": "mail", "service": "thirdparty:Mail/v1", "level": "organization",
    });
    let text = "schemaVersion: 1.2\nendpoints: [{ name: api, type: REST, service: { port: 9090 } }]\n";
    let offer = json!({ "environment": "development", "version": "v2.0", "addresses": { "api": "http://10.0.0.1:9090" },
        "source": { "file": "component.yaml", "text": text } });
    let subscribe = json!({ "id": "3f1b6f0e-8d6c-4f6e-9a57-0b9f3f1f7c11", "name": "orders", "level": "component",
        "service": "service:/shop/orders/v2/api", "project": "shop", "component": "partner" });
    let own = json!({ "name": "own", "level": "component", "service": "service:/shop/orders/v2/api", "project": "shop",
        "component": "partner", "secrets": "per-component" });
    let provider = json!({ "issuer": fixed::provider(&json!({})) });
    vec![
        ("POST", "/organizations".to_owned(), json!({ "handle": "acme" })),
        ("PUT", acme("/identity-provider"), provider),
        ("DELETE", acme("/identity-provider"), Value::Null),
        ("PATCH", acme(""), json!({ "variable_prefix": "ACME" })),
        ("POST", acme("/environments"), json!({ "handle": "staging", "after": "development" })),
        ("PATCH", acme("/environments/staging"), json!({ "allowed_addresses": ["10.0.0.0/8"] })),
        ("POST", acme("/projects"), json!({ "handle": "shop" })),
        ("POST", acme("/projects/shop/components"), json!({ "handle": "orders", "type": "service" })),
        ("POST", acme("/services"), mail),
        ("PATCH", MAIL.to_owned(), json!({ "summary": "sends" })),
        ("POST", format!("{MAIL}/unpublish"), Value::Null),
        ("POST", format!("{MAIL}/publish"), Value::Null),
        ("POST", acme("/resources"), database),
        ("POST", acme("/connections"), connection),
        ("PATCH", CONNECTION.to_owned(), json!({ "description": "letters" })),
        ("DELETE", CONNECTION.to_owned(), Value::Null),
        ("DELETE", MAIL.to_owned(), Value::Null),
        ("POST", orders("/plan"), json!({ "environment": "development", "source": source })),
        ("POST", orders("/deployments"), deploy("v1.0")),
        ("POST", orders("/deployments"), deploy("v1.1")),
        ("POST", orders("/promotions"), json!({ "from": "development", "to": "staging" })),
        ("POST", orders("/rollbacks"), json!({ "environment": "development" })),
        ("POST", orders("/deployments"), offer),
        ("POST", acme("/projects/shop/components"), json!({ "handle": "partner", "type": "external-consumer" })),
        ("POST", acme("/connections"), subscribe),
        ("POST", format!("{SUBSCRIPTION}/refuse"), json!({ "reason": "ask first" })),
        ("POST", format!("{SUBSCRIPTION}/approve"), json!({})),
        ("POST", format!("{SUBSCRIPTION}/block"), json!({})),
        ("POST", format!("{SUBSCRIPTION}/unblock"), Value::Null),
        ("PATCH", SUBSCRIPTION.to_owned(), json!({ "plan": "gold" })),
        ("POST", format!("{CONNECTION}/rotate"), json!({})),
        ("POST", acme("/connections"), own),
        ("POST", acme("/connections/own/revoke?project=shop&component=partner"), json!({ "component": "partner" })),
        ("DELETE", acme("/projects/shop/components/partner"), Value::Null),
        ("DELETE", orders("/environments/development/deployment?version=v1"), Value::Null),
        ("DELETE", orders("/environments/development/deployment"), Value::Null),
        ("DELETE", orders("/environments/staging/deployment"), Value::Null),
        ("DELETE", orders(""), Value::Null),
        ("DELETE", acme("/projects/shop"), Value::Null),
        ("DELETE", acme("/environments/staging"), Value::Null),
        ("POST", acme("/tokens"), json!({ "name": "anna", "role": "viewer" })),
        ("DELETE", acme("/tokens/anna"), Value::Null),
        ("POST", acme("/users"), json!({ "name": "anna", "role": "viewer" })),
        ("PATCH", acme("/users/anna"), json!({ "role": "developer" })),
        ("POST", acme("/users/anna/reset"), Value::Null),
        ("DELETE", acme("/users/anna"), Value::Null),
        ("POST", "/installation/users".to_owned(), json!({ "name": "root", "role": "installation-admin" })),
        ("POST", "/installation/users/root/reset".to_owned(), Value::Null),
        ("PATCH", "/installation/users/root".to_owned(), json!({ "disabled": true })),
        ("POST", "/login-links".to_owned(), Value::Null),
        ("POST", "/installation/tokens".to_owned(), json!({ "name": "edge", "role": "gateway" })),
        ("DELETE", "/installation/tokens/edge".to_owned(), Value::Null),
        ("POST", "/installation/key".to_owned(), json!({})),
        ("POST", "/installation/signing-keys".to_owned(), json!({})),
        ("POST", "/installation/backup".to_owned(), Value::Null),
    ]
}
