//! Keys over time: two live secrets, who is waited for, the deadline, whom a rotation touches, and cutting one component
//! off.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tieline_control::oauth::{Asker, ClientProof, OAuthError, OAuthRefusal};
use tieline_control::{Actor, Error, Scope, SnapshotQuery};
use tieline_core::model::ComponentType;
use tieline_core::route_table::Entry;
use tieline_core::secret::Secret;
use tieline_core::wire::rotation::{ConnectionKeysChanged, RotationView};

use crate::deployment::build::{DEV, LIVE, ORDERS, connect, deploy, orders, roll_back, undeploy, uses, worlds};
use crate::table::mirror::Mirror;
use crate::world::{ACME, SHOP, World, refused};

pub(crate) const GATEWAY: &str = "access_mode";

pub(crate) async fn rotate(world: &World, connection: &str, request: Value) -> Result<ConnectionKeysChanged, Error> {
    let (scope, request) = (scope(), serde_json::from_value(request).unwrap());
    world.control.connection_rotate(&world.admin, ACME, connection, scope, request).await
}

pub(crate) fn scope() -> Scope<'static> {
    Scope { project: Some(SHOP), component: None }
}

/// The rotations that `connection view` shows in development.
pub(crate) async fn under_way(world: &World, connection: &str) -> Vec<RotationView> {
    let mut view = world.control.connection_view(&world.admin, ACME, connection, scope(), false).await.unwrap();
    view.environments.remove(DEV).unwrap().rotations
}

/// What a component's client shows in development, and its API key.
pub(crate) async fn proof(world: &World, component: &str, connection: &str) -> (ClientProof, String) {
    let variables = world.variables(component, DEV).await;
    let value = |key: &str| variables[&format!("CHOREO_{}_{key}", connection.to_uppercase())].clone();
    let (client, secret) = (value("CONSUMERKEY"), Secret::new(value("CONSUMERSECRET")));
    (ClientProof { client, secret, address: "192.0.2.1".parse().unwrap() }, value("CHOREOAPIKEY"))
}

pub(crate) async fn token(world: &World, proof: &ClientProof) -> Result<String, OAuthError> {
    world.control.access_token_issue(proof, "client_credentials", None).await.map(|token| token.access_token)
}

async fn active(world: &World, token: &str) -> bool {
    let asker = Asker::Actor(world.admin.clone());
    world.control.access_token_introspect(&asker, token).await.unwrap().active
}

#[track_caller]
pub(crate) fn assert_refused(world: &World, answer: Result<String, OAuthError>) {
    let refusal = OAuthRefusal::InvalidClient;
    assert!(
        matches!(answer, Err(OAuthError::Refused { refusal: found, .. }) if found == refusal),
        "{}",
        world.database
    );
}

pub(crate) async fn runner(world: &World, component: &str) -> Actor {
    let request = json!({
        "name": format!("runner-of-{component}"), "role": "runner", "project": SHOP, "component": component,
        "environment": DEV,
    });
    let made = world.control.token_create(&world.admin, ACME, serde_json::from_value(request).unwrap()).await;
    world.control.authenticate(&made.unwrap().1).await.unwrap()
}

pub(crate) fn query(component: &str) -> SnapshotQuery {
    let [organization, project, component, environment] = [ACME, SHOP, component, DEV].map(str::to_owned);
    SnapshotQuery { organization, project, component, environment, version: None }
}

/// Lets the servers notice, and ends what is over; answers how many keys.
pub(crate) async fn settle(world: &World) -> usize {
    world.pass(SignedDuration::from_secs(5));
    world.control.rotations_reconcile().await.unwrap().done
}

/// `orders` and `web`, which calls it with its own connection `orders`.
pub(crate) async fn consumer() -> Vec<(World, String)> {
    let mut consumers = Vec::new();
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        let id = connect(&world, "web", "orders", json!({ GATEWAY: "organization" })).await.id.to_string();
        deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        consumers.push((world, id));
    }
    consumers
}

