//! Organizations, environments, projects and components.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tieline_core::wire::tenancy::{
    ComponentCreate, ComponentView, EnvironmentCreate, EnvironmentUpdate, EnvironmentView, OrganizationCreate,
    OrganizationUpdate, OrganizationView, ProjectCreate, ProjectView,
};
use tieline_core::wire::{Page, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::caller::Caller;
use crate::error::ApiResult;
use crate::input::{Body, IfMatch, Params, Tagged, etag};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(organization_create, organization_list))
        .routes(routes!(organization_view, organization_update))
        .routes(routes!(environment_create, environment_list))
        .routes(routes!(environment_view, environment_update, environment_delete))
        .routes(routes!(project_create, project_list))
        .routes(routes!(project_delete))
        .routes(routes!(component_create, component_list))
        .routes(routes!(component_view, component_delete))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Removal {
    /// Whether to delete it although it is in use.
    #[serde(default)]
    force: bool,
}

/// Makes an organization with the environments development and production.
#[utoipa::path(post, path = "/organizations", tag = "organization", request_body = OrganizationCreate,
    responses((status = 201, body = OrganizationView), (status = "default", body = Problem)))]
async fn organization_create(
    State(app): State<App>,
    Caller(actor): Caller,
    Body(request): Body<OrganizationCreate>,
) -> ApiResult<(StatusCode, Json<OrganizationView>)> {
    Ok((StatusCode::CREATED, Json(app.control.organization_create(&actor, request).await?)))
}

/// Lists the organizations that the caller has a part in.
#[utoipa::path(get, path = "/organizations", tag = "organization",
    responses((status = 200, body = Page<OrganizationView>), (status = "default", body = Problem)))]
async fn organization_list(State(app): State<App>, Caller(actor): Caller) -> ApiResult<Json<Page<OrganizationView>>> {
    Ok(Json(Page { items: app.control.organization_list(&actor).await?, next: None }))
}

/// Shows an organization.
#[utoipa::path(get, path = "/organizations/{organization}", tag = "organization",
    params(("organization" = String, Path)),
    responses((status = 200, body = OrganizationView), (status = "default", body = Problem)))]
async fn organization_view(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
) -> ApiResult<Tagged<OrganizationView>> {
    let view = app.control.organization_view(&actor, &organization).await?;
    Ok((etag(view.revision), Json(view)))
}

/// Changes the settings of an organization.
#[utoipa::path(patch, path = "/organizations/{organization}", tag = "organization",
    params(("organization" = String, Path),
        ("If-Match" = Option<String>, Header, description = "the ETag of the state that is changed")),
    request_body = OrganizationUpdate,
    responses((status = 200, body = OrganizationView), (status = "default", body = Problem)))]
async fn organization_update(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
    IfMatch(expected): IfMatch,
    Body(request): Body<OrganizationUpdate>,
) -> ApiResult<Tagged<OrganizationView>> {
    let view = app.control.organization_update(&actor, &organization, request, expected).await?;
    Ok((etag(view.revision), Json(view)))
}

/// Makes an environment that follows another.
#[utoipa::path(post, path = "/organizations/{organization}/environments", tag = "environment",
    params(("organization" = String, Path)), request_body = EnvironmentCreate,
    responses((status = 201, body = EnvironmentView), (status = "default", body = Problem)))]
async fn environment_create(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
    Body(request): Body<EnvironmentCreate>,
) -> ApiResult<(StatusCode, Json<EnvironmentView>)> {
    Ok((StatusCode::CREATED, Json(app.control.environment_create(&actor, &organization, request).await?)))
}

/// Lists the environments in the order of promotion.
#[utoipa::path(get, path = "/organizations/{organization}/environments", tag = "environment",
    params(("organization" = String, Path)),
    responses((status = 200, body = Page<EnvironmentView>), (status = "default", body = Problem)))]
async fn environment_list(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
) -> ApiResult<Json<Page<EnvironmentView>>> {
    Ok(Json(Page { items: app.control.environment_list(&actor, &organization).await?, next: None }))
}

/// Shows an environment.
#[utoipa::path(get, path = "/organizations/{organization}/environments/{environment}", tag = "environment",
    params(("organization" = String, Path), ("environment" = String, Path)),
    responses((status = 200, body = EnvironmentView), (status = "default", body = Problem)))]
async fn environment_view(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, environment)): Path<(String, String)>,
) -> ApiResult<Tagged<EnvironmentView>> {
    let view = app.control.environment_view(&actor, &organization, &environment).await?;
    Ok((etag(view.revision), Json(view)))
}

