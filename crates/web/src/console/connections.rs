//! The list of connections that a place may use.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use tieline_control::PageQuery;
use tieline_core::wire::connection::ConnectionView;

use super::fault::PageResult;
use super::frame::Frame;
use super::page;
use super::place::{self, Level, Place};
use super::query::{Asked, Paged};
use super::visitor::Visitor;
use crate::App;

/// Connections of a page: what one looks through without losing the place.
const ROWS: i64 = 25;

/// The page, below its place.
const PAGE: &str = "connections";

pub(super) fn router() -> Router<App> {
    place::serve(Router::new(), &[Level::Organization, Level::Project, Level::Component], PAGE, &get(connections))
}

#[derive(Template)]
#[template(path = "console/connections.html")]
struct ConnectionsPage {
    frame: Frame,
    place: Place,
    /// The environments, in the order of promotion.
    environments: Vec<String>,
    connections: Vec<ConnectionView>,
    /// Whether the visitor may make one here.
    may_connect: bool,
    /// Whether this is the first page.
    first: bool,
    /// Where that is.
    start: String,
    /// Where the next page is.
    next: Option<String>,
}

async fn connections(
    State(app): State<App>,
    visitor: Visitor,
    mut place: Place,
    Asked(Paged { cursor }): Asked<Paged>,
) -> PageResult {
    let frame = Frame::of(&app, &visitor, &mut place, "Connections", PAGE).await?.following(&place);
    let first = cursor.is_none();
    let query = PageQuery { cursor, limit: Some(ROWS) };
    let (control, actor) = (&app.control, &visitor.actor);
    let list = control.connection_list(actor, &place.organization, place.scope(), &query).await?;
    let environments = control.environment_list(actor, &place.organization).await?;
    let environments = environments.into_iter().map(|environment| environment.handle).collect();
    let next = list.next.map(|cursor| format!("{}?cursor={cursor}", place.path(PAGE)));
    let start = place.path(PAGE);
    let (may_connect, connections) = (frame.allowed.connect, list.items);
    page(&ConnectionsPage { frame, place, environments, connections, may_connect, first, start, next })
}
