//! The marketplace: services and resources.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tieline_core::wire::outline::Outline;
use tieline_core::wire::service::{
    ResourceRegister, ServiceConsumers, ServiceQuery, ServiceUpdate, ServiceView, ThirdPartyRegister,
};
use tieline_core::wire::{Page, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::caller::Caller;
use crate::error::ApiResult;
use crate::input::{Body, IfMatch, Params, Tagged, etag};

/// A service of a path: organization and reference, whose slashes are written %2F.
type Service = (String, String);

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(service_list, service_register))
        .routes(routes!(resource_register))
        .routes(routes!(service_view, service_update, service_delete))
        .routes(routes!(service_outline))
        .routes(routes!(service_consumers))
        .routes(routes!(service_publish))
        .routes(routes!(service_unpublish))
}

/// Whether something is taken away although it is in use.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ForceParams {
    /// Take away what is in use.
    #[serde(default)]
    force: bool,
}

/// Which project references without one mean.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ProjectParams {
    /// The project that a reference without one means.
    project: Option<String>,
}

/// Which project references without one mean, and whether something in use is taken away.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeleteParams {
    /// The project that a reference without one means.
    project: Option<String>,
    /// Delete the connections too that lead to it.
    #[serde(default)]
    force: bool,
}

/// Lists what the caller may connect to, by name.
#[utoipa::path(get, path = "/organizations/{organization}/services", tag = "service",
    params(("organization" = String, Path), ServiceQuery),
    responses((status = 200, body = Page<ServiceView>), (status = "default", body = Problem)))]
async fn service_list(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
    Params(query): Params<ServiceQuery>,
) -> ApiResult<Json<Page<ServiceView>>> {
    Ok(Json(app.control.service_list(&actor, &organization, &query).await?))
}

/// Registers a third-party service, or brings it to what the registration says. `If-Match: "0"` registers only what is not
/// registered yet.
#[utoipa::path(post, path = "/organizations/{organization}/services", tag = "service",
    params(("organization" = String, Path), ForceParams), request_body = ThirdPartyRegister,
    responses((status = 200, body = ServiceView), (status = "default", body = Problem)))]
async fn service_register(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
    Params(params): Params<ForceParams>,
    IfMatch(expected): IfMatch,
    Body(request): Body<ThirdPartyRegister>,
) -> ApiResult<Tagged<ServiceView>> {
    let view = app.control.service_register(&actor, &organization, request, params.force, expected).await?;
    Ok((etag(view.revision), Json(view)))
}

/// Registers a resource, or brings it to what the registration says. `If-Match: "0"` registers only what is not registered
/// yet.
#[utoipa::path(post, path = "/organizations/{organization}/resources", tag = "service",
    params(("organization" = String, Path), ForceParams), request_body = ResourceRegister,
    responses((status = 200, body = ServiceView), (status = "default", body = Problem)))]
async fn resource_register(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
    Params(params): Params<ForceParams>,
    IfMatch(expected): IfMatch,
    Body(request): Body<ResourceRegister>,
) -> ApiResult<Tagged<ServiceView>> {
    let view = app.control.resource_register(&actor, &organization, request, params.force, expected).await?;
    Ok((etag(view.revision), Json(view)))
}

/// Shows a service with all that is known of it.
#[utoipa::path(get, path = "/organizations/{organization}/services/{reference}", tag = "service",
    params(("organization" = String, Path), ("reference" = String, Path), ProjectParams),
    responses((status = 200, body = ServiceView), (status = "default", body = Problem)))]
async fn service_view(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, reference)): Path<Service>,
    Params(params): Params<ProjectParams>,
) -> ApiResult<Tagged<ServiceView>> {
    let project = params.project.as_deref();
    let view = app.control.service_view(&actor, &organization, &reference, project).await?;
    Ok((etag(view.revision), Json(view)))
}

