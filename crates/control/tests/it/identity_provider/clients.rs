//! Clients at a provider: made for each application and environment, completed by themselves, deleted when they go.

use jiff::SignedDuration;
use serde_json::json;
use tieline_core::identity_provider::Fault;
use tieline_core::wire::connection::{ConnectionEnvironmentView, ConnectionView};
use tieline_core::wire::rotation::ConnectionRotate;
use tieline_core::wire::tenancy::EnvironmentCreate;

use super::fake::ISSUER;
use super::{request, set};
use crate::deployment::build::{DEV, LIVE, ORDERS, connect, deploy, orders, uses, worlds};
use crate::table::mirror::Mirror;
use crate::world::{ACME, World, refused};

/// A world with the provider set, and a connection of `web` to `orders`.
async fn connected() -> Vec<(World, ConnectionView)> {
    let mut connected = Vec::new();
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        set(&world).await;
        let made = connect(&world, "web", "orders", json!({ "access_mode": "organization" })).await;
        connected.push((world, made));
    }
    connected
}

async fn reconcile(world: &World) -> (usize, usize) {
    let status = world.control.registrations_reconcile().await.unwrap();
    (status.done, status.failed)
}

async fn view(world: &World, connection: &ConnectionView, environment: &str) -> ConnectionEnvironmentView {
    let id = connection.id.to_string();
    let view = world.control.connection_view(&world.admin, ACME, &id, Default::default(), true).await.unwrap();
    view.environments[environment].clone()
}

fn value(view: &ConnectionEnvironmentView, key: &str) -> Option<String> {
    let parameters = view.parameters.as_ref().unwrap();
    parameters.iter().find(|parameter| parameter.key == key).unwrap().value.clone()
}

async fn delete(world: &World, connection: &ConnectionView) {
    let id = connection.id.to_string();
    world.control.connection_delete(&world.admin, ACME, &id, Default::default(), true, None).await.unwrap();
}

/// What the provider's clients are called, sorted.
fn clients(world: &World) -> Vec<String> {
    let mut names: Vec<_> = world.provider.state().clients.values().cloned().collect();
    names.sort();
    names
}

async fn count(world: &World) -> (usize, usize, usize) {
    let found = world.control.identity_provider_view(&world.admin, ACME).await.unwrap().clients;
    (found.registered, found.pending, found.ending)
}

#[tokio::test]
async fn an_application_has_a_client_of_its_own_in_each_environment() {
    for (world, made) in connected().await {
        for environment in made.environments.values() {
            assert_eq!(environment.status, "pending");
            let reason = environment.reason.as_deref().unwrap();
            assert_eq!(reason, format!("its client is being registered at {ISSUER}"));
        }
        assert_eq!(count(&world).await, (0, 2, 0));
        assert_eq!(reconcile(&world).await, (2, 0));
        assert_eq!((reconcile(&world).await, count(&world).await), ((0, 0), (2, 0, 0)));
        let names = ["Tieline: acme, component shop/web, development", "Tieline: acme, component shop/web, production"];
        assert_eq!(clients(&world), names);
        let (there, live) = (view(&world, &made, DEV).await, view(&world, &made, LIVE).await);
        assert_eq!((there.status.as_str(), live.status.as_str()), ("ready", "ready"));
        let id = value(&there, "ConsumerKey").unwrap();
        assert_ne!(Some(&id), value(&live, "ConsumerKey").as_ref(), "environments are apart by their clients");
        assert_eq!(value(&there, "ConsumerSecret"), Some(format!("canary-secret-{id}")));
        assert_eq!(value(&there, "TokenURL"), Some(format!("{ISSUER}/token")));

        deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        assert_eq!(world.variables("web", DEV).await["CHOREO_ORDERS_CONSUMERKEY"], id);
        let mirror = Mirror::of(&world).await;
        let subscribed: Vec<_> = mirror.subscriptions().iter().map(|entry| entry.client.clone()).collect();
        assert_eq!(subscribed, [id], "the gateway knows it by its id there");

        // Another connection of the component shares its clients.
        connect(&world, "web", "again", json!({ "access_mode": "organization" })).await;
        assert_eq!(reconcile(&world).await, (0, 0));
        let create = EnvironmentCreate { handle: "staging".to_owned(), after: DEV.to_owned(), critical: false };
        world.control.environment_create(&world.admin, ACME, create).await.unwrap();
        assert_eq!(reconcile(&world).await, (1, 0));
        assert_eq!(view(&world, &made, "staging").await.status, "ready");
        world.control.environment_delete(&world.admin, ACME, "staging", false).await.unwrap();
        assert_eq!((reconcile(&world).await, clients(&world).len()), ((1, 0), 2));
        let audited = world.audited().await;
        assert_eq!(audited.iter().filter(|action| *action == "client_register").count(), 3);
        assert_eq!(audited.iter().filter(|action| *action == "client_unregister").count(), 1);
    }
}

