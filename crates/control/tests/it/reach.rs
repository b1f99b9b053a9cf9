//! How far keys reach: who may take them from others, and what becomes of those that their holder no longer uses.

use serde_json::json;
use tieline_core::model::Role;

use crate::deployment::build::{DEV, LIVE, ORDERS, deploy, orders, roll_back, uses, worlds};
use crate::rotation::{
    GATEWAY, assert_refused, consumer, per_component, proof, query, rotate, runner, scope, settle, token, under_way,
};
use crate::table::mirror::Mirror;
use crate::world::{ACME, SHOP, World, refused};

/// A descriptor that refers to nothing.
const NOTHING: &str = "schemaVersion: 1.2\n";

#[tokio::test]
async fn secrets_that_production_uses_through_another_connection_are_for_administrators() {
    for world in worlds(&["orders", "web"]).await {
        for environment in [DEV, LIVE] {
            orders().to(environment).done(&world).await;
        }
        for name in ["first", "second"] {
            let request = json!({
                "name": name, "service": ORDERS, "level": "project", "project": SHOP, GATEWAY: "organization",
            });
            let request = serde_json::from_value(request).unwrap();
            world.control.connection_create(&world.admin, ACME, request).await.unwrap();
        }
        deploy("web", uses(&[("second", ORDERS)])).to(LIVE).done(&world).await;
        let developer = world.actor(Role::Developer, Some(SHOP)).await;
        let rotate = |connection: &'static str, environment: &'static str| {
            let request = json!({ "environments": [environment], "now": true, "acknowledge": true });
            let request = serde_json::from_value(request).unwrap();
            world.control.connection_rotate(&developer, ACME, connection, scope(), request)
        };
        for connection in ["first", "second"] {
            assert_eq!(refused(rotate(connection, LIVE).await).code, "forbidden", "{connection} ({})", world.database);
            rotate(connection, DEV).await.unwrap();
        }
    }
}

/// The API keys that a gateway knows.
async fn api_keys(world: &World) -> usize {
    Mirror::of(world).await.api_keys().len()
}

#[tokio::test]
async fn keys_that_a_component_uses_no_more_end_when_nothing_holds_them() {
    for world in per_component().await {
        let web = runner(&world, "web").await;
        world.control.snapshot_fetch(&web, &query("web"), Some("one")).await.unwrap();
        let (dropped, _) = proof(&world, "web", "orders").await;
        let (mail, _) = proof(&world, "mail", "orders").await;
        deploy("web", NOTHING).version("v1.1").done(&world).await;
        assert_eq!(settle(&world).await, 0, "its process still runs with them ({})", world.database);
        token(&world, &dropped).await.unwrap();
        let [held] = under_way(&world, "orders").await.try_into().unwrap();
        assert_eq!((held.component.as_deref(), held.held_by[0].instances), (Some("shop/web"), 1));

        // Nobody else waits for that.
        rotate(&world, "orders", json!({ "environments": [DEV] })).await.unwrap();
        assert_eq!(settle(&world).await, 2, "the former ones of mail");
        assert_refused(&world, token(&world, &mail).await);
        token(&world, &dropped).await.unwrap();
        let own = json!({ "environments": [DEV], "component": "web" });
        assert_eq!(refused(rotate(&world, "orders", own).await).code, "not_rotatable");

        world.control.snapshot_fetch(&web, &query("web"), Some("one")).await.unwrap();
        assert_eq!(settle(&world).await, 2, "secret and key");
        assert_refused(&world, token(&world, &dropped).await);
        assert_eq!((api_keys(&world).await, under_way(&world, "orders").await.len()), (3, 0));
        assert_eq!(refused(roll_back(&world, "web", None).await).code, "values_revoked");
    }
}

#[tokio::test]
async fn keys_that_a_component_uses_again_go_on() {
    for world in per_component().await {
        let (first, first_key) = proof(&world, "web", "orders").await;
        let dropping = deploy("web", NOTHING).version("v1.1");
        dropping.done(&world).await;
        roll_back(&world, "web", None).await.unwrap();
        assert_eq!(settle(&world).await, 0, "{}", world.database);
        dropping.done(&world).await;
        deploy("web", uses(&[("orders", ORDERS)])).version("v1.2").done(&world).await;
        assert_eq!(settle(&world).await, 0, "{}", world.database);
        let (present, present_key) = proof(&world, "web", "orders").await;
        assert_eq!((present.secret.expose(), present_key), (first.secret.expose(), first_key));
        token(&world, &first).await.unwrap();

        dropping.done(&world).await;
        assert_eq!(settle(&world).await, 2, "nobody ever took them");
        deploy("web", uses(&[("orders", ORDERS)])).version("v1.2").done(&world).await;
        assert_refused(&world, token(&world, &first).await);
        token(&world, &proof(&world, "web", "orders").await.0).await.unwrap();
        assert_eq!(api_keys(&world).await, 4);
    }
}

#[tokio::test]
async fn a_rollback_ends_what_only_the_later_release_used() {
    for world in per_component().await {
        deploy("web", NOTHING).version("v2.0").done(&world).await;
        deploy("web", uses(&[("orders", ORDERS)])).version("v2.1").done(&world).await;
        world.control.undeploy(&world.admin, ACME, SHOP, "web", DEV, Some("v1")).await.unwrap();
        let (used, _) = proof(&world, "web", "orders").await;
        roll_back(&world, "web", None).await.unwrap();
        assert_eq!(settle(&world).await, 2, "{}", world.database);
        assert_refused(&world, token(&world, &used).await);
    }
}

#[tokio::test]
async fn a_deadline_that_nobody_can_keep_asks_as_at_once_does() {
    for (world, id) in consumer().await {
        for (deadline, breaks) in [(1, true), (599, true), (600, false)] {
            let answer = rotate(&world, &id, json!({ "deadline": deadline, "environments": [DEV] })).await;
            if breaks {
                let refusal = refused(answer);
                assert_eq!(refusal.code, "rotation_breaks", "{deadline}");
                assert!(refusal.message.contains("in development: shop/web (v1.0"), "{}", refusal.message);
            } else {
                answer.unwrap();
            }
        }
        let unused = json!({ "deadline": 1, "environments": [LIVE] });
        rotate(&world, &id, unused).await.unwrap();
    }
}
