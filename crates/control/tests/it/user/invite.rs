//! Inviting: who may, what an address is worth and for how long.

use jiff::SignedDuration;
use tieline_control::{PageQuery, Step};
use tieline_core::model::Role;
use tieline_core::secret::Secret;
use tieline_core::wire::tenancy::ProjectCreate;
use tieline_core::wire::user::{InstallationUserUpdate, MemberState, UserUpdate};

use super::{asked, ended, invite, join, member, password, visit};
use crate::world::{ACME, SHOP, World, refused};

const DAY: SignedDuration = SignedDuration::from_hours(24);

#[tokio::test]
async fn a_role_counts_once_it_is_accepted() {
    for world in World::all().await {
        let link = invite(&world, &world.admin, ACME, "Anna@Example.com", Role::Developer, Some(SHOP)).await;
        let states = async || {
            let list = world.control.user_list(&world.admin, ACME, &PageQuery::default()).await.unwrap().items;
            list.into_iter().map(|one| (one.name, one.role, one.project, one.state)).collect::<Vec<_>>()
        };
        let anna = |state| vec![("anna@example.com".to_owned(), Role::Developer, Some(SHOP.to_owned()), state)];
        assert_eq!(states().await, anna(MemberState::Invited), "{}", world.database);
        let shown = world.control.invitation_view(&link.secret, None).await.unwrap();
        assert_eq!((shown.name.as_str(), shown.organization.as_deref()), ("anna@example.com", Some(ACME)));
        assert_eq!((shown.role, shown.project.as_deref()), (Some(Role::Developer), Some(SHOP)));
        assert_eq!(shown.step, Step::Password);
        let accept = |text: &'static str| {
            let (control, secret) = (&world.control, &link.secret);
            async move { control.invitation_accept(secret, None, Some(&Secret::new(text))).await }
        };
        for text in ["too short", "anna@example.com", "aaaaaaaaaaaaaaaa"] {
            assert_eq!(refused(accept(text).await).code, "password_invalid");
        }
        let (one, other) = tokio::join!(accept("correct horse one"), accept("correct horse two"));
        assert!(one.is_ok() != other.is_ok(), "one alone, on {}", world.database);
        let session = one.or(other).unwrap().unwrap();
        assert_eq!(states().await, anna(MemberState::Active));
        assert_eq!(refused(accept("correct horse three").await).code, "invitation_invalid", "it is used up");
        let actor = visit(&world, &session).await;
        assert_eq!(actor.label(), "user:anna@example.com");
        assert_eq!(world.control.project_list(&actor, ACME).await.unwrap().len(), 1);
        let refusal = refused(world.control.user_list(&actor, ACME, &PageQuery::default()).await);
        assert_eq!(refusal.code, "forbidden");
        let audited = world.audited().await;
        assert!(audited.ends_with(&["user_invite".to_owned(), "invitation_accept".to_owned()]), "{audited:?}");
    }
}

