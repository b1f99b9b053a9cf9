//! What was commanded holds for the next call after the command returned. How long commands take is recorded, not asserted.

use std::time::Instant;

use serde_json::{Value, json};

use super::field::{Credential, Field, Injected, endpoint, fine, outcome, refused};

const REFERENCE: &str = "service:/shop/orders/v1/api";

fn open() -> (Field, Injected) {
    let field = Field::open();
    field.offer("development", "v1.0", &endpoint("orders"));
    field.connect("orders", &json!({}));
    field.consume("office/desk", "development", &[("orders", REFERENCE)]);
    let injected = field.injected("office/desk", "development", "orders");
    (field, injected)
}

#[track_caller]
fn both(injected: &Injected, credentials: &[Credential], expect: &(u16, String)) {
    for credential in credentials {
        assert_eq!(&outcome(&injected.url(), Some(credential)), expect, "{}", credential.0);
    }
}

#[test]
fn blocking_holds_for_the_next_call() {
    let (field, injected) = open();
    let credentials = [injected.bearer(), injected.key()];
    let id = field.subscription();
    let mut times = Vec::new();
    for _ in 0..20 {
        for (command, expect) in [("block", refused(403, "subscription_blocked")), ("unblock", fine())] {
            let begun = Instant::now();
            let body = if command == "block" { json!({ "reason": "too loud" }) } else { Value::Null };
            field.done("POST", &format!("/subscriptions/{id}/{command}"), &body);
            both(&injected, &credentials, &expect);
            times.push(begun.elapsed());
        }
    }
    times.sort_unstable();
    println!(
        "a command and the two calls after it: median {:?}, slowest {:?}",
        times[times.len() / 2],
        times[times.len() - 1]
    );
}

#[test]
fn approval_holds_for_the_next_call() {
    let field = Field::open();
    field.offer("development", "v1.0", &endpoint("orders"));
    let service = "/services/service%3A%2Fshop%2Forders%2Fv1%2Fapi";
    field.done("PATCH", service, &json!({ "approval": true }));
    field.connect("orders", &json!({}));
    field.consume("office/desk", "development", &[("orders", REFERENCE)]);
    let injected = field.injected("office/desk", "development", "orders");
    let credentials = [injected.bearer(), injected.key()];
    both(&injected, &credentials, &refused(403, "subscription_pending"));
    let id = field.subscription();
    for (command, body, expect) in [
        ("approve", json!({}), fine()),
        ("refuse", json!({ "reason": "not yet" }), refused(403, "subscription_refused")),
        ("approve", json!({}), fine()),
    ] {
        field.done("POST", &format!("/subscriptions/{id}/{command}"), &body);
        both(&injected, &credentials, &expect);
    }
}

#[test]
fn a_deleted_connection_opens_until_its_last_holder_is_replaced_or_until_it_is_revoked() {
    let place = "/connections/orders?project=office&component=desk";
    let (field, injected) = open();
    let credentials = [injected.bearer(), injected.key()];
    assert_eq!(field.ask("DELETE", place, None).status, 409, "it is in use");
    both(&injected, &credentials, &fine());
    field.done("DELETE", &format!("{place}&force=true"), &Value::Null);
    both(&injected, &credentials, &fine());
    field.consume("office/desk", "development", &[]);
    for credential in &credentials {
        let (status, code) = outcome(&injected.url(), Some(credential));
        assert!(status == 401 || status == 403, "{}: {status} {code}", credential.0);
    }

    let (field, injected) = open();
    let credentials = [injected.bearer(), injected.key()];
    both(&injected, &credentials, &fine());
    field.done("DELETE", &format!("{place}&force=true&revoke_now=true"), &Value::Null);
    for credential in &credentials {
        let (status, code) = outcome(&injected.url(), Some(credential));
        assert!(status == 401 || status == 403, "{}: {status} {code}", credential.0);
    }
}

#[test]
fn a_revoked_token_is_refused_at_once_and_its_client_goes_on() {
    let (field, injected) = open();
    let (revoked, other) = (injected.bearer(), injected.bearer());
    let basic = crate::oauth::basic(&injected.value("CONSUMERKEY"), &injected.value("CONSUMERSECRET"));
    let headers = [("authorization", basic.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let form = format!("token={}", revoked.1.trim_start_matches("Bearer "));
    assert_eq!(outcome(&injected.url(), Some(&revoked)), fine());
    assert_eq!(crate::oauth::send(field.server.url(), "POST", "/oauth2/revoke", &headers, &form).status, 200);
    assert_eq!(outcome(&injected.url(), Some(&revoked)), refused(401, "access_token_revoked"));
    assert_eq!(outcome(&injected.url(), Some(&other)), fine());
}
