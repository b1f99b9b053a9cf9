//! What follows a change of a value that many use: some are planned again at once, the others soon, whatever is killed
//! and however many servers there are; and no value is ever missing meanwhile.

use std::collections::BTreeMap;
use std::future::Future;
use std::task::{Context, Waker};

use jiff::SignedDuration;
use serde_json::json;
use tieline_control::Reconciled;
use tieline_core::id::{DeploymentId, InstanceId, ReleaseId};
use tieline_store::deployment::Deployment;
use tieline_store::release::Release;
use uuid::Uuid;

use super::build::{DEV, ORDERS, connect, deploy, orders, uses, worlds};
use crate::world::{ACME, SHOP, World};

const MAIL: &str = "thirdparty:Mail/v1";
const KEY: &str = "CHOREO_MAIL_APIKEY";
/// What a change plans again itself, and more than that.
const AT_ONCE: usize = 50;
const MANY: usize = AT_ONCE + 5;

/// Registers `Mail` with a key.
async fn register(world: &World, key: &str) {
    let request = json!({
        "name": "Mail", "version": "v1", "parameters": [{ "name": "ApiKey", "secret": true }],
        "endpoints": [{ "name": "live", "url": "https://mail.example", "environments": [DEV], "values": { "ApiKey": key } }],
    });
    let request = serde_json::from_value(request).unwrap();
    world.control.service_register(&world.admin, ACME, request, false, None).await.unwrap();
}

