//! The gateway's table, streamed to gateways that run alone.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tieline_core::wire::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::caller::Caller;
use crate::error::ApiResult;
use crate::input::Params;

/// Longest wait for changes; shorter than the idle time-outs of common proxies, and short enough that a gateway soon
/// notices a connection that died.
const LONGEST_WAIT: Duration = Duration::from_secs(25);

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(gateway_table))
}

/// What a gateway has already, and how long it waits for more.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TableParams {
    /// The number up to which it has everything; 0 for nothing.
    #[serde(default)]
    after: i64,
    /// The generation that the number belongs to.
    #[serde(default)]
    generation: String,
    /// For how many seconds changes are sent as they are made, at most 25; without it the answer ends at once.
    #[serde(default)]
    wait: u64,
}

/// Sends a gateway what changed in its table, as lines of JSON: `begin` with the generation, `changes`, and `reached` with
/// the number up to which all was sent.
#[utoipa::path(get, path = "/gateway/table", tag = "gateway", params(TableParams),
    responses((status = 200, content_type = "application/x-ndjson", body = String), (status = "default", body = Problem)))]
async fn gateway_table(
    State(app): State<App>,
    Caller(actor): Caller,
    Params(TableParams { after, generation, wait }): Params<TableParams>,
) -> ApiResult<Response> {
    let wait = Duration::from_secs(wait).min(LONGEST_WAIT);
    let stream = app.control.gateway_table(&actor, &generation, after, wait)?;
    let lines = futures_util::stream::try_unfold((stream, app.stopping), |(mut stream, mut stopping)| async move {
        let lines = tokio::select! {
            lines = stream.next() => lines.inspect_err(|error| tracing::warn!(%error, "a gateway is told nothing more"))?,
            _ = stopping.wait_for(|stop| *stop) => None,
        };
        let Some(lines) = lines else { return Ok(None) };
        let mut text = String::new();
        for line in &lines {
            text += &serde_json::to_string(line).map_err(std::io::Error::other)?;
            text.push('\n');
        }
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(Some((Bytes::from(text), (stream, stopping))))
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response())
}