#[tokio::test]
async fn what_a_provider_that_is_away_was_to_do_completes_by_itself() {
    for (world, made) in connected().await {
        let using = deploy("web", uses(&[("orders", ORDERS)]));
        using.clone().with("allow_pending", json!(true)).done(&world).await;
        let away = Fault::Away("it cannot be reached".to_owned());
        world.provider.state().fault = Some(away.clone());
        let asked = world.provider.state().asked;
        assert_eq!(reconcile(&world).await, (0, 2));
        assert_eq!(world.provider.state().asked, asked + 1, "it is asked once, not for every client");
        let reason = view(&world, &made, DEV).await.reason.unwrap();
        assert!(reason.contains("it cannot be reached") && reason.contains("tried again by itself"), "{reason}");
        let problems = using.problems(&world).await;
        assert_eq!(problems.len(), 2, "id and secret: {problems:#?}");
        assert!(problems[0].message.contains("it cannot be reached"), "{problems:#?}");
        assert_eq!(reconcile(&world).await, (0, 0), "not before its time");
        for seconds in [1, 2, 4] {
            world.pass(SignedDuration::from_secs(seconds));
            assert_eq!(reconcile(&world).await, (0, 2));
        }
        world.pass(SignedDuration::from_secs(60));
        world.provider.state().fault = None;
        assert_eq!(reconcile(&world).await, (2, 0));
        assert_eq!(view(&world, &made, DEV).await.status, "ready");
        let variables = world.variables("web", DEV).await;
        assert!(variables["CHOREO_ORDERS_CONSUMERSECRET"].starts_with("canary-secret-"), "the deployment got it");

        world.provider.state().fault = Some(away);
        assert_eq!(world.variables("web", DEV).await, variables, "who runs does not need the provider");
        world.control.undeploy(&world.admin, ACME, "shop", "web", DEV, None).await.unwrap();
        delete(&world, &made).await;
        assert_eq!((reconcile(&world).await, count(&world).await), ((0, 2), (0, 0, 2)));
        world.control.identity_provider_remove(&world.admin, ACME).await.unwrap();
        world.pass(SignedDuration::from_secs(1));
        world.provider.state().fault = None;
        assert_eq!(reconcile(&world).await, (2, 0), "what is left there is deleted all the same");
        assert_eq!(clients(&world), [""; 0]);
    }
}

#[tokio::test]
async fn a_provider_that_says_no_is_asked_again_once_it_is_set_again() {
    for (world, made) in connected().await {
        let wrong = request(&json!({ "registration_token": "wrong" }));
        world.control.identity_provider_set(&world.admin, ACME, wrong).await.unwrap();
        assert_eq!(reconcile(&world).await, (0, 2));
        assert!(view(&world, &made, DEV).await.reason.unwrap().contains("invalid_token"));
        set(&world).await;
        assert_eq!(reconcile(&world).await, (2, 0));

        world.provider.state().fault = Some(Fault::Denied("it answered 403".to_owned()));
        delete(&world, &made).await;
        assert_eq!(
            (reconcile(&world).await, count(&world).await),
            ((2, 0), (0, 0, 0)),
            "it is left there, as the audit says"
        );
        assert_eq!(clients(&world).len(), 2);
    }
}

