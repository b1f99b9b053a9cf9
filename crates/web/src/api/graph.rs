//! The graph: who depends on whom.

use axum::Json;
use axum::extract::{Path, State};
use tieline_core::wire::Problem;
use tieline_core::wire::graph::{GraphQuery, GraphView};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::caller::Caller;
use crate::error::ApiResult;
use crate::input::Params;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(graph_view))
}

/// Shows who depends on whom, as far as the caller may see, and if it is asked for, who breaks when one is taken away.
#[utoipa::path(get, path = "/organizations/{organization}/graph", tag = "graph",
    params(("organization" = String, Path), GraphQuery),
    responses((status = 200, body = GraphView), (status = "default", body = Problem)))]
async fn graph_view(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
    Params(query): Params<GraphQuery>,
) -> ApiResult<Json<GraphView>> {
    Ok(Json(app.control.graph_view(&actor, &organization, &query).await?))
}