#[tokio::test]
async fn nobody_hands_out_more_than_they_have() {
    for world in World::all().await {
        let request = ProjectCreate { handle: "mail".to_owned() };
        world.control.project_create(&world.admin, ACME, request).await.unwrap();
        let stranger = world.stranger("other").await;
        let project_admin = world.actor(Role::ProjectAdmin, Some(SHOP)).await;
        let developer = world.actor(Role::Developer, None).await;
        let viewer = Role::Viewer;
        for (actor, role, project, code) in [
            (&project_admin, viewer, Some(SHOP), None),
            (&project_admin, Role::Developer, Some(SHOP), Some("member_exists")),
            (&project_admin, Role::ProjectAdmin, Some(SHOP), Some("forbidden")),
            (&project_admin, viewer, None, Some("forbidden")),
            (&project_admin, viewer, Some("mail"), Some("project_not_found")),
            (&project_admin, Role::OrganizationAdmin, None, Some("forbidden")),
            (&developer, viewer, Some(SHOP), Some("forbidden")),
            (&stranger, viewer, None, Some("organization_not_found")),
            (&world.admin, Role::OrganizationAdmin, Some(SHOP), Some("user_role_invalid")),
            (&world.admin, Role::Runner, Some(SHOP), Some("user_role_invalid")),
            (&world.admin, Role::InstallationAdmin, None, Some("user_role_invalid")),
        ] {
            let found = world.control.user_invite(actor, ACME, asked("anna", role, project)).await;
            match (found, code) {
                (Ok(link), None) => _ = join(&world, &link).await,
                (Ok(_), Some(code)) => panic!("{role} {project:?}: expected {code}"),
                (found, _) => assert_eq!(Some(refused(found).code), code, "{role} {project:?} {}", actor.label()),
            }
        }
        let refusal = refused(world.control.user_invite(&world.admin, ACME, asked("an na", viewer, None)).await);
        assert_eq!(refusal.code, "user_name_invalid");
        // What an organization admin gave is neither seen nor changed by a project's.
        member(&world, ACME, "bert", Role::ProjectAdmin, Some(SHOP)).await;
        let seen = world.control.user_list(&project_admin, ACME, &PageQuery::default()).await.unwrap().items;
        assert_eq!(seen.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["anna"]);
        // Nor do pages tell of them, whether they would come before or after.
        member(&world, ACME, "aaron", Role::OrganizationAdmin, None).await;
        let first = PageQuery { limit: Some(1), ..PageQuery::default() };
        let page = world.control.user_list(&project_admin, ACME, &first).await.unwrap();
        assert_eq!((page.items[0].name.as_str(), page.items.len(), page.next), ("anna", 1, None));
        let update = |role| UserUpdate { project: Some(SHOP.to_owned()), role };
        let control = &world.control;
        for (name, role, code) in [("bert", viewer, "member_not_found"), ("anna", Role::ProjectAdmin, "forbidden")] {
            let found = control.user_update(&project_admin, ACME, name, update(role)).await;
            assert_eq!(refused(found).code, code, "{name}");
        }
        let found = control.user_remove(&project_admin, ACME, "bert", Some(SHOP)).await;
        assert_eq!(refused(found).code, "member_not_found");
        assert_eq!(refused(control.user_reset(&project_admin, ACME, "anna").await).code, "forbidden");
        let found = control.installation_user_invite(&project_admin, asked("x", Role::InstallationAdmin, None)).await;
        assert_eq!(refused(found).code, "forbidden");
        assert_eq!(refused(control.installation_user_reset(&project_admin, "anna").await).code, "forbidden");
        let disable = InstallationUserUpdate { disabled: Some(true), ..Default::default() };
        assert_eq!(refused(control.installation_user_update(&stranger, "anna", disable).await).code, "forbidden");
        let found = control.installation_user_list(&stranger, &PageQuery::default()).await;
        assert_eq!(refused(found).code, "forbidden");
    }
}

#[tokio::test]
async fn an_address_is_worth_something_for_seven_days_and_until_another_takes_its_place() {
    for world in World::all().await {
        let view =
            async |link: &tieline_control::InvitationLink| world.control.invitation_view(&link.secret, None).await;
        let late = invite(&world, &world.admin, ACME, "anna", Role::Viewer, None).await;
        world.pass(DAY * 6);
        assert!(view(&late).await.is_ok());
        world.pass(DAY);
        assert_eq!(refused(view(&late).await).code, "invitation_invalid", "{}", world.database);
        let former = invite(&world, &world.admin, ACME, "anna", Role::OrganizationAdmin, None).await;
        let link = invite(&world, &world.admin, ACME, "anna", Role::Viewer, None).await;
        assert_eq!(refused(view(&former).await).code, "invitation_invalid");
        assert_eq!(view(&link).await.unwrap().role, Some(Role::Viewer));
        // An address does not come to be worth more.
        let update = UserUpdate { project: None, role: Role::OrganizationAdmin };
        let found = world.control.user_update(&world.admin, ACME, "anna", update).await;
        assert_eq!(refused(found).code, "member_invited");
        world.control.user_remove(&world.admin, ACME, "anna", None).await.unwrap();
        assert_eq!(refused(view(&link).await).code, "invitation_invalid", "withdrawn");
    }
}

