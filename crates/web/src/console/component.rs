//! The overview of a component: where it runs, and what to do next.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use tieline_core::wire::plan::DeploymentView;
use tieline_core::wire::tenancy::ComponentView;

use super::fault::PageResult;
use super::frame::Frame;
use super::page;
use super::place::{self, Level, Place};
use super::visitor::Visitor;
use crate::App;

pub(super) fn router() -> Router<App> {
    place::serve(Router::new(), &[Level::Component], "", &get(component))
}

#[derive(Template)]
#[template(path = "console/component.html")]
struct ComponentPage {
    frame: Frame,
    place: Place,
    component: ComponentView,
    /// Where it runs.
    live: Vec<DeploymentView>,
}

async fn component(State(app): State<App>, visitor: Visitor, mut place: Place) -> PageResult {
    let frame = Frame::of(&app, &visitor, &mut place, "Overview", "").await?.following(&place);
    let project = place.project.clone().unwrap_or_default();
    let component = app.control.component_view(&visitor.actor, &place.organization, &project, place.name()).await?;
    let (control, organization) = (&app.control, &place.organization);
    let live = control.deployment_live_list(&visitor.actor, organization, &project, place.name(), None).await?;
    page(&ComponentPage { frame, place, component, live })
}
