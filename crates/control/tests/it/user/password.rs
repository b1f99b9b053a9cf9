//! Signing in with a password: what is told, how often it may be tried, what is recorded, and what ends with the password.

use jiff::SignedDuration;
use serde_json::json;
use tieline_control::Refusal;
use tieline_core::model::Role;
use tieline_core::secret::Secret;
use tieline_core::wire::access::AuditQuery;
use tieline_core::wire::user::InstallationUserUpdate;

use super::{PASSWORD, address, ended, member, visit};
use crate::world::{ACME, World, refused};

async fn try_in(world: &World, name: &str, text: &str, from: &str) -> Result<Secret, Refusal> {
    let found = world.control.sign_in_with_password(name, &Secret::new(text), address(from)).await;
    found.map_err(|error| refused::<()>(Err(error)))
}

#[tokio::test]
async fn a_wrong_password_is_told_as_a_wrong_name_is() {
    for world in World::all().await {
        member(&world, ACME, "anna", Role::Viewer, None).await;
        member(&world, ACME, "gone", Role::Viewer, None).await;
        let update = InstallationUserUpdate { disabled: Some(true), ..Default::default() };
        world.control.installation_user_update(&world.admin, "gone", update).await.unwrap();
        super::invite(&world, &world.admin, ACME, "invited", Role::Viewer, None).await;
        let session = try_in(&world, "ANNA", PASSWORD, "192.0.2.1").await.unwrap();
        assert_eq!(visit(&world, &session).await.label(), "user:anna");
        let wrong = try_in(&world, "anna", "wrong", "192.0.2.1").await.unwrap_err();
        assert_eq!(wrong.code, "sign_in_refused");
        for (name, text) in [("nobody", PASSWORD), ("gone", PASSWORD), ("invited", PASSWORD), ("", ""), ("a\nb", "c")] {
            assert_eq!(try_in(&world, name, text, "192.0.2.1").await, Err(wrong.clone()), "{name}");
        }
        world.control.failures_record(true).await.unwrap();
        let query = AuditQuery { action: Some("sign_in".to_owned()), ..AuditQuery::default() };
        let page = world.control.installation_audit_list(&world.admin, &query).await.unwrap();
        let failed: Vec<_> = page.items.iter().filter(|entry| entry.result == "sign_in_refused").collect();
        let mut of: Vec<_> = failed.iter().map(|one| (one.object.as_str(), one.detail["times"].clone())).collect();
        of.sort_by_key(|(object, _)| *object);
        let expect = [("", json!(3)), ("anna", json!(1)), ("gone", json!(1)), ("invited", json!(1))];
        assert_eq!(of, expect, "{}", world.database);
        assert!(world.control.installation_audit_verify(&world.admin).await.unwrap().valid);
    }
}

#[tokio::test]
async fn who_tries_too_often_waits_whether_there_is_such_an_account_or_not() {
    let world = World::sqlite().await;
    member(&world, ACME, "anna", Role::Viewer, None).await;
    let mut told = Vec::new();
    for name in ["anna", "nobody"] {
        let mut codes = Vec::new();
        for _ in 0..11 {
            codes.push(try_in(&world, name, "wrong", "192.0.2.1").await.unwrap_err());
        }
        let refusal = codes.pop().unwrap();
        assert!(codes.iter().all(|one| one.code == "sign_in_refused"));
        assert_eq!(refusal.code, "sign_in_too_often");
        told.push(refusal);
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(try_in(&world, "anna", PASSWORD, "192.0.2.1").await.unwrap_err().code, "sign_in_too_often");
    assert!(try_in(&world, "anna", PASSWORD, "192.0.2.2").await.is_ok(), "the owner, from elsewhere");
    let anna = visit(&world, &try_in(&world, "anna", PASSWORD, "192.0.2.2").await.unwrap()).await;
    let (current, chosen) = (super::password(), Secret::new(PASSWORD));
    let changed = world.control.password_change(&anna, &current, &chosen, address("192.0.2.1")).await;
    assert!(changed.is_ok(), "what others tried keeps nobody who is signed in from changing theirs");
    world.pass(SignedDuration::from_mins(1));
    for _ in 0..30 {
        assert!(try_in(&world, "anna", PASSWORD, "192.0.2.1").await.is_ok(), "what was right does not count");
    }
}

#[tokio::test]
async fn another_password_ends_every_session() {
    for world in World::all().await {
        let other_server = world.another_server("http://127.0.0.1:7071").await;
        let session = member(&world, ACME, "anna", Role::Viewer, None).await;
        let other = try_in(&world, "anna", PASSWORD, "192.0.2.1").await.unwrap();
        assert!(!ended(&other_server, &other).await);
        let reset = world.control.user_reset(&world.admin, ACME, "anna").await.unwrap();
        let anna = visit(&world, &session).await;
        let change = async |current: &str, chosen: &str| {
            let (current, chosen) = (Secret::new(current), Secret::new(chosen));
            world.control.password_change(&anna, &current, &chosen, address("192.0.2.1")).await
        };
        assert_eq!(refused(change("wrong", "another good one").await).code, "password_wrong");
        assert_eq!(refused(change(PASSWORD, "short").await).code, "password_invalid");
        change(PASSWORD, "another good one").await.unwrap();
        other_server.feed_follow().await.unwrap();
        assert!(ended(&world.control, &session).await && ended(&other_server, &other).await, "{}", world.database);
        let found = world.control.invitation_view(&reset.secret, None).await;
        assert_eq!(refused(found).code, "invitation_invalid", "an address to set one is worth nothing any more");
        assert_eq!(try_in(&world, "anna", PASSWORD, "192.0.2.1").await.unwrap_err().code, "sign_in_refused");
        let kept = try_in(&world, "anna", "another good one", "192.0.2.1").await.unwrap();
        assert!(!ended(&world.control, &kept).await);
        world.control.sign_out_everywhere(&anna).await.unwrap();
        assert!(ended(&world.control, &kept).await);
        let same = super::password();
        let holder = world.control.password_change(&world.admin, &same, &same, address("::1")).await;
        assert_eq!(refused(holder).code, "password_none");
    }
}
