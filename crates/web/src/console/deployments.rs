//! The deployments of a component: what is live where, what was, and promoting, rolling back and taking out.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use tieline_control::{Error, PageQuery, Refusal, Result as Done};
use tieline_core::model::ComponentType;
use tieline_core::wire::plan::{DeploymentView, PromoteRequest, RollbackRequest};
use tieline_core::wire::tenancy::EnvironmentView;

use super::fault::{Fault, PageResult, again, refused};
use super::form::{Fields, Form};
use super::frame::Frame;
use super::place::{self, Level, Place};
use super::query::{Asked, Paged};
use super::visitor::Visitor;
use super::{page, plan};
use crate::App;

/// The page, below its place.
pub(super) const PAGE: &str = "deployments";

/// Deployments of a page of the history.
const ROWS: i64 = 25;

pub(super) fn router() -> Router<App> {
    let at = &[Level::Component];
    let router = place::serve(Router::new(), at, PAGE, &get(deployments));
    let router = place::serve(router, at, "deployments/promote", &post(promote));
    let router = place::serve(router, at, "deployments/rollback", &post(rollback));
    place::serve(router, at, "deployments/undeploy", &post(undeploy))
}

#[derive(Template)]
#[template(path = "console/deployments.html")]
struct DeploymentsPage {
    frame: Frame,
    place: Place,
    /// Whether it is a component that is deployed at all.
    deploys: bool,
    live: Vec<Live>,
    history: Vec<Past>,
    refusal: Option<Refusal>,
    first: bool,
    start: String,
    next: Option<String>,
}

/// A live deployment, and what may be done with it.
struct Live {
    view: DeploymentView,
    /// `vN`.
    major: String,
    plan: String,
    /// Whether the visitor may change what runs there.
    changes: bool,
    /// The later environments that the visitor may deploy to, each with the plan of it there.
    later: Vec<(String, String)>,
}

/// A deployment of the history.
struct Past {
    view: DeploymentView,
    /// Whether the visitor may go back to it.
    back: bool,
}

async fn deployments(
    State(app): State<App>,
    visitor: Visitor,
    place: Place,
    Asked(Paged { cursor }): Asked<Paged>,
) -> PageResult {
    show(&app, &visitor, place, cursor, None).await
}

/// Takes a live release to a later environment.
async fn promote(State(app): State<App>, place: Place, Form { visitor, fields }: Form) -> PageResult {
    let request = PromoteRequest {
        from: fields.text("from").to_owned(),
        to: fields.text("to").to_owned(),
        version: fields.optional("version").map(str::to_owned),
        addresses: plan::addresses(fields.text("addresses")),
        allow_pending: fields.ticked("allow_pending"),
    };
    let control = &app.control;
    let (project, component) = names(&place);
    let made = control.promote(&visitor.actor, &place.organization, project, component, request).await;
    finish(&app, &visitor, &place, made, "Promoted").await
}

/// Goes back to an older deployment.
async fn rollback(State(app): State<App>, place: Place, Form { visitor, fields }: Form) -> PageResult {
    let request = RollbackRequest {
        environment: fields.text("environment").to_owned(),
        to: fields.optional("to").map(str::to_owned),
        version: fields.optional("version").map(str::to_owned),
    };
    let control = &app.control;
    let (project, component) = names(&place);
    let made = control.rollback(&visitor.actor, &place.organization, project, component, request).await;
    finish(&app, &visitor, &place, made, "Rolled back").await
}

/// Takes a component out of an environment, when that was confirmed.
async fn undeploy(State(app): State<App>, place: Place, Form { visitor, fields }: Form) -> PageResult {
    let (project, component) = names(&place);
    let (environment, version) = (fields.text("environment"), fields.optional("version"));
    let control = &app.control;
    let ended = control.undeploy(&visitor.actor, &place.organization, project, component, environment, version).await;
    finish(&app, &visitor, &place, ended, "Undeployed").await
}

/// The handles of project and component.
pub(super) fn names(place: &Place) -> (&str, &str) {
    (place.project.as_deref().unwrap_or_default(), place.name())
}

/// What the page says when a deployment was made, or shows when it was not.
pub(super) async fn finish(
    app: &App,
    visitor: &Visitor,
    place: &Place,
    made: Done<DeploymentView>,
    verb: &str,
) -> PageResult {
    if let Err(Error::NotReady(plan)) = made {
        return again(plan::refused(app, visitor, place.clone(), *plan, Fields::default()).await);
    }
    match refused(made)? {
        Ok(made) => Ok(said(app, visitor, place, verb, &made)),
        Err(refusal) => again(show(app, visitor, place.clone(), None, Some(refusal)).await),
    }
}

fn said(app: &App, visitor: &Visitor, place: &Place, verb: &str, made: &DeploymentView) -> Response {
    let words = format!("{verb} {} {} in {}.", made.component, made.version, made.environment);
    visitor.redirect(app, &place.path(PAGE), &words)
}

async fn show(
    app: &App,
    visitor: &Visitor,
    mut place: Place,
    cursor: Option<String>,
    refusal: Option<Refusal>,
) -> PageResult {
    let mut frame = Frame::of(app, visitor, &mut place, "Deployments", PAGE).await?;
    // What is shown after a form was refused has no address to look at again.
    if refusal.is_none() {
        frame = frame.following(&place);
    }
    let (control, actor, organization) = (&app.control, &visitor.actor, &place.organization);
    let (project, component) = names(&place);
    let found = control.component_view(actor, organization, project, component).await?;
    let environments = control.environment_list(actor, organization).await?;
    let live = live(app, visitor, &place, &frame, &environments).await?;
    let first = cursor.is_none();
    let query = PageQuery { cursor, limit: Some(ROWS) };
    let list = control.deployment_list(actor, organization, project, component, None, &query).await?;
    let may = |handle: &str| environments.iter().any(|there| there.handle == handle && frame.allowed.deploy(there));
    let past = |view: DeploymentView| Past { back: view.state != "live" && may(&view.environment), view };
    let start = place.path(PAGE);
    page(&DeploymentsPage {
        deploys: found.component_type != ComponentType::ExternalConsumer,
        live,
        history: list.items.into_iter().map(past).collect(),
        refusal,
        first,
        next: list.next.map(|cursor| format!("{start}?cursor={cursor}")),
        start,
        frame,
        place,
    })
}

/// What is live, in the order of promotion.
async fn live(
    app: &App,
    visitor: &Visitor,
    place: &Place,
    frame: &Frame,
    environments: &[EnvironmentView],
) -> Result<Vec<Live>, Fault> {
    let (project, component) = names(place);
    let (control, organization) = (&app.control, &place.organization);
    let found = control.deployment_live_list(&visitor.actor, organization, project, component, None).await?;
    let live = found.into_iter().map(|view| {
        let position = environments.iter().find(|there| there.handle == view.environment).map(|there| there.position);
        let later = environments.iter().filter(|there| Some(there.position) > position && frame.allowed.deploy(there));
        let there = environments.iter().find(|there| there.handle == view.environment);
        let major = view.version.split('.').next().unwrap_or_default().to_owned();
        Live {
            plan: plan::path(place, &view.environment, &major),
            changes: there.is_some_and(|there| frame.allowed.deploy(there)),
            later: later
                .map(|there| {
                    let path = plan::promotion_path(place, &view.environment, &there.handle, &major);
                    (there.handle.clone(), path)
                })
                .collect(),
            major,
            view,
        }
    });
    Ok(live.collect())
}
