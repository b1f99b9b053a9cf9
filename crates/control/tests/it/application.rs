//! OAuth applications as they are shown: whose they are, their keys in each environment, who uses them, and to whom.

use jiff::SignedDuration;
use serde_json::json;
use tieline_control::{Actor, PageQuery};
use tieline_core::model::{Level, Role};
use tieline_core::route_table::SubscriptionState;
use tieline_core::wire::application::{ApplicationView, SecretState};
use tieline_core::wire::tenancy::ProjectCreate;

use crate::deployment::build::{DEV, LIVE, ORDERS, connect, deploy, orders, uses, worlds};
use crate::identity_provider::{fake::ISSUER, set};
use crate::rotation::{consumer, proof, rotate, runner, settle};
use crate::world::{ACME, SHOP, World, refused};

async fn list(world: &World, actor: &Actor) -> Vec<ApplicationView> {
    world.control.application_list(actor, ACME, &PageQuery::default()).await.unwrap().items
}

async fn view(world: &World, listed: &ApplicationView) -> ApplicationView {
    world.control.application_view(&world.admin, ACME, &listed.id.to_string()).await.unwrap()
}

/// The states of the secrets in development, as they are shown.
fn states(view: &ApplicationView) -> Vec<SecretState> {
    let secrets = view.environments[DEV].secrets.iter().flatten();
    secrets.map(|secret| secret.state).collect()
}

#[tokio::test]
async fn an_application_is_shown_with_its_keys_and_who_uses_it() {
    for (world, id) in consumer().await {
        let listed = list(&world, &world.admin).await;
        let [listed] = listed.as_slice() else { panic!("{listed:?}") };
        assert_eq!((listed.level, listed.project.as_deref()), (Level::Component, Some(SHOP)));
        assert_eq!((listed.component.as_deref(), listed.connection.as_ref()), (Some("web"), None));
        assert_eq!((listed.connections, &listed.used_by), (1, &None));
        assert_eq!(listed.environments.keys().collect::<Vec<_>>(), [DEV, LIVE]);
        let connection =
            world.control.connection_view(&world.admin, ACME, &id, Default::default(), false).await.unwrap();
        assert_eq!(connection.application, Some(listed.id));

        let (former, _) = proof(&world, "web", "orders").await;
        let found = view(&world, listed).await;
        let client = &found.environments[DEV];
        assert_eq!(client.client_id.as_deref(), Some(&*former.client), "{}", world.database);
        assert_eq!((client.issuer.as_ref(), client.live, client.retiring, client.revoked), (None, 1, 0, 0));
        assert_eq!(states(&found), [SecretState::Live]);
        let text = serde_json::to_string(&found).unwrap();
        assert!(!text.contains(former.secret.expose()), "no value of a secret is shown");
        let used = &found.used_by.as_ref().unwrap()[0];
        assert_eq!((used.id.to_string(), used.service.as_str(), used.deleted), (id.clone(), ORDERS, false));
        let [calls] = used.subscriptions.as_slice() else { panic!("{used:?}") };
        assert_eq!((calls.environment.as_str(), calls.provider_environment.as_str()), (DEV, DEV));
        assert_eq!(calls.state, SubscriptionState::Live);

        // While a rotation is under way there are two; then the former one is revoked.
        let web = runner(&world, "web").await;
        world.control.snapshot_fetch(&web, &crate::rotation::query("web"), Some("one")).await.unwrap();
        rotate(&world, &id, json!({ "environments": [DEV] })).await.unwrap();
        let found = view(&world, listed).await;
        assert_eq!(states(&found), [SecretState::Live, SecretState::Retiring]);
        let until = found.environments[DEV].secrets.as_ref().unwrap()[1].until.unwrap();
        assert_eq!(until.duration_since(world.at()), SignedDuration::from_hours(24));
        world.control.snapshot_fetch(&web, &crate::rotation::query("web"), Some("one")).await.unwrap();
        assert_eq!(settle(&world).await, 2);
        let found = view(&world, listed).await;
        assert_eq!(states(&found), [SecretState::Live, SecretState::Revoked]);
        assert_eq!(found.environments[DEV].secrets.as_ref().unwrap()[1].until, Some(world.at()));

        // Deleted while a deployment holds it, the connection and so the application stay.
        world.control.connection_delete(&world.admin, ACME, &id, Default::default(), true, None).await.unwrap();
        assert!(view(&world, listed).await.used_by.unwrap()[0].deleted);
    }
}