#[tokio::test]
async fn what_nobody_knows_the_outcome_of_is_recorded() {
    for (world, made) in connected().await {
        let uncertain = async || {
            let audited = world.audited().await;
            audited.iter().filter(|action| *action == "client_register_uncertain").count()
        };
        world.provider.state().fault = Some(Fault::Lost("it did not answer".to_owned()));
        assert_eq!((reconcile(&world).await, uncertain().await), ((0, 2), 0));
        world.pass(SignedDuration::from_secs(1));
        world.provider.state().fault = None;
        assert_eq!((reconcile(&world).await, uncertain().await), ((2, 0), 1), "one of them was asked for");

        delete(&world, &made).await;
        reconcile(&world).await;
        let again = connect(&world, "web", "orders", json!({ "access_mode": "organization" })).await;
        world.provider.state().fault = Some(Fault::Lost("it did not answer".to_owned()));
        reconcile(&world).await;
        delete(&world, &again).await;
        world.pass(SignedDuration::from_secs(1));
        assert_eq!((reconcile(&world).await, uncertain().await), ((2, 0), 2), "nobody needs them any more");
        assert_eq!(count(&world).await, (0, 0, 0));
    }
}

#[tokio::test]
async fn a_client_that_is_of_no_use_is_deleted_again() {
    for (world, made) in connected().await {
        for (odd, reason) in [
            (json!({ "client_secret_expires_at": 4_711 }), "expires"),
            (json!({ "client_secret": null }), "no usable secret"),
            (json!({ "token_endpoint_auth_method": "private_key_jwt" }), "prove itself otherwise"),
        ] {
            world.provider.state().odd = odd;
            assert_eq!(reconcile(&world).await, (0, 2), "{reason}");
            assert!(view(&world, &made, DEV).await.reason.unwrap().contains(reason), "{reason}");
            assert_eq!(clients(&world), [""; 0]);
            world.pass(SignedDuration::from_secs(60));
        }
        // Environments are apart only as long as each has a client of its own.
        world.provider.state().odd = json!({ "client_id": "same" });
        assert_eq!(reconcile(&world).await, (1, 1));
        let reasons: Vec<_> = [view(&world, &made, DEV).await.reason, view(&world, &made, LIVE).await.reason]
            .into_iter()
            .flatten()
            .collect();
        assert!(reasons.len() == 1 && reasons[0].contains("another application has"), "{reasons:?}");
        world.pass(SignedDuration::from_secs(60));
        world.provider.state().odd = json!({ "registration_access_token": null });
        assert_eq!(reconcile(&world).await, (1, 0));
    }
}

#[tokio::test]
async fn one_secret_of_a_client_is_all_that_there_is() {
    for (world, made) in connected().await {
        reconcile(&world).await;
        let own = json!({ "name": "own", "service": ORDERS, "level": "component", "project": "shop",
            "component": "web", "access_mode": "organization", "secrets": "per-component" });
        let create = serde_json::from_value(own).unwrap();
        let refusal = refused(world.control.connection_create(&world.admin, ACME, create).await);
        assert_eq!(refusal.code, "secrets_at_provider");
        let (id, rotate) = (made.id.to_string(), ConnectionRotate::default());
        let rotated = world.control.connection_rotate(&world.admin, ACME, &id, Default::default(), rotate).await;
        assert_eq!(refused(rotated).code, "rotation_at_provider");
        // API keys are Tieline's own.
        let by_key =
            json!({ "access_mode": "organization", "authentication_scheme": "api-key", "secrets": "per-component" });
        let by_key = connect(&world, "web", "by-key", by_key).await;
        let id = by_key.id.to_string();
        let rotate = ConnectionRotate::default();
        world.control.connection_rotate(&world.admin, ACME, &id, Default::default(), rotate).await.unwrap();
    }
}

#[tokio::test]
async fn several_servers_register_a_client_once() {
    for (world, _) in connected().await {
        let second = world.another_server("http://127.0.0.1:7071").await;
        let (first, second) = tokio::join!(world.control.registrations_reconcile(), second.registrations_reconcile());
        assert_eq!(first.unwrap().failed + second.unwrap().failed, 0);
        assert_eq!((clients(&world).len(), count(&world).await), (2, (2, 0, 0)), "{}", world.database);
    }
}