/// Worlds in which so many components use the key `old`.
async fn worlds_with(count: usize) -> Vec<World> {
    let handles: Vec<String> = (0..count).map(name).collect();
    let worlds = worlds(&handles.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for world in &worlds {
        register(world, "old").await;
        let request = json!({ "name": "mail", "service": MAIL, "level": "organization" });
        world.control.connection_create(&world.admin, ACME, serde_json::from_value(request).unwrap()).await.unwrap();
        for handle in &handles {
            deploy(handle, uses(&[("mail", MAIL)])).done(world).await;
        }
    }
    worlds
}

fn name(number: usize) -> String {
    format!("web-{number}")
}

/// How many components have which key. One that has none fails.
async fn keys(world: &World, count: usize) -> BTreeMap<String, usize> {
    let mut keys = BTreeMap::new();
    for number in 0..count {
        let variables = world.variables(&name(number), DEV).await;
        *keys.entry(variables[KEY].clone()).or_default() += 1;
    }
    keys
}

/// The components that a change of the key left to be planned again.
async fn waiting(world: &World, count: usize) -> Vec<String> {
    let mut waiting = Vec::new();
    for number in 0..count {
        if world.variables(&name(number), DEV).await[KEY] == "old" {
            waiting.push(name(number));
        }
    }
    waiting
}

fn counted<const N: usize>(keys: [(&str, usize); N]) -> BTreeMap<String, usize> {
    keys.into_iter().map(|(key, count)| (key.to_owned(), count)).collect()
}

#[tokio::test]
async fn what_a_change_leaves_survives_a_kill_and_is_shared_by_servers() {
    for world in worlds_with(MANY).await {
        register(&world, "new").await;
        assert_eq!(
            keys(&world, MANY).await,
            counted([("new", AT_ONCE), ("old", MANY - AT_ONCE)]),
            "{}",
            world.database
        );

        // A server that is killed at work leaves all or nothing of a batch.
        for polls in 0..20 {
            let mut killed = Box::pin(world.control.replans_reconcile());
            for _ in 0..polls {
                if killed.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        keys(&world, MANY).await;

        let other = world.another_server("http://127.0.0.1:7071").await;
        let (here, there) = tokio::join!(world.control.replans_reconcile(), other.replans_reconcile());
        let (here, there) = (here.unwrap(), there.unwrap());
        assert!(here.done + there.done <= MANY - AT_ONCE, "none is planned twice: {here:?} {there:?}");
        assert_eq!(other.replans_reconcile().await.unwrap(), Reconciled::default());
        world.control.feed_follow().await.unwrap();
        assert_eq!(keys(&world, MANY).await, counted([("new", MANY)]), "{}", world.database);

        let repinned = audited(&world).await;
        assert_eq!(repinned.len(), MANY, "each has its entry");
        assert!(repinned.iter().all(|actor| actor == world.admin.label()), "by who changed the value: {repinned:?}");
        assert!(world.control.audit_verify(&world.admin, ACME).await.unwrap().valid);
    }
}

/// Who is named by the entries of snapshots that were pinned again.
async fn audited(world: &World) -> Vec<String> {
    let organization = world.organization().await.to_string();
    let entries = world.store.read().await.unwrap().audit_after(&organization, 0, 1000).await.unwrap();
    entries.into_iter().filter(|entry| entry.action == "snapshot_repin").map(|entry| entry.actor).collect()
}

#[tokio::test]
async fn a_deployment_that_ends_or_changes_meanwhile_is_planned_as_it_is_then() {
    for world in worlds_with(AT_ONCE + 3).await {
        register(&world, "new").await;
        let waiting = waiting(&world, AT_ONCE + 3).await;
        let [ended, deployed, left] = waiting.as_slice() else { panic!("{waiting:?}") };
        super::build::undeploy(&world, ended, DEV).await;
        deploy(deployed, "schemaVersion: 1.2\n").done(&world).await;
        assert_eq!(world.control.replans_reconcile().await.unwrap(), Reconciled { done: 1, failed: 0 });
        assert_eq!(world.variables(left, DEV).await[KEY], "new", "{}", world.database);
        assert!(world.variables(deployed, DEV).await.is_empty());
    }
}

#[tokio::test]
async fn those_that_run_are_planned_first() {
    for world in worlds_with(AT_ONCE + 3).await {
        register(&world, "new").await;
        let last = waiting(&world, AT_ONCE + 3).await;
        assert_eq!(last.len(), 3, "{}", world.database);
        world.control.replans_reconcile().await.unwrap();

        let mut transaction = world.store.write().await.unwrap();
        for live in transaction.deployments_live_of_organization(world.organization().await).await.unwrap() {
            let component = transaction.component_by_id(live.component_id).await.unwrap().unwrap();
            if last.contains(&component.handle.to_string()) {
                let instance = InstanceId(live.id.0);
                transaction
                    .instance_save(
                        instance,
                        (live.component_id, live.environment_id),
                        live.major,
                        &live.snapshot_id,
                        world.at(),
                    )
                    .await
                    .unwrap();
            }
        }
        transaction.commit().await.unwrap();
        register(&world, "newest").await;
        for handle in &last {
            assert_eq!(world.variables(handle, DEV).await[KEY], "newest", "{handle} {}", world.database);
        }
    }
}

#[tokio::test]
async fn one_that_cannot_be_read_stops_no_other_and_is_tried_again() {
    for world in worlds_with(3).await {
        corrupt(&world, &name(1)).await;
        register(&world, "new").await;
        assert_eq!(keys(&world, 3).await, counted([("new", 2), ("old", 1)]), "{}", world.database);
        assert_eq!(world.control.replans_reconcile().await.unwrap(), Reconciled::default(), "not at once");
        world.pass(SignedDuration::from_mins(5));
        assert_eq!(world.control.replans_reconcile().await.unwrap(), Reconciled { done: 0, failed: 1 });
        deploy(&name(1), uses(&[("mail", MAIL)])).done(&world).await;
        world.pass(SignedDuration::from_mins(5));
        assert_eq!(world.control.replans_reconcile().await.unwrap(), Reconciled::default());
        assert_eq!(keys(&world, 3).await, counted([("new", 3)]));
    }
}

/// Lets the live deployment of a component be one whose release cannot be read.
async fn corrupt(world: &World, component: &str) {
    let organization = world.organization().await;
    let mut transaction = world.store.write().await.unwrap();
    let project = transaction.project_by_handle(organization, SHOP).await.unwrap().unwrap().id;
    let component = transaction.component_by_handle(project, component).await.unwrap().unwrap().id;
    let environment = transaction.environment_by_handle(organization, DEV).await.unwrap().unwrap().id;
    let live = transaction.deployments_live(component, environment).await.unwrap().remove(0);
    let release = transaction.release_by_id(live.release_id).await.unwrap().unwrap();
    let id = ReleaseId(Uuid::from_u128(1));
    let unreadable = Release { id, digest: "unreadable".to_owned(), source: json!("unreadable"), ..release };
    transaction.release_insert(&unreadable).await.unwrap();
    let used = transaction.deployment_connections(live.id).await.unwrap();
    let mut unreadable = Deployment { id: DeploymentId(Uuid::from_u128(2)), release_id: id, ..live };
    transaction.deployment_insert(&mut unreadable).await.unwrap();
    for connection in used {
        transaction.deployment_connection_insert(unreadable.id, connection).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn other_public_addresses_make_other_snapshots_of_all_that_can_be_read() {
    for world in worlds(&["orders", "web", "broken"]).await {
        orders().done(&world).await;
        for component in ["web", "broken"] {
            connect(&world, component, "orders", json!({ "access_mode": "organization" })).await;
            deploy(component, uses(&[("orders", ORDERS)])).done(&world).await;
        }
        corrupt(&world, "broken").await;
        let other = world.another_server("https://gateway.example").await;
        assert_eq!(other.addresses_reconcile().await.unwrap(), Reconciled { done: 2, failed: 1 });
        assert_eq!(other.addresses_reconcile().await.unwrap(), Reconciled::default(), "they are known by then");
        world.control.feed_follow().await.unwrap();
        for (component, expect) in [("web", "https://gateway.example"), ("broken", "http://127.0.0.1:7071")] {
            let url = &world.variables(component, DEV).await["CHOREO_ORDERS_SERVICEURL"];
            assert_eq!(*url, format!("{expect}/acme/development/shop/orders/v1"), "{}", world.database);
        }
    }
}
