//! The accounts of the installation, for its administrators: who there is, inviting another administrator, and taking one out of
//! use.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use tieline_control::PageQuery;
use tieline_core::model::Role;
use tieline_core::wire::user::{InstallationUserUpdate, InvitationView, MemberState, UserInvite, UserView};

use super::fault::{PageResult, again, refused};
use super::form::{Entered, Form};
use super::frame::Frame;
use super::invitation::shown;
use super::page;
use super::query::{Asked, Paged};
use super::visitor::Visitor;
use crate::App;

const PATH: &str = "/users";

/// Accounts of a page.
const ROWS: i64 = 25;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route(PATH, get(users).post(installation_user_invite))
        .route("/users/update", post(installation_user_update))
        .route("/users/reset", post(installation_user_reset))
}

#[derive(Template)]
#[template(path = "console/users.html")]
struct UsersPage {
    frame: Frame,
    users: Vec<UserView>,
    /// A link that was made.
    made: Option<InvitationView>,
    name: Entered,
    first: bool,
    next: Option<String>,
}

/// What the page shows beside its frame.
#[derive(Default)]
struct Shown {
    cursor: Option<String>,
    made: Option<InvitationView>,
    name: Entered,
}

async fn users(State(app): State<App>, visitor: Visitor, Asked(Paged { cursor }): Asked<Paged>) -> PageResult {
    show(&app, &visitor, Shown { cursor, ..Shown::default() }).await
}

/// Invites an administrator. The answer is the page itself: no address leads to the secret again.
async fn installation_user_invite(State(app): State<App>, Form { visitor, fields }: Form) -> PageResult {
    let name = fields.text("name");
    let request = UserInvite { name: name.to_owned(), role: Role::InstallationAdmin, project: None };
    match refused(app.control.installation_user_invite(&visitor.actor, request).await)? {
        Ok(link) => show(&app, &visitor, Shown { made: Some(shown(&app, link)), ..Shown::default() }).await,
        Err(refusal) => {
            let name = Entered::refused(name, refusal);
            again(show(&app, &visitor, Shown { name, ..Shown::default() }).await)
        }
    }
}

async fn installation_user_update(State(app): State<App>, Form { visitor, fields }: Form) -> PageResult {
    let name = fields.text("name");
    let (request, done) = match fields.text("change") {
        "disable" => (InstallationUserUpdate { disabled: Some(true), ..Default::default() }, "Disabled"),
        "enable" => (InstallationUserUpdate { disabled: Some(false), ..Default::default() }, "Enabled"),
        "unlink" => (InstallationUserUpdate { unlink: true, ..Default::default() }, "Unlinked"),
        _ => {
            let request = InstallationUserUpdate { installation_admin: Some(false), ..Default::default() };
            (request, "Took the role installation-admin from")
        }
    };
    app.control.installation_user_update(&visitor.actor, name, request).await?;
    Ok(visitor.redirect(&app, PATH, &format!("{done} {name}.")))
}

async fn installation_user_reset(State(app): State<App>, Form { visitor, fields }: Form) -> PageResult {
    let link = app.control.installation_user_reset(&visitor.actor, fields.text("name")).await?;
    show(&app, &visitor, Shown { made: Some(shown(&app, link)), ..Shown::default() }).await
}

async fn show(app: &App, visitor: &Visitor, Shown { cursor, made, name }: Shown) -> PageResult {
    let first = cursor.is_none();
    let query = PageQuery { cursor, limit: Some(ROWS) };
    let list = app.control.installation_user_list(&visitor.actor, &query).await?;
    let frame = Frame::home(app, visitor, "Accounts").await?;
    let next = list.next.map(|cursor| format!("{PATH}?cursor={cursor}"));
    page(&UsersPage { frame, users: list.items, made, name, first, next })
}
