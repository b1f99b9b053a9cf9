//! What tokens say, whom they are for, and what is known about them.

use jiff::SignedDuration;
use serde_json::json;
use tieline_control::oauth::{Asker, ClientProof, OAuthError, OAuthRefusal, revocation_entries};
use tieline_control::{Force, Scope};
use tieline_core::model::{ComponentType, Role};
use tieline_core::route_table::RevocationEntry;
use tieline_core::wire::oauth::{AccessToken, Introspection};
use tieline_core::wire::tenancy::OrganizationUpdate;

use super::{claims, connect, issue, orders, proof, refusal};
use crate::provider;
use crate::table::mirror::Mirror;
use crate::world::{ACME, SHOP, World, refused};

#[tokio::test]
async fn a_token_says_who_asks_and_where_it_counts() {
    for world in World::all().await {
        orders(&world).await;
        let development = connect(&world, "shared", "development", json!({ "level": "project" })).await;
        let answer = world.control.access_token_issue(&development, "client_credentials", None).await.unwrap();
        let AccessToken { access_token, token_type, expires_in, scope } = answer;
        assert_eq!((token_type.as_str(), expires_in, scope.as_deref()), ("Bearer", 900, Some("read write")));
        let said = claims(&access_token);
        assert_eq!(said.iss, "http://127.0.0.1:7070");
        assert_eq!(said.aud, "http://127.0.0.1:7070/acme/development");
        assert_eq!((said.organization.as_str(), said.environment.as_str()), (ACME, "development"));
        assert_eq!((&said.sub, &said.client_id), (&development.client, &development.client));
        assert_eq!((said.iat, said.exp), (world.at().as_second(), world.at().as_second() + 900));
        assert_eq!((said.scope.as_deref(), said.component), (Some("read write"), None));
        assert_ne!(said.jti, claims(&issue(&world, &development).await).jti);
        let entry = tieline_control::oauth::issuer_entry(&mut world.store.read().await.unwrap(), &said.iss).await;
        assert_eq!(entry.unwrap().keys.len(), 1);
    }
}

#[tokio::test]
async fn a_component_with_a_secret_of_its_own_is_named() {
    for world in World::all().await {
        orders(&world).await;
        provider::component(&world, SHOP, "site", ComponentType::Service).await;
        let more = json!({ "level": "component", "component": "site", "secrets": "per-component" });
        let said = claims(&issue(&world, &connect(&world, "own", "development", more).await).await);
        let organization = world.organization().await;
        let mut transaction = world.store.read().await.unwrap();
        let project = transaction.project_by_handle(organization, SHOP).await.unwrap().unwrap();
        let site = transaction.component_by_handle(project.id, "site").await.unwrap().unwrap();
        assert_eq!(said.component, Some(site.id), "{}", world.database);
        assert_eq!(transaction.client_secrets(&said.client_id).await.unwrap()[0].id, said.secret);
    }
}

#[tokio::test]
async fn scopes_are_those_that_the_services_declare() {
    for world in World::all().await {
        orders(&world).await;
        let client = connect(&world, "shared", "development", json!({ "level": "project" })).await;
        for (asked, expect) in [
            (Some("write"), Ok(Some("write"))),
            (Some("write  read write"), Ok(Some("read write"))),
            (None, Ok(Some("read write"))),
            (Some(" "), Ok(None)),
            (Some("read admin"), Err(OAuthRefusal::InvalidScope)),
            (Some("READ"), Err(OAuthRefusal::InvalidScope)),
        ] {
            let answer = world.control.access_token_issue(&client, "client_credentials", asked).await;
            match expect {
                Ok(scope) => assert_eq!(answer.unwrap().scope.as_deref(), scope, "{asked:?}"),
                Err(expect) => assert_eq!(refusal(answer), expect, "{asked:?}"),
            }
        }
        let other = world.control.access_token_issue(&client, "password", None).await;
        assert_eq!(refusal(other), OAuthRefusal::UnsupportedGrantType);
    }
}

#[tokio::test]
async fn an_organization_says_how_long_tokens_live() {
    for world in World::all().await {
        orders(&world).await;
        let client = connect(&world, "shared", "development", json!({ "level": "project" })).await;
        let update = async |seconds| {
            let request = OrganizationUpdate { token_lifetime_seconds: Some(seconds), ..OrganizationUpdate::default() };
            world.control.organization_update(&world.admin, ACME, request, None).await
        };
        for seconds in [60, 86_400] {
            assert_eq!(update(seconds).await.unwrap().token_lifetime_seconds, seconds);
            let said = claims(&issue(&world, &client).await);
            assert_eq!(said.exp - said.iat, seconds, "{}", world.database);
        }
        for seconds in [59, 86_401, -1] {
            assert_eq!(refused(update(seconds).await).code, "token_lifetime_invalid");
        }
    }
}

