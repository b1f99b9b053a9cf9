//! Setting, showing and removing a provider, and following its keys.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tieline_core::identity_provider::Fault;
use tieline_core::model::Role;
use tieline_core::route_table::{Entry, IssuerEntry};

use super::fake::ISSUER;
use super::{request, set};
use crate::deployment::build::{connect, orders, worlds};
use crate::table::mirror::Mirror;
use crate::world::{ACME, World, refused};

/// The issuer beside Tieline's own that gateways accept.
async fn accepted(world: &World) -> Option<IssuerEntry> {
    let mirror = Mirror::of(world).await;
    mirror.entries.values().find_map(|entry| match entry {
        Entry::Issuer(issuer) if issuer.organization.is_some() => Some(issuer.clone()),
        _ => None,
    })
}

fn kids(issuer: &IssuerEntry) -> Vec<&str> {
    issuer.keys.iter().map(|key| key["kid"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_is_found_is_shown_and_accepted_by_gateways() {
    for world in World::all().await {
        let (control, admin) = (&world.control, &world.admin);
        assert_eq!(refused(control.identity_provider_view(admin, ACME).await).code, "identity_provider_not_found");
        assert_eq!(refused(control.identity_provider_remove(admin, ACME).await).code, "identity_provider_not_found");
        assert_eq!(accepted(&world).await, None);
        let found = set(&world).await;
        assert_eq!((found.issuer.as_str(), found.audience.as_deref()), (ISSUER, None));
        assert_eq!(found.token_endpoint, format!("{ISSUER}/token"));
        assert_eq!((found.client_authentication.as_str(), found.registration_token), ("client_secret_basic", true));
        assert_eq!((found.algorithms.as_slice(), found.keys.len()), (&["ES256".to_owned()][..], 1));
        let viewer = world.actor(Role::Viewer, None).await;
        assert_eq!(control.identity_provider_view(&viewer, ACME).await.unwrap(), found);
        let denied = control.identity_provider_set(&viewer, ACME, request(&json!({}))).await;
        assert_eq!(refused(denied).code, "forbidden");

        let issuer = accepted(&world).await.unwrap();
        assert_eq!((issuer.issuer.as_str(), issuer.organization.as_deref()), (ISSUER, Some(ACME)));
        assert_eq!((issuer.audience.as_deref(), kids(&issuer)), (None, vec!["first"]));

        // Set again, what is not said stays.
        let again = json!({ "registration_token": null, "audience": "gateway" });
        let again = control.identity_provider_set(admin, ACME, request(&again)).await.unwrap();
        assert_eq!((again.registration_token, again.audience.as_deref()), (true, Some("gateway")));
        let again = json!({ "registration_token": "" });
        let again = control.identity_provider_set(admin, ACME, request(&again)).await.unwrap();
        assert_eq!((again.registration_token, again.audience.as_deref()), (false, Some("gateway")));
        assert_eq!(accepted(&world).await.unwrap().audience.as_deref(), Some("gateway"));

        control.identity_provider_remove(admin, ACME).await.unwrap();
        assert_eq!(accepted(&world).await, None);
        let audited = world.audited().await;
        for action in ["identity_provider_set", "identity_provider_remove"] {
            assert!(audited.iter().any(|found| found == action), "{audited:?}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_with_its_reason() {
    let world = World::sqlite().await;
    let refusal = async |more: Value| {
        let asked = world.provider.state().asked;
        let refusal = refused(world.control.identity_provider_set(&world.admin, ACME, request(&more)).await);
        (refusal.code, refusal.message, world.provider.state().asked - asked)
    };
    for (more, code) in [
        (json!({ "issuer": "http://id.example/acme" }), "issuer_invalid"),
        (json!({ "issuer": "https://id.example/acme?x" }), "issuer_invalid"),
        (json!({ "issuer": "http://127.0.0.1:7070" }), "issuer_invalid"),
        (json!({ "audience": "a\nb" }), "audience_invalid"),
        (json!({ "registration_token": "canary\n" }), "registration_token_invalid"),
    ] {
        let (found, message, asked) = refusal(more.clone()).await;
        assert_eq!((found, asked), (code, 0), "{more}: {message}");
        assert!(!message.contains("canary"), "{message}");
    }
    assert_eq!(refusal(json!({ "issuer": "https://id.example" })).await.0, "identity_provider_unreachable");
    type Change = fn(&mut super::fake::State);
    let changes: [(Change, &str, &str); 6] = [
        (|state| state.metadata["issuer"] = json!("https://id.example/acme/"), "issuer_differs", "acme/"),
        (
            |state| {
                state.metadata["registration_endpoint"] = Value::Null;
                state.metadata["jwks_uri"] = Value::Null;
            },
            "identity_provider_incomplete",
            "registration_endpoint (where applications are registered, RFC 7591; many providers must be told to); jwks_uri",
        ),
        (|state| state.keys = json!({ "keys": [] }), "identity_provider_incomplete", "ES256, EdDSA or RS256"),
        (|state| state.metadata["jwks_uri"] = json!("https://id.example/keys"), "identity_provider_unreachable", "404"),
        (
            |state| state.fault = Some(Fault::Away("it cannot be reached".to_owned())),
            "identity_provider_unreachable",
            "cannot be reached",
        ),
        (
            |state| state.fault = Some(Fault::Refused("127.0.0.1 is Tieline itself".to_owned())),
            "address_refused",
            "Tieline itself",
        ),
    ];
    for (change, code, says) in changes {
        *world.provider.state() = super::fake::State::default();
        change(&mut world.provider.state());
        let (found, message, _) = refusal(json!({})).await;
        assert_eq!(found, code, "{message}");
        assert!(message.contains(says), "{message}");
    }
    let audited = world.audited().await;
    assert!(!audited.iter().any(|action| action == "identity_provider_set"), "{audited:?}");
}

#[tokio::test]
async fn who_issues_tokens_stays_while_applications_are_registered() {
    for world in worlds(&["orders", "web"]).await {
        let (control, admin) = (&world.control, &world.admin);
        orders().done(&world).await;
        let own = connect(&world, "web", "orders", json!({ "access_mode": "organization" })).await;
        let refusal = refused(control.identity_provider_set(admin, ACME, request(&json!({}))).await);
        assert_eq!(refusal.code, "identity_provider_fixed");
        assert!(refusal.message.contains(&own.id.to_string()) && refusal.message.contains("shop/web"), "{refusal:?}");
        assert_eq!(world.provider.state().asked, 0, "nobody is asked for nothing");
        let delete = async |id: &str| control.connection_delete(admin, ACME, id, Default::default(), false, None).await;
        delete(&own.id.to_string()).await.unwrap();
        set(&world).await;
        let there = connect(&world, "web", "orders", json!({ "access_mode": "organization" })).await;
        let elsewhere = json!({ "issuer": "https://other.example" });
        let refusal = refused(control.identity_provider_set(admin, ACME, request(&elsewhere)).await);
        assert_eq!(refusal.code, "identity_provider_fixed");
        assert_eq!(refused(control.identity_provider_remove(admin, ACME).await).code, "identity_provider_fixed");
        set(&world).await;
        delete(&there.id.to_string()).await.unwrap();
        control.identity_provider_remove(admin, ACME).await.unwrap();
    }
}

#[tokio::test]
async fn keys_are_followed_and_kept_while_the_provider_is_away() {
    for world in World::all().await {
        let control = &world.control;
        set(&world).await;
        let key = |kid: &str| json!({ "kty": "EC", "crv": "P-256", "kid": kid, "x": "x", "y": "y" });
        world.provider.state().keys = json!({ "keys": [key("second")] });
        control.identity_providers_reconcile().await.unwrap();
        assert_eq!(kids(&accepted(&world).await.unwrap()), ["first"], "they are not old yet");
        world.pass(SignedDuration::from_secs(31));
        assert_eq!(control.identity_providers_reconcile().await.unwrap().done, 1);
        assert_eq!(kids(&accepted(&world).await.unwrap()), ["second"], "a key that is taken back counts no more");

        for fault in [None, Some(Fault::Away("it cannot be reached".to_owned()))] {
            world.provider.state().fault = fault.clone();
            world.provider.state().keys = json!({ "error": "no key set" });
            world.pass(SignedDuration::from_secs(31));
            assert_eq!(control.identity_providers_reconcile().await.unwrap().failed, 1);
            assert_eq!(kids(&accepted(&world).await.unwrap()), ["second"], "it keeps those that it had");
            let view = control.identity_provider_view(&world.admin, ACME).await.unwrap();
            assert_eq!((view.failure.is_some(), view.checked_at), (true, world.at()), "{view:?}");
        }
        world.provider.state().fault = None;
        world.provider.state().keys = json!({ "keys": [] });
        world.pass(SignedDuration::from_secs(31));
        control.identity_providers_reconcile().await.unwrap();
        assert_eq!(accepted(&world).await.unwrap().keys, [] as [Value; 0], "none is an answer too");
        let view = control.identity_provider_view(&world.admin, ACME).await.unwrap();
        assert_eq!(view.failure, None);
    }
}
