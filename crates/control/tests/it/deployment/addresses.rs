//! Where endpoints may listen.

use serde_json::json;
use tieline_core::wire::tenancy::OrganizationCreate;

use super::build::{DEV, not_ready, orders, promote, roll_back, worlds};

#[tokio::test]
async fn tieline_itself_and_link_local_are_always_refused() {
    for world in worlds(&["orders"]).await {
        for address in [
            "http://127.0.0.1:7070",
            "http://localhost:7070",
            "http://169.254.169.254",
            "http://[fe80::1]:80",
            "http://0.0.0.0:8080",
            "ftp://10.0.0.1",
            "http://user@10.0.0.1",
            "nonsense",
        ] {
            let problem = orders().at("api", address).problem(&world).await;
            assert_eq!((problem.code.as_str(), problem.line), ("address_refused", 3), "{address}");
            assert!(problem.hint.contains("--address api="), "{}", problem.hint);
        }
        orders().at("api", "http://127.0.0.1:8080").done(&world).await;
    }
}

#[tokio::test]
async fn loopback_belongs_to_installations_of_one_organization() {
    for world in worlds(&["orders"]).await {
        let here = orders().at("api", "http://127.0.0.1:8080");
        here.done(&world).await;
        orders().version("v1.1").done(&world).await;
        let other = OrganizationCreate { handle: "other".to_owned() };
        world.control.organization_create(&world.admin, other).await.unwrap();
        assert_eq!(here.problem(&world).await.code, "address_refused");
        let back = not_ready(roll_back(&world, "orders", None).await);
        assert_eq!(back.problems[0].code, "address_refused", "a rollback goes to no address that is refused by then");
        let promoted = not_ready(promote(&world, "orders", json!({})).await);
        assert_eq!(promoted.problems[0].code, "address_refused", "the default address is loopback");
        promote(&world, "orders", json!({ "addresses": { "api": "http://10.0.0.9:80" } })).await.unwrap();
    }
}

#[tokio::test]
async fn an_environment_may_allow_networks_only() {
    for world in worlds(&["orders"]).await {
        let update = serde_json::from_value(json!({ "allowed_addresses": ["10.1.0.0/16"] })).unwrap();
        world.control.environment_update(&world.admin, "acme", DEV, update, None).await.unwrap();
        assert_eq!(orders().problem(&world).await.code, "address_refused");
        orders().at("api", "http://10.1.2.3:8080").done(&world).await;
    }
}
