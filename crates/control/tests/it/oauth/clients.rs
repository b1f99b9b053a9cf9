//! How clients prove themselves, and what becomes of those who do not.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use tieline_control::oauth::{Asker, ClientProof, OAuthError, OAuthRefusal};
use tieline_control::{Control, Scope};
use tieline_core::id::RowId;
use tieline_core::secret::Digest;
use tieline_core::wire::access::AuditQuery;
use tieline_store::key::Key;

use super::{connect, issue, orders, proof, refusal};
use crate::world::{ACME, SHOP, World};

async fn try_issue(world: &World, proof: &ClientProof) -> Result<String, OAuthError> {
    world.control.access_token_issue(proof, "client_credentials", None).await.map(|token| token.access_token)
}

#[tokio::test]
async fn every_live_secret_is_accepted_until_its_end() {
    for world in World::all().await {
        orders(&world).await;
        let client = connect(&world, "shared", "development", json!({ "level": "project" })).await;
        issue(&world, &client).await;
        let mut transaction = world.store.write().await.unwrap();
        let first = transaction.client_secrets(&client.client).await.unwrap().remove(0);
        let second = Key {
            id: RowId(uuid::Uuid::from_u128(1)),
            digest: Digest::of("second").as_bytes().to_vec(),
            not_after: Some(world.at() + SignedDuration::from_secs(60)),
            ..first
        };
        transaction.client_secret_insert(&client.client, &second).await.unwrap();
        let at = world.at();
        transaction.change_insert("", "test", "test", at).await.unwrap();
        transaction.commit().await.unwrap();
        world.control.feed_follow().await.unwrap();
        let other = proof(&client.client, "second");
        let said = super::claims(&issue(&world, &other).await);
        assert_eq!(said.secret, second.id, "the token says which secret got it");
        issue(&world, &client).await;
        world.pass(SignedDuration::from_secs(60));
        assert_eq!(refusal(try_issue(&world, &other).await), OAuthRefusal::InvalidClient, "{}", world.database);
        issue(&world, &client).await;
    }
}

#[tokio::test]
async fn secrets_of_others_and_nobody_are_refused() {
    for world in World::all().await {
        orders(&world).await;
        let development = connect(&world, "shared", "development", json!({ "level": "project" })).await;
        let production = connect(&world, "other", "production", json!({ "level": "project" })).await;
        assert_ne!(development.client, production.client);
        let unknown = "a".repeat(28);
        for (client, secret) in [
            (development.client.as_str(), production.secret.expose()),
            (&production.client, development.secret.expose()),
            (&development.client, ""),
            (&unknown, development.secret.expose()),
            ("", ""),
            ("'; DROP TABLE oauth_client; --", "x"),
        ] {
            let refused = try_issue(&world, &proof(client, secret)).await;
            assert_eq!(refusal(refused), OAuthRefusal::InvalidClient, "{client}");
        }
    }
}

#[tokio::test]
async fn a_secret_is_gone_with_its_connection() {
    for world in World::all().await {
        orders(&world).await;
        let client =
            connect(&world, "shared", "development", json!({ "level": "organization", "project": null })).await;
        issue(&world, &client).await;
        let scope = Scope::default();
        world.control.connection_delete(&world.admin, ACME, "shared", scope, false, None).await.unwrap();
        assert_eq!(refusal(try_issue(&world, &client).await), OAuthRefusal::InvalidClient, "{}", world.database);
    }
}

