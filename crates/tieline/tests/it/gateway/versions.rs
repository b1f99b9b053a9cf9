//! Which release answers: the one of a major that was deployed last, without a failed call between two of them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::field::{Credential, Field, endpoint, fine, get, outcome, refused};

const REFERENCE: &str = "service:/shop/orders/v1/api";

/// `office/desk` uses `v1`; its address and token.
fn consumer(field: &Field) -> (String, Credential) {
    field.connect("orders", &json!({}));
    field.consume("office/desk", "development", &[("orders", REFERENCE)]);
    let injected = field.injected("office/desk", "development", "orders");
    (injected.url(), injected.bearer())
}

fn answered(address: &str, credential: &Credential) -> Value {
    let answer = get(address, Some(credential));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["name"].clone()
}

#[test]
fn a_deployment_elsewhere_switches_without_a_failed_call() {
    let field = Field::open();
    field.offer("development", "v1.0", &endpoint("release 0"));
    let (url, bearer) = consumer(&field);
    let (calls, ended, failed) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    let answer = get(&url, Some(&bearer));
                    if answer.status != 200 {
                        failed.lock().expect("the failures").push(format!("{answer:?}"));
                    }
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for (minor, name) in ["release 1", "release 2", "release 3", "release 4", "release 5"].into_iter().enumerate() {
            let before = calls.load(Ordering::Relaxed);
            field.offer("development", &format!("v1.{}", minor + 1), &endpoint(name));
            assert_eq!(answered(&url, &bearer), name, "the next call goes there");
            // Each release has its share of the load.
            while calls.load(Ordering::Relaxed) < before + 50 {
                std::thread::yield_now();
            }
        }
        ended.store(true, Ordering::Relaxed);
    });
    let failed = failed.into_inner().expect("the failures");
    assert!(failed.is_empty(), "{} of {} calls: {}", failed.len(), calls.into_inner(), failed.join("\n"));
}

#[test]
fn majors_stand_side_by_side_and_each_goes_back_and_away_alone() {
    let field = Field::open();
    field.offer("development", "v1.0", &endpoint("1.0"));
    field.offer("development", "v1.1", &endpoint("1.1"));
    field.offer("development", "v2.0", &endpoint("2.0"));
    field.connect("newer", &json!({ "service": "service:/shop/orders/v2/api" }));
    field.connect("orders", &json!({}));
    let references = [("orders", REFERENCE), ("newer", "service:/shop/orders/v2/api")];
    field.consume("office/desk", "development", &references);
    let [first, second] = ["orders", "newer"].map(|name| field.injected("office/desk", "development", name));
    let bearer = first.bearer();
    let both = || (answered(&first.url(), &bearer), answered(&second.url(), &bearer));
    assert_eq!(both(), (json!("1.1"), json!("2.0")));

    field.offer("development", "v1.0", &endpoint("1.0 again"));
    assert_eq!(both(), (json!("1.0 again"), json!("2.0")), "who was deployed last, not who is newest");

    let back = json!({ "environment": "development", "version": "v1" });
    field.done("POST", "/projects/shop/components/orders/rollbacks", &back);
    assert_eq!(both(), (json!("1.1"), json!("2.0")), "a rollback restores the address too");

    let place = "/projects/shop/components/orders/environments/development/deployment?version=v1";
    field.done("DELETE", place, &Value::Null);
    assert_eq!(outcome(&first.url(), Some(&bearer)).0, 404);
    assert_eq!(outcome(&second.url(), Some(&bearer)), fine());
    assert_eq!(
        field.injected("office/desk", "development", "orders").url(),
        first.url(),
        "its consumers keep their values"
    );

    field.offer("development", "v1.2", &endpoint("1.2"));
    assert_eq!(both(), (json!("1.2"), json!("2.0")), "their subscription was kept");
}

#[test]
fn a_consumer_that_is_undeployed_calls_no_more() {
    let field = Field::open();
    field.offer("development", "v1.0", &endpoint("orders"));
    let (url, bearer) = consumer(&field);
    assert_eq!(outcome(&url, Some(&bearer)), fine());
    field.done("DELETE", "/projects/office/components/desk/environments/development/deployment", &Value::Null);
    assert_eq!(outcome(&url, Some(&bearer)), refused(403, "subscription_missing"));
    field.consume("office/desk", "development", &[("orders", REFERENCE)]);
    assert_eq!(outcome(&url, Some(&bearer)), fine(), "the keys are the same");
}
