//! What somebody with a role, or with a copy of a row, tries to get beyond it.

use serde_json::{Value, json};
use tieline_control::{Error, Scope};
use tieline_core::id::SealedVersionId;
use tieline_core::model::{ComponentType, PinnedValue, Role};
use tieline_core::wire::connection::ConnectionUpdate;
use tieline_core::wire::tenancy::OrganizationCreate;
use tieline_store::key::SealedVersion;

use crate::world::{ACME, SHOP, World, refused};

const GATE: &str = "thirdparty:Gate/v1";

/// A third-party service with an endpoint in development and two in production.
async fn gate(world: &World, actor: &tieline_control::Actor, organization: &str) {
    let endpoint = |name: &str, environment: &str| json!({ "name": name, "url": "https://gate.example", "environments": [environment], "values": { "ApiKey": name } });
    let request = json!({
        "name": "Gate", "version": "v1", "parameters": [{ "name": "ApiKey", "secret": true }],
        "endpoints": [endpoint("sandbox", "development"), endpoint("live", "production"), endpoint("other", "production")],
    });
    let request = serde_json::from_value(request).unwrap();
    world.control.service_register(actor, organization, request, false).await.unwrap();
}

#[tokio::test]
async fn one_id_that_two_organizations_adopt_at_once_is_that_of_one() {
    for world in World::all().await {
        for handle in ["one", "two"] {
            world
                .control
                .organization_create(&world.admin, OrganizationCreate { handle: handle.to_owned() })
                .await
                .unwrap();
        }
        let admin = world.admin_again().await;
        for organization in ["one", "two"] {
            gate(&world, &admin, organization).await;
        }
        // Which of two interleavings happens is chance: among several there is one in which both found the id free.
        for attempt in 0..8 {
            let id = format!("6fa459ea-ee8a-3ca4-894e-db77e160350{attempt}");
            let make = |organization: &'static str| {
                let request =
                    json!({ "name": format!("gate{attempt}"), "service": GATE, "id": id, "description": organization });
                let request = serde_json::from_value(request).unwrap();
                world.control.connection_create(&admin, organization, request)
            };
            let (one, two) = tokio::join!(make("one"), make("two"));
            let (made, refusal) = match (one, two) {
                (Ok(made), refusal) | (refusal, Ok(made)) => (made, refused(refusal)),
                (one, two) => panic!("{}: {one:?} {two:?}", world.database),
            };
            assert_eq!(refusal.code, "connection_id_taken", "{}", world.database);
            let view = world.control.connection_view(&admin, &made.organization, &id, Scope::default(), false).await;
            assert_eq!(view.unwrap().description, made.organization, "{}: nobody changed it", world.database);
        }
    }
}

#[tokio::test]
async fn what_runs_in_a_critical_environment_is_not_led_elsewhere_by_a_developer() {
    for world in World::all().await {
        gate(&world, &world.admin, ACME).await;
        world.component("site", ComponentType::Service).await;
        let request = json!({
            "name": "gate", "service": GATE, "level": "project", "project": SHOP, "mapping": { "production": "live" },
        });
        let made = world.control.connection_create(&world.admin, ACME, serde_json::from_value(request).unwrap());
        let id = made.await.unwrap().id.to_string();
        let developer = world.actor(Role::Developer, Some(SHOP)).await;
        let lead = world.actor(Role::ProjectAdmin, Some(SHOP)).await;
        let map = async |actor, target: &str| {
            let change = ConnectionUpdate {
                description: None,
                mapping: Some([("production".to_owned(), target.to_owned())].into()),
            };
            world.control.connection_update(actor, ACME, &id, Scope::default(), change, None).await
        };
        map(&developer, "other").await.unwrap();
        map(&developer, "live").await.unwrap();
        world.deploy("site", "production", "gate", GATE).await;
        assert_eq!(refused(map(&developer, "other").await).code, "forbidden", "{}", world.database);
        assert_eq!(world.variables("site", "production").await["CHOREO_GATE_APIKEY"], "live");
        map(&developer, "live").await.unwrap();
        map(&lead, "other").await.unwrap();
        assert_eq!(world.variables("site", "production").await["CHOREO_GATE_APIKEY"], "other");
    }
}

#[tokio::test]
async fn sealed_bytes_open_in_their_own_row_alone() {
    for world in World::all().await {
        gate(&world, &world.admin, ACME).await;
        let request = json!({ "name": "gate", "service": GATE });
        let made = world.control.connection_create(&world.admin, ACME, serde_json::from_value(request).unwrap());
        let id = made.await.unwrap().id.to_string();
        let reveal = async || world.control.connection_view(&world.admin, ACME, &id, Scope::default(), true).await;
        let shown: Value = serde_json::to_value(reveal().await.unwrap()).unwrap();
        assert!(shown.to_string().contains("\"sandbox\""), "{shown}");

        // Whoever can write to the database copies a row, with all that says what it belongs to.
        let mut transaction = world.store.write().await.unwrap();
        let service = transaction.service_by_reference(world.organization().await, GATE).await.unwrap().unwrap();
        let entries = transaction.entries(service.id).await.unwrap();
        let mut entry = entries.into_iter().find(|entry| entry.name == "sandbox").unwrap();
        let PinnedValue::Sealed(original) = entry.values["ApiKey"] else { panic!("it is sealed") };
        let version = transaction.sealed_by_id(original).await.unwrap().unwrap();
        let copy = SealedVersionId(uuid::Uuid::from_u128(1));
        transaction.sealed_insert(&SealedVersion { id: copy, ..version }).await.unwrap();
        entry.values.insert("ApiKey".to_owned(), PinnedValue::Sealed(copy));
        transaction.entry_save(&entry).await.unwrap();
        transaction.commit().await.unwrap();
        assert!(matches!(reveal().await, Err(Error::Seal(_))), "{}", world.database);
    }
}
