//! Members: the people who have a role here, inviting another, whose link is shown once, another role, and the end of one.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use tieline_control::{Error, Kind, PageQuery, Refusal};
use tieline_core::model::Role;
use tieline_core::wire::user::{InvitationView, MemberState, MemberView, UserInvite, UserUpdate};

use crate::App;
use crate::console::fault::{Fault, PageResult, again, refused};
use crate::console::form::{Entered, Fields, Form};
use crate::console::frame::Frame;
use crate::console::invitation::shown;
use crate::console::page;
use crate::console::place::{self, Level, Place};
use crate::console::query::{Asked, Paged};
use crate::console::visitor::Visitor;

/// The page, below its place.
const PAGE: &str = "settings/members";

/// Roles of a page: each is some 2 kB with its forms, and the page stays below 50 kB.
const ROWS: i64 = 12;

pub(super) fn router() -> Router<App> {
    let at = &[Level::Organization];
    let router = place::serve(Router::new(), at, PAGE, &get(members).post(user_invite));
    let router = place::serve(router, at, "settings/members/update", &post(user_update));
    let router = place::serve(router, at, "settings/members/remove", &post(user_remove));
    place::serve(router, at, "settings/members/reset", &post(user_reset))
}

#[derive(Template)]
#[template(path = "console/settings/members.html")]
struct MembersPage {
    frame: Frame,
    place: Place,
    members: Vec<MemberView>,
    projects: Vec<String>,
    shown: Shown,
    first: bool,
    start: String,
    next: Option<String>,
}

/// What the page shows beside its frame and list.
#[derive(Default)]
struct Shown {
    cursor: Option<String>,
    /// A link that was made.
    made: Option<InvitationView>,
    /// What was entered to invite somebody, and what is wrong with the name.
    entered: Fields,
    name: Entered,
    /// Why something else was refused.
    refusal: Option<Refusal>,
}

async fn members(
    State(app): State<App>,
    visitor: Visitor,
    place: Place,
    Asked(Paged { cursor }): Asked<Paged>,
) -> PageResult {
    show(&app, &visitor, place, Shown { cursor, ..Shown::default() }).await
}

/// Invites somebody. The answer is the page itself: no address leads to the secret again.
async fn user_invite(State(app): State<App>, place: Place, Form { visitor, fields }: Form) -> PageResult {
    let name = fields.text("name").to_owned();
    let request = UserInvite { name: name.clone(), role: role(&fields)?, project: project(&fields) };
    match here(app.control.user_invite(&visitor.actor, &place.organization, request).await)? {
        Ok(link) => show(&app, &visitor, place, Shown { made: Some(shown(&app, link)), ..Shown::default() }).await,
        Err(refusal) if refusal.code == "user_name_invalid" || refusal.code == "member_exists" => {
            let name = Entered::refused(&name, refusal);
            again(show(&app, &visitor, place, Shown { entered: fields, name, ..Shown::default() }).await)
        }
        Err(refusal) => {
            let name = Entered { text: name, wrong: None };
            let shown = Shown { entered: fields, name, refusal: Some(refusal), ..Shown::default() };
            again(show(&app, &visitor, place, shown).await)
        }
    }
}

async fn user_update(State(app): State<App>, place: Place, Form { visitor, fields }: Form) -> PageResult {
    let (name, role) = (fields.text("member"), role(&fields)?);
    let request = UserUpdate { project: project(&fields), role };
    let changed = app.control.user_update(&visitor.actor, &place.organization, name, request).await;
    done(&app, &visitor, place, changed, &format!("{name} is {role} from now on.")).await
}

async fn user_remove(State(app): State<App>, place: Place, Form { visitor, fields }: Form) -> PageResult {
    let (name, project) = (fields.text("member"), fields.optional("project"));
    let removed = app.control.user_remove(&visitor.actor, &place.organization, name, project).await;
    done(&app, &visitor, place, removed, &format!("{name} has no role there any more.")).await
}

async fn user_reset(State(app): State<App>, place: Place, Form { visitor, fields }: Form) -> PageResult {
    let made = app.control.user_reset(&visitor.actor, &place.organization, fields.text("member")).await;
    match here(made)? {
        Ok(link) => show(&app, &visitor, place, Shown { made: Some(shown(&app, link)), ..Shown::default() }).await,
        Err(refusal) => again(show(&app, &visitor, place, Shown { refusal: Some(refusal), ..Shown::default() }).await),
    }
}

/// What follows a change of a role.
async fn done(app: &App, visitor: &Visitor, place: Place, changed: Result<(), Error>, said: &str) -> PageResult {
    match here(changed)? {
        Ok(()) => Ok(visitor.redirect(app, &place.path(PAGE), said)),
        Err(refusal) => again(show(app, visitor, place, Shown { refusal: Some(refusal), ..Shown::default() }).await),
    }
}

/// What is said on this page: also that somebody may not do it, or that a place or a person that was entered is not there.
fn here<T>(result: Result<T, Error>) -> Result<Result<T, Refusal>, Fault> {
    match result {
        Err(Error::Refused(refusal)) if matches!(refusal.kind, Kind::NotFound | Kind::Forbidden) => Ok(Err(refusal)),
        other => refused(other),
    }
}

fn role(fields: &Fields) -> Result<Role, Fault> {
    fields.text("role").parse().map_err(|_| {
        Error::invalid(tieline_core::code!("body_invalid"), "there is no such role", "choose one of those offered")
            .into()
    })
}

fn project(fields: &Fields) -> Option<String> {
    fields.optional("project").map(str::to_owned)
}

async fn show(app: &App, visitor: &Visitor, mut place: Place, mut shown: Shown) -> PageResult {
    let frame = Frame::of(app, visitor, &mut place, "Members", PAGE).await?;
    let (control, actor, organization) = (&app.control, &visitor.actor, &place.organization);
    let first = shown.cursor.is_none();
    let query = PageQuery { cursor: shown.cursor.take(), limit: Some(ROWS) };
    let list = control.user_list(actor, organization, &query).await?;
    let projects = control.project_list(actor, organization).await?;
    let start = place.path(PAGE);
    page(&MembersPage {
        members: list.items,
        projects: projects.into_iter().map(|project| project.handle).collect(),
        shown,
        first,
        next: list.next.map(|cursor| format!("{start}?cursor={cursor}")),
        start,
        frame,
        place,
    })
}
