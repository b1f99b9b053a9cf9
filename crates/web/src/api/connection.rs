//! Connections.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use tieline_control::{Force, PageQuery, Scope};
use tieline_core::model::Level;
use tieline_core::wire::connection::{
    ConnectionCreate, ConnectionGuide, ConnectionUpdate, ConnectionView, ConsumerView,
};
use tieline_core::wire::offer::{ConnectionOffer, ConnectionPreview, OfferedEnvironment};
use tieline_core::wire::rotation::{ConnectionKeysChanged, ConnectionRevoke, ConnectionRotate};
use tieline_core::wire::{Page, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::caller::Caller;
use crate::error::ApiResult;
use crate::input::{Body, IfMatch, Params, Tagged, etag};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(connection_create, connection_list))
        .routes(routes!(connection_preview))
        .routes(routes!(connection_offer))
        .routes(routes!(connection_view, connection_update, connection_delete))
        .routes(routes!(connection_guide))
        .routes(routes!(connection_targets))
        .routes(routes!(connection_rotate))
        .routes(routes!(connection_revoke))
}

/// Where the caller stands: what a name means there.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct At {
    /// The project whose connections a name may mean.
    project: Option<String>,
    /// The component whose connections a name may mean; it needs the project.
    component: Option<String>,
}

impl At {
    fn scope(&self) -> Scope<'_> {
        Scope { project: self.project.as_deref(), component: self.component.as_deref() }
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// The project, at project and component level.
    project: Option<String>,
    /// The component, at component level; it needs the project.
    component: Option<String>,
    /// Where the connection would live; the narrowest of the given scope when absent.
    #[param(inline)]
    level: Option<Level>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct List {
    /// The project whose connections are listed beside the organization's.
    project: Option<String>,
    /// The component whose connections are listed too; it needs the project.
    component: Option<String>,
    /// Where the page begins, from the page before.
    cursor: Option<String>,
    /// At most so many; 100, unless given, and never more than 1000.
    limit: Option<i64>,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Look {
    /// The project whose connections a name may mean.
    project: Option<String>,
    /// The component whose connections a name may mean; it needs the project.
    component: Option<String>,
    /// Whether to show the secrets that the caller may read; audited.
    #[serde(default)]
    reveal: bool,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Removal {
    /// The project whose connections a name may mean.
    project: Option<String>,
    /// The component whose connections a name may mean; it needs the project.
    component: Option<String>,
    /// Whether to delete it although components use it.
    #[serde(default)]
    force: bool,
    /// Whether to revoke its keys at once, whomever that breaks; implies `force`.
    #[serde(default)]
    revoke_now: bool,
}

/// Makes a connection.
#[utoipa::path(post, path = "/organizations/{organization}/connections", tag = "connection",
    params(("organization" = String, Path)), request_body = ConnectionCreate,
    responses((status = 201, body = ConnectionView), (status = "default", body = Problem)))]
async fn connection_create(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
    Body(request): Body<ConnectionCreate>,
) -> ApiResult<(StatusCode, Json<ConnectionView>)> {
    Ok((StatusCode::CREATED, Json(app.control.connection_create(&actor, &organization, request).await?)))
}

/// Decides about a connection and shows what it would inject, and makes nothing.
#[utoipa::path(post, path = "/organizations/{organization}/connection-previews", tag = "connection",
    params(("organization" = String, Path)), request_body = ConnectionCreate,
    responses((status = 200, body = ConnectionPreview), (status = "default", body = Problem)))]
async fn connection_preview(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
    Body(request): Body<ConnectionCreate>,
) -> ApiResult<Json<ConnectionPreview>> {
    Ok(Json(app.control.connection_preview(&actor, &organization, request).await?))
}

/// Says what may be chosen for a connection to a service at a place, and why the rest may not.
#[utoipa::path(get, path = "/organizations/{organization}/services/{reference}/offer", tag = "connection",
    params(("organization" = String, Path), ("reference" = String, Path), Wanted),
    responses((status = 200, body = ConnectionOffer), (status = "default", body = Problem)))]
async fn connection_offer(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, reference)): Path<(String, String)>,
    Params(Wanted { project, component, level }): Params<Wanted>,
) -> ApiResult<Json<ConnectionOffer>> {
    let scope = Scope { project: project.as_deref(), component: component.as_deref() };
    Ok(Json(app.control.connection_offer(&actor, &organization, &reference, scope, level).await?))
}

/// Lists the connections that a scope may use.
#[utoipa::path(get, path = "/organizations/{organization}/connections", tag = "connection",
    params(("organization" = String, Path), List),
    responses((status = 200, body = Page<ConnectionView>), (status = "default", body = Problem)))]
async fn connection_list(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
    Params(List { project, component, cursor, limit }): Params<List>,
) -> ApiResult<Json<Page<ConnectionView>>> {
    let scope = Scope { project: project.as_deref(), component: component.as_deref() };
    let page = PageQuery { cursor, limit };
    Ok(Json(app.control.connection_list(&actor, &organization, scope, &page).await?))
}

