//! The page of a connection, and what can be done with it there.

mod delete;
mod edit;
mod rotate;
mod view;

use axum::Router;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::routing::{get, post};
use serde::Deserialize;
use tieline_control::ConnectionAllowed;
use tieline_core::wire::connection::ConnectionView;
use tieline_core::wire::tenancy::EnvironmentView;

use super::fault::Fault;
use super::frame::Frame;
use super::marketplace::service_path;
use super::place::{self, Level, Place, segment};
use super::settings::applications;
use super::visitor::Visitor;
use crate::{ApiError, App};

/// The list that the pages belong to.
const LIST: &str = "connections";

const LEVELS: &[Level] = &[Level::Organization, Level::Project, Level::Component];

pub(super) fn router() -> Router<App> {
    let pages = [
        ("connections/{connection}", get(view::connection)),
        ("connections/{connection}/reveal", post(view::connection_reveal)),
        ("connections/{connection}/edit", get(edit::edit).post(edit::connection_update)),
        ("connections/{connection}/rotate", get(rotate::rotate).post(rotate::connection_rotate)),
        ("connections/{connection}/delete", get(delete::delete).post(delete::connection_delete)),
    ];
    let serve = |router, (page, handler): &(&str, _)| place::serve(router, LEVELS, page, handler);
    pages.iter().fold(Router::new(), serve)
}

/// The connection that an address names, by its id or by its name in the place.
struct Named(String);

#[derive(Deserialize)]
struct Segment {
    connection: String,
}

impl FromRequestParts<App> for Named {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Fault> {
        let found = Path::<Segment>::from_request_parts(parts, app).await;
        Ok(Self(found.map(|Path(Segment { connection })| connection).map_err(|_| ApiError::no_route())?))
    }
}

/// What every page of a connection is made of.
struct Base {
    place: Place,
    connection: ConnectionView,
    /// In the order of promotion.
    environments: Vec<EnvironmentView>,
    allowed: ConnectionAllowed,
}

impl Base {
    /// The connection as a place sees it. `title` names the page below it; none for its own.
    async fn of(
        app: &App,
        visitor: &Visitor,
        mut place: Place,
        Named(named): &Named,
        title: Option<&str>,
    ) -> Result<(Frame, Self), Fault> {
        let (control, actor) = (&app.control, &visitor.actor);
        let mut frame = Frame::of(app, visitor, &mut place, title.unwrap_or("Connection"), LIST).await?;
        let connection = control.connection_view(actor, &place.organization, named, place.scope(), false).await?;
        let allowed = control.connection_allowed(actor, &place.organization, named, place.scope()).await?;
        let environments = control.environment_list(actor, &place.organization).await?;
        frame.title = format!("{} · {}", connection.name, frame.title);
        frame = frame.below(&[("Connections", place.path(LIST))]);
        if title.is_some() {
            frame = frame.below(&[(&connection.name, address(&place, &connection, ""))]);
        }
        Ok((frame, Self { place, connection, environments, allowed }))
    }

    /// The address of a page of the connection; none for its own.
    fn path(&self, page: &str) -> String {
        address(&self.place, &self.connection, page)
    }

    /// The page of the service that it leads to.
    fn service(&self) -> String {
        service_path(&self.place, &self.connection.service)
    }

    /// The page of its OAuth application.
    fn application(&self, id: &str) -> String {
        applications::path(&self.place, id)
    }

    /// Whether anybody uses it.
    fn used(&self) -> bool {
        self.connection.consumers > 0
    }
}

/// The address of a page of a connection.
pub(super) fn address(place: &Place, connection: &ConnectionView, page: &str) -> String {
    let path = place.path(&format!("{LIST}/{}", segment(&connection.id.to_string())));
    if page.is_empty() { path } else { format!("{path}/{page}") }
}
