//! The OAuth applications of connections, without the values of their secrets.

use axum::Json;
use axum::extract::{Path, State};
use tieline_core::wire::application::ApplicationView;
use tieline_core::wire::{Page, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::caller::Caller;
use crate::error::ApiResult;
use crate::input::{PageParams, Params};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(application_list)).routes(routes!(application_view))
}

/// Lists the OAuth applications whose connections the caller may see, in the order in which they were made.
#[utoipa::path(get, path = "/organizations/{organization}/applications", tag = "application",
    params(("organization" = String, Path), PageParams),
    responses((status = 200, body = Page<ApplicationView>), (status = "default", body = Problem)))]
async fn application_list(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
    Params(page): Params<PageParams>,
) -> ApiResult<Json<Page<ApplicationView>>> {
    Ok(Json(app.control.application_list(&actor, &organization, &page.into()).await?))
}

/// Shows an OAuth application: its clients, their secrets without the values, and the connections that use it.
#[utoipa::path(get, path = "/organizations/{organization}/applications/{application}", tag = "application",
    params(("organization" = String, Path), ("application" = String, Path)),
    responses((status = 200, body = ApplicationView), (status = "default", body = Problem)))]
async fn application_view(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, application)): Path<(String, String)>,
) -> ApiResult<Json<ApplicationView>> {
    Ok(Json(app.control.application_view(&actor, &organization, &application).await?))
}