#[tokio::test]
async fn who_sees_the_connections_sees_their_application() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        connect(&world, "web", "own", json!({ "access_mode": "organization" })).await;
        for (name, place) in [
            ("of-shop", json!({ "level": "project" })),
            ("again", json!({ "level": "project" })),
            ("of-acme", json!({ "level": "organization" })),
        ] {
            world.pass(SignedDuration::from_secs(1));
            let request = json!({
                "name": name, "service": ORDERS, "access_mode": "organization", "level": place["level"],
                "project": if place["level"] == "project" { Some(SHOP) } else { None },
            });
            let request = serde_json::from_value(request).unwrap();
            world.control.connection_create(&world.admin, ACME, request).await.unwrap();
        }
        let names = |found: &[ApplicationView]| {
            let name = |found: &ApplicationView| (found.level, found.connection.clone(), found.connections);
            found.iter().map(name).collect::<Vec<_>>()
        };
        let (own, shop, acme) = (
            (Level::Component, None, 1),
            (Level::Project, None, 2),
            (Level::Organization, Some("of-acme".to_owned()), 1),
        );
        let all = list(&world, &world.admin).await;
        assert_eq!(names(&all), [own, shop, acme.clone()], "{}", world.database);
        world.control.project_create(&world.admin, ACME, ProjectCreate { handle: "mail".to_owned() }).await.unwrap();
        let inside = world.actor(Role::Viewer, Some(SHOP)).await;
        assert_eq!(list(&world, &inside).await, all);
        let outside = world.actor(Role::ProjectAdmin, Some("mail")).await;
        // A page holds what may be seen, whatever lies between.
        let one = PageQuery { cursor: None, limit: Some(1) };
        let page = world.control.application_list(&outside, ACME, &one).await.unwrap();
        assert_eq!((names(&page.items), page.next), (vec![acme], None));
        for (actor, found, id) in [
            (&inside, true, all[1].id.to_string()),
            (&outside, false, all[1].id.to_string()),
            (&outside, true, all[2].id.to_string()),
            (&inside, false, "nonsense".to_owned()),
        ] {
            let seen = world.control.application_view(actor, ACME, &id).await;
            assert_eq!(seen.is_ok(), found, "{id}");
            if !found {
                assert_eq!(refused(seen).code, "application_not_found");
            }
        }
        let stranger = world.stranger("other").await;
        let id = all[2].id.to_string();
        assert_eq!(
            refused(world.control.application_view(&stranger, "other", &id).await).code,
            "application_not_found"
        );
    }
}

#[tokio::test]
async fn a_secret_of_a_component_is_told_to_who_sees_the_component() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        let request = json!({
            "name": "apart", "service": ORDERS, "access_mode": "organization", "level": "organization",
            "secrets": "per-component",
        });
        let request = serde_json::from_value(request).unwrap();
        world.control.connection_create(&world.admin, ACME, request).await.unwrap();
        deploy("web", uses(&[("apart", ORDERS)])).done(&world).await;
        world.control.project_create(&world.admin, ACME, ProjectCreate { handle: "mail".to_owned() }).await.unwrap();
        let listed = list(&world, &world.admin).await.remove(0);
        let secrets = view(&world, &listed).await.environments[DEV].secrets.clone().unwrap();
        assert_eq!(secrets.iter().map(|secret| secret.component.as_deref()).collect::<Vec<_>>(), [Some("shop/web")]);
        let outside = world.actor(Role::Developer, Some("mail")).await;
        let seen = world.control.application_view(&outside, ACME, &listed.id.to_string()).await.unwrap();
        let client = &seen.environments[DEV];
        assert_eq!((client.live, client.secrets.as_deref()), (1, Some(&[][..])), "counted, and not named");
    }
}

#[tokio::test]
async fn a_client_at_an_identity_provider_is_shown_by_its_id_there() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        set(&world).await;
        connect(&world, "web", "orders", json!({ "access_mode": "organization" })).await;
        let listed = list(&world, &world.admin).await.remove(0);
        let client = &listed.environments[DEV];
        assert_eq!((client.client_id.as_ref(), client.issuer.as_deref()), (None, Some(ISSUER)));
        assert_eq!(client.reason, Some(format!("its client is being registered at {ISSUER}")));
        world.control.registrations_reconcile().await.unwrap();
        let found = view(&world, &listed).await;
        let client = &found.environments[DEV];
        let id = client.client_id.clone().unwrap();
        assert!(world.provider.state().clients.contains_key(&id), "{id}");
        assert_eq!((client.reason.as_ref(), states(&found)), (None, vec![SecretState::Live]));
    }
}
