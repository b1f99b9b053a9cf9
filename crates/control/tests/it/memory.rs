//! What a server remembers between requests: of one organization whatever happens in another, and no longer than until
//! something happens in its own, on whichever server.
//!
//! What is remembered shows when the rows behind it change and no use case says so.

use tieline_control::SnapshotQuery;
use tieline_core::model::ComponentType;
use tieline_core::secret::Secret;
use tieline_core::wire::tenancy::ProjectCreate;

use crate::world::{ACME, SHOP, World, refused};

/// How an organization changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// By a use case of this server.
    Here,
    /// By another server, whose changes are followed.
    Elsewhere,
}

const CHANGES: [Change; 2] = [Change::Here, Change::Elsewhere];

async fn change(world: &World, how: Change, organization: &str) {
    match how {
        Change::Here => {
            let request = ProjectCreate { handle: format!("project-{}", *world.control.changes().borrow()) };
            let admin = world.admin_again().await;
            world.control.project_create(&admin, organization, request).await.unwrap();
        }
        Change::Elsewhere => {
            let mut transaction = world.store.write().await.unwrap();
            let id = transaction.organization_by_handle(organization).await.unwrap().unwrap().id.to_string();
            transaction.change_insert(&id, "test", "test", world.at()).await.unwrap();
            transaction.commit().await.unwrap();
            world.control.feed_follow().await.unwrap();
        }
    }
}

#[tokio::test]
async fn who_a_token_is_outlives_the_changes_of_other_organizations() {
    for how in CHANGES {
        for world in World::all().await {
            let token = world.stranger("other").await.token_id().unwrap();
            let secret = Secret::new(format!("token {token}"));
            world.control.authenticate(&secret).await.unwrap();
            let mut transaction = world.store.write().await.unwrap();
            transaction.token_revoke(token, world.at()).await.unwrap();
            transaction.commit().await.unwrap();

            change(&world, how, ACME).await;
            world.control.authenticate(&secret).await.unwrap();
            change(&world, how, "other").await;
            let refusal = refused(world.control.authenticate(&secret).await);
            assert_eq!(refusal.code, "unauthenticated", "{how:?} on {}", world.database);
        }
    }
}

#[tokio::test]
async fn what_a_runner_fetches_outlives_the_changes_of_other_organizations() {
    for how in CHANGES {
        for world in World::all().await {
            world.component("web", ComponentType::Service).await;
            let source = serde_json::json!({ "file": "component.yaml", "text": "schemaVersion: 1.2\n" });
            let request = serde_json::json!({ "environment": "development", "version": "v1.0", "source": source });
            let request = serde_json::from_value(request).unwrap();
            let made = world.control.deploy(&world.admin, ACME, SHOP, "web", request).await.unwrap();
            world.stranger("other").await;
            revision(&world).await.unwrap();
            end(&world, &made.deployment).await;

            change(&world, how, "other").await;
            revision(&world).await.unwrap();
            change(&world, how, ACME).await;
            let refusal = refused(revision(&world).await);
            assert_eq!(refusal.code, "not_deployed", "{how:?} on {}", world.database);
        }
    }
}

async fn revision(world: &World) -> tieline_control::Result<String> {
    let [organization, project, component, environment] = [ACME, SHOP, "web", "development"].map(str::to_owned);
    let query = SnapshotQuery { organization, project, component, environment, version: None };
    world.control.snapshot_revision(&world.admin, &query).await
}

async fn end(world: &World, deployment: &str) {
    let mut transaction = world.store.write().await.unwrap();
    let id = serde_json::from_value(deployment.into()).unwrap();
    transaction.deployment_end(id, world.at()).await.unwrap();
    transaction.commit().await.unwrap();
}