#[tokio::test]
async fn failures_wait_and_are_recorded_together() {
    for world in World::all().await {
        orders(&world).await;
        let client = connect(&world, "shared", "development", json!({ "level": "project" })).await;
        let wrong = proof(&client.client, "wrong");
        let mut last = Duration::ZERO;
        for _ in 0..4 {
            match try_issue(&world, &wrong).await {
                Err(OAuthError::Refused { delay, .. }) => {
                    assert!(delay > last, "each waits longer");
                    last = delay;
                }
                other => panic!("{other:?}"),
            }
        }
        let elsewhere = ClientProof { address: "192.0.2.2".parse().unwrap(), ..wrong };
        assert_eq!(refusal(try_issue(&world, &elsewhere).await), OAuthRefusal::InvalidClient);
        issue(&world, &client).await;

        let recorded = async || {
            let query = AuditQuery { action: Some("client_authenticate".to_owned()), ..AuditQuery::default() };
            let page = world.control.audit_list(&world.admin, ACME, &query).await.unwrap();
            let mut found: Vec<_> =
                page.items.iter().map(|entry| (entry.actor.clone(), entry.detail["times"].clone())).collect();
            assert!(page.items.iter().all(|entry| entry.result == "invalid_client" && entry.object == client.client));
            found.sort_by_key(|(actor, _)| actor.clone());
            found
        };
        world.control.failures_record(false).await.unwrap();
        assert_eq!(recorded().await, [], "the minute is not over");
        world.pass(SignedDuration::from_secs(60));
        let number = *world.control.changes().borrow();
        world.control.failures_record(false).await.unwrap();
        let expect = [("address:192.0.2.1".to_owned(), json!(4)), ("address:192.0.2.2".to_owned(), json!(1))];
        assert_eq!(recorded().await, expect, "{}", world.database);
        world.control.feed_follow().await.unwrap();
        assert_eq!(*world.control.changes().borrow(), number, "what others try makes nobody forget anything");
        world.control.failures_record(true).await.unwrap();
        assert_eq!(recorded().await.len(), 2, "each failure is recorded once");
        assert!(world.control.audit_verify(&world.admin, ACME).await.unwrap().valid);
    }
}

#[tokio::test]
async fn clients_that_do_not_exist_make_one_entry_of_the_installation() {
    for world in World::all().await {
        for number in 0..5 {
            let nobody = ClientProof { address: format!("192.0.2.{number}").parse().unwrap(), ..proof("nobody", "x") };
            assert_eq!(refusal(try_issue(&world, &nobody).await), OAuthRefusal::InvalidClient);
        }
        world.control.failures_record(true).await.unwrap();
        let query = AuditQuery { action: Some("client_authenticate".to_owned()), ..AuditQuery::default() };
        let page = world.control.installation_audit_list(&world.admin, &query).await.unwrap();
        assert_eq!(page.items.len(), 1, "{}", world.database);
        assert_eq!(page.items[0].detail, json!({ "times": 5, "pairs": 5 }));
    }
}

#[tokio::test]
async fn a_secret_that_another_server_minted_a_moment_ago_is_accepted() {
    for world in World::all().await {
        if world.database == "SQLite" {
            // One server has it to itself.
            continue;
        }
        orders(&world).await;
        let old = connect(&world, "shared", "development", json!({ "level": "project" })).await;
        let there = world.another_server("http://127.0.0.1:7071").await;
        let token = async |server: &Control, proof: &ClientProof| {
            server.access_token_issue(proof, "client_credentials", None).await.map(|token| token.access_token)
        };
        token(&there, &old).await.unwrap();
        let scope = Scope { project: Some(SHOP), component: None };
        let rotate = serde_json::from_value(json!({})).unwrap();
        world.control.connection_rotate(&world.admin, ACME, "shared", scope, rotate).await.unwrap();
        let view = world.control.connection_view(&world.admin, ACME, "shared", scope, true).await.unwrap();
        let parameters = view.environments["development"].parameters.as_ref().unwrap();
        let secret = parameters.iter().find(|parameter| parameter.key == "ConsumerSecret").unwrap().value.as_ref();
        let new = proof(&old.client, secret.unwrap());
        assert_ne!(new.secret.expose(), old.secret.expose());
        // The other server does not follow the changes in this test.
        let issued = token(&there, &new).await.unwrap();
        token(&there, &old).await.unwrap();
        assert_eq!(refusal(token(&there, &proof(&old.client, "wrong")).await), OAuthRefusal::InvalidClient);

        // Nor does it know by whose secret a token was got.
        let elsewhere = world.another_server("http://127.0.0.1:7071").await;
        let told = elsewhere.access_token_introspect(&Asker::Client(new.clone()), &issued).await.unwrap();
        assert!(told.active);
    }
}
