//! The keys that sign tokens: who takes over from whom, and when.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tieline_control::oauth::Asker;
use tieline_core::model::Role;
use tieline_core::wire::oauth::SigningKeyRotate;

use super::{connect, issue, orders};
use crate::world::{World, refused};

/// The names of the published keys, sorted.
async fn published(world: &World) -> Vec<String> {
    let set: Value = serde_json::from_str(&world.control.signing_key_list().await.unwrap()).unwrap();
    let mut kids: Vec<_> =
        set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect();
    kids.sort();
    kids
}

fn kid(token: &str) -> String {
    use base64::Engine as _;
    let header = token.split('.').next().unwrap();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!("ES256")));
    header["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_is_published_before_it_signs_and_until_its_last_token_expired() {
    for world in World::all().await {
        orders(&world).await;
        let client = connect(&world, "shared", "development", json!({ "level": "project" })).await;
        let asker = Asker::Client(client.clone());
        let active = async |token: &str| world.control.access_token_introspect(&asker, token).await.unwrap().active;
        let first = published(&world).await;
        let keys = world.control.signing_key_rotate(&world.admin, SigningKeyRotate::default()).await.unwrap();
        assert_eq!(keys.len(), 2);
        assert_eq!(published(&world).await.len(), 2);
        assert_eq!(kid(&issue(&world, &client).await), first[0], "{}: it does not sign yet", world.database);
        world.pass(SignedDuration::from_mins(10) - SignedDuration::from_secs(1));
        let last = issue(&world, &client).await;
        assert_eq!(kid(&last), first[0]);
        world.pass(SignedDuration::from_secs(1));
        assert_eq!(kid(&issue(&world, &client).await), keys[1].kid);
        assert!(active(&last).await, "the former key is known as long as its tokens live");

        world.control.signing_key_reconcile().await.unwrap();
        assert_eq!(published(&world).await.len(), 2);
        world.pass(SignedDuration::from_hours(24) + SignedDuration::from_mins(1));
        world.control.signing_key_reconcile().await.unwrap();
        assert_eq!(published(&world).await, [keys[1].kid.clone()]);
    }
}

#[tokio::test]
async fn at_once_means_that_no_former_token_counts() {
    for world in World::all().await {
        orders(&world).await;
        let client = connect(&world, "shared", "development", json!({ "level": "project" })).await;
        let asker = Asker::Client(client.clone());
        let token = issue(&world, &client).await;
        // One that waits for its time goes with the others.
        world.control.signing_key_rotate(&world.admin, SigningKeyRotate::default()).await.unwrap();
        let keys = world.control.signing_key_rotate(&world.admin, SigningKeyRotate { now: true }).await.unwrap();
        assert_eq!(published(&world).await, [keys[0].kid.clone()]);
        assert!(!world.control.access_token_introspect(&asker, &token).await.unwrap().active, "{}", world.database);
        let token = issue(&world, &client).await;
        assert_eq!(kid(&token), keys[0].kid);
        assert!(world.control.access_token_introspect(&asker, &token).await.unwrap().active);
    }
}

#[tokio::test]
async fn a_key_that_waits_for_its_time_is_replaced() {
    for world in World::all().await {
        let first = published(&world).await;
        let rotate =
            async || world.control.signing_key_rotate(&world.admin, SigningKeyRotate::default()).await.unwrap();
        let (one, two) = (rotate().await, rotate().await);
        assert_eq!((one.len(), two.len()), (2, 2), "{}", world.database);
        assert!(two.iter().any(|key| key.kid == first[0]) && two[1].kid != one[1].kid);
    }
}

#[tokio::test]
async fn a_key_that_is_old_is_replaced_by_itself() {
    for world in World::all().await {
        for (days, expect) in [(89, 1), (1, 2), (1, 1)] {
            world.pass(SignedDuration::from_hours(days * 24) + SignedDuration::from_mins(11));
            world.control.signing_key_reconcile().await.unwrap();
            world.control.signing_key_begin().await.unwrap();
            assert_eq!(published(&world).await.len(), expect, "{}", world.database);
        }
        let developer = world.actor(Role::OrganizationAdmin, None).await;
        let refusal = world.control.signing_key_rotate(&developer, SigningKeyRotate::default()).await;
        assert_eq!(refused(refusal).code, "forbidden");
    }
}
