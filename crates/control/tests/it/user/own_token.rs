//! Tokens of one's own: they act as the person, while the person may, and end with them.

use jiff::SignedDuration;
use serde_json::json;
use tieline_control::{Actor, Repeat};
use tieline_core::model::Role;
use tieline_core::secret::Secret;
use tieline_core::wire::tenancy::ProjectCreate;
use tieline_core::wire::user::{InstallationUserUpdate, OwnTokenCreate, OwnTokenView};

use super::{address, member, password, visit};
use crate::world::{ACME, SHOP, World, refused};

const DAY: i64 = 24 * 3600;

async fn made(world: &World, actor: &Actor, name: &str, days: Option<i64>) -> (OwnTokenView, Secret) {
    let expires_in_seconds = days.map(|days| days * DAY);
    let request = OwnTokenCreate { name: name.to_owned(), expires_in_seconds };
    world.control.own_token_create(actor, request).await.unwrap()
}

async fn refused_as(control: &tieline_control::Control, token: &Secret) -> &'static str {
    match control.authenticate(token).await {
        Ok(_) => "accepted",
        Err(error) => refused::<()>(Err(error)).code,
    }
}

#[tokio::test]
async fn a_token_of_ones_own_may_what_its_owner_may() {
    for world in World::all().await {
        let session = member(&world, ACME, "anna", Role::OrganizationAdmin, None).await;
        let anna = visit(&world, &session).await;
        let (view, token) = made(&world, &anna, "laptop", None).await;
        assert_eq!(view.expires_at, world.at() + SignedDuration::from_hours(90 * 24));
        let actor = world.control.authenticate(&token).await.unwrap();
        assert_eq!(actor.label(), "user:anna");
        // What is asked for under a key is done once, also by a person.
        let repeat = Repeat { key: "one".to_owned(), request: "digest".to_owned() };
        let repeating = actor.clone().repeating(repeat);
        let request = ProjectCreate { handle: "mail".to_owned() };
        world.control.project_create(&repeating, ACME, request.clone()).await.unwrap();
        let again = world.control.project_create(&repeating, ACME, request).await;
        assert_eq!(refused(again).code, "idempotency_in_progress", "{}", world.database);
        assert!(world.control.answer_kept(&actor, "one").await.unwrap().is_some());
        assert_eq!(world.control.answer_kept(&world.admin, "one").await.unwrap(), None, "others have their own keys");

        let update = serde_json::from_value(json!({ "role": "viewer" })).unwrap();
        world.control.user_update(&world.admin, ACME, "anna", update).await.unwrap();
        let actor = world.control.authenticate(&token).await.unwrap();
        let found = world.control.project_create(&actor, ACME, ProjectCreate { handle: "third".to_owned() }).await;
        assert_eq!(refused(found).code, "forbidden");
        assert_eq!(refused(world.control.login_link_create(&actor).await).code, "login_link_refused");
    }
}

#[tokio::test]
async fn it_ends_with_its_time_its_owner_and_another_password() {
    for world in World::all().await {
        let control = &world.control;
        let other = world.another_server("http://127.0.0.1:7071").await;
        let session = member(&world, ACME, "anna", Role::Viewer, Some(SHOP)).await;
        let anna = visit(&world, &session).await;
        let (_, revoked) = made(&world, &anna, "revoked", None).await;
        let (_, short) = made(&world, &anna, "short", Some(1)).await;
        let (_, disabled) = made(&world, &anna, "disabled", None).await;
        for server in [control, &other] {
            assert_eq!(refused_as(server, &revoked).await, "accepted");
        }
        let request = OwnTokenCreate { name: "Revoked".to_owned(), expires_in_seconds: None };
        assert_eq!(refused(control.own_token_create(&anna, request.clone()).await).code, "token_exists");
        let bert = visit(&world, &member(&world, ACME, "bert", Role::Viewer, None).await).await;
        assert_eq!(refused(control.own_token_revoke(&bert, "revoked").await).code, "token_not_found", "another's");
        assert_eq!(control.own_token_list(&bert).await.unwrap(), []);
        control.own_token_revoke(&anna, "revoked").await.unwrap();
        other.feed_follow().await.unwrap();
        for server in [control, &other] {
            assert_eq!(refused_as(server, &revoked).await, "unauthenticated", "{}", world.database);
        }
        // With one that ends soon none is made that ends later.
        let holder = control.authenticate(&short).await.unwrap();
        let (view, _) = made(&world, &holder, "longer", Some(30)).await;
        assert_eq!(view.expires_at, world.at() + SignedDuration::from_hours(24));
        world.pass(SignedDuration::from_hours(24));
        assert_eq!(refused_as(control, &short).await, "unauthenticated");
        let anna = control.authenticate(&disabled).await.unwrap();
        let own = control.own_token_list(&anna).await.unwrap();
        assert_eq!(own.iter().map(|token| token.name.as_str()).collect::<Vec<_>>(), ["disabled"]);

        let reset = control.user_reset(&world.admin, ACME, "anna").await.unwrap();
        let update = |disabled| InstallationUserUpdate { disabled: Some(disabled), ..Default::default() };
        control.installation_user_update(&world.admin, "anna", update(true)).await.unwrap();
        assert_eq!(refused_as(control, &disabled).await, "unauthenticated");
        control.installation_user_update(&world.admin, "anna", update(false)).await.unwrap();
        assert_eq!(refused_as(control, &disabled).await, "unauthenticated", "it does not come back");
        let found = control.invitation_view(&reset.secret, None).await;
        assert_eq!(refused(found).code, "invitation_invalid", "nor does an address to set a password");
        let (_, last) = made(&world, &anna, "last", Some(366)).await;
        let long = OwnTokenCreate { name: "long".to_owned(), expires_in_seconds: Some(366 * DAY + 1) };
        assert_eq!(refused(control.own_token_create(&anna, long).await).code, "token_scope_invalid");
        let chosen = Secret::new("another good one");
        control.password_change(&anna, &password(), &chosen, address("192.0.2.1")).await.unwrap();
        assert_eq!(refused_as(control, &last).await, "unauthenticated");
        assert_eq!(refused(control.own_token_create(&world.admin, request).await).code, "own_token_refused");
    }
}