/// Shows a connection, by its id or by its name in a scope.
#[utoipa::path(get, path = "/organizations/{organization}/connections/{connection}", tag = "connection",
    params(("organization" = String, Path), ("connection" = String, Path), Look),
    responses((status = 200, body = ConnectionView), (status = "default", body = Problem)))]
async fn connection_view(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, connection)): Path<(String, String)>,
    Params(look): Params<Look>,
) -> ApiResult<Tagged<ConnectionView>> {
    let scope = Scope { project: look.project.as_deref(), component: look.component.as_deref() };
    let view = app.control.connection_view(&actor, &organization, &connection, scope, look.reveal).await?;
    Ok((etag(view.revision), Json(view)))
}

/// Says what to put into the descriptor for a connection, and how to use it.
#[utoipa::path(get, path = "/organizations/{organization}/connections/{connection}/guide", tag = "connection",
    params(("organization" = String, Path), ("connection" = String, Path), At),
    responses((status = 200, body = ConnectionGuide), (status = "default", body = Problem)))]
async fn connection_guide(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, connection)): Path<(String, String)>,
    Params(at): Params<At>,
) -> ApiResult<Json<ConnectionGuide>> {
    Ok(Json(app.control.connection_guide(&actor, &organization, &connection, at.scope()).await?))
}

/// Says what each environment of a connection may lead to.
#[utoipa::path(get, path = "/organizations/{organization}/connections/{connection}/targets", tag = "connection",
    params(("organization" = String, Path), ("connection" = String, Path), At),
    responses((status = 200, body = Vec<OfferedEnvironment>), (status = "default", body = Problem)))]
async fn connection_targets(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, connection)): Path<(String, String)>,
    Params(at): Params<At>,
) -> ApiResult<Json<Vec<OfferedEnvironment>>> {
    Ok(Json(app.control.connection_targets(&actor, &organization, &connection, at.scope()).await?))
}

/// Changes a connection. Deployments that use it are planned again: the first fifty before the answer, the others in the
/// seconds after it.
#[utoipa::path(patch, path = "/organizations/{organization}/connections/{connection}", tag = "connection",
    params(("organization" = String, Path), ("connection" = String, Path), At), request_body = ConnectionUpdate,
    responses((status = 200, body = ConnectionView), (status = "default", body = Problem)))]
async fn connection_update(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, connection)): Path<(String, String)>,
    Params(at): Params<At>,
    IfMatch(expected): IfMatch,
    Body(request): Body<ConnectionUpdate>,
) -> ApiResult<Tagged<ConnectionView>> {
    let (connection, scope) = (connection.as_str(), at.scope());
    let view = app.control.connection_update(&actor, &organization, connection, scope, request, expected).await?;
    Ok((etag(view.revision), Json(view)))
}

/// Rotates the keys of a connection: the former ones are accepted until nobody holds them, or until the deadline.
#[utoipa::path(post, path = "/organizations/{organization}/connections/{connection}/rotate", tag = "connection",
    params(("organization" = String, Path), ("connection" = String, Path), At), request_body = ConnectionRotate,
    responses((status = 200, body = ConnectionKeysChanged), (status = "default", body = Problem)))]
async fn connection_rotate(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, connection)): Path<(String, String)>,
    Params(at): Params<At>,
    Body(request): Body<ConnectionRotate>,
) -> ApiResult<Json<ConnectionKeysChanged>> {
    Ok(Json(app.control.connection_rotate(&actor, &organization, &connection, at.scope(), request).await?))
}

/// Revokes the keys that one component alone holds under a connection with a secret per component.
#[utoipa::path(post, path = "/organizations/{organization}/connections/{connection}/revoke", tag = "connection",
    params(("organization" = String, Path), ("connection" = String, Path), At), request_body = ConnectionRevoke,
    responses((status = 200, body = ConnectionKeysChanged), (status = "default", body = Problem)))]
async fn connection_revoke(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, connection)): Path<(String, String)>,
    Params(at): Params<At>,
    Body(request): Body<ConnectionRevoke>,
) -> ApiResult<Json<ConnectionKeysChanged>> {
    Ok(Json(app.control.connection_revoke(&actor, &organization, &connection, at.scope(), request).await?))
}

/// Deletes a connection. Answers who used it.
#[utoipa::path(delete, path = "/organizations/{organization}/connections/{connection}", tag = "connection",
    params(("organization" = String, Path), ("connection" = String, Path), Removal),
    responses((status = 200, body = Vec<ConsumerView>), (status = "default", body = Problem)))]
async fn connection_delete(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, connection)): Path<(String, String)>,
    Params(removal): Params<Removal>,
    IfMatch(expected): IfMatch,
) -> ApiResult<Json<Vec<ConsumerView>>> {
    let scope = Scope { project: removal.project.as_deref(), component: removal.component.as_deref() };
    let force = if removal.revoke_now { Force::RevokeNow } else { removal.force.into() };
    Ok(Json(app.control.connection_delete(&actor, &organization, &connection, scope, force, expected).await?))
}
