//! Reports of instances, and the revision by which a runner watches.

use jiff::SignedDuration;
use serde_json::json;
use tieline_control::{Actor, SnapshotQuery};

use super::build::{DEV, deploy, worlds};
use crate::world::{ACME, SHOP, World};

fn query(component: &str) -> SnapshotQuery {
    let [organization, project, component, environment] = [ACME, SHOP, component, DEV].map(str::to_owned);
    SnapshotQuery { organization, project, component, environment, version: None }
}

/// The runner of a component in development.
async fn runner(world: &World, component: &str) -> Actor {
    let request = json!({
        "name": format!("runner-of-{component}"), "role": "runner", "project": SHOP, "component": component,
        "environment": DEV,
    });
    let made = world.control.token_create(&world.admin, ACME, serde_json::from_value(request).unwrap()).await;
    world.control.authenticate(&made.unwrap().1).await.unwrap()
}

async fn instances(world: &World, component: &str) -> usize {
    let organization = world.organization().await;
    let mut transaction = world.store.read().await.unwrap();
    let project = transaction.project_by_handle(organization, SHOP).await.unwrap().unwrap();
    let component = transaction.component_by_handle(project.id, component).await.unwrap().unwrap();
    transaction.instances_of_component(component.id).await.unwrap().len()
}

#[tokio::test]
async fn processes_of_one_token_are_told_apart_and_what_is_gone_stops_no_report() {
    for world in worlds(&["web", "gone"]).await {
        for component in ["web", "gone"] {
            deploy(component, "schemaVersion: 1.2\n").done(&world).await;
        }
        let (web, gone) = (runner(&world, "web").await, runner(&world, "gone").await);
        world.control.snapshot_fetch(&gone, &query("gone"), None).await.unwrap();
        super::build::undeploy(&world, "gone", DEV).await;
        world.control.component_delete(&world.admin, ACME, SHOP, "gone", true).await.unwrap();
        for instance in [None, None, Some("one"), Some("two"), Some("one")] {
            world.control.snapshot_fetch(&web, &query("web"), instance).await.unwrap();
        }
        world.control.instances_record().await.unwrap();
        assert_eq!(instances(&world, "web").await, 3);
    }
}

#[tokio::test]
async fn an_instance_that_reports_nothing_for_thirty_days_is_forgotten() {
    for world in worlds(&["web"]).await {
        deploy("web", "schemaVersion: 1.2\n").done(&world).await;
        let web = runner(&world, "web").await;
        for (passes, instance, expect) in [(0, "old", 1), (29, "young", 2), (2, "young", 1)] {
            world.pass(SignedDuration::from_hours(24 * passes));
            world.control.snapshot_fetch(&web, &query("web"), Some(instance)).await.unwrap();
            world.control.instances_record().await.unwrap();
            assert_eq!(instances(&world, "web").await, expect, "{instance} after {passes} days on {}", world.database);
        }
    }
}

#[tokio::test]
async fn the_revision_is_of_deployment_snapshot_and_policy() {
    for world in worlds(&["web"]).await {
        let mut seen = Vec::new();
        for policy in ["manual", "immediate", "immediate"] {
            deploy("web", "schemaVersion: 1.2\n").with("policy", json!(policy)).done(&world).await;
            let revision = world.control.snapshot_revision(&world.admin, &query("web")).await.unwrap();
            assert!(!seen.contains(&revision), "{policy}");
            assert_eq!(world.control.snapshot_revision(&world.admin, &query("web")).await.unwrap(), revision);
            seen.push(revision);
        }
    }
}
