//! What nobody gets by inviting, joining or setting passwords: an account that somebody else means, or rights that were not given
//! to them. And what ends with a role.

use tieline_control::{PageQuery, Step};
use tieline_core::model::Role;
use tieline_core::wire::user::{InstallationUserUpdate, UserUpdate};

use super::{ended, invite, join, member, password, visit};
use crate::world::{ACME, SHOP, World, refused};

#[tokio::test]
async fn whoever_made_an_account_of_somebodys_name_first_is_given_nothing() {
    for world in World::all().await {
        // The other organization's administrator opens the address that it made itself.
        let evil = world.stranger("evil").await;
        let held = join(&world, &invite(&world, &evil, "evil", "boss@acme.example", Role::Viewer, None).await).await;
        let link = invite(&world, &world.admin, ACME, "boss@acme.example", Role::OrganizationAdmin, None).await;
        let seen = world.control.organization_list(&visit(&world, &held).await).await.unwrap();
        assert_eq!(seen.len(), 1, "{}", world.database);
        // The boss cannot accept, and asks; nobody else has the address.
        let found = world.control.invitation_accept(&link.secret, None, Some(&password())).await;
        assert_eq!(refused(found).code, "invitation_sign_in_first");
        // What it may do in its own organization it may not do once it matters elsewhere.
        assert!(world.control.user_reset(&evil, "evil", "boss@acme.example").await.is_ok());
    }
}

#[tokio::test]
async fn an_address_accepts_what_was_offered_with_it_and_nothing_else() {
    for world in World::all().await {
        let boss = invite(&world, &world.admin, ACME, "boss", Role::OrganizationAdmin, None).await;
        let project_admin = world.actor(Role::ProjectAdmin, Some(SHOP)).await;
        let other = invite(&world, &project_admin, ACME, "boss", Role::Viewer, Some(SHOP)).await;
        let held = visit(&world, &join(&world, &other).await).await;
        let found = world.control.user_list(&held, ACME, &PageQuery::default()).await;
        assert_eq!(refused(found).code, "forbidden", "{}", world.database);
        let found = world.control.invitation_accept(&boss.secret, None, Some(&password())).await;
        assert_eq!(refused(found).code, "invitation_sign_in_first");
    }
}

#[tokio::test]
async fn no_organization_takes_over_an_account_with_rights_elsewhere() {
    for world in World::all().await {
        let control = &world.control;
        let evil = world.stranger("evil").await;
        let session = join(&world, &invite(&world, &evil, "evil", "anna", Role::Viewer, None).await).await;
        // Made while anna was a member of nothing else, kept for later.
        let kept = control.user_reset(&evil, "evil", "anna").await.unwrap();
        assert_eq!(control.invitation_view(&kept.secret, None).await.unwrap().step, Step::Password);
        let link = invite(&world, &world.admin, ACME, "anna", Role::Developer, None).await;
        control.invitation_accept(&link.secret, Some(&visit(&world, &session).await), None).await.unwrap();
        let found = control.invitation_accept(&kept.secret, None, Some(&password())).await;
        assert_eq!(refused(found).code, "invitation_invalid", "{}", world.database);
        assert_eq!(refused(control.user_reset(&evil, "evil", "anna").await).code, "user_rights_elsewhere");
        assert_eq!(refused(control.user_reset(&world.admin, ACME, "anna").await).code, "user_rights_elsewhere");
        assert_eq!(refused(control.user_reset(&world.admin, ACME, "nobody").await).code, "member_not_found");
        let root = super::asked("anna", Role::InstallationAdmin, None);
        let link = control.installation_user_invite(&world.admin, root).await.unwrap();
        control.invitation_accept(&link.secret, Some(&visit(&world, &session).await), None).await.unwrap();
        control.user_remove(&evil, "evil", "anna", None).await.unwrap();
        let found = control.user_reset(&world.admin, ACME, "anna").await;
        assert_eq!(refused(found).code, "user_rights_elsewhere", "of the installation");
        // The installation's administrators help, and whoever is signed in is not any more.
        let link = control.installation_user_reset(&world.admin, "anna").await.unwrap();
        let other = control.invitation_accept(&link.secret, None, Some(&"another good one".to_owned().into())).await;
        assert!(ended(control, &session).await && !ended(control, &other.unwrap().unwrap()).await);
    }
}

#[tokio::test]
async fn what_is_taken_away_is_gone_with_the_next_request_on_every_server() {
    for world in World::all().await {
        let control = &world.control;
        let other = world.another_server("http://127.0.0.1:7071").await;
        let session = member(&world, ACME, "anna", Role::OrganizationAdmin, None).await;
        let may = async |server: &tieline_control::Control| {
            server.feed_follow().await.unwrap();
            let actor = server.session_visit(&session).await.unwrap();
            match server.user_list(&actor, ACME, &PageQuery::default()).await {
                Ok(_) => "all",
                Err(error) => refused::<()>(Err(error)).code,
            }
        };
        assert_eq!([may(control).await, may(&other).await], ["all", "all"]);
        let update = UserUpdate { project: None, role: Role::Viewer };
        control.user_update(&world.admin, ACME, "anna", update).await.unwrap();
        assert_eq!([may(control).await, may(&other).await], ["forbidden"; 2], "{}", world.database);
        control.user_remove(&world.admin, ACME, "anna", None).await.unwrap();
        assert_eq!([may(control).await, may(&other).await], ["organization_not_found"; 2]);
        assert_eq!(refused(control.user_remove(&world.admin, ACME, "anna", None).await).code, "member_not_found");
        let update = |disabled| InstallationUserUpdate { disabled: Some(disabled), ..Default::default() };
        control.installation_user_update(&world.admin, "anna", update(true)).await.unwrap();
        other.feed_follow().await.unwrap();
        assert!(ended(control, &session).await && ended(&other, &session).await, "{}", world.database);
        control.installation_user_update(&world.admin, "anna", update(false)).await.unwrap();
        assert!(ended(control, &session).await, "it does not come back");
        let found = control.installation_user_update(&world.admin, "nobody", update(true)).await;
        assert_eq!(refused(found).code, "user_not_found");
    }
}

#[tokio::test]
async fn an_organization_keeps_an_administrator() {
    for world in World::all().await {
        let control = &world.control;
        let session = {
            let root = super::asked("root", Role::InstallationAdmin, None);
            join(&world, &control.installation_user_invite(&world.admin, root).await.unwrap()).await
        };
        let request = serde_json::from_str(r#"{"handle": "mine"}"#).unwrap();
        control.organization_create(&visit(&world, &session).await, request).await.unwrap();
        let root = visit(&world, &session).await;
        let update = UserUpdate { project: None, role: Role::Viewer };
        let invited = invite(&world, &root, "mine", "anna", Role::OrganizationAdmin, None).await;
        assert_eq!(refused(control.user_remove(&root, "mine", "root", None).await).code, "member_last");
        let found = control.user_update(&root, "mine", "root", update.clone()).await;
        assert_eq!(refused(found).code, "member_last", "{}", world.database);
        join(&world, &invited).await;
        control.user_update(&root, "mine", "root", update).await.unwrap();
        let root = visit(&world, &session).await;
        assert_eq!(refused(control.user_remove(&root, "mine", "anna", None).await).code, "member_not_found");
        control.user_remove(&root, "mine", "root", None).await.unwrap();
        // A token that administers it is enough.
        let anna = visit(&world, &member(&world, ACME, "bert", Role::OrganizationAdmin, None).await).await;
        control.user_remove(&anna, ACME, "bert", None).await.unwrap();
    }
}
