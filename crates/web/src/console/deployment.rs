//! The page of a deployment: what it runs with, and what changed since the one before it.

use askama::Template;
use axum::Router;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::routing::get;
use serde::Deserialize;
use tieline_core::wire::plan::{Change, DeploymentDetail};

use super::deployments::{PAGE, names};
use super::fault::{Fault, PageResult};
use super::frame::Frame;
use super::page;
use super::place::{self, Level, Place};
use super::visitor::Visitor;
use crate::{ApiError, App};

pub(super) fn router() -> Router<App> {
    place::serve(Router::new(), &[Level::Component], "deployments/{deployment}", &get(deployment))
}

#[derive(Template)]
#[template(path = "console/deployment.html")]
struct DeploymentPage {
    frame: Frame,
    place: Place,
    shown: DeploymentDetail,
    /// Whether the visitor may go back to it.
    back: bool,
}

impl DeploymentPage {
    /// What its variables are compared with; nothing for the first deployment.
    fn since(&self) -> &'static str {
        if self.shown.before.is_some() { "Since the one before" } else { "" }
    }
}

/// The deployment that an address names.
struct Named(String);

#[derive(Deserialize)]
struct Segment {
    deployment: String,
}

impl FromRequestParts<App> for Named {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Fault> {
        let found = Path::<Segment>::from_request_parts(parts, app).await;
        Ok(Self(found.map(|Path(Segment { deployment })| deployment).map_err(|_| ApiError::no_route())?))
    }
}

async fn deployment(State(app): State<App>, visitor: Visitor, mut place: Place, Named(named): Named) -> PageResult {
    let frame = Frame::of(&app, &visitor, &mut place, "Deployment", PAGE).await?;
    let (control, actor, organization) = (&app.control, &visitor.actor, &place.organization);
    let (project, component) = names(&place);
    let shown = control.deployment_view(actor, organization, project, component, &named).await?;
    let environments = control.environment_list(actor, organization).await?;
    let there = environments.iter().find(|there| there.handle == shown.deployment.environment);
    let back = shown.deployment.state != "live" && there.is_some_and(|there| frame.allowed.deploy(there));
    let frame = frame.below(&[("Deployments", place.path(PAGE))]);
    page(&DeploymentPage { frame, place, shown, back })
}
