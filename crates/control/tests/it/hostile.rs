//! What somebody with a role, or with a copy of a row, tries to get beyond it.

use serde_json::{Value, json};
use tieline_control::{Error, Scope, SnapshotQuery};
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
    world.control.service_register(actor, organization, request, false, None).await.unwrap();
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

#[tokio::test]
async fn who_makes_an_environment_critical_is_told_which_runners_read_its_secrets() {
    for world in World::all().await {
        world.component("orders", ComponentType::Service).await;
        let manager = world.actor(Role::ProjectAdmin, Some(SHOP)).await;
        for (name, environment, expires) in
            [("of-dev", "development", None), ("of-live", "production", None), ("ended", "development", Some(60))]
        {
            let request = json!({
                "name": name, "role": "runner", "project": SHOP, "component": "orders", "environment": environment,
                "expires_in_seconds": expires,
            });
            let actor = if environment == "production" { &world.admin } else { &manager };
            world.control.token_create(actor, ACME, serde_json::from_value(request).unwrap()).await.unwrap();
        }
        world.pass(jiff::SignedDuration::from_secs(61));
        for (critical, expect) in [(true, vec!["of-dev"]), (true, vec![]), (false, vec![])] {
            let request = serde_json::from_value(json!({ "critical": critical })).unwrap();
            let changed = world.control.environment_update(&world.admin, ACME, "development", request, None).await;
            assert_eq!(changed.unwrap().runner_tokens, expect, "{critical} on {}", world.database);
        }
    }
}

#[tokio::test]
async fn a_runner_learns_nothing_but_its_own_values() {
    for world in World::all().await {
        world.component("orders", ComponentType::Service).await;
        world.component("web", ComponentType::Service).await;
        let source = json!({ "file": ".choreo/component.yaml", "text": "schemaVersion: 1.2\n" });
        for (component, environment) in [("orders", "development"), ("orders", "production"), ("web", "development")] {
            let request = json!({ "environment": environment, "version": "v1.0", "source": source });
            let request = serde_json::from_value(request).unwrap();
            world.control.deploy(&world.admin, ACME, SHOP, component, request).await.unwrap();
        }
        world.stranger("other").await;
        let request = json!({ "name": "runner", "role": "runner", "project": SHOP, "component": "orders",
            "environment": "development" });
        let made = world.control.token_create(&world.admin, ACME, serde_json::from_value(request).unwrap()).await;
        let runner = &world.control.authenticate(&made.unwrap().1).await.unwrap();
        let control = &world.control;
        let fetch = async |organization: &str, project: &str, component: &str, environment: &str| {
            let [organization, project, component, environment] =
                [organization, project, component, environment].map(str::to_owned);
            let query = SnapshotQuery { organization, project, component, environment, version: None };
            control.snapshot_fetch(runner, &query, None).await
        };
        fetch(ACME, SHOP, "orders", "development").await.unwrap();

        assert_eq!(control.organization_list(runner).await.unwrap(), []);
        // What exists and what does not are answered alike, but for the name that was asked for.
        for (here, nowhere) in [
            (
                fetch("other", SHOP, "orders", "development").await,
                fetch("nowhere", SHOP, "orders", "development").await,
            ),
            (fetch(ACME, SHOP, "orders", "production").await, fetch(ACME, SHOP, "orders", "nowhere").await),
            (fetch(ACME, SHOP, "web", "development").await, fetch(ACME, SHOP, "nowhere", "development").await),
            (fetch(ACME, SHOP, "web", "development").await, fetch(ACME, "nowhere", "web", "development").await),
        ] {
            let (here, nowhere) = (refused(here), refused(nowhere));
            let blank = |text: &str| {
                let names = ["other", "nowhere", "web", "shop", "production"];
                names.iter().fold(text.to_owned(), |text, name| text.replace(name, "X"))
            };
            assert_eq!(
                (here.code, blank(&here.message)),
                (nowhere.code, blank(&nowhere.message)),
                "{}",
                world.database
            );
        }
        for refusal in [
            refused(control.organization_view(runner, ACME).await),
            refused(control.environment_list(runner, ACME).await),
            refused(control.environment_view(runner, ACME, "production").await),
            refused(control.project_list(runner, ACME).await),
            refused(control.token_list(runner, ACME, &Default::default()).await),
            refused(control.connection_list(runner, ACME, Scope::default(), &Default::default()).await),
            refused(control.service_list(runner, ACME, &Default::default()).await),
            refused(control.audit_list(runner, ACME, &Default::default()).await),
        ] {
            assert_eq!(refusal.code, "organization_not_found", "{}", refusal.message);
        }
        assert_eq!(refused(control.component_list(runner, ACME, SHOP).await).code, "project_not_found");
    }
}
