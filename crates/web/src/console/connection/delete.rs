//! Deleting a connection. While somebody uses it, its name must be typed.

use askama::Template;
use axum::extract::State;
use tieline_control::{Force, Refusal};

use super::super::fault::{PageResult, again, refused};
use super::super::form::{Entered, Form};
use super::super::frame::Frame;
use super::super::page;
use super::super::place::Place;
use super::super::visitor::Visitor;
use super::{Base, LIST, Named};
use crate::App;

#[derive(Template)]
#[template(path = "console/connection_delete.html")]
struct DeletePage {
    frame: Frame,
    base: Base,
    /// The name, typed as a confirmation.
    typed: Entered,
    revoke_now: bool,
    refusal: Option<Refusal>,
}

pub(super) async fn delete(State(app): State<App>, visitor: Visitor, place: Place, named: Named) -> PageResult {
    let (frame, base) = Base::of(&app, &visitor, place, &named, Some("Delete")).await?;
    page(&DeletePage { frame, base, typed: Entered::default(), revoke_now: false, refusal: None })
}

pub(super) async fn connection_delete(
    State(app): State<App>,
    place: Place,
    named: Named,
    Form { visitor, fields }: Form,
) -> PageResult {
    let (frame, base) = Base::of(&app, &visitor, place, &named, Some("Delete")).await?;
    let (typed, revoke_now) = (fields.text("name"), fields.ticked("revoke_now"));
    let entered = Entered { text: typed.to_owned(), wrong: None };
    let mut shown = DeletePage { frame, base, typed: entered, revoke_now, refusal: None };
    let force = match (shown.base.used() && fields.ticked("force"), revoke_now) {
        (false, _) => Force::No,
        (true, false) => Force::KeepHeld,
        (true, true) => Force::RevokeNow,
    };
    if force != Force::No && typed != shown.base.connection.name {
        let name = &shown.base.connection.name;
        shown.typed.wrong = Some(format!("this is not the name: type `{name}` to delete it although it is used"));
        return again(page(&shown));
    }
    let (organization, scope) = (&shown.base.place.organization, shown.base.place.scope());
    let expected = fields.text("revision").parse().ok();
    let deleted = app.control.connection_delete(&visitor.actor, organization, &named.0, scope, force, expected).await;
    match refused(deleted)? {
        Ok(_) => {
            let done = format!("Deleted the connection {}.", shown.base.connection.name);
            Ok(visitor.redirect(&app, &shown.base.place.path(LIST), &done))
        }
        Err(refusal) => {
            shown.refusal = Some(refusal);
            again(page(&shown))
        }
    }
}
