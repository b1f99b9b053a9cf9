//! The first command that anybody runs.

use serde_json::Value;

use crate::world::tieline;

#[test]
fn the_demo_ends_well_when_every_call_ends_as_it_should() {
    let answer = tieline(&["demo", "--once"]).done();
    for expect in [
        "CHOREO_INVENTORY_SERVICEURL",
        "CHOREO_MAIL_APIKEY",
        "office/newsletter → stock-feed: 200 bolt, nut, washer",
        "office/visitor → stock: 401",
    ] {
        assert!(answer.stdout.contains(expect), "{expect} is shown: {answer:?}");
    }
}

#[test]
fn the_demo_prints_one_value_for_who_wants_json() {
    let answer = tieline(&["demo", "--once", "--output", "json"]).done();
    let value: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(value["succeeded"], true, "{value}");
    let calls = value["calls"].as_array().unwrap();
    let through_the_gateway = calls.iter().filter(|call| call["call"] == "stock-feed" && call["status"] == 200);
    assert_eq!((calls.len(), through_the_gateway.count()), (6, 1), "{value}");
    let plain = |row: &Value| row["sensitive"] == true && row["value"] != "********";
    assert!(!value["injected"].as_array().unwrap().iter().any(plain), "{value}");
}
