//! The identity provider of an organization that has its own.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tieline_core::wire::Problem;
use tieline_core::wire::identity_provider::{IdentityProviderSet, IdentityProviderView};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::caller::Caller;
use crate::error::ApiResult;
use crate::input::Body;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(identity_provider_set, identity_provider_view, identity_provider_remove))
}

/// Sets the identity provider of an organization: its metadata and keys are fetched, and must be complete.
#[utoipa::path(put, path = "/organizations/{organization}/identity-provider", tag = "identity-provider",
    params(("organization" = String, Path)), request_body = IdentityProviderSet,
    responses((status = 200, body = IdentityProviderView), (status = "default", body = Problem)))]
async fn identity_provider_set(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
    Body(request): Body<IdentityProviderSet>,
) -> ApiResult<Json<IdentityProviderView>> {
    Ok(Json(app.control.identity_provider_set(&actor, &organization, request).await?))
}

/// Shows the identity provider of an organization.
#[utoipa::path(get, path = "/organizations/{organization}/identity-provider", tag = "identity-provider",
    params(("organization" = String, Path)),
    responses((status = 200, body = IdentityProviderView), (status = "default", body = Problem)))]
async fn identity_provider_view(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
) -> ApiResult<Json<IdentityProviderView>> {
    Ok(Json(app.control.identity_provider_view(&actor, &organization).await?))
}

/// Removes the identity provider of an organization: Tieline issues its tokens again.
#[utoipa::path(delete, path = "/organizations/{organization}/identity-provider", tag = "identity-provider",
    params(("organization" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
async fn identity_provider_remove(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
) -> ApiResult<StatusCode> {
    app.control.identity_provider_remove(&actor, &organization).await?;
    Ok(StatusCode::NO_CONTENT)
}
