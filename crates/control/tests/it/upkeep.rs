//! What a server does by itself: it forgets what nothing needs, and goes on where one thing cannot be read.

use jiff::SignedDuration;
use serde_json::json;
use tieline_control::Scope;
use tieline_core::model::ComponentType;

use crate::provider;
use crate::world::{ACME, SHOP, World};

const ORDERS: &str = "service:/shop/orders/v1/api";

async fn sealed(world: &World) -> usize {
    let organization = world.organization().await;
    world.store.read().await.unwrap().sealed_of_organization(organization, "", 1000).await.unwrap().len()
}

/// Remembers that something was created under a key.
async fn claim(world: &World, key: &str) {
    let mut transaction = world.store.write().await.unwrap();
    transaction.idempotency_insert(world.admin.token_id(), key, "digest", world.at()).await.unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn what_is_old_is_forgotten_but_the_last_change() {
    for world in World::all().await {
        claim(&world, "old").await;
        let number = world.store.read().await.unwrap().change_number().await.unwrap();
        assert!(number > 1);
        assert_eq!(world.control.purge().await.unwrap(), Default::default(), "{}", world.database);
        world.pass(SignedDuration::from_hours(25));
        claim(&world, "young").await;
        let purged = world.control.purge().await.unwrap();
        assert_eq!((purged.changes, purged.answers), (0, 1));
        assert_eq!(world.control.answer_kept(&world.admin, "old").await.unwrap(), None);
        assert!(world.control.answer_kept(&world.admin, "young").await.unwrap().is_some());
        world.pass(SignedDuration::from_hours(7 * 24));
        assert_eq!(i64::try_from(world.control.purge().await.unwrap().changes), Ok(number - 1));
        assert_eq!(world.store.read().await.unwrap().change_number().await.unwrap(), number);
    }
}

#[tokio::test]
async fn a_revoked_secret_is_forgotten_when_no_snapshot_refers_to_it() {
    for world in World::all().await {
        provider::internal(&world, SHOP, "orders", "REST", "Project, Organization").await;
        world.component("site", ComponentType::Service).await;
        let request = json!({
            "name": "orders", "service": ORDERS, "access_mode": "organization", "project": SHOP, "component": "site",
        });
        let request = serde_json::from_value(request).unwrap();
        let id = world.control.connection_create(&world.admin, ACME, request).await.unwrap().id.to_string();
        world.deploy("site", "development", "orders", ORDERS).await;
        let minted = sealed(&world).await;
        assert_eq!(minted, 4, "a client secret and an API key in each of two environments");
        assert_eq!(world.control.purge().await.unwrap().secrets, 0);
        world.control.connection_delete(&world.admin, ACME, &id, Scope::default(), true, None).await.unwrap();
        assert_eq!(world.control.purge().await.unwrap().secrets, 0, "who runs holds them");
        world.control.undeploy(&world.admin, ACME, SHOP, "site", "development", None).await.unwrap();
        assert_eq!(
            world.control.purge().await.unwrap().secrets,
            2,
            "{}: a snapshot holds those of one",
            world.database
        );
        assert_eq!(sealed(&world).await, 2);
        world.control.component_delete(&world.admin, ACME, SHOP, "site", true).await.unwrap();
        assert_eq!(world.control.purge().await.unwrap().secrets, 2);
        assert_eq!(sealed(&world).await, 0);
    }
}
