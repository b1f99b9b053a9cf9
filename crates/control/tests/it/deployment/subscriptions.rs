//! Subscriptions are derived: they come and go with the deployments that use a connection, and with the connections of
//! external consumers.

use serde_json::json;
use tieline_core::id::ConnectionId;
use tieline_core::model::ComponentType;

use super::build::{DEV, LIVE, ORDERS, connect, deploy, orders, roll_back, undeploy, uses, worlds};
use crate::world::{ACME, World};

/// The handles of the environments in which a connection is subscribed.
async fn subscribed(world: &World, connection: ConnectionId) -> Vec<String> {
    let organization = world.organization().await;
    let mut transaction = world.store.read().await.unwrap();
    let ids = transaction.subscription_environments(connection).await.unwrap();
    let environments = transaction.environments(organization).await.unwrap();
    environments.into_iter().filter(|found| ids.contains(&found.id)).map(|found| found.handle).collect()
}

#[tokio::test]
async fn they_follow_the_deployments_that_refer_to_the_connection() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        let id = connect(&world, "web", "orders", json!({ "access_mode": "organization" })).await.id;
        assert_eq!(subscribed(&world, id).await, [""; 0], "a connection alone opens nothing");
        let using = deploy("web", uses(&[("orders", ORDERS)]));
        using.done(&world).await;
        assert_eq!(subscribed(&world, id).await, [DEV]);
        using.clone().to(LIVE).done(&world).await;
        assert_eq!(subscribed(&world, id).await, [DEV, LIVE]);
        deploy("web", "schemaVersion: 1.2\n").version("v1.1").done(&world).await;
        assert_eq!(subscribed(&world, id).await, [LIVE], "replaced by one that does not refer to it");
        roll_back(&world, "web", None).await.unwrap();
        assert_eq!(subscribed(&world, id).await, [DEV, LIVE]);
        undeploy(&world, "web", DEV).await;
        undeploy(&world, "web", LIVE).await;
        assert_eq!(subscribed(&world, id).await, [""; 0]);
    }
}

#[tokio::test]
async fn a_second_major_keeps_them() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        let id = connect(&world, "web", "orders", json!({ "access_mode": "organization" })).await.id;
        let using = deploy("web", uses(&[("orders", ORDERS)]));
        using.done(&world).await;
        using.version("v2.0").done(&world).await;
        world.control.undeploy(&world.admin, ACME, "shop", "web", DEV, Some("v1")).await.unwrap();
        assert_eq!(subscribed(&world, id).await, [DEV]);
    }
}

#[tokio::test]
async fn an_undeployed_provider_leaves_them() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        let id = connect(&world, "web", "orders", json!({ "access_mode": "organization" })).await.id;
        deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        undeploy(&world, "orders", DEV).await;
        assert_eq!(subscribed(&world, id).await, [DEV]);
    }
}

#[tokio::test]
async fn external_consumers_come_with_their_connections() {
    for world in worlds(&["orders"]).await {
        world.component("partner", ComponentType::ExternalConsumer).await;
        orders().done(&world).await;
        let id = connect(&world, "partner", "orders", json!({ "access_mode": "organization" })).await.id;
        assert_eq!(subscribed(&world, id).await, [DEV], "where the provider is");
        orders().to(LIVE).done(&world).await;
        assert_eq!(subscribed(&world, id).await, [DEV, LIVE]);
        undeploy(&world, "orders", DEV).await;
        assert_eq!(subscribed(&world, id).await, [DEV, LIVE], "nothing is taken away");
        let update = serde_json::from_value(json!({ "description": "the partner's" })).unwrap();
        world
            .control
            .connection_update(&world.admin, ACME, &id.to_string(), Default::default(), update, None)
            .await
            .unwrap();
        assert_eq!(subscribed(&world, id).await, [DEV, LIVE]);
        let problem =
            deploy("orders", super::build::offers(&[("api", 8080, "Project")])).to(LIVE).problem(&world).await;
        assert!(problem.message.contains("shop/partner (external"), "{}", problem.message);
    }
}

#[tokio::test]
async fn another_mapping_takes_an_external_consumers_subscription_away() {
    for world in worlds(&["orders"]).await {
        world.component("partner", ComponentType::ExternalConsumer).await;
        let staging = serde_json::from_value(json!({ "handle": "staging", "after": DEV })).unwrap();
        world.control.environment_create(&world.admin, ACME, staging).await.unwrap();
        orders().done(&world).await;
        let id = connect(&world, "partner", "orders", json!({ "access_mode": "organization" })).await.id;
        assert_eq!(subscribed(&world, id).await, [DEV]);
        let map = |target: &str| serde_json::from_value(json!({ "mapping": { DEV: target } })).unwrap();
        let (text, scope) = (id.to_string(), tieline_control::Scope::default());
        world.control.connection_update(&world.admin, ACME, &text, scope, map("staging"), None).await.unwrap();
        assert_eq!(subscribed(&world, id).await, [""; 0], "it is not what the mapping says");
        orders().to("staging").done(&world).await;
        assert_eq!(subscribed(&world, id).await, [DEV, "staging"]);
    }
}