/// Changes an environment.
#[utoipa::path(patch, path = "/organizations/{organization}/environments/{environment}", tag = "environment",
    params(("organization" = String, Path), ("environment" = String, Path),
        ("If-Match" = Option<String>, Header, description = "the ETag of the state that is changed")),
    request_body = EnvironmentUpdate,
    responses((status = 200, body = EnvironmentView), (status = "default", body = Problem)))]
async fn environment_update(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, environment)): Path<(String, String)>,
    IfMatch(expected): IfMatch,
    Body(request): Body<EnvironmentUpdate>,
) -> ApiResult<Tagged<EnvironmentView>> {
    let view = app.control.environment_update(&actor, &organization, &environment, request, expected).await?;
    Ok((etag(view.revision), Json(view)))
}

/// Deletes an environment.
#[utoipa::path(delete, path = "/organizations/{organization}/environments/{environment}", tag = "environment",
    params(("organization" = String, Path), ("environment" = String, Path), Removal),
    responses((status = 204), (status = "default", body = Problem)))]
async fn environment_delete(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, environment)): Path<(String, String)>,
    Params(removal): Params<Removal>,
) -> ApiResult<StatusCode> {
    app.control.environment_delete(&actor, &organization, &environment, removal.force).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a project.
#[utoipa::path(post, path = "/organizations/{organization}/projects", tag = "project",
    params(("organization" = String, Path)), request_body = ProjectCreate,
    responses((status = 201, body = ProjectView), (status = "default", body = Problem)))]
async fn project_create(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
    Body(request): Body<ProjectCreate>,
) -> ApiResult<(StatusCode, Json<ProjectView>)> {
    Ok((StatusCode::CREATED, Json(app.control.project_create(&actor, &organization, request).await?)))
}

/// Lists the projects that the caller may see.
#[utoipa::path(get, path = "/organizations/{organization}/projects", tag = "project",
    params(("organization" = String, Path)),
    responses((status = 200, body = Page<ProjectView>), (status = "default", body = Problem)))]
async fn project_list(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
) -> ApiResult<Json<Page<ProjectView>>> {
    Ok(Json(Page { items: app.control.project_list(&actor, &organization).await?, next: None }))
}

/// Deletes an empty project.
#[utoipa::path(delete, path = "/organizations/{organization}/projects/{project}", tag = "project",
    params(("organization" = String, Path), ("project" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
async fn project_delete(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, project)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    app.control.project_delete(&actor, &organization, &project).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a component.
#[utoipa::path(post, path = "/organizations/{organization}/projects/{project}/components", tag = "component",
    params(("organization" = String, Path), ("project" = String, Path)), request_body = ComponentCreate,
    responses((status = 201, body = ComponentView), (status = "default", body = Problem)))]
async fn component_create(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, project)): Path<(String, String)>,
    Body(request): Body<ComponentCreate>,
) -> ApiResult<(StatusCode, Json<ComponentView>)> {
    Ok((StatusCode::CREATED, Json(app.control.component_create(&actor, &organization, &project, request).await?)))
}

/// Lists the components of a project.
#[utoipa::path(get, path = "/organizations/{organization}/projects/{project}/components", tag = "component",
    params(("organization" = String, Path), ("project" = String, Path)),
    responses((status = 200, body = Page<ComponentView>), (status = "default", body = Problem)))]
async fn component_list(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, project)): Path<(String, String)>,
) -> ApiResult<Json<Page<ComponentView>>> {
    Ok(Json(Page { items: app.control.component_list(&actor, &organization, &project).await?, next: None }))
}

/// Shows a component.
#[utoipa::path(get, path = "/organizations/{organization}/projects/{project}/components/{component}", tag = "component",
    params(("organization" = String, Path), ("project" = String, Path), ("component" = String, Path)),
    responses((status = 200, body = ComponentView), (status = "default", body = Problem)))]
async fn component_view(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, project, component)): Path<(String, String, String)>,
) -> ApiResult<Json<ComponentView>> {
    Ok(Json(app.control.component_view(&actor, &organization, &project, &component).await?))
}

/// Deletes a component.
#[utoipa::path(delete, path = "/organizations/{organization}/projects/{project}/components/{component}",
    tag = "component",
    params(("organization" = String, Path), ("project" = String, Path), ("component" = String, Path), Removal),
    responses((status = 204), (status = "default", body = Problem)))]
async fn component_delete(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, project, component)): Path<(String, String, String)>,
    Params(removal): Params<Removal>,
) -> ApiResult<StatusCode> {
    app.control.component_delete(&actor, &organization, &project, &component, removal.force).await?;
    Ok(StatusCode::NO_CONTENT)
}