/// Shows what the definition of a service says: its operations, what they take and answer, and its types.
#[utoipa::path(get, path = "/organizations/{organization}/services/{reference}/outline", tag = "service",
    params(("organization" = String, Path), ("reference" = String, Path), ProjectParams),
    responses((status = 200, body = Outline), (status = "default", body = Problem)))]
async fn service_outline(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, reference)): Path<Service>,
    Params(params): Params<ProjectParams>,
) -> ApiResult<Json<Outline>> {
    let project = params.project.as_deref();
    Ok(Json(app.control.service_outline(&actor, &organization, &reference, project).await?))
}

/// Lists who uses a service, for those who own it.
#[utoipa::path(get, path = "/organizations/{organization}/services/{reference}/consumers", tag = "service",
    params(("organization" = String, Path), ("reference" = String, Path), ProjectParams),
    responses((status = 200, body = ServiceConsumers), (status = "default", body = Problem)))]
async fn service_consumers(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, reference)): Path<Service>,
    Params(params): Params<ProjectParams>,
) -> ApiResult<Json<ServiceConsumers>> {
    let project = params.project.as_deref();
    Ok(Json(app.control.service_consumers(&actor, &organization, &reference, project).await?))
}

/// Changes what is written about a service, and which schemes an internal one enables.
#[utoipa::path(patch, path = "/organizations/{organization}/services/{reference}", tag = "service",
    params(("organization" = String, Path), ("reference" = String, Path), ProjectParams),
    request_body = ServiceUpdate,
    responses((status = 200, body = ServiceView), (status = "default", body = Problem)))]
async fn service_update(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, reference)): Path<Service>,
    Params(params): Params<ProjectParams>,
    IfMatch(expected): IfMatch,
    Body(request): Body<ServiceUpdate>,
) -> ApiResult<Tagged<ServiceView>> {
    let project = params.project.as_deref();
    let view = app.control.service_update(&actor, &organization, &reference, project, request, expected).await?;
    Ok((etag(view.revision), Json(view)))
}

/// Deletes a registered service.
#[utoipa::path(delete, path = "/organizations/{organization}/services/{reference}", tag = "service",
    params(("organization" = String, Path), ("reference" = String, Path), DeleteParams),
    responses((status = 204), (status = "default", body = Problem)))]
async fn service_delete(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, reference)): Path<Service>,
    Params(params): Params<DeleteParams>,
    IfMatch(expected): IfMatch,
) -> ApiResult<StatusCode> {
    let project = params.project.as_deref();
    app.control.service_delete(&actor, &organization, &reference, project, params.force, expected).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Offers a service to new connections.
#[utoipa::path(post, path = "/organizations/{organization}/services/{reference}/publish", tag = "service",
    params(("organization" = String, Path), ("reference" = String, Path), ProjectParams),
    responses((status = 200, body = ServiceView), (status = "default", body = Problem)))]
async fn service_publish(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, reference)): Path<Service>,
    Params(params): Params<ProjectParams>,
    IfMatch(expected): IfMatch,
) -> ApiResult<Tagged<ServiceView>> {
    let project = params.project.as_deref();
    let view = app.control.service_publish(&actor, &organization, &reference, project, expected).await?;
    Ok((etag(view.revision), Json(view)))
}

/// Takes a service out of the marketplace; existing connections go on.
#[utoipa::path(post, path = "/organizations/{organization}/services/{reference}/unpublish", tag = "service",
    params(("organization" = String, Path), ("reference" = String, Path), ProjectParams),
    responses((status = 200, body = ServiceView), (status = "default", body = Problem)))]
async fn service_unpublish(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, reference)): Path<Service>,
    Params(params): Params<ProjectParams>,
    IfMatch(expected): IfMatch,
) -> ApiResult<Tagged<ServiceView>> {
    let project = params.project.as_deref();
    let view = app.control.service_unpublish(&actor, &organization, &reference, project, expected).await?;
    Ok((etag(view.revision), Json(view)))
}
