//! How far keys reach: who may take them from others, and what becomes of those that their holder no longer uses.

use serde_json::json;
use tieline_core::model::Role;

use crate::deployment::build::{DEV, LIVE, ORDERS, deploy, orders, uses, worlds};
use crate::rotation::{GATEWAY, scope};
use crate::world::{ACME, SHOP, refused};

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
