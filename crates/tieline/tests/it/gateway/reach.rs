//! Which call reaches which endpoint: environments, listeners, paths, and whether what a connection may choose is what the
//! gateway then opens.

use serde_json::json;

use super::field::{Field, endpoint, fine, get, outcome, refused};

#[test]
fn keys_of_an_environment_open_nothing_in_another() {
    let field = Field::open();
    for environment in ["development", "production"] {
        field.offer(environment, "v1.0", &endpoint("orders"));
    }
    field.connect("orders", &json!({}));
    for environment in ["development", "production"] {
        field.consume("office/desk", environment, &[("orders", "service:/shop/orders/v1/api")]);
    }
    let [development, production] =
        ["development", "production"].map(|environment| field.injected("office/desk", environment, "orders"));
    for (own, other) in [(&development, &production), (&production, &development)] {
        assert_ne!(own.value("CONSUMERKEY"), other.value("CONSUMERKEY"));
        for credential in [own.bearer(), own.key()] {
            assert_eq!(outcome(&own.url(), Some(&credential)), fine());
            assert_eq!(outcome(&other.url(), Some(&credential)), refused(403, "subscription_missing"));
        }
    }
}

#[test]
fn a_mapped_environment_is_opened_by_subscription_and_no_other() {
    let field = Field::open();
    field.done("POST", "/environments", &json!({ "handle": "staging", "after": "development" }));
    for (environment, name) in [("development", "of development"), ("staging", "of staging")] {
        field.offer(environment, "v1.0", &endpoint(name));
    }
    field.connect("orders", &json!({ "mapping": { "development": "staging" } }));
    field.consume("office/desk", "development", &[("orders", "service:/shop/orders/v1/api")]);
    let injected = field.injected("office/desk", "development", "orders");
    assert!(injected.url().contains("/acme/staging/shop/orders/"), "{}", injected.url());
    let bearer = injected.bearer();
    assert_eq!(get(&injected.url(), Some(&bearer)).body["name"], "of staging");
    let unmapped = injected.url().replace("/staging/", "/development/");
    assert_eq!(outcome(&unmapped, Some(&bearer)), refused(403, "subscription_missing"));
    let critical = Field::connection("wild", &json!({ "mapping": { "production": "development" } }));
    let reply = field.ask("POST", "/connections", Some(&critical));
    assert!(reply.status >= 400, "production is mapped to production alone: {reply:?}");
}

#[test]
fn a_listener_carries_what_its_callers_may_see() {
    let field = Field::open();
    let mut text = "schemaVersion: 1.2\nendpoints:\n".to_owned();
    let mut addresses = json!({});
    for (port, (name, visibilities)) in
        [("inner", "Project"), ("staff", "Organization"), ("world", "Public")].into_iter().enumerate()
    {
        text += &format!(
            "  - {{ name: {name}, type: REST, networkVisibilities: [{visibilities}], service: {{ port: {} }} }}\n",
            9090 + port
        );
        addresses[name] = endpoint(name).into();
    }
    let source = json!({ "file": "component.yaml", "text": text });
    field.deploy("shop/orders", "development", "v1.0", &source, &addresses);
    for name in ["inner", "staff", "world"] {
        let service = format!("service%3A%2Fshop%2Forders%2Fv1%2F{name}");
        field.done("PATCH", &format!("/services/{service}"), &json!({ "schemes": ["oauth2", "api-key", "none"] }));
    }
    let path = |name: &str| {
        // The first endpoint of a major is its default, which has no name in the path.
        let name = if name == "inner" { String::new() } else { format!("/{name}") };
        format!("/acme/development/shop/orders{name}/v1")
    };
    for (side, name, expect) in [
        ("internal", "inner", refused(404, "route_not_found")),
        ("external", "inner", refused(404, "route_not_found")),
        ("internal", "staff", fine()),
        ("external", "staff", refused(404, "route_not_found")),
        ("internal", "world", fine()),
        ("external", "world", fine()),
    ] {
        assert_eq!(outcome(&(field.gateway(side) + &path(name)), None), expect, "{name} through {side}");
    }
}

#[test]
fn public_connections_lead_to_the_external_gateway_and_the_others_to_the_internal_one() {
    let field = Field::open();
    field.offer("development", "v1.0", &endpoint("orders"));
    field.connect("world", &json!({ "access_mode": "public" }));
    field.connect("staff", &json!({}));
    let reference = "service:/shop/orders/v1/api";
    field.consume("office/desk", "development", &[("world", reference), ("staff", reference)]);
    for (name, side) in [("world", "external"), ("staff", "internal")] {
        let injected = field.injected("office/desk", "development", name);
        assert_eq!(injected.url(), field.gateway(side) + "/acme/development/shop/orders/v1", "{name}");
        assert_eq!(outcome(&injected.url(), Some(&injected.bearer())), fine());
        assert_eq!(outcome(&injected.url(), Some(&injected.key())), fine());
    }
}

#[test]
fn the_path_below_the_service_goes_behind_the_base_path() {
    let field = Field::open();
    let text = "schemaVersion: 1.2\nendpoints:
  - { name: api, type: REST, networkVisibilities: [Organization], service: { port: 9090, basePath: /deep/base } }
  - { name: admin, type: REST, networkVisibilities: [Organization], service: { port: 9091 } }
";
    let source = json!({ "file": "component.yaml", "text": text });
    let addresses = json!({ "api": endpoint("api"), "admin": endpoint("admin") });
    field.deploy("shop/orders", "development", "v1.0", &source, &addresses);
    field.connect("orders", &json!({}));
    field.connect("admin", &json!({ "service": "service:/shop/orders/v1/admin" }));
    let references = [("orders", "service:/shop/orders/v1/api"), ("admin", "service:/shop/orders/v1/admin")];
    field.consume("office/desk", "development", &references);
    for (name, middle, base) in [("orders", "", "/deep/base"), ("admin", "/admin", "")] {
        let injected = field.injected("office/desk", "development", name);
        assert_eq!(injected.url(), format!("{}/acme/development/shop/orders{middle}/v1", field.gateway("internal")));
        let bearer = injected.bearer();
        for (below, expect) in [("/items/7?by=name", "/items/7?by=name"), ("/v2//x", "/v2//x")] {
            let answer = get(&(injected.url() + below), Some(&bearer));
            assert_eq!(answer.body["path"], format!("{base}{expect}"), "{answer:?}");
        }
        for climbing in ["/../x", "/%2e%2e/x"] {
            let answer = get(&(injected.url() + climbing), Some(&bearer));
            assert!(answer.status >= 400, "{climbing}: {answer:?}");
        }
    }
}