#[tokio::test]
async fn a_token_counts_until_it_expires_or_is_revoked() {
    for world in World::all().await {
        orders(&world).await;
        let client = connect(&world, "shared", "development", json!({ "level": "project" })).await;
        let other = connect(&world, "other", "production", json!({ "level": "project" })).await;
        let asker = Asker::Client(other.clone());
        let ask = async |token: &str| world.control.access_token_introspect(&asker, token).await.unwrap();
        let (first, second) = (issue(&world, &client).await, issue(&world, &client).await);
        let told = ask(&first).await;
        assert_eq!((told.active, told.claims), (true, Some(claims(&first))));
        for none in ["", "x", "a.b.c", &first[..first.len() - 2]] {
            assert_eq!(ask(none).await, Introspection::default(), "{none}");
        }

        let foreign = world.control.access_token_revoke(&other, &first).await;
        assert_eq!(refusal(foreign), OAuthRefusal::UnauthorizedClient);
        for _ in 0..2 {
            world.control.access_token_revoke(&client, &first).await.unwrap();
        }
        world.control.access_token_revoke(&client, "unknown").await.unwrap();
        assert!(!ask(&first).await.active && ask(&second).await.active, "{}", world.database);
        let audited = world.audited().await;
        assert_eq!(audited.iter().filter(|action| *action == "access_token_revoke").count(), 1);
        let revoked = claims(&first);
        let expect = [RevocationEntry { id: revoked.jti, until: revoked.exp }];
        let organization = world.organization().await;
        let entries = async || {
            let mut transaction = world.store.read().await.unwrap();
            revocation_entries(&mut transaction, organization, world.at()).await.unwrap()
        };
        assert_eq!(entries().await, expect);

        world.pass(SignedDuration::from_secs(900));
        assert!(!ask(&second).await.active);
        assert_eq!(entries().await, []);
        assert_eq!(world.control.purge().await.unwrap().revocations, 1);
    }
}

#[tokio::test]
async fn a_client_revokes_so_many_tokens_at_a_time() {
    let world = World::sqlite().await;
    orders(&world).await;
    let client = connect(&world, "shared", "development", json!({ "level": "project" })).await;
    let other = connect(&world, "other", "development", json!({ "own_application": true, "level": "project" })).await;
    let revoke = async |client: &ClientProof| {
        let token = issue(&world, client).await;
        (world.control.access_token_revoke(client, &token).await, token)
    };
    let last = revoke(&client).await.1;
    for _ in 1..300 {
        revoke(&client).await.0.unwrap();
    }
    let (answer, kept) = revoke(&client).await;
    let Err(OAuthError::Busy { after, .. }) = answer else { panic!("{answer:?}") };
    assert!(!after.is_zero() && after.as_secs() <= 2, "{after:?}");
    let asker = Asker::Actor(world.admin.clone());
    assert!(world.control.access_token_introspect(&asker, &kept).await.unwrap().active, "it was not revoked");
    world.control.access_token_revoke(&client, &last).await.unwrap();
    revoke(&other).await.0.unwrap();
    world.pass(SignedDuration::from_secs(2));
    for _ in 0..2 {
        revoke(&client).await.0.unwrap();
    }
    assert!(revoke(&client).await.0.is_err(), "one more each second");
    let revoked = world.audited().await.into_iter().filter(|action| action == "access_token_revoke");
    assert_eq!(revoked.count(), 303);
}

#[tokio::test]
async fn who_is_not_of_the_organization_is_told_nothing() {
    for world in World::all().await {
        orders(&world).await;
        let client = connect(&world, "shared", "development", json!({ "level": "project" })).await;
        let token = issue(&world, &client).await;
        let (viewer, stranger) = (world.actor(Role::Viewer, None).await, world.stranger("other").await);
        for (actor, active) in [(world.admin.clone(), true), (viewer, true), (stranger, false)] {
            let label = actor.label().to_owned();
            let told = world.control.access_token_introspect(&Asker::Actor(actor), &token).await.unwrap();
            assert_eq!(told.active, active, "{label}");
        }
        let unknown = Asker::Client(proof(&client.client, "wrong"));
        let told = world.control.access_token_introspect(&unknown, &token).await;
        assert_eq!(refusal(told), OAuthRefusal::InvalidClient);
    }
}

#[tokio::test]
async fn the_tokens_of_an_application_end_with_its_last_connection() {
    for world in World::all().await {
        orders(&world).await;
        let client = connect(&world, "first", "development", json!({ "level": "project" })).await;
        let same = connect(&world, "second", "development", json!({ "level": "project" })).await;
        assert_eq!(same.client, client.client, "a project's connections share one");
        let token = issue(&world, &client).await;
        let asker = Asker::Actor(world.admin.clone());
        let scope = Scope { project: Some(SHOP), component: None };
        for (name, active) in [("first", true), ("second", false)] {
            let force = Force::RevokeNow;
            world.control.connection_delete(&world.admin, ACME, name, scope, force, None).await.unwrap();
            let told = world.control.access_token_introspect(&asker, &token).await.unwrap();
            assert_eq!(told.active, active, "{name} on {}", world.database);
            let mirror = Mirror::of(&world).await;
            assert_eq!((mirror.subscriptions().len(), mirror.api_keys().len()), (0, 0), "nothing is opened by it");
        }
        assert_eq!(
            refusal(world.control.access_token_issue(&client, "client_credentials", None).await),
            OAuthRefusal::InvalidClient
        );
        let again = connect(&world, "first", "development", json!({ "level": "project" })).await;
        assert_ne!(again.client, client.client, "what comes after is nobody's whom the token names");
    }
}
