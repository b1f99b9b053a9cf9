//! Sessions of the console: one for each address, idle and longest life, and their end on every server.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tieline_control::{Actor, Control, News};
use tieline_core::model::Role;
use tieline_core::secret::Secret;
use tieline_core::wire::tenancy::ProjectCreate;

use crate::world::{ACME, World, refused};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

async fn sign_in(world: &World, actor: &Actor) -> Secret {
    let link = world.control.login_link_create(actor).await.unwrap();
    world.control.sign_in(&link.secret).await.unwrap()
}

async fn ended(control: &Control, session: &Secret) -> bool {
    match control.session_visit(session).await {
        Ok(_) => false,
        Err(error) => refused::<()>(Err(error)).code == "unauthenticated",
    }
}

#[tokio::test]
async fn an_address_is_accepted_once_and_for_ten_minutes() {
    for world in World::all().await {
        let link = world.control.login_link_create(&world.admin).await.unwrap();
        let attempt = || world.control.sign_in(&link.secret);
        let (first, second) = tokio::join!(attempt(), attempt());
        assert!(first.is_ok() != second.is_ok(), "one alone, on {}", world.database);
        let link = world.control.login_link_create(&world.admin).await.unwrap();
        world.pass(MINUTE * 10);
        let refusal = refused(world.control.sign_in(&link.secret).await);
        assert_eq!(refusal.code, "login_link_invalid", "{}", world.database);
    }
}

#[tokio::test]
async fn programs_get_no_address() {
    for world in World::all().await {
        let runner = world.actor(Role::Runner, None).await;
        assert_eq!(refused(world.control.login_link_create(&runner).await).code, "login_link_refused");
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_after_twelve_hours_in_any_case() {
    for world in World::all().await {
        let (used, idle) = (sign_in(&world, &world.admin).await, sign_in(&world, &world.admin).await);
        assert_eq!(world.control.session_visit(&used).await.unwrap().label(), world.admin.label());
        world.pass(MINUTE * 40);
        assert!(!ended(&world.control, &used).await);
        world.pass(MINUTE * 20);
        assert!(ended(&world.control, &idle).await, "an hour without a visit, on {}", world.database);
        for _ in 0..21 {
            assert!(!ended(&world.control, &used).await, "{}", world.database);
            world.pass(MINUTE * 30);
        }
        world.pass(MINUTE * 29);
        assert!(!ended(&world.control, &used).await);
        world.pass(MINUTE);
        assert!(ended(&world.control, &used).await, "after twelve hours, on {}", world.database);
        world.pass(MINUTE);
        assert_eq!(world.control.purge().await.unwrap().sessions, 2);
    }
}

#[tokio::test]
async fn who_follows_hears_of_changes_and_of_the_end_and_does_not_prolong_the_session() {
    for world in World::all().await {
        let control = Arc::new(world.another_server("http://127.0.0.1:7071").await);
        let project = async |handle: &str| {
            let request = ProjectCreate { handle: handle.to_owned() };
            control.project_create(&world.admin, ACME, request).await.unwrap();
        };
        let viewer = world.actor(Role::Viewer, None).await;
        let stranger = world.stranger("other").await;
        control.feed_follow().await.unwrap();
        let session = sign_in(&world, &viewer).await;
        let follow = async |after| control.change_stream(&session, ACME, after).await.unwrap();
        let begin = control.change_number();
        let mut stream = follow(begin).await.unwrap();
        project("mail").await;
        assert_eq!(stream.next().await.unwrap(), Some(News::Change), "{}", world.database);
        let mut late = follow(begin).await.unwrap();
        assert_eq!(late.next().await.unwrap(), Some(News::Change), "what happened before it came");

        // What happens elsewhere is nobody's business here: the next that it hears is the end.
        let request = ProjectCreate { handle: "secret".to_owned() };
        control.project_create(&stranger, "other", request).await.unwrap();
        let heard = tokio::time::timeout(Duration::from_millis(600), stream.next()).await;
        assert!(heard.is_err(), "{heard:?}");
        control.sign_out(&session).await.unwrap();
        assert_eq!(stream.next().await.unwrap(), None, "{}", world.database);
        let gone = control.change_stream(&session, ACME, 0).await.err();
        assert_eq!(refused::<()>(Err(gone.unwrap())).code, "unauthenticated");

        let session = sign_in(&world, &viewer).await;
        world.pass(MINUTE * 40);
        control.session_watch(&session).await.unwrap();
        let mut all = Vec::new();
        while let Some(stream) = control.change_stream(&session, ACME, 0).await.unwrap() {
            all.push(stream);
            assert!(all.len() < 100, "there is an end");
        }
        let another = sign_in(&world, &viewer).await;
        assert!(control.change_stream(&another, ACME, 0).await.unwrap().is_none(), "of one owner, not of one session");
        all.pop();
        assert!(control.change_stream(&session, ACME, 0).await.unwrap().is_some(), "one went");
        world.pass(MINUTE * 20);
        assert!(ended(&control, &session).await, "nobody visited for an hour, on {}", world.database);
        let session = sign_in(&world, &stranger).await;
        let hidden = control.change_stream(&session, ACME, 0).await.err();
        assert_eq!(refused::<()>(Err(hidden.unwrap())).code, "organization_not_found");
    }
}

#[tokio::test]
async fn signing_out_and_revoking_the_token_end_a_session_on_every_server() {
    for world in World::all().await {
        let other = world.another_server("http://127.0.0.1:7071").await;
        let session = sign_in(&world, &world.admin).await;
        assert!(!ended(&other, &session).await);
        world.control.sign_out(&session).await.unwrap();
        world.control.sign_out(&session).await.unwrap();
        other.feed_follow().await.unwrap();
        assert!(ended(&world.control, &session).await && ended(&other, &session).await, "{}", world.database);

        let viewer = world.actor(Role::Viewer, None).await;
        let session = sign_in(&world, &viewer).await;
        assert!(!ended(&other, &session).await);
        let id = viewer.token_id().unwrap().to_string();
        world.control.token_revoke(&world.admin, ACME, &id).await.unwrap();
        other.feed_follow().await.unwrap();
        assert!(ended(&world.control, &session).await && ended(&other, &session).await, "{}", world.database);
    }
}
