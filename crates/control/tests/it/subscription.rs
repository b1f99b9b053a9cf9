//! What the owners of a service decide about its subscribers, and what consumers see of it.

use serde_json::{Value as Json, json};
use tieline_control::Actor;
use tieline_core::model::Role;
use tieline_core::route_table::SubscriptionState::{self, Blocked, Live, Pending, Refused};
use tieline_core::wire::subscription::{SubscriptionDecide, SubscriptionQuery, SubscriptionUpdate};

use crate::deployment::build::{DEV, LIVE, ORDERS, connect, deploy, orders, undeploy, uses, worlds};
use crate::table::mirror::Mirror;
use crate::world::{ACME, SHOP, World, refused};

async fn ask_for_approval(world: &World, approval: bool) {
    let request = serde_json::from_value(json!({ "approval": approval })).unwrap();
    let view = world.control.service_update(&world.admin, ACME, ORDERS, None, request, None).await.unwrap();
    assert_eq!(view.approval, approval);
}

/// The states of the subscriptions and keys that a gateway knows, each once.
async fn known(world: &World) -> Vec<SubscriptionState> {
    let mirror = Mirror::of(world).await;
    let mut states: Vec<_> = mirror.subscriptions().iter().map(|entry| entry.state).collect();
    states.extend(mirror.api_keys().iter().map(|entry| entry.state));
    states.sort_by_key(|state| format!("{state:?}"));
    states.dedup();
    states
}

fn because(reason: &str) -> SubscriptionDecide {
    SubscriptionDecide { reason: reason.to_owned() }
}

/// The consumer `web` with a connection; returns what its subscription in development is named.
async fn consumer(world: &World, more: Json) -> String {
    format!("{}.{DEV}", connect(world, "web", "orders", more).await.id)
}

#[tokio::test]
async fn a_subscription_waits_for_approval_and_keeps_it() {
    for world in worlds(&["orders", "web"]).await {
        let (control, admin) = (&world.control, &world.admin);
        orders().done(&world).await;
        ask_for_approval(&world, true).await;
        let id = consumer(&world, json!({ "access_mode": "organization" })).await;
        let using = deploy("web", uses(&[("orders", ORDERS)]));
        let warnings = using.planned(&world).await.warnings;
        assert!(warnings.iter().any(|warning| warning.code == "subscription_pending"), "{warnings:?}");
        using.done(&world).await;
        assert_eq!(known(&world).await, [Pending], "{}", world.database);
        assert!(world.variables("web", DEV).await.contains_key("CHOREO_ORDERS_CONSUMERSECRET"));

        let none = control.subscription_refuse(admin, ACME, &id, because(" ")).await;
        assert_eq!(refused(none).code, "reason_missing");
        control.subscription_refuse(admin, ACME, &id, because("ask Anna")).await.unwrap();
        assert_eq!(known(&world).await, [Refused]);
        let (connection, _) = id.split_once('.').unwrap();
        let view = control.connection_view(admin, ACME, connection, Default::default(), false).await.unwrap();
        let seen = view.environments[DEV].subscription.clone().unwrap();
        assert_eq!(
            (seen.state, seen.reason.as_deref(), seen.decided_at),
            (Refused, Some("ask Anna"), Some(world.at()))
        );
        assert_eq!(seen.decided_by.as_deref(), Some(admin.label()));
        let warnings = using.planned(&world).await.warnings;
        assert!(warnings.iter().any(|warning| warning.message.ends_with(": ask Anna")), "{warnings:?}");

        control.subscription_approve(admin, ACME, &id, because("")).await.unwrap();
        assert_eq!(known(&world).await, [Live]);
        undeploy(&world, "web", DEV).await;
        assert_eq!(known(&world).await, []);
        using.done(&world).await;
        assert_eq!(known(&world).await, [Live], "what was decided outlives deployments");
        assert!(using.planned(&world).await.warnings.is_empty());
        orders().to(LIVE).done(&world).await;
        using.to(LIVE).done(&world).await;
        assert_eq!(known(&world).await, [Live, Pending], "production is decided for itself");
    }
}

#[tokio::test]
async fn who_is_there_stays_when_approval_is_asked_for() {
    for world in worlds(&["orders", "web", "app"]).await {
        orders().done(&world).await;
        consumer(&world, json!({ "access_mode": "organization", "authentication_scheme": "api-key" })).await;
        deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        ask_for_approval(&world, true).await;
        assert_eq!(known(&world).await, [Live]);
        connect(&world, "app", "orders", json!({ "access_mode": "organization" })).await;
        deploy("app", uses(&[("orders", ORDERS)])).done(&world).await;
        let pending =
            SubscriptionQuery { state: Some(Pending), service: Some(ORDERS.to_owned()), ..Default::default() };
        let list = async |query| world.control.subscription_list(&world.admin, ACME, query).await.unwrap().items;
        let found = list(&pending).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].component.as_deref(), found[0].project.as_deref()), (Some("app"), Some(SHOP)));
        assert_eq!(list(&SubscriptionQuery::default()).await.len(), 2);
        ask_for_approval(&world, false).await;
        assert_eq!(known(&world).await, [Live], "{}", world.database);
    }
}

