//! Tenants are apart: whatever an administrator of one organization does, nothing of another one changes, and nothing of
//! it shows in an answer.

use std::fmt::Debug;

use proptest::prelude::*;
use serde_json::{Value, json};
use tieline_control::{Actor, Error, PageQuery, Scope};
use tieline_core::model::ComponentType;
use tieline_core::secret::Secret;
use tieline_core::wire::service::ServiceQuery;
use tieline_store::backup::TABLES;
use uuid::Uuid;

use crate::provider;
use crate::world::{ACME, SHOP, World};

/// Part of names and values that only [`ACME`] has: it may be in no answer to another organization.
const CANARY: &str = "canary";
/// The other organization.
const EVIL: &str = "evil";
/// A connection of [`ACME`], whose id is known to the other organization.
const CONNECTION: Uuid = Uuid::from_u128(0x3f1b_6f0e_8d6c_4f6e_9a57_0b9f_3f1f_7c11);

/// One attempt: an operation, in which organization it is tried, and on what.
#[derive(Debug, Clone)]
struct Attempt {
    operation: usize,
    own_organization: bool,
    target: usize,
}

const OPERATIONS: usize = 21;
/// Handles and names that exist here or there, as what one thing or another.
const TARGETS: [&str; 4] = ["shop", "orders", "site", "mail"];
/// The account of a member of [`ACME`], which the other organization may invite.
const MEMBER: &str = "orders";

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let attempt = (0..OPERATIONS, any::<bool>(), 0..TARGETS.len())
        .prop_map(|(operation, own_organization, target)| Attempt { operation, own_organization, target });
    prop::collection::vec(attempt, 1..24)
}

#[test]
fn no_sequence_of_one_organization_touches_another() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (world, evil) = runtime.block_on(furnished());
    let before = runtime.block_on(rows(&world));
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(attempts in attempts())| {
        for attempt in attempts {
            let answer = runtime.block_on(carry_out(&world, &evil, &attempt));
            prop_assert!(!answer.contains(CANARY), "{attempt:?} reveals: {answer}");
            prop_assert_eq!(runtime.block_on(rows(&world)), before.clone(), "{:?} changes something: {}", attempt, answer);
        }
    });
}

/// A world in which [`ACME`] has one of everything, and the administrator of another organization.
async fn furnished() -> (World, Actor) {
    let world = World::sqlite().await;
    provider::internal(&world, SHOP, "orders", "REST", "Project, Organization, Public").await;
    world.component("site", ComponentType::Service).await;
    provider::mail(&world, &[("canary", &["development"])]).await;
    let connection = json!({
        "id": CONNECTION, "name": "canary mail", "service": "thirdparty:Mail/v1", "level": "organization",
    });
    world.control.connection_create(&world.admin, ACME, serde_json::from_value(connection).unwrap()).await.unwrap();
    world.deploy("site", "development", "canary mail", "thirdparty:Mail/v1").await;
    let request = json!({ "name": MEMBER, "role": "developer" });
    let link = world.control.user_invite(&world.admin, ACME, read(request)).await.unwrap();
    let password = Secret::new("correct horse battery");
    world.control.invitation_accept(&link.secret, None, Some(&password)).await.unwrap();
    world.control.user_reset(&world.admin, ACME, MEMBER).await.unwrap();
    let evil = world.stranger(EVIL).await;
    (world, evil)
}

/// Every row that belongs to [`ACME`], by its own id or by that of something it has.
async fn rows(world: &World) -> Vec<String> {
    let organization = world.organization().await.to_string();
    let mut transaction = world.store.read().await.unwrap();
    let mut rows = Vec::new();
    for table in TABLES.iter() {
        for row in transaction.backup_page(table, None).await.unwrap() {
            let text = Value::from(row).to_string();
            let own = text.contains(&organization) || table.name == "user_account" && text.contains(MEMBER);
            if own && table.name != "token_organization" {
                rows.push(format!("{}: {text}", table.name));
            }
        }
    }
    rows
}

/// What the other organization's administrator is answered; refusals, as they are sent, are answers too.
async fn carry_out(world: &World, evil: &Actor, attempt: &Attempt) -> String {
    let control = &world.control;
    let here = if attempt.own_organization { EVIL } else { ACME };
    let target = TARGETS[attempt.target];
    let connection = CONNECTION.to_string();
    let scope = Scope { project: Some("shop"), component: None };
    let source = json!({ "file": "component.yaml", "text":
        "schemaVersion: 1.2\ndependencies:\n  connectionReferences:\n    - name: mail\n      resourceRef: thirdparty:Mail/v1\n" });
    match attempt.operation {
        0 => shown(control.project_create(evil, here, read(json!({ "handle": target }))).await),
        1 => shown(control.project_list(evil, here).await),
        2 => shown(control.project_delete(evil, here, target).await),
        3 => shown(
            control.component_create(evil, here, "shop", read(json!({ "handle": target, "type": "service" }))).await,
        ),
        4 => shown(control.component_delete(evil, here, "shop", target, true).await),
        5 => shown(control.component_view(evil, here, "shop", target).await),
        6 => shown(control.connection_view(evil, here, &connection, scope, true).await),
        7 => shown(control.connection_delete(evil, here, &connection, scope, true, None).await),
        8 => shown(
            control.connection_update(evil, here, &connection, scope, read(json!({ "description": "x" })), None).await,
        ),
        9 => {
            let request =
                json!({ "id": CONNECTION, "name": target, "service": "thirdparty:Mail/v1", "level": "organization" });
            shown(control.connection_create(evil, here, read(request)).await)
        }
        10 => shown(control.service_view(evil, here, "thirdparty:Mail/v1", None).await),
        11 => shown(control.service_delete(evil, here, "thirdparty:Mail/v1", None, true, None).await),
        12 => shown(control.service_list(evil, here, &ServiceQuery::default()).await),
        13 => {
            let request = json!({ "name": "Mail", "version": "v1", "endpoints": [
                { "name": "own", "url": "https://own.example", "environments": ["development"], "values": {} } ] });
            shown(control.service_register(evil, here, read(request), true, None).await)
        }
        14 => {
            let request = json!({ "environment": "development", "version": "v1.0", "source": source });
            shown(control.deploy(evil, here, "shop", target, read(request)).await)
        }
        15 => shown(control.environment_delete(evil, here, "production", true).await),
        16 => {
            let request = json!({ "name": target, "role": "viewer" });
            shown(control.user_invite(evil, here, read(request)).await.map(|link| link.name))
        }
        17 => shown(control.user_list(evil, here, &PageQuery::default()).await),
        18 => shown(control.user_update(evil, here, target, read(json!({ "role": "developer" }))).await),
        19 => shown(control.user_reset(evil, here, target).await.map(|link| link.name)),
        _ => shown(control.user_remove(evil, here, target, None).await),
    }
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// An answer, or a refusal, as text; anything else is a fault of the server.
fn shown<T: Debug>(result: Result<T, Error>) -> String {
    match result {
        Ok(answer) => format!("{answer:?}"),
        Err(Error::Refused(refusal)) => format!("{refusal:?}"),
        Err(Error::NotReady(plan)) => format!("{plan:?}"),
        Err(error) => panic!("{error:?}"),
    }
}
