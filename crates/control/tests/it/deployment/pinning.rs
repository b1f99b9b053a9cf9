//! Snapshots: immutable, by content, and renewed by what changes their values.

use serde_json::{Value as Json, json};
use tieline_control::PageQuery;
use tieline_core::wire::plan::Change;

use super::build::{DEV, LIVE, ORDERS, connect, dependencies, deploy, live, orders, promote, uses, worlds};
use crate::world::refused;

#[tokio::test]
async fn equal_content_is_the_same_snapshot() {
    let own =
        |value: &str| format!("schemaVersion: 1.2\nconfigurations:\n  env:\n    - name: LOG\n      value: {value}\n");
    for world in worlds(&["web"]).await {
        let first = deploy("web", own("debug")).done(&world).await;
        let again = deploy("web", own("debug")).version("v1.1").done(&world).await;
        let other = deploy("web", own("info")).done(&world).await;
        let back = deploy("web", own("debug")).done(&world).await;
        assert_eq!(first.snapshot, again.snapshot);
        assert_ne!(first.snapshot, other.snapshot);
        assert_eq!(first.snapshot, back.snapshot);
        assert_ne!(first.deployment, back.deployment);
        let elsewhere = deploy("web", own("debug")).to(LIVE).done(&world).await;
        assert_ne!(first.snapshot, elsewhere.snapshot, "a snapshot is of one component in one environment");
    }
}

#[tokio::test]
async fn a_provider_at_another_address_makes_new_snapshots_for_its_consumers() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        connect(&world, "web", "orders", json!({})).await;
        let before = deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        let url = |port: u16| format!("http://10.0.0.1:{port}/base");
        assert_eq!(world.variables("web", DEV).await["CHOREO_ORDERS_SERVICEURL"], url(8080));

        orders().at("api", "http://10.0.0.1:9090/").done(&world).await;
        assert_eq!(world.variables("web", DEV).await["CHOREO_ORDERS_SERVICEURL"], url(9090));
        let after = live(&world, "web", DEV).await;
        assert_eq!(after.deployment, before.deployment);
        assert_ne!(after.snapshot, before.snapshot);

        orders().at("api", "http://10.0.0.1:9090").version("v1.5").done(&world).await;
        assert_eq!(live(&world, "web", DEV).await.snapshot, after.snapshot, "nothing changed for it");
    }
}

#[tokio::test]
async fn another_mapping_makes_new_snapshots_and_moves_the_subscription() {
    for world in worlds(&["orders", "web"]).await {
        let staging = serde_json::from_value(json!({ "handle": "staging", "after": DEV })).unwrap();
        world.control.environment_create(&world.admin, "acme", staging).await.unwrap();
        orders().done(&world).await;
        orders().to("staging").at("api", "http://10.0.0.2:8080").done(&world).await;
        let connection = connect(&world, "web", "orders", json!({})).await;
        deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        let update = serde_json::from_value(json!({ "mapping": { DEV: "staging" } })).unwrap();
        let id = connection.id.to_string();
        world.control.connection_update(&world.admin, "acme", &id, Default::default(), update, None).await.unwrap();
        assert_eq!(world.variables("web", DEV).await["CHOREO_ORDERS_SERVICEURL"], "http://10.0.0.2:8080/base");
    }
}

#[tokio::test]
async fn promotion_resolves_in_the_target_and_carries_no_address() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        connect(&world, "web", "orders", json!({})).await;
        deploy("web", uses(&[("orders", ORDERS)])).version("v1.4").done(&world).await;

        let plan = super::build::not_ready(promote(&world, "web", json!({})).await);
        assert_eq!((plan.environment.as_str(), plan.problems[0].code.as_str()), (LIVE, "value_pending"));

        let provider = promote(&world, "orders", json!({})).await.unwrap();
        assert_eq!(provider.version, "v1.0");
        let made = promote(&world, "web", json!({})).await.unwrap();
        assert_eq!((made.version.as_str(), made.environment.as_str()), ("v1.4", LIVE));
        let address = |world| async move { crate::world::World::variables(world, "web", LIVE).await };
        assert_eq!(address(&world).await["CHOREO_ORDERS_SERVICEURL"], "http://127.0.0.1:8080/base");

        promote(&world, "orders", json!({ "addresses": { "api": "http://10.0.0.3:8080" } })).await.unwrap();
        promote(&world, "orders", json!({})).await.unwrap();
        let kept = address(&world).await;
        assert_eq!(kept["CHOREO_ORDERS_SERVICEURL"], "http://10.0.0.3:8080/base", "what was said there stays");
        let typo = promote(&world, "orders", json!({ "addresses": { "apo": "http://10.0.0.3" } })).await;
        assert_eq!(super::build::not_ready(typo).problems[0].code, "endpoint_unknown");
    }
}

