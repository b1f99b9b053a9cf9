//! The start page: the organizations that the visitor has a part in.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use tieline_core::wire::tenancy::OrganizationView;

use super::fault::PageResult;
use super::frame::Frame;
use super::page;
use super::place::Place;
use super::visitor::Visitor;
use crate::App;

pub(super) fn router() -> Router<App> {
    Router::new().route("/", get(home))
}

#[derive(Template)]
#[template(path = "console/home.html")]
struct HomePage {
    frame: Frame,
    organizations: Vec<OrganizationView>,
}

async fn home(State(app): State<App>, visitor: Visitor) -> PageResult {
    let organizations = app.control.organization_list(&visitor.actor).await?;
    let frame = Frame::home(&app, &visitor, "Organizations").await?;
    page(&HomePage { frame, organizations })
}