#[tokio::test]
async fn both_secrets_live_until_the_last_instance_holds_the_other_one() {
    for (world, id) in consumer().await {
        let web = runner(&world, "web").await;
        let held = world.control.snapshot_fetch(&web, &query("web"), Some("one")).await.unwrap().snapshot;
        let (old, old_key) = proof(&world, "web", "orders").await;
        let first = token(&world, &old).await.unwrap();

        let rotated = rotate(&world, &id, json!({})).await.unwrap();
        assert_eq!(rotated.touched.len(), 1);
        let (new, new_key) = proof(&world, "web", "orders").await;
        assert_eq!(new.client, old.client);
        assert_ne!((new.secret.expose(), &new_key), (old.secret.expose(), &old_key));
        for proof in [&old, &new] {
            token(&world, proof).await.unwrap();
        }
        assert_eq!(Mirror::of(&world).await.api_keys().len(), 2, "the gateway takes both keys");

        // The runner was given the next snapshot, and its process still runs with the former one.
        assert_ne!(world.control.snapshot_follow(&web, &query("web")).await.unwrap().snapshot, held);
        world.control.instance_report(&web, &query("web"), "one", &held).await.unwrap();
        assert_eq!(settle(&world).await, 2, "nobody holds those of production ({})", world.database);
        let [rotation] = under_way(&world, &id).await.try_into().unwrap();
        assert_eq!(rotation.until.duration_since(rotation.since), SignedDuration::from_hours(24));
        assert_eq!((rotation.held_by[0].component.as_str(), rotation.held_by[0].instances), ("web", 1));
        token(&world, &old).await.unwrap();

        world.control.snapshot_fetch(&web, &query("web"), Some("one")).await.unwrap();
        assert_eq!(settle(&world).await, 2, "secret and key");
        assert_eq!(settle(&world).await, 0, "once is enough");
        assert_eq!(under_way(&world, &id).await, []);
        assert_refused(&world, token(&world, &old).await);
        assert!(!active(&world, &first).await, "the tokens of the former secret are dead");
        let second = token(&world, &new).await.unwrap();
        assert!(active(&world, &second).await);
        let table = Mirror::of(&world).await;
        assert_eq!(table.api_keys().len(), 1);
        let revoked = |entry: &Entry| matches!(entry, Entry::Revocation(_));
        assert_eq!(
            table.entries.values().filter(|entry| revoked(entry)).count(),
            2,
            "the gateway knows of both secrets"
        );
        assert!(world.audited().await.contains(&"rotation_finish".to_owned()));
    }
}

#[tokio::test]
async fn an_instance_that_goes_on_is_waited_for_until_the_deadline_and_one_that_ended_is_not() {
    for (world, id) in consumer().await {
        let web = runner(&world, "web").await;
        world.control.snapshot_fetch(&web, &query("web"), Some("exec")).await.unwrap();
        let (old, _) = proof(&world, "web", "orders").await;
        rotate(&world, &id, json!({ "deadline": 3600, "environments": [DEV] })).await.unwrap();
        assert_eq!(settle(&world).await, 0);
        world.pass(SignedDuration::from_secs(3500));
        token(&world, &old).await.unwrap();
        world.pass(SignedDuration::from_secs(100));
        assert_refused(&world, token(&world, &old).await);
        assert_eq!(settle(&world).await, 2, "at the deadline, whoever holds it ({})", world.database);

        rotate(&world, &id, json!({ "environments": [DEV] })).await.unwrap();
        let running = world.control.snapshot_fetch(&web, &query("web"), Some("watch")).await.unwrap().snapshot;
        world.control.instance_report(&web, &query("web"), "exec", "").await.unwrap();
        assert_eq!(settle(&world).await, 2, "what ended holds nothing, and {running} is the present one");
    }
}

#[tokio::test]
async fn a_rotation_waits_until_every_server_has_noticed() {
    for (world, id) in consumer().await {
        rotate(&world, &id, json!({})).await.unwrap();
        assert_eq!(world.control.rotations_reconcile().await.unwrap().done, 0, "{}", world.database);
        assert_eq!(settle(&world).await, 4, "nobody ever took it");
    }
}

#[tokio::test]
async fn one_rotation_at_a_time_and_at_once_ends_it() {
    for (world, id) in consumer().await {
        let (old, _) = proof(&world, "web", "orders").await;
        let breaks = refused(rotate(&world, &id, json!({ "now": true })).await);
        assert_eq!(breaks.code, "rotation_breaks");
        assert!(breaks.message.contains("in development: shop/web (v1.0"), "{}", breaks.message);
        rotate(&world, &id, json!({})).await.unwrap();
        let (new, _) = proof(&world, "web", "orders").await;
        assert_eq!(refused(rotate(&world, &id, json!({ "environments": [DEV] })).await).code, "rotation_under_way");
        rotate(&world, &id, json!({ "now": true, "acknowledge": true })).await.unwrap();
        assert_refused(&world, token(&world, &old).await);
        token(&world, &new).await.unwrap();
        assert_eq!(proof(&world, "web", "orders").await.0.secret.expose(), new.secret.expose(), "none was minted");
        rotate(&world, &id, json!({ "now": true, "acknowledge": true })).await.unwrap();
        assert_refused(&world, token(&world, &new).await);
        token(&world, &proof(&world, "web", "orders").await.0).await.unwrap();
        let own = json!({ "component": "web", "deadline": 3600 });
        rotate(&world, &id, own).await.unwrap();
        for (request, code) in [
            (json!({ "deadline": 0 }), "deadline_invalid"),
            (json!({ "deadline": 2_592_001 }), "deadline_invalid"),
            (json!({ "environments": ["nowhere"] }), "environment_not_found"),
            (json!({ "component": "orders" }), "secrets_shared"),
        ] {
            assert_eq!(refused(rotate(&world, &id, request).await).code, code);
        }
    }
}

