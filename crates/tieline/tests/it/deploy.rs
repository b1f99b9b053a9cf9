//! Plan and deploy from the command line and over HTTP: the shapes of the contract, and hints that work.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::shop::{Shop, WEB};
use crate::world::Answer;

const REFERENCE: &str = "schemaVersion: 1.2
dependencies:
  connectionReferences:
    - name: my orders
      resourceRef: service:/shop/orders/v1/api
";

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}

fn plan(shop: &Shop) -> Answer {
    shop.tieline(&[&["plan", "web", "--output", "json"], &WEB[..]].concat())
}

#[test]
fn a_plan_has_the_shape_of_the_contract_and_its_hint_can_be_pasted() {
    const PLAN: [&str; 6] = ["component", "environment", "ready", "variables", "problems", "warnings"];
    let shop = Shop::open();
    shop.deploy_orders();
    shop.write("web", REFERENCE);
    let refused = plan(&shop);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let refused = refused.json();
    assert_eq!((keys(&refused), &refused["ready"]), (PLAN.to_vec(), &Value::Bool(false)));
    let problem = &refused["problems"][0];
    assert_eq!(keys(problem), ["code", "path", "line", "column", "message", "hint"]);
    assert_eq!(problem["path"], "dependencies.connectionReferences[0]");

    let hint = problem["hint"].as_str().expect("a hint").to_owned() + " --access-mode organization";
    let binary = Path::new(env!("CARGO_BIN_EXE_tieline")).parent().expect("its folder").display();
    let pasted = Command::new("sh")
        .args(["-c", &format!("PATH=\"{binary}:$PATH\"; {hint}")])
        .env("TIELINE_DATA", shop.server.data())
        .env_remove("TIELINE_URL")
        .env_remove("TIELINE_TOKEN")
        .output()
        .expect("sh runs");
    assert!(pasted.status.success(), "{hint}: {pasted:?}");

    let ready = plan(&shop);
    assert_eq!(ready.code, Some(0), "{ready:?}");
    let ready = ready.json();
    assert_eq!((keys(&ready), &ready["ready"]), (PLAN.to_vec(), &Value::Bool(true)));
    for variable in ready["variables"].as_array().expect("variables") {
        assert_eq!(keys(variable), ["name", "value", "sensitive", "connection", "key"]);
        assert_eq!(variable["connection"], "my orders");
        assert_eq!(variable["value"].is_null(), variable["sensitive"] == true, "{variable}");
    }
    let text = shop.tieline(&[&["plan", "web"], &WEB[..]].concat()).done().stdout;
    assert!(text.contains("CHOREO_MY_ORDERS_CONSUMERSECRET  ********"), "{text}");
}

#[test]
fn deployments_have_the_shape_of_the_contract() {
    const SHAPE: [&str; 6] = ["deployment", "component", "environment", "version", "snapshot", "services"];
    let shop = Shop::open();
    let made = shop.deploy_orders();
    assert_eq!(keys(&made)[..6], SHAPE);
    assert_eq!(made["services"], serde_json::json!(["service:/shop/orders/v1/api"]));
    let orders = ["--component", "orders", "--output", "json"];
    let ahead = ["plan", "--from", "development", "--env", "production"];
    let ahead = shop.tieline(&[&ahead[..], &orders].concat()).done().json();
    assert_eq!((&ahead["environment"], &ahead["ready"]), (&"production".into(), &true.into()));
    let both =
        shop.tieline(&[&["plan", "orders", "--from", "development", "--env", "production"], &orders[..]].concat());
    assert_eq!(both.code, Some(2), "{both:?}");
    for arguments in [
        vec!["promote", "--from", "development", "--to", "production"],
        vec!["deploy", "orders", "--env", "development", "--version", "v1.1"],
        vec!["rollback", "--env", "development"],
        vec!["undeploy", "--env", "development", "--version", "v1"],
    ] {
        let answer = shop.tieline(&[&arguments[..], &orders].concat()).done().json();
        assert_eq!(keys(&answer)[..6], SHAPE, "{arguments:?}");
    }
    let list = shop.tieline(&[&["deployment", "list"], &orders[..]].concat()).done().json();
    assert_eq!(list.as_array().map(Vec::len), Some(4));
    let last = list[0]["deployment"].as_str().expect("an id");
    let view = shop.tieline(&[&["deployment", "view", last], &orders[..]].concat()).done().json();
    assert_eq!((keys(&view)[..6] == SHAPE, &view["before"]), (true, &list[1]["deployment"]));
    let text = shop.tieline(&["deployment", "view", last, "--component", "orders"]).done().stdout;
    assert!(text.contains("no variables"), "{text}");
    let live = shop.tieline(&[&["deployment", "list", "--live"], &orders[..]].concat()).done().json();
    assert_eq!(live[0]["progress"], serde_json::json!({ "planning": false, "current": 0, "former": 0 }));
    let live: Vec<_> =
        live.as_array().expect("a list").iter().map(|live| (&live["environment"], &live["state"])).collect();
    assert_eq!(live, [(&Value::from("production"), &Value::from("live"))]);
}

#[test]
fn a_plan_says_what_changes_against_the_live_snapshot() {
    let shop = Shop::open();
    shop.deploy_web(&[("GONE", "1"), ("KEPT", "1"), ("OTHER", "1")], &[]);
    shop.write(
        "web",
        "schemaVersion: 1.2\nconfigurations:\n  env:\n    - { name: ADDED, value: '1' }\n    - { name: KEPT, value: '1' }\n    \
         - { name: OTHER, value: '2' }\n",
    );
    let text = plan_text(&shop);
    assert!(
        text.contains("\nAgainst the live snapshot:\n  + ADDED added\n  - GONE removed\n  ~ OTHER changed\n"),
        "{text}"
    );
    assert_eq!(plan(&shop).json()["changes"][0], serde_json::json!({ "name": "ADDED", "change": "added" }));
}

