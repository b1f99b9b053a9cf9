//! Names of connections, through their use cases, on every database at hand.

use serde_json::json;
use tieline_core::model::ComponentType;

use crate::world::{ACME, SHOP, World, refused};

/// A service with one parameter beside its URL.
async fn register(world: &World, name: &str, parameter: &str) {
    let request = serde_json::from_value(json!({
        "name": name, "version": "v1", "parameters": [{ "name": parameter }],
        "endpoints": [{ "name": "live", "url": "https://api.example", "environments": ["development"],
            "values": { (parameter): "x" } }],
    }));
    world.control.service_register(&world.admin, ACME, request.unwrap(), false, None).await.unwrap();
}

async fn connect(
    world: &World,
    name: &str,
    service: &str,
    component: Option<&str>,
) -> Result<(), tieline_control::Error> {
    let request = serde_json::from_value(json!({
        "name": name, "service": format!("thirdparty:{service}/v1"), "project": component.map(|_| SHOP),
        "component": component,
    }));
    world.control.connection_create(&world.admin, ACME, request.unwrap()).await.map(drop)
}

#[tokio::test]
async fn a_name_is_taken_where_one_component_would_see_a_variable_twice() {
    // The first is made, the second taken or not. `Short` has the parameter E, `Long` has D_E.
    let cases = [
        (("abc", "Short", None), ("ABC", "Long", None), true),
        (("abc", "Long", None), ("abc-d", "Short", None), true),
        (("abc-d", "Short", None), ("abc", "Long", None), true),
        (("abc-d", "Short", Some("orders")), ("abc", "Long", None), true),
        (("abc", "Long", None), ("abc.d", "Short", Some("orders")), true),
        (("abc", "Long", Some("orders")), ("abc d", "Short", Some("orders")), true),
        (("abc", "Long", Some("orders")), ("abc-d", "Short", Some("stock")), false),
        (("abc", "Short", None), ("abc-d", "Short", None), false),
        (("abc", "Long", None), ("abcd", "Short", None), false),
    ];
    for world in World::all().await {
        register(&world, "Short", "E").await;
        register(&world, "Long", "D_E").await;
        world.component("orders", ComponentType::Service).await;
        world.component("stock", ComponentType::Service).await;
        for (first, second, taken) in cases {
            connect(&world, first.0, first.1, first.2).await.unwrap();
            let made = connect(&world, second.0, second.1, second.2).await;
            assert_eq!(made.is_err(), taken, "{first:?} {second:?} {}", world.database);
            if taken {
                assert_eq!(refused(made).code, "connection_name_taken");
            }
            for (name, _, component) in [first, second].into_iter().take(if taken { 1 } else { 2 }) {
                let scope = tieline_control::Scope { project: component.map(|_| SHOP), component };
                let gone = world.control.connection_delete(&world.admin, ACME, name, scope, false, None).await;
                gone.unwrap();
            }
        }
    }
}
