//! What a server does by itself: it forgets what nothing needs, and goes on where one thing cannot be read.

use jiff::SignedDuration;
use serde_json::json;
use tieline_control::{Scope, SnapshotQuery};
use tieline_core::model::ComponentType;

use tieline_store::session::Owner;

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
    let owner = Owner::Token(world.admin.token_id().unwrap());
    transaction.idempotency_insert(owner, key, "digest", world.at()).await.unwrap();
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

/// Registers `Mail` with one key, or without any endpoint.
async fn register(world: &World, key: Option<&str>) {
    let endpoint = |key| {
        json!({ "name": "live", "url": "https://mail.example", "environments": ["development"],
            "values": { "ApiKey": key } })
    };
    let request = json!({
        "name": "Mail", "version": "v1", "parameters": [{ "name": "ApiKey", "secret": true }],
        "endpoints": key.map(endpoint).into_iter().collect::<Vec<_>>(),
    });
    world
        .control
        .service_register(&world.admin, ACME, serde_json::from_value(request).unwrap(), true, None)
        .await
        .unwrap();
}

const MAIL: &str = "thirdparty:Mail/v1";
const KEY: &str = "CHOREO_MAIL_APIKEY";

#[tokio::test]
async fn a_replaced_secret_stays_while_it_can_be_rolled_back_to() {
    for world in World::all().await {
        register(&world, Some("first")).await;
        world.component("web", ComponentType::Service).await;
        world.connect("web", "mail", MAIL).await;
        world.deploy("web", "development", "mail", MAIL).await;
        world.deploy("web", "development", "mail", MAIL).await;
        register(&world, Some("second")).await;
        register(&world, Some("third")).await;
        assert_eq!(world.variables("web", "development").await[KEY], "third");
        assert_eq!(world.control.purge().await.unwrap().secrets, 1, "no deployment has the second: {}", world.database);
        assert_eq!(sealed(&world).await, 2);

        let request = serde_json::from_value(json!({ "environment": "development" })).unwrap();
        world.control.rollback(&world.admin, ACME, SHOP, "web", request).await.unwrap();
        assert_eq!(world.variables("web", "development").await[KEY], "first", "superseded is not revoked");
        register(&world, None).await;
        assert_eq!(world.control.purge().await.unwrap().secrets, 0, "both are held by the history");
        assert_eq!(world.variables("web", "development").await[KEY], "first");
        world.control.component_delete(&world.admin, ACME, SHOP, "web", true).await.unwrap();
        assert_eq!(world.control.purge().await.unwrap().secrets, 2);
        assert_eq!(sealed(&world).await, 0);
    }
}

#[tokio::test]
async fn a_replaced_secret_stays_while_an_instance_runs_with_it() {
    for world in World::all().await {
        register(&world, Some("first")).await;
        world.component("web", ComponentType::Service).await;
        world.connect("web", "mail", MAIL).await;
        world.deploy("web", "development", "mail", MAIL).await;
        let request = json!({
            "name": "runner", "role": "runner", "project": SHOP, "component": "web", "environment": "development",
        });
        let made = world.control.token_create(&world.admin, ACME, serde_json::from_value(request).unwrap()).await;
        let runner = world.control.authenticate(&made.unwrap().1).await.unwrap();
        let [organization, project, component, environment] = [ACME, SHOP, "web", "development"].map(str::to_owned);
        let query = SnapshotQuery { organization, project, component, environment, version: None };
        world.control.snapshot_fetch(&runner, &query, Some("old")).await.unwrap();
        world.control.instances_record().await.unwrap();
        register(&world, Some("second")).await;
        assert_eq!(world.control.purge().await.unwrap().secrets, 0, "{}", world.database);

        // It reports nothing any more, and another one does.
        world.pass(SignedDuration::from_hours(30 * 24 + 1));
        world.control.snapshot_fetch(&runner, &query, Some("new")).await.unwrap();
        world.control.instances_record().await.unwrap();
        assert_eq!(world.control.purge().await.unwrap().secrets, 1);
        assert_eq!(sealed(&world).await, 1);
    }
}
