//! Rollback: exactly the values of then, or a refusal that lists what is revoked.

use serde_json::json;

use super::build::{DEV, ORDERS, connect, deploy, live, orders, roll_back, undeploy, uses, worlds};
use crate::world::refused;

#[tokio::test]
async fn rollback_restores_the_values_of_then() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        connect(&world, "web", "orders", json!({})).await;
        let first = deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        let text = uses(&[("orders", ORDERS)]) + "configurations:\n  env:\n    - name: EXTRA\n      value: x\n";
        deploy("web", text).version("v1.1").done(&world).await;
        orders().at("api", "http://10.0.0.7:8080").done(&world).await;
        assert!(world.variables("web", DEV).await.contains_key("EXTRA"));

        let back = roll_back(&world, "web", None).await.unwrap();
        assert_eq!((back.version.as_str(), &back.snapshot), ("v1.0", &first.snapshot));
        let values = world.variables("web", DEV).await;
        assert_eq!(values["CHOREO_ORDERS_SERVICEURL"], "http://10.0.0.1:8080/base", "not resolved anew");
        assert_eq!(values.len(), 1);
        assert_eq!(live(&world, "web", DEV).await.deployment, back.deployment);
        assert_eq!(world.audited().await.last().map(String::as_str), Some("variables"));
        assert!(world.audited().await.contains(&"rollback".to_owned()));
    }
}

#[tokio::test]
async fn rollback_to_a_named_deployment_also_after_undeployment() {
    for world in worlds(&["orders"]).await {
        let first = orders().done(&world).await;
        orders().version("v1.1").done(&world).await;
        orders().version("v1.2").done(&world).await;
        let back = roll_back(&world, "orders", Some(&first.deployment)).await.unwrap();
        assert_eq!(back.version, "v1.0");
        undeploy(&world, "orders", DEV).await;
        assert_eq!(refused(roll_back(&world, "orders", None).await).code, "not_deployed");
        roll_back(&world, "orders", Some(&first.deployment)).await.unwrap();
        let unknown = roll_back(&world, "orders", Some("00000000-0000-0000-0000-000000000000")).await;
        assert_eq!(refused(unknown).code, "deployment_not_found");
    }
}

#[tokio::test]
async fn a_first_deployment_has_nothing_before_it() {
    for world in worlds(&["orders"]).await {
        orders().done(&world).await;
        assert_eq!(refused(roll_back(&world, "orders", None).await).code, "deployment_not_found");
    }
}

#[tokio::test]
async fn rollback_refuses_and_lists_what_is_revoked() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        let connection = connect(&world, "web", "orders", json!({ "access_mode": "organization" })).await;
        deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        deploy("web", "schemaVersion: 1.2\n").version("v1.1").done(&world).await;
        let id = connection.id.to_string();
        world.control.connection_delete(&world.admin, "acme", &id, Default::default(), false, None).await.unwrap();
        let before = super::build::dump(&world).await;
        let refusal = refused(roll_back(&world, "web", None).await);
        assert_eq!(refusal.code, "values_revoked");
        for variable in ["CHOREO_ORDERS_CONSUMERSECRET", "CHOREO_ORDERS_CHOREOAPIKEY"] {
            assert!(refusal.message.contains(variable), "{}", refusal.message);
        }
        assert_eq!(super::build::dump(&world).await, before);
    }
}

#[tokio::test]
async fn a_rollback_begins_without_the_degradations_of_then() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        connect(&world, "web", "orders", json!({})).await;
        deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        undeploy(&world, "orders", DEV).await;
        assert!(!live(&world, "web", DEV).await.degraded.is_empty());
        deploy("web", "schemaVersion: 1.2\n").version("v1.1").done(&world).await;
        orders().done(&world).await;
        let back = roll_back(&world, "web", None).await.unwrap();
        assert!(back.degraded.is_empty(), "its provider is there: {:?}", back.degraded);
    }
}
