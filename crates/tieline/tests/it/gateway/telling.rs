//! What a refused caller is told, what an endpoint is told about its caller, and what logs and figures tell their readers.

use serde_json::{Value, json};

use super::field::{Credential, Field, endpoint, get};
use crate::oauth;

const REFERENCE: &str = "service:/shop/orders/v1/api";

#[test]
fn a_refusal_says_which_check_failed_and_what_to_do() {
    let field = Field::open();
    field.offer("development", "v1.0", &endpoint("orders"));
    for place in ["desk", "clerk"] {
        field.connect("orders", &json!({ "component": place }));
    }
    field.consume("office/desk", "development", &[("orders", REFERENCE)]);
    field.consume("office/clerk", "development", &[("orders", REFERENCE)]);
    let [desk, clerk] = ["office/desk", "office/clerk"].map(|place| field.injected(place, "development", "orders"));
    let (url, bearer, key, stranger) = (desk.url(), desk.bearer(), desk.key(), clerk.bearer());
    field.consume("office/clerk", "development", &[]);
    let nowhere = url.replace("/orders/", "/nothing/");
    let wrong = Credential("authorization", "Bearer a.b.c".to_owned());
    let mint = Credential("api-key", "wrong".to_owned());
    let plan = json!({ "plan": "bronze" });
    field.done("PATCH", &format!("/subscriptions/{}", field.subscription()), &plan);
    let used = (0..20_000).find(|_| get(&url, Some(&key)).status == 429);
    assert!(used.is_some(), "the plan ends");
    let asked = [
        ("nobody", &url, None, 401, "credential_missing", Some("Bearer realm=\"tieline\"")),
        ("no token", &url, Some(wrong), 401, "access_token_invalid", Some("error=\"invalid_token\"")),
        ("no key", &url, Some(mint), 401, "api_key_unknown", Some("ApiKey")),
        ("a stranger", &url, Some(stranger), 403, "subscription_missing", Some("error=\"insufficient_scope\"")),
        ("lost", &nowhere, Some(bearer), 404, "route_not_found", None),
        ("loud", &url, Some(key), 429, "rate_limited", None),
        // One subscription, however it is proven.
        ("loud by token", &url, Some(desk.bearer()), 429, "rate_limited", None),
    ];
    for (who, address, credential, status, code, challenge) in asked {
        // What the plan gives back in the meantime is used up first.
        let answer = (0..100).map(|_| get(address, credential.as_ref())).find(|answer| answer.status == status);
        let answer = answer.unwrap_or_else(|| panic!("{who} is never answered {status}"));
        assert_eq!((answer.status, &answer.body["code"]), (status, &code.into()), "{who}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{who}: {answer:?}");
        assert!(answer.body["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{who}: {answer:?}");
        assert_eq!(answer.body["status"], status);
        let told = answer.header("www-authenticate");
        assert_eq!(told.is_some(), challenge.is_some(), "{who}: {answer:?}");
        assert!(
            challenge.is_none_or(|challenge| told.is_some_and(|told| told.contains(challenge))),
            "{who}: {answer:?}"
        );
        assert_eq!(answer.header("retry-after").is_some(), status == 429, "{who}: {answer:?}");
        let page = field.server.tieline(&["explain", code]);
        assert_eq!(page.code, Some(0), "{code}: {page:?}");
    }
}

#[test]
fn an_endpoint_is_told_who_calls_and_nothing_that_a_caller_made_up() {
    let field = Field::open();
    field.offer("development", "v1.0", &endpoint("orders"));
    let shared = json!({ "level": "project", "component": null, "secrets": "per-component" });
    field.connect("orders", &shared);
    for place in ["office/desk", "office/clerk"] {
        field.consume(place, "development", &[("orders", REFERENCE)]);
    }
    let connection = field.done("GET", "/connections/orders?project=office", &Value::Null);
    let [desk, clerk] = ["office/desk", "office/clerk"].map(|place| field.injected(place, "development", "orders"));
    assert_eq!(desk.value("CONSUMERKEY"), clerk.value("CONSUMERKEY"));
    assert_ne!(desk.value("CONSUMERSECRET"), clerk.value("CONSUMERSECRET"));
    let mut components = Vec::new();
    for (injected, component) in [(&desk, "desk"), (&clerk, "clerk")] {
        let view = field.done("GET", &format!("/projects/office/components/{component}"), &Value::Null);
        for credential in [injected.bearer(), injected.key()] {
            let headers = [
                (credential.0, credential.1.as_str()),
                ("x-tieline-application", "forged"),
                ("x-tieline-component", "forged"),
                ("x_tieline_component", "forged"),
                ("X-Tieline-Admin", "forged"),
                ("x-forwarded-for", "192.0.2.1"),
            ];
            let answer = oauth::send(&injected.url(), "GET", "/x", &headers, "");
            assert_eq!(answer.status, 200, "{answer:?}");
            let came = &answer.body["headers"];
            assert!(!came.to_string().contains("forged"), "{came}");
            assert_eq!(
                (&came["x-tieline-organization"], &came["x-forwarded-for"]),
                (&json!("acme"), &json!("127.0.0.1"))
            );
            assert_eq!(came["x-tieline-component"], view["id"], "{came} {view}");
            assert_eq!(came["x-tieline-connection"], connection["id"], "{came} {connection}");
            assert!(connection["application"].is_string(), "{connection}");
            assert_eq!(came["x-tieline-application"], connection["application"], "{came} {connection}");
            assert!(came[credential.0].is_null(), "the credential ends at the gateway: {came}");
            components.push(came["x-tieline-component"].clone());
        }
    }
    assert_eq!((&components[0], &components[2]), (&components[1], &components[3]));
    assert_ne!(components[0], components[2]);

    let lines = field.server.access_log(4);
    let figures = field.server.ask("GET", "/metrics", Some(&field.server.admin_token()), None).body;
    let figures = figures.as_str().expect("text");
    for (line, component) in lines.iter().zip(&components) {
        assert_eq!((&line["service"], &line["environment"]), (&json!(REFERENCE), &json!("development")), "{line}");
        assert_eq!((&line["status"], &line["connection"]), (&json!(200), &connection["id"]), "{line}");
        assert_eq!(line["application"], connection["application"], "{line}");
        assert_eq!(&line["component"], component, "{line}");
        let (application, connection) = (line["application"].as_str(), line["connection"].as_str());
        let named = |figure: &&str| {
            [application, connection, component.as_str(), Some(REFERENCE)]
                .iter()
                .all(|name| name.is_some_and(|name| figure.contains(&format!("\"{name}\""))))
        };
        let calls = figures.lines().filter(|figure| figure.starts_with("tieline_gateway_calls_total")).find(named);
        assert!(calls.is_some_and(|calls| calls.ends_with(" 2")), "{component}: {figures}");
    }
}

#[test]
fn figures_that_name_tenants_are_for_those_who_see_all_of_them() {
    let field = Field::open();
    field.offer("development", "v1.0", &endpoint("orders"));
    field.connect("orders", &json!({}));
    field.consume("office/desk", "development", &[("orders", REFERENCE)]);
    let desk = field.injected("office/desk", "development", "orders");
    assert_eq!(get(&desk.url(), Some(&desk.key())).status, 200);

    let made = field.done("POST", "/tokens", &json!({ "name": "lead", "role": "organization-admin" }));
    let lead = made["token"].as_str().unwrap_or_else(|| panic!("{made}"));
    let scraper = field.server.tieline(&["token", "create", "prometheus", "--role", "gateway"]).done().stdout;
    let admin = field.server.admin_token();
    for (token, status, named) in [
        (None, 200, false),
        (Some("unknown"), 401, false),
        (Some(lead), 403, false),
        (Some(scraper.trim()), 200, true),
        (Some(&admin), 200, true),
    ] {
        let answer = field.server.ask("GET", "/metrics", token, None);
        let text = answer.body.as_str().unwrap_or_default();
        let names = ["acme", REFERENCE, "tieline_gateway_calls_total"].map(|name| text.contains(name));
        assert_eq!((answer.status, names), (status, [named; 3]), "{token:?}: {answer:?}");
        assert_eq!(text.matches("# EOF").count(), usize::from(status == 200), "{token:?}");
    }
}