/// `web` and `mail` with the connections `first` and `second` of their project, which share its client.
async fn sharing() -> Vec<World> {
    let worlds = worlds(&["orders", "web", "mail"]).await;
    for world in &worlds {
        orders().done(world).await;
        for name in ["first", "second"] {
            let request = json!({
                "name": name, "service": ORDERS, "level": "project", "project": SHOP, GATEWAY: "organization",
            });
            let request = serde_json::from_value(request).unwrap();
            world.control.connection_create(&world.admin, ACME, request).await.unwrap();
        }
        deploy("web", uses(&[("first", ORDERS)])).done(world).await;
        deploy("mail", uses(&[("second", ORDERS)])).done(world).await;
    }
    worlds
}

#[tokio::test]
async fn a_shared_client_says_whom_it_touches() {
    for world in sharing().await {
        let (old, old_key) = proof(&world, "mail", "second").await;
        let refusal = refused(rotate(&world, "first", json!({})).await);
        assert_eq!(refusal.code, "rotation_touches_others");
        assert!(refusal.message.contains("shop/mail (v1.0, connection \"second\")"), "{}", refusal.message);
        assert!(!refusal.message.contains("shop/web"), "its own user is no surprise: {}", refusal.message);
        let rotated = rotate(&world, "first", json!({ "acknowledge": true })).await.unwrap();
        assert_eq!(rotated.touched.len(), 2);
        let (new, new_key) = proof(&world, "mail", "second").await;
        assert_ne!(new.secret.expose(), old.secret.expose());
        assert_eq!(new_key, old_key, "an API key is one connection's");
        assert_eq!(settle(&world).await, 4);
        assert_refused(&world, token(&world, &old).await);
        token(&world, &new).await.unwrap();
    }
}

#[tokio::test]
async fn a_connection_is_rotated_while_its_client_is_for_another() {
    for world in sharing().await {
        rotate(&world, "first", json!({ "acknowledge": true, "environments": [DEV] })).await.unwrap();
        let (before, key_before) = proof(&world, "mail", "second").await;
        // Its client has another secret already: what is left is its own API key, and touches nobody else.
        let rotated = rotate(&world, "second", json!({ "environments": [DEV] })).await.unwrap();
        assert_eq!(rotated.touched.iter().map(|touched| touched.component.as_str()).collect::<Vec<_>>(), ["mail"]);
        let (after, key_after) = proof(&world, "mail", "second").await;
        assert_eq!((after.secret.expose(), after.client), (before.secret.expose(), before.client));
        assert_ne!(key_after, key_before);
        for name in ["first", "second"] {
            let refusal = refused(rotate(&world, name, json!({ "acknowledge": true, "environments": [DEV] })).await);
            assert_eq!(refusal.code, "rotation_under_way", "{name}");
        }
        assert_eq!(settle(&world).await, 3, "one secret and two keys ({})", world.database);
        assert_eq!((under_way(&world, "first").await, under_way(&world, "second").await), (vec![], vec![]));
    }
}

#[tokio::test]
async fn a_leaked_key_is_revoked_while_the_client_is_rotated_for_another() {
    for world in sharing().await {
        let (leaked, leaked_key) = proof(&world, "mail", "second").await;
        rotate(&world, "first", json!({ "acknowledge": true, "environments": [DEV] })).await.unwrap();
        let present = proof(&world, "web", "first").await;
        let now = json!({ "now": true, "environments": [DEV] });
        assert_eq!(refused(rotate(&world, "second", now).await).code, "rotation_breaks");
        let now = json!({ "now": true, "acknowledge": true, "environments": [DEV] });
        rotate(&world, "second", now).await.unwrap();
        assert_refused(&world, token(&world, &leaked).await);
        let known = Mirror::of(&world).await;
        let digest = tieline_core::secret::Digest::of(&leaked_key).to_string();
        assert!(known.api_keys().iter().all(|key| key.digest != digest), "{}", world.database);
        assert_eq!(proof(&world, "web", "first").await.0.secret.expose(), present.0.secret.expose());
        token(&world, &proof(&world, "mail", "second").await.0).await.unwrap();
    }
}

