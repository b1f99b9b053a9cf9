//! The frame of every use case: what it decides from is true while it records, a key is used once, and looking at
//! something is no change.

use std::sync::Arc;

use serde_json::json;
use tieline_control::{Repeat, Scope};
use tieline_core::model::ComponentType;
use tieline_core::wire::tenancy::{OrganizationUpdate, ProjectCreate};
use tokio::task::JoinSet;

use crate::deployment::build::dump;
use crate::provider;
use crate::world::{ACME, SHOP, World, refused};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_is_compared_under_the_lock() {
    for world in World::all().await {
        let world = Arc::new(world);
        let organization = world.organization().await;
        let mut other = world.store.write().await.unwrap();
        let read = other.organization_lock(organization).await.unwrap().unwrap();
        let (waiting, begun) = (Arc::clone(&world), tokio::sync::oneshot::channel());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            begun.0.send(()).unwrap();
            let request =
                OrganizationUpdate { variable_prefix: Some("LATE".to_owned()), ..OrganizationUpdate::default() };
            waiting.control.organization_update(&waiting.admin, ACME, request, Some(read.revision)).await
        });
        begun.1.await.unwrap();
        for _ in 0..100 {
            // Meanwhile the update comes as far as the lock.
            other.organization_by_id(organization).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut found = other.organization_by_id(organization).await.unwrap().unwrap();
        found.variable_prefix = "FIRST".to_owned();
        other.organization_update(&found).await.unwrap();
        other.commit().await.unwrap();
        let late = tasks.join_next().await.unwrap().unwrap();
        assert_eq!(refused(late).code, "changed_meanwhile", "{}", world.database);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_used_once_however_many_try() {
    for world in World::all().await {
        let world = Arc::new(world);
        let repeat = Repeat { key: "one".to_owned(), request: "digest".to_owned() };
        let actor = world.admin.clone().repeating(repeat);
        let mut tasks = JoinSet::new();
        for _ in 0..8 {
            let (world, actor) = (Arc::clone(&world), actor.clone());
            tasks.spawn(async move {
                world.control.project_create(&actor, ACME, ProjectCreate { handle: "mail".to_owned() }).await
            });
        }
        let mut answers = tasks.join_all().await;
        let done = answers.iter().position(Result::is_ok).unwrap();
        let _ = answers.swap_remove(done);
        for answer in answers {
            assert_eq!(refused(answer).code, "idempotency_in_progress", "{}", world.database);
        }
        let kept = world.control.answer_kept(&actor, "one").await.unwrap().unwrap();
        assert_eq!((kept.request.as_str(), kept.given), ("digest", None), "claimed with what was done");
        world.control.answer_keep(&actor, "one", 201, "{}").await.unwrap();
        let kept = world.control.answer_kept(&actor, "one").await.unwrap().unwrap();
        assert_eq!(kept.given, Some((201, "{}".to_owned())));

        let repeat = Repeat { key: "two".to_owned(), request: "digest".to_owned() };
        let actor = world.admin.clone().repeating(repeat);
        let again = world.control.project_create(&actor, ACME, ProjectCreate { handle: "mail".to_owned() }).await;
        assert_eq!(refused(again).code, "project_exists");
        assert_eq!(world.control.answer_kept(&actor, "two").await.unwrap(), None, "a refusal keeps no key");
    }
}

#[tokio::test]
async fn looking_at_values_is_audited_and_no_change() {
    for world in World::all().await {
        world.component("orders", ComponentType::Service).await;
        let request = serde_json::from_value(json!({
            "environment": "development", "version": "v1.0",
            "source": { "file": "component.yaml", "text": "schemaVersion: 1.2\n" },
        }));
        world.control.deploy(&world.admin, ACME, SHOP, "orders", request.unwrap()).await.unwrap();
        let number = *world.control.changes().borrow();
        world.variables("orders", "development").await;
        assert_eq!(world.audited().await.last().unwrap(), "variables", "{}", world.database);
        world.control.feed_follow().await.unwrap();
        assert_eq!(*world.control.changes().borrow(), number, "{}", world.database);
    }
}

#[tokio::test]
async fn what_is_refused_leaves_nothing() {
    for world in World::all().await {
        let control = &world.control;
        provider::mail(&world, &[("live", &["development"]), ("other", &["development"])]).await;
        world.component("web", ComponentType::Service).await;
        let mapped = json!({ "name": "mail", "service": "thirdparty:Mail/v1", "level": "component", "project": SHOP,
            "component": "web", "mapping": { "development": "live" } });
        let made = control.connection_create(&world.admin, ACME, read(mapped)).await.unwrap();
        world.deploy("web", "development", "mail", "thirdparty:Mail/v1").await;
        let repeat = Repeat { key: "one".to_owned(), request: "digest".to_owned() };
        let actor = &world.admin.clone().repeating(repeat);
        let (before, id) = (dump(&world).await, made.id.to_string());
        let taken = json!({ "name": "MAIL", "service": "thirdparty:Mail/v1", "level": "project", "project": SHOP });
        let narrowed = json!({ "name": "Mail", "version": "v1", "parameters": [{ "name": "ApiKey", "secret": true }],
            "endpoints": [{ "name": "new", "url": "https://new.example", "environments": ["development"],
                "values": { "ApiKey": "new" } }] });
        let long = json!({ "description": "x".repeat(4097) });
        let unmapped = json!({ "mapping": { "development": "" } });
        let scope = Scope::default;
        for (code, refusal) in [
            ("project_exists", refused(control.project_create(actor, ACME, read(json!({ "handle": "SHOP" }))).await)),
            ("connection_name_taken", refused(control.connection_create(actor, ACME, read(taken)).await)),
            ("service_in_use", refused(control.service_register(actor, ACME, read(narrowed), false, None).await)),
            (
                "service_in_use",
                refused(control.service_delete(actor, ACME, "thirdparty:Mail/v1", None, false, None).await),
            ),
            ("connection_in_use", refused(control.connection_delete(actor, ACME, &id, scope(), false, None).await)),
            ("text_too_large", refused(control.connection_update(actor, ACME, &id, scope(), read(long), None).await)),
            (
                "connection_in_use",
                refused(control.connection_update(actor, ACME, &id, scope(), read(unmapped), None).await),
            ),
            ("environment_in_use", refused(control.environment_delete(actor, ACME, "development", false).await)),
            ("component_deployed", refused(control.component_delete(actor, ACME, SHOP, "web", false).await)),
            (
                "changed_meanwhile",
                refused(control.connection_delete(actor, ACME, &id, scope(), true, Some(4711)).await),
            ),
        ] {
            assert_eq!(refusal.code, code, "{}", refusal.message);
        }
        assert_eq!(dump(&world).await, before, "{}", world.database);
    }
}

fn read<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn use_cases_of_several_organizations_never_wait_for_each_other_in_a_circle() {
    for world in World::all().await {
        let stranger = world.stranger("other").await;
        let world = Arc::new(world);
        let mut tasks = JoinSet::new();
        for number in 0..24 {
            let (world, stranger) = (Arc::clone(&world), stranger.clone());
            tasks.spawn(async move {
                let request = ProjectCreate { handle: format!("project-{number}") };
                let (actor, organization) = if number % 2 == 0 { (&world.admin, ACME) } else { (&stranger, "other") };
                world.control.project_create(actor, organization, request).await.map(drop)
            });
        }
        for done in tasks.join_all().await {
            done.unwrap();
        }
    }
}

#[tokio::test]
async fn a_refusal_waits_for_no_change_of_another_organization() {
    for world in World::all().await {
        // SQLite has one writer, for which everybody waits.
        if world.database == "SQLite" {
            continue;
        }
        let mut other = world.store.write().await.unwrap();
        other.change_insert("other", "test", "test", world.at()).await.unwrap();
        let again = world.control.project_create(&world.admin, ACME, ProjectCreate { handle: SHOP.to_owned() }).await;
        assert_eq!(refused(again).code, "project_exists", "the feed's number is drawn last");
        other.commit().await.unwrap();
    }
}