#[tokio::test]
async fn a_block_stops_all_of_an_application_and_is_taken_back() {
    for world in worlds(&["orders", "web"]).await {
        let (control, admin) = (&world.control, &world.admin);
        orders().done(&world).await;
        let id = consumer(&world, json!({ "access_mode": "organization" })).await;
        connect(&world, "web", "again", json!({ "access_mode": "organization" })).await;
        deploy("web", uses(&[("orders", ORDERS), ("again", ORDERS)])).done(&world).await;
        let blocked = control.subscription_block(admin, ACME, &id, because("too loud")).await.unwrap();
        assert_eq!((blocked.standing.state, blocked.standing.reason.as_deref()), (Blocked, Some("too loud")));
        let mirror = Mirror::of(&world).await;
        assert_eq!((mirror.subscriptions().len(), mirror.api_keys().len()), (1, 2));
        assert_eq!(known(&world).await, [Blocked], "both keys and the client: {}", world.database);
        control.subscription_unblock(admin, ACME, &id).await.unwrap();
        assert_eq!(known(&world).await, [Live]);

        let plan = |name: &str| SubscriptionUpdate { plan: Some(name.to_owned()) };
        control.subscription_update(admin, ACME, &id, plan("gold")).await.unwrap();
        let mirror = Mirror::of(&world).await;
        assert!(mirror.api_keys().iter().all(|key| key.plan == "gold") && mirror.subscriptions()[0].plan == "gold");
        let unknown = control.subscription_update(admin, ACME, &id, plan("platinum")).await;
        assert_eq!(refused(unknown).code, "rate_plan_unknown");
        assert_eq!(world.control.table_rebuild().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn those_who_offer_the_service_decide() {
    for world in worlds(&["orders", "web"]).await {
        let mail = serde_json::from_value(json!({ "handle": "mail" })).unwrap();
        world.control.project_create(&world.admin, ACME, mail).await.unwrap();
        orders().done(&world).await;
        let id = consumer(&world, json!({ "access_mode": "organization" })).await;
        deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        for (role, project, expect) in [
            (Role::ProjectAdmin, "mail", "subscription_not_found"),
            (Role::Viewer, SHOP, "forbidden"),
            (Role::Developer, SHOP, "forbidden"),
        ] {
            let actor = world.actor(role, Some(project)).await;
            let answer = world.control.subscription_block(&actor, ACME, &id, because("")).await;
            assert_eq!(refused(answer).code, expect, "{role}");
        }
        let developer = world.actor(Role::Developer, Some(SHOP)).await;
        let request = serde_json::from_value(json!({ "approval": true })).unwrap();
        let answer = world.control.service_update(&developer, ACME, ORDERS, None, request, None).await;
        assert_eq!(refused(answer).code, "forbidden");
        let lead = world.actor(Role::ProjectAdmin, Some(SHOP)).await;
        world.control.subscription_block(&lead, ACME, &id, because("")).await.unwrap();
        let gone = world.control.subscription_block(&lead, ACME, "x.development", because("")).await;
        assert_eq!(refused(gone).code, "subscription_not_found");
    }
}

#[tokio::test]
async fn who_decides_about_callers_decides_that_none_need_prove_who_they_are() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        let id = consumer(&world, json!({ "access_mode": "organization" })).await;
        deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        let (developer, lead) =
            (world.actor(Role::Developer, Some(SHOP)).await, world.actor(Role::ProjectAdmin, Some(SHOP)).await);
        let schemes = async |actor: &Actor, schemes: &[&str]| {
            let request = serde_json::from_value(json!({ "schemes": schemes })).unwrap();
            world.control.service_update(actor, ACME, ORDERS, None, request, None).await.map(|view| view.schemes.len())
        };
        let (closed, open) = (["oauth2", "api-key"], ["oauth2", "api-key", "none"]);
        assert_eq!(schemes(&developer, &open).await.unwrap(), 3, "nothing was decided");
        assert_eq!(schemes(&developer, &closed).await.unwrap(), 2);

        world.control.subscription_block(&lead, ACME, &id, because("too loud")).await.unwrap();
        assert_eq!(refused(schemes(&developer, &open).await).code, "forbidden", "{}", world.database);
        assert_eq!(schemes(&lead, &open).await.unwrap(), 3);
        assert_eq!(schemes(&developer, &["oauth2", "none"]).await.unwrap(), 2, "it was open already");
        assert_eq!(schemes(&developer, &closed).await.unwrap(), 2);
        world.control.subscription_unblock(&lead, ACME, &id).await.unwrap();
        assert_eq!(schemes(&developer, &open).await.unwrap(), 3);

        assert_eq!(schemes(&developer, &closed).await.unwrap(), 2);
        ask_for_approval(&world, true).await;
        assert_eq!(refused(schemes(&developer, &open).await).code, "forbidden");
        assert_eq!(schemes(&lead, &open).await.unwrap(), 3);
    }
}