#[tokio::test]
async fn what_is_live_in_one_environment_is_planned_for_another() {
    for world in worlds(&["orders", "web"]).await {
        let plan = async |environment: &str, more: Json| {
            let mut request = json!({ "environment": environment, "source": null, "from": DEV });
            for (key, value) in more.as_object().unwrap() {
                request[key] = value.clone();
            }
            let request = serde_json::from_value(request).unwrap();
            world.control.plan(&world.admin, "acme", "shop", "web", request).await
        };
        assert_eq!(refused(plan(LIVE, json!({})).await).code, "not_deployed");
        orders().done(&world).await;
        connect(&world, "web", "orders", json!({})).await;
        let text = uses(&[("orders", ORDERS)]) + "configurations: { env: [{ name: LOG, value: one }] }\n";
        deploy("web", text.replace("one", "two")).done(&world).await;
        let planned = plan(LIVE, json!({})).await.unwrap();
        assert_eq!((planned.ready, planned.problems[0].code.as_str()), (false, "value_pending"), "{}", world.database);
        assert_eq!(planned.changes, [], "nothing runs there");
        promote(&world, "orders", json!({})).await.unwrap();
        deploy("web", text).to(LIVE).done(&world).await;
        let planned = plan(LIVE, json!({})).await.unwrap();
        let changes: Vec<_> = planned.changes.iter().map(|change| change.name.as_str()).collect();
        assert_eq!((planned.ready, changes), (true, vec!["LOG"]), "against what is live there");
        promote(&world, "web", json!({})).await.unwrap();
        assert_eq!(world.variables("web", LIVE).await["LOG"], "two");
        assert_eq!(plan(LIVE, json!({})).await.unwrap().changes, []);

        let source = json!({ "file": "component.yaml", "text": "schemaVersion: 1.2\n" });
        assert_eq!(refused(plan(LIVE, json!({ "source": source })).await).code, "not_applicable");
        assert_eq!(refused(plan(LIVE, json!({ "from": "nowhere" })).await).code, "environment_not_found");
        assert_eq!(refused(plan(LIVE, json!({ "version": "v7" })).await).code, "not_deployed");
    }
}

#[tokio::test]
async fn a_deployment_says_what_changed_since_the_one_before_it() {
    for world in worlds(&["orders", "web"]).await {
        let view = async |id: &str| world.control.deployment_view(&world.admin, "acme", "shop", "web", id).await;
        orders().done(&world).await;
        connect(&world, "web", "orders", json!({ "access_mode": "organization" })).await;
        let text = |own: &str| format!("schemaVersion: 1.2\nconfigurations: {{ env: [{own}] }}\n");
        let first = deploy("web", text("{ name: A, value: one }, { name: B, value: two }")).done(&world).await;
        let elsewhere = deploy("web", text("{ name: C, value: three }")).to(LIVE).done(&world).await;
        let using = text("{ name: A, value: other }, { name: C, value: three }") + &dependencies(&[("orders", ORDERS)]);
        let second = deploy("web", using).done(&world).await;

        let found = view(&first.deployment).await.unwrap();
        assert_eq!((found.before, found.changes.len(), found.deployment.state.as_str()), (None, 0, "replaced"));
        assert_eq!(found.variables.iter().map(|variable| &*variable.name).collect::<Vec<_>>(), ["A", "B"]);
        assert_eq!(view(&elsewhere.deployment).await.unwrap().before, None, "another environment is another history");
        let found = view(&second.deployment).await.unwrap();
        assert_eq!(found.before.as_deref(), Some(&*first.deployment), "{}", world.database);
        assert!(found.deployment.progress.is_some(), "it is live");
        let change = |name: &str| found.changes.iter().find(|change| change.name == name).map(|change| change.change);
        assert_eq!(["A", "B", "C"].map(change), [Some(Change::Changed), Some(Change::Removed), Some(Change::Added)]);
        let secret = found.variables.iter().find(|variable| variable.name == "CHOREO_ORDERS_CONSUMERSECRET").unwrap();
        assert_eq!((secret.sensitive, &secret.value, secret.connection.as_deref()), (true, &None, Some("orders")));

        for id in ["nonsense", &orders().done(&world).await.deployment] {
            assert_eq!(refused(view(id).await).code, "deployment_not_found", "{id}");
        }
    }
}

#[tokio::test]
async fn promotion_goes_forward_only() {
    for world in worlds(&["orders"]).await {
        orders().to(LIVE).done(&world).await;
        for (from, to) in [(LIVE, DEV), (LIVE, LIVE)] {
            let back = promote(&world, "orders", json!({ "from": from, "to": to })).await;
            assert_eq!(refused(back).code, "promotion_backwards");
        }
        assert_eq!(refused(promote(&world, "orders", json!({})).await).code, "not_deployed");
    }
}

#[tokio::test]
async fn versions_that_are_none_are_refused() {
    for world in worlds(&["orders"]).await {
        for version in ["", "v", "latest", "v1.x", "1-2"] {
            assert_eq!(orders().version(version).refused(&world).await.code, "version_invalid", "{version}");
        }
        assert_eq!(orders().version("1.2").done(&world).await.version, "v1.2");
    }
}

