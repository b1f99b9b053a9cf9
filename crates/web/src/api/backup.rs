//! The backup, streamed as it is read: the server holds one page of it at a time.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use tieline_core::wire::Problem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::caller::Caller;
use crate::error::ApiResult;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(backup_create))
}

/// Makes a backup of the whole installation, without the master key: lines of JSON, the last of which proves it whole.
#[utoipa::path(post, path = "/installation/backup", tag = "installation",
    responses((status = 200, content_type = "application/x-ndjson", body = String), (status = "default", body = Problem)))]
async fn backup_create(State(app): State<App>, Caller(actor): Caller) -> ApiResult<Response> {
    let backup = app.control.backup_create(&actor).await?;
    // A failure breaks the answer off: without its last line the file is no backup.
    let pages = futures_util::stream::try_unfold(backup, |mut backup| async move {
        let page = backup.next().await.inspect_err(|error| tracing::error!(%error, "a backup broke off"))?;
        Ok::<_, tieline_control::Error>(page.map(|page| (Bytes::from(page), backup)))
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(pages)).into_response())
}