#[tokio::test]
async fn somebody_with_an_account_signs_in_to_accept() {
    for world in World::all().await {
        let session = member(&world, ACME, "anna", Role::Viewer, None).await;
        let stranger = world.stranger("other").await;
        let link = invite(&world, &stranger, "other", "anna", Role::Developer, None).await;
        let step = async |visitor| world.control.invitation_view(&link.secret, visitor).await.unwrap().step;
        assert_eq!(step(None).await, Step::SignIn);
        let chosen = password();
        let accept = async |visitor, text| world.control.invitation_accept(&link.secret, visitor, text).await;
        let other = visit(&world, &member(&world, ACME, "bert", Role::Viewer, None).await).await;
        for visitor in [None, Some(&other), Some(&stranger)] {
            let found = accept(visitor, Some(&chosen)).await;
            assert_eq!(refused(found).code, "invitation_sign_in_first", "{}", world.database);
        }
        let anna = visit(&world, &session).await;
        assert_eq!((step(Some(&other)).await, step(Some(&anna)).await), (Step::SignIn, Step::Accept));
        assert_eq!(world.control.organization_list(&anna).await.unwrap().len(), 1, "not before they accept");
        assert_eq!(accept(Some(&anna), None).await.unwrap(), None, "the session goes on");
        assert!(!ended(&world.control, &session).await);
        let anna = visit(&world, &session).await;
        assert_eq!(world.control.organization_list(&anna).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn an_administrator_of_the_installation_is_invited_and_makes_organizations() {
    for world in World::all().await {
        let invited = asked("root", Role::InstallationAdmin, None);
        let link = world.control.installation_user_invite(&world.admin, invited.clone()).await.unwrap();
        let session = join(&world, &link).await;
        let root = visit(&world, &session).await;
        let request = serde_json::from_str(r#"{"handle": "mine"}"#).unwrap();
        world.control.organization_create(&root, request).await.unwrap();
        let root = visit(&world, &session).await;
        let found = world.control.organization_list(&root).await.unwrap();
        assert_eq!(found.iter().map(|one| one.handle.as_str()).collect::<Vec<_>>(), ["mine"], "{}", world.database);
        let list = world.control.installation_user_list(&root, &PageQuery::default()).await.unwrap().items;
        assert_eq!(
            list.iter().map(|one| (one.name.as_str(), one.state)).collect::<Vec<_>>(),
            [("root", MemberState::Active)]
        );
        let found = world.control.installation_user_invite(&world.admin, invited.clone()).await;
        assert_eq!(refused(found).code, "member_exists");
        let update = InstallationUserUpdate { installation_admin: Some(false), ..Default::default() };
        world.control.installation_user_update(&world.admin, "root", update).await.unwrap();
        // It is withdrawn as well while it is not accepted yet, and by taking the account out of use.
        let disable = |disabled| InstallationUserUpdate { disabled: Some(disabled), ..Default::default() };
        for updates in [
            vec![InstallationUserUpdate { installation_admin: Some(false), ..Default::default() }],
            vec![disable(true), disable(false)],
        ] {
            let link = world.control.installation_user_invite(&world.admin, invited.clone()).await.unwrap();
            for update in updates {
                world.control.installation_user_update(&world.admin, "root", update).await.unwrap();
            }
            let found = world.control.invitation_view(&link.secret, None).await;
            assert_eq!(refused(found).code, "invitation_invalid", "{}", world.database);
        }
        let session = world.control.sign_in_with_password("root", &password(), super::address("192.0.2.1")).await;
        let session = session.unwrap();
        let root = visit(&world, &session).await;
        let found = world.control.installation_user_list(&root, &PageQuery::default()).await;
        assert_eq!(refused(found).code, "forbidden");
        let update = InstallationUserUpdate { installation_admin: Some(true), ..Default::default() };
        let found = world.control.installation_user_update(&world.admin, "root", update).await;
        assert_eq!(refused(found).code, "user_role_invalid", "it is accepted, not given");
    }
}
