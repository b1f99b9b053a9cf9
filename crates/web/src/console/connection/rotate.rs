//! Rotating the keys of a connection: whom it touches is said before.

use askama::Template;
use axum::extract::State;
use tieline_control::Refusal;
use tieline_core::wire::rotation::ConnectionRotate;

use super::super::fault::{PageResult, again, refused};
use super::super::form::Form;
use super::super::frame::Frame;
use super::super::page;
use super::super::place::Place;
use super::super::visitor::Visitor;
use super::{Base, Named};
use crate::App;

/// The deadline that stands for none: the former keys are revoked at once.
const NOW: &str = "now";

/// The deadlines that are offered: seconds, and what they say.
const DEADLINES: [(&str, &str); 5] = [
    ("3600", "1 hour"),
    ("86400", "24 hours"),
    ("604800", "7 days"),
    ("2592000", "30 days"),
    (NOW, "None: revoke the former keys at once"),
];

#[derive(Template)]
#[template(path = "console/connection_rotate.html")]
struct RotatePage {
    frame: Frame,
    base: Base,
    /// The environments that are ticked.
    ticked: Vec<String>,
    deadline: String,
    refusal: Option<Refusal>,
    /// What is wrong with the choice of environments.
    none: Option<&'static str>,
}

impl RotatePage {
    /// Whether the refusal ends with an acknowledgement of those whom it names.
    fn acknowledgeable(&self) -> bool {
        let named = |refusal: &Refusal| matches!(refusal.code, "rotation_touches_others" | "rotation_breaks");
        self.refusal.as_ref().is_some_and(named)
    }
}

pub(super) async fn rotate(State(app): State<App>, visitor: Visitor, place: Place, named: Named) -> PageResult {
    let (frame, base) = Base::of(&app, &visitor, place, &named, Some("Rotate")).await?;
    let ticked = base.environments.iter().map(|environment| environment.handle.clone()).collect();
    page(&RotatePage { frame, base, ticked, deadline: DEADLINES[1].0.to_owned(), refusal: None, none: None })
}

pub(super) async fn connection_rotate(
    State(app): State<App>,
    place: Place,
    named: Named,
    Form { visitor, fields }: Form,
) -> PageResult {
    let (frame, base) = Base::of(&app, &visitor, place, &named, Some("Rotate")).await?;
    let ticked: Vec<_> = fields.all("environment").map(str::to_owned).collect();
    let deadline = fields.text("deadline").to_owned();
    let mut shown = RotatePage { frame, base, ticked, deadline, refusal: None, none: None };
    // To the use case an empty list means every environment.
    if shown.ticked.is_empty() {
        shown.none = Some("Choose one environment at least.");
        return again(page(&shown));
    }
    let request = ConnectionRotate {
        environments: shown.ticked.clone(),
        component: None,
        deadline: shown.deadline.parse().ok(),
        now: shown.deadline == NOW,
        acknowledge: fields.ticked("acknowledge"),
    };
    let (organization, scope) = (&shown.base.place.organization, shown.base.place.scope());
    let done = app.control.connection_rotate(&visitor.actor, organization, &named.0, scope, request).await;
    match refused(done)? {
        Ok(done) => {
            let places: Vec<_> = done.environments.keys().map(String::as_str).collect();
            let done = format!("Rotated the keys of {} in {}.", done.name, places.join(", "));
            Ok(visitor.redirect(&app, &shown.base.path(""), &done))
        }
        Err(refusal) => {
            shown.refusal = Some(refusal);
            again(page(&shown))
        }
    }
}
