//! OAuth applications: whose they are, their keys in each environment, and the connections that use them, where the keys are
//! rotated.

use askama::Template;
use axum::Router;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::routing::get;
use serde::Deserialize;
use tieline_control::PageQuery;
use tieline_core::route_table::SubscriptionState;
use tieline_core::wire::application::{ApplicationView, ClientSecretView, SecretState};
use tieline_core::wire::tenancy::EnvironmentView;

use crate::console::fault::{Fault, PageResult};
use crate::console::frame::Frame;
use crate::console::page;
use crate::console::place::{self, Level, Place, segment};
use crate::console::query::{Asked, Paged};
use crate::console::visitor::Visitor;
use crate::{ApiError, App};

/// The list, below its place.
const PAGE: &str = "settings/applications";

/// Applications of a page.
const ROWS: i64 = 25;
/// So many connections of an application, and secrets of all its clients together, its page shows.
const SHOWN: usize = 30;
/// So many secrets of a client it shows in any case: the live one, and what it replaces.
const FEWEST: usize = 3;

pub(super) fn router() -> Router<App> {
    let router = place::serve(Router::new(), &[Level::Organization], PAGE, &get(applications));
    place::serve(router, &[Level::Organization], "settings/applications/{application}", &get(application))
}

/// The address of an application's page.
pub(in crate::console) fn path(place: &Place, id: &str) -> String {
    Place::organization(&place.organization).path(&format!("{PAGE}/{}", segment(id)))
}

/// Where an application belongs: its connections are there.
fn home(application: &ApplicationView) -> Place {
    let organization = Place::organization(&application.organization);
    match (&application.project, &application.component) {
        (Some(project), Some(component)) => organization.with_project(project).with_component(component),
        (Some(project), None) => organization.with_project(project),
        (None, _) => organization,
    }
}

/// What people call an application: what it belongs to.
fn name(application: &ApplicationView) -> String {
    match (&application.connection, &application.project, &application.component) {
        (Some(connection), ..) => connection.clone(),
        (None, Some(project), Some(component)) => format!("{project}/{component}"),
        (None, project, _) => project.clone().unwrap_or_default(),
    }
}

#[derive(Template)]
#[template(path = "console/settings/applications.html")]
struct ApplicationsPage {
    frame: Frame,
    place: Place,
    /// In the order of promotion.
    environments: Vec<EnvironmentView>,
    applications: Vec<ApplicationView>,
    first: bool,
    start: String,
    next: Option<String>,
}

async fn applications(
    State(app): State<App>,
    visitor: Visitor,
    mut place: Place,
    Asked(Paged { cursor }): Asked<Paged>,
) -> PageResult {
    let frame = Frame::of(&app, &visitor, &mut place, "OAuth applications", PAGE).await?;
    let (control, actor, organization) = (&app.control, &visitor.actor, &place.organization);
    let first = cursor.is_none();
    let list = control.application_list(actor, organization, &PageQuery { cursor, limit: Some(ROWS) }).await?;
    let environments = control.environment_list(actor, organization).await?;
    let start = place.path(PAGE);
    let next = list.next.map(|cursor| format!("{start}?cursor={cursor}"));
    page(&ApplicationsPage { frame, place, environments, applications: list.items, first, start, next })
}

#[derive(Template)]
#[template(path = "console/settings/application.html")]
struct ApplicationPage {
    frame: Frame,
    /// Where its connections are.
    home: Place,
    application: ApplicationView,
    /// In the order of promotion.
    environments: Vec<EnvironmentView>,
}

impl ApplicationPage {
    /// The address of the page of one of its connections.
    fn connection(&self, id: &str) -> String {
        self.home.path(&format!("connections/{}", segment(id)))
    }

    /// So many secrets of each client are shown.
    fn secrets_shown(&self) -> usize {
        share(self.application.environments.len())
    }

    fn tone(state: &SubscriptionState) -> &'static str {
        match state {
            SubscriptionState::Live => "good",
            SubscriptionState::Pending => "wait",
            SubscriptionState::Refused | SubscriptionState::Blocked => "bad",
        }
    }

    /// What is said of a secret, in which tone, and what its time means.
    fn said(secret: &ClientSecretView) -> (&'static str, &'static str, &'static str) {
        match secret.state {
            SecretState::Live => ("good", "live", ""),
            SecretState::Retiring => ("wait", "retiring", "until "),
            SecretState::Revoked => ("plain", "revoked", "since "),
        }
    }
}

/// The application that an address names.
struct Named(String);

#[derive(Deserialize)]
struct Segment {
    application: String,
}

impl FromRequestParts<App> for Named {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Fault> {
        let found = Path::<Segment>::from_request_parts(parts, app).await;
        Ok(Self(found.map(|Path(Segment { application })| application).map_err(|_| ApiError::no_route())?))
    }
}

async fn application(State(app): State<App>, visitor: Visitor, mut place: Place, Named(named): Named) -> PageResult {
    let mut frame = Frame::of(&app, &visitor, &mut place, "OAuth application", PAGE).await?;
    let (control, actor, organization) = (&app.control, &visitor.actor, &place.organization);
    let application = control.application_view(actor, organization, &named).await?;
    let environments = control.environment_list(actor, organization).await?;
    frame.title = format!("{} · {}", name(&application), frame.title);
    let frame = frame.below(&[("OAuth applications", place.path(PAGE))]).following(&place);
    page(&ApplicationPage { frame, home: home(&application), application, environments })
}

/// So many secrets of each of some clients are shown.
fn share(clients: usize) -> usize {
    (SHOWN / clients.max(1)).max(FEWEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_all_clients_together_is_bounded() {
        for (clients, expect) in [(0, SHOWN), (1, SHOWN), (2, 15), (4, 7), (10, FEWEST), (30, FEWEST)] {
            assert_eq!(share(clients), expect, "{clients}");
        }
    }
}
