//! The overview of an organization: its projects and environments, and a project to be made.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use tieline_core::wire::tenancy::{EnvironmentView, ProjectCreate, ProjectView};

use super::fault::{PageResult, again, refused};
use super::form::{Entered, Form};
use super::frame::Frame;
use super::page;
use super::place::{self, Level, Place};
use super::visitor::Visitor;
use crate::App;

pub(super) fn router() -> Router<App> {
    let router = place::serve(Router::new(), &[Level::Organization], "", &get(organization));
    place::serve(router, &[Level::Organization], "projects", &post(project_create))
}

#[derive(Template)]
#[template(path = "console/organization.html")]
struct OrganizationPage {
    frame: Frame,
    place: Place,
    projects: Vec<ProjectView>,
    environments: Vec<EnvironmentView>,
    handle: Entered,
}

async fn organization(State(app): State<App>, visitor: Visitor, place: Place) -> PageResult {
    show(&app, &visitor, place, Entered::default()).await
}

/// Makes a project.
async fn project_create(State(app): State<App>, place: Place, Form { visitor, fields }: Form) -> PageResult {
    let handle = fields.text("handle");
    let request = ProjectCreate { handle: handle.to_owned() };
    match refused(app.control.project_create(&visitor.actor, &place.organization, request).await)? {
        Ok(made) => {
            let path = place.with_project(&made.handle).path("");
            Ok(visitor.redirect(&app, &path, &format!("Created the project {}.", made.handle)))
        }
        Err(refusal) => again(show(&app, &visitor, place, Entered::refused(handle, refusal)).await),
    }
}

async fn show(app: &App, visitor: &Visitor, mut place: Place, handle: Entered) -> PageResult {
    let frame = Frame::of(app, visitor, &mut place, "Overview", "").await?;
    let projects = app.control.project_list(&visitor.actor, &place.organization).await?;
    let environments = app.control.environment_list(&visitor.actor, &place.organization).await?;
    page(&OrganizationPage { frame, place, projects, environments, handle })
}