fn plan_text(shop: &Shop) -> String {
    shop.tieline(&[&["plan", "web"], &WEB[..]].concat()).done().stdout
}

#[test]
fn a_refused_deployment_prints_its_plan() {
    let shop = Shop::open();
    shop.write("web", REFERENCE);
    let deploy = [&["deploy", "web", "--version", "v1.0"], &WEB[..]].concat();
    let refused = shop.tieline(&[&deploy[..], &["--output", "json"]].concat());
    assert_eq!((refused.code, &refused.json()["ready"]), (Some(1), &Value::Bool(false)));
    assert_eq!(refused.error()["code"], "plan_not_ready");
    let text = shop.tieline(&deploy);
    assert_eq!(text.code, Some(1));
    assert!(text.stdout.contains("problem[connection_missing]: ") && text.stdout.contains("(line 4)"), "{text:?}");
    assert!(text.stderr.starts_with("error[plan_not_ready]: "), "{text:?}");
}

#[test]
fn without_a_descriptor_the_live_release_is_planned() {
    let shop = Shop::open();
    let bare = [&["plan", "--output", "json"], &WEB[..]].concat();
    assert_eq!(shop.tieline(&bare).error()["code"], "not_deployed");
    shop.deploy_web(&[("LOG", "debug")], &[]);
    assert_eq!(shop.tieline(&bare).done().json()["variables"][0]["name"], "LOG");
    let missing = shop.tieline(&[&["plan", "none", "--output", "json"], &WEB[..]].concat());
    assert_eq!((missing.code, missing.error()["code"].as_str()), (Some(1), Some("descriptor_unreadable")));
}

#[test]
fn a_runner_waits_for_the_next_snapshot() {
    let shop = Shop::open();
    let first = shop.deploy_web(&[("LOG", "one")], &[]);
    let path = "/organizations/acme/projects/shop/components/web/environments/development/snapshot";
    let token = shop.server.admin_token();
    let ask = |query: &str| shop.server.ask("GET", &format!("{path}{query}"), Some(&token), None);
    let delivered = ask("").body;
    assert_eq!((&delivered["snapshot"], &delivered["variables"]["LOG"]), (&first["snapshot"], &Value::from("one")));
    let held = delivered["revision"].as_str().expect("what a runner holds").to_owned();
    assert_eq!(ask(&format!("?held={held}&wait=0")).status, 204);
    assert_eq!(ask("?held=another&wait=25").body, delivered);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| ask(&format!("?held={held}&wait=25")));
        shop.deploy_web(&[("LOG", "two")], &[]);
        let answer = waiting.join().expect("an answer");
        assert_eq!((answer.status, &answer.body["variables"]["LOG"]), (200, &Value::from("two")));
    });
}

#[test]
fn a_connection_is_seen_by_its_id_from_anywhere_and_deleted_with_those_whom_it_breaks() {
    let shop = Shop::open();
    shop.deploy_orders();
    shop.server.tieline(&["organization", "create", "other"]).done();
    let service = "service:/shop/orders/v1/api";
    let create = ["connection", "create", "orders", "--service", service, "--access-mode", "organization"];
    let made = shop.tieline(&[&create[..], &["--component", "web", "--output", "json"]].concat()).done().json();
    let id = made["id"].as_str().expect("an id");
    // Without an organization, and with none in which it is the first one looked at.
    let seen = shop.server.json(&["connection", "view", id]);
    assert_eq!((&seen["id"], &seen["organization"]), (&made["id"], &"acme".into()), "{seen}");
    let nowhere =
        shop.server.tieline(&["connection", "view", "00000000-0000-4000-8000-000000000000", "--output", "json"]);
    assert_eq!((nowhere.code, nowhere.error()["code"].as_str()), (Some(1), Some("connection_not_found")));

    shop.write(
        "web",
        &format!(
            "schemaVersion: 1.2\ndependencies:\n  connectionReferences:\n    - name: orders\n      resourceRef: {service}\n"
        ),
    );
    shop.tieline(&[&["deploy", "web", "--version", "v1.0"], &WEB[..]].concat()).done();
    let delete = ["connection", "delete", id];
    assert_eq!(shop.tieline(&delete).code, Some(1), "it is in use");
    assert_eq!(shop.tieline(&[&delete[..], &["--revoke-now"]].concat()).code, Some(2), "that is a kind of force");
    let deleted = shop.tieline(&[&delete[..], &["--force", "--revoke-now"]].concat()).done().stdout;
    assert!(deleted.contains("no longer works for") && deleted.contains("web"), "{deleted}");
    let variables = shop.tieline(&[&["variables"], &WEB[..], &["--output", "json"]].concat()).done().json();
    assert_eq!(variables.as_object().map(serde_json::Map::len), Some(5), "who runs keeps its variables");
}

#[test]
fn the_hint_of_a_deployment_says_what_the_folder_does_not_remember() {
    let shop = Shop::open();
    shop.write("web", "schemaVersion: 1.2\n");
    let hinted = || {
        let deploy = [&["deploy", "web", "--version", "v1.0"], &WEB[..]].concat();
        let said = shop.tieline(&deploy).done().stdout;
        said.split('`').nth(1).expect("a command").replace("tieline ", "").replace("COMMAND", "true")
    };
    let command = hinted();
    assert!(command.starts_with("run --organization acme --project shop --component web"), "{command}");
    shop.server.tieline(&command.split(' ').collect::<Vec<_>>()).done();
    shop.tieline(&["context", "set", "--organization", "acme", "--project", "shop"]).done();
    assert!(hinted().starts_with("run --component web"));
}