#[tokio::test]
async fn an_external_consumer_keeps_the_former_until_the_deadline() {
    for world in worlds(&["orders"]).await {
        world.component("partner", ComponentType::ExternalConsumer).await;
        orders().done(&world).await;
        let id = connect(&world, "partner", "orders", json!({ GATEWAY: "organization" })).await.id.to_string();
        rotate(&world, &id, json!({ "environments": [DEV] })).await.unwrap();
        assert_eq!(settle(&world).await, 0);
        let held = &under_way(&world, &id).await[0].held_by;
        assert_eq!((held[0].component.as_str(), &held[0].version), ("partner", &None));
        world.pass(SignedDuration::from_hours(24));
        assert_eq!(settle(&world).await, 2);
    }
}

#[tokio::test]
async fn values_that_were_rotated_are_not_rolled_back_to() {
    for (world, id) in consumer().await {
        deploy("web", uses(&[("orders", ORDERS)])).version("v1.1").done(&world).await;
        rotate(&world, &id, json!({})).await.unwrap();
        for _ in 0..2 {
            let refusal = refused(roll_back(&world, "web", None).await);
            assert_eq!(refusal.code, "values_revoked");
            assert!(refusal.message.contains("CHOREO_ORDERS_CONSUMERSECRET"), "{}", refusal.message);
            settle(&world).await;
        }
    }
}

/// `web` and `mail` with keys of their own under the project's connection `orders`.
pub(crate) async fn per_component() -> Vec<World> {
    let worlds = worlds(&["orders", "web", "mail"]).await;
    for world in &worlds {
        orders().done(world).await;
        let request = json!({
            "name": "orders", "service": ORDERS, "level": "project", "project": SHOP, GATEWAY: "organization",
            "secrets": "per-component",
        });
        let request = serde_json::from_value(request).unwrap();
        world.control.connection_create(&world.admin, ACME, request).await.unwrap();
        for component in ["web", "mail"] {
            for environment in [DEV, LIVE] {
                deploy(component, uses(&[("orders", ORDERS)])).to(environment).done(world).await;
            }
        }
    }
    worlds
}

#[tokio::test]
async fn one_component_is_rotated_or_cut_off_and_the_others_go_on() {
    for world in per_component().await {
        let ((web, web_key), (mail, mail_key)) =
            (proof(&world, "web", "orders").await, proof(&world, "mail", "orders").await);
        rotate(&world, "orders", json!({ "component": "web", "environments": [DEV] })).await.unwrap();
        assert_eq!(settle(&world).await, 2);
        assert_refused(&world, token(&world, &web).await);
        assert_eq!(proof(&world, "mail", "orders").await.1, mail_key);
        let (web, present) = proof(&world, "web", "orders").await;
        assert_ne!(present, web_key);

        let (of_web, of_mail) = (token(&world, &web).await.unwrap(), token(&world, &mail).await.unwrap());
        let request = serde_json::from_value(json!({ "component": "web" })).unwrap();
        world.control.connection_revoke(&world.admin, ACME, "orders", scope(), request).await.unwrap();
        assert_refused(&world, token(&world, &web).await);
        assert!(!active(&world, &of_web).await && active(&world, &of_mail).await, "{}", world.database);
        token(&world, &mail).await.unwrap();
        assert_eq!(Mirror::of(&world).await.api_keys().len(), 2, "mail's, in both environments");
        world.control.replans_reconcile().await.unwrap();
        assert_refused(&world, token(&world, &proof(&world, "web", "orders").await.0).await);

        deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        token(&world, &proof(&world, "web", "orders").await.0).await.unwrap();
    }
}

#[tokio::test]
async fn undeploying_or_deleting_a_component_revokes_its_own_keys() {
    for world in per_component().await {
        let (web, mail) = (proof(&world, "web", "orders").await.0, proof(&world, "mail", "orders").await.0);
        let of_mail = token(&world, &mail).await.unwrap();
        undeploy(&world, "web", DEV).await;
        assert_refused(&world, token(&world, &web).await);
        assert_eq!(Mirror::of(&world).await.api_keys().len(), 3, "production is another place");
        world.control.component_delete(&world.admin, ACME, SHOP, "mail", true).await.unwrap();
        assert_refused(&world, token(&world, &mail).await);
        assert!(!active(&world, &of_mail).await);
    }
}
