//! The overview of a project: its components, and a component to be made.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use tieline_core::model::ComponentType;
use tieline_core::wire::tenancy::{ComponentCreate, ComponentView};

use super::fault::{PageResult, again, refused};
use super::form::{Entered, Form};
use super::frame::Frame;
use super::page;
use super::place::{self, Level, Place};
use super::visitor::Visitor;
use crate::App;

pub(super) fn router() -> Router<App> {
    let router = place::serve(Router::new(), &[Level::Project], "", &get(project));
    place::serve(router, &[Level::Project], "components", &post(component_create))
}

#[derive(Template)]
#[template(path = "console/project.html")]
struct ProjectPage {
    frame: Frame,
    place: Place,
    components: Vec<ComponentView>,
    handle: Entered,
    /// The type that is chosen.
    chosen: ComponentType,
}

impl ProjectPage {
    /// The types of components, the most usual first.
    const TYPES: [ComponentType; 4] =
        [ComponentType::Service, ComponentType::WebApp, ComponentType::Task, ComponentType::ExternalConsumer];
}

async fn project(State(app): State<App>, visitor: Visitor, place: Place) -> PageResult {
    show(&app, &visitor, place, Entered::default(), ComponentType::Service).await
}

/// Makes a component.
async fn component_create(State(app): State<App>, place: Place, Form { visitor, fields }: Form) -> PageResult {
    let handle = fields.text("handle");
    let component_type = fields.text("type").parse().unwrap_or(ComponentType::Service);
    let request = ComponentCreate { handle: handle.to_owned(), component_type };
    let made = app.control.component_create(&visitor.actor, &place.organization, place.name(), request).await;
    match refused(made)? {
        Ok(made) => {
            let path = place.with_component(&made.handle).path("");
            Ok(visitor.redirect(&app, &path, &format!("Created the component {}.", made.handle)))
        }
        Err(refusal) => again(show(&app, &visitor, place, Entered::refused(handle, refusal), component_type).await),
    }
}

async fn show(app: &App, visitor: &Visitor, mut place: Place, handle: Entered, chosen: ComponentType) -> PageResult {
    let frame = Frame::of(app, visitor, &mut place, "Overview", "").await?;
    let components = app.control.component_list(&visitor.actor, &place.organization, place.name()).await?;
    page(&ProjectPage { frame, place, components, handle, chosen })
}