#[tokio::test]
async fn a_plan_changes_nothing_and_shows_no_secret() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        connect(&world, "web", "orders", json!({ "access_mode": "organization" })).await;
        let before = super::build::dump(&world).await;
        let plan = |source: serde_json::Value| {
            let request = json!({ "environment": DEV, "source": source });
            world.control.plan(&world.admin, "acme", "shop", "web", serde_json::from_value(request).unwrap())
        };
        let source = json!({ "file": ".tieline/component.yaml", "text": uses(&[("orders", ORDERS)]) });
        let made = plan(source).await.unwrap();
        assert!(made.ready, "{:?}", made.problems);
        let shown: Vec<_> = made.variables.iter().map(|one| (one.name.as_str(), one.value.is_some())).collect();
        assert_eq!(
            shown,
            [
                ("TIELINE_ORDERS_APIKEY", false),
                ("TIELINE_ORDERS_CONSUMERKEY", true),
                ("TIELINE_ORDERS_CONSUMERSECRET", false),
                ("TIELINE_ORDERS_SERVICEURL", true),
                ("TIELINE_ORDERS_TOKENURL", true),
            ]
        );
        assert_eq!(super::build::dump(&world).await, before);
        assert_eq!(refused(plan(json!(null)).await).code, "not_deployed", "there is no live release to plan");
        deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        assert!(plan(json!(null)).await.unwrap().ready);
        let broken = plan(json!({ "file": "component.yaml", "text": "" })).await.unwrap();
        assert_eq!((broken.ready, broken.problems[0].code.as_str()), (false, "file_empty"));
    }
}

#[tokio::test]
async fn deployments_at_one_time_take_turns() {
    for world in worlds(&["orders"]).await {
        let version = |version: &str| orders().version(version);
        let (one, two, three) = (version("v1.1"), version("v1.2"), version("v1.3"));
        let made = tokio::join!(one.done(&world), two.done(&world), three.done(&world));
        let all = world
            .control
            .deployment_list(&world.admin, "acme", "shop", "orders", None, &PageQuery::default())
            .await
            .unwrap()
            .items;
        assert_eq!(all.len(), 3, "{made:?}");
        assert_eq!(all.iter().filter(|deployment| deployment.state == "live").count(), 1);
        assert_eq!(all[0].state, "live", "the last one lives");
    }
}

#[tokio::test]
async fn a_policy_stays_where_it_was_said() {
    for world in worlds(&["orders"]).await {
        let window = "window:SAT 02:00-04:00 UTC";
        orders().done(&world).await;
        let there = orders().to(LIVE).with("policy", json!(window)).done(&world).await;
        let promoted = promote(&world, "orders", json!({})).await.unwrap();
        assert_eq!(promoted.policy, there.policy);
        assert!(promoted.policy.starts_with("window:"), "{}", promoted.policy);
        assert_eq!(live(&world, "orders", DEV).await.policy, "immediate");
    }
}

#[tokio::test]
async fn a_deployment_that_repins_itself_answers_with_what_it_runs_with() {
    for world in worlds(&["orders"]).await {
        let own = || super::build::offers(&[("api", 8080, "Project")]) + &dependencies(&[("own", ORDERS)]);
        orders().done(&world).await;
        connect(&world, "orders", "own", json!({})).await;
        for port in [8081, 8082] {
            let address = format!("http://10.0.0.1:{port}");
            let made = deploy("orders", own()).at("api", &address).done(&world).await;
            assert_eq!(made.snapshot, live(&world, "orders", DEV).await.snapshot);
            assert_eq!(world.variables("orders", DEV).await["CHOREO_OWN_SERVICEURL"], format!("{address}/base"));
        }
        let back = super::build::roll_back(&world, "orders", None).await.unwrap();
        assert_eq!(back.snapshot, live(&world, "orders", DEV).await.snapshot);
    }
}

#[tokio::test]
async fn the_audit_names_each_deployment_that_is_pinned_anew() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        connect(&world, "web", "orders", json!({})).await;
        let before = deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        orders().at("api", "http://10.0.0.1:9090").done(&world).await;
        let organization = world.organization().await.to_string();
        let entries = world.store.read().await.unwrap().audit_after(&organization, 0, 1000).await.unwrap();
        let repins: Vec<_> = entries.iter().filter(|entry| entry.action == "snapshot_repin").collect();
        let [repin] = repins.as_slice() else { panic!("{repins:#?}") };
        let detail: serde_json::Value = serde_json::from_str(&repin.detail).unwrap();
        assert_eq!((repin.object.as_str(), &detail["environment"]), ("shop/web", &json!(DEV)));
        assert_eq!(detail["from"], before.snapshot);
        assert_eq!(detail["to"], live(&world, "web", DEV).await.snapshot);
    }
}
