//! What a page hears while somebody looks at it: that something changed, and it should look again; that it goes on; or that
//! the session has ended. Server-sent events (WHATWG HTML, 9.2), without anything of what changed.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use serde::Deserialize;
use tieline_control::{ChangeStream, Error, News};
use tieline_core::secret::Secret;
use tokio::sync::watch;

use super::cookie;
use super::fault::PageResult;
use super::place::{self, Level, Place};
use super::query::Asked;
use crate::App;

/// The address, below the organization.
const PAGE: &str = "changes";

/// Comes first: a browser waits so many milliseconds before it asks again, when the stream was cut.
const BEGIN: &str = "retry: 2000\n\n";

pub(super) fn router() -> Router<App> {
    place::serve(Router::new(), &[Level::Organization], PAGE, &get(changes))
}

/// Where a page that shows everything up to a change hears of later ones.
pub(super) fn address(place: &Place, number: i64) -> String {
    format!("{}?after={number}", Place::organization(&place.organization).path(PAGE))
}

#[derive(Deserialize)]
struct Query {
    after: i64,
}

/// What is sent, and until when.
struct Sending {
    stream: ChangeStream,
    stopping: watch::Receiver<bool>,
    begun: bool,
    ended: bool,
}

async fn changes(
    State(app): State<App>,
    headers: HeaderMap,
    place: Place,
    Asked(Query { after }): Asked<Query>,
) -> PageResult {
    let session = cookie::read(&app, &headers, cookie::SESSION).map(Secret::new).ok_or_else(Error::unauthenticated)?;
    let Some(stream) = app.control.change_stream(&session, &place.organization, after).await? else {
        // A browser that is answered so does not ask again (WHATWG HTML, 9.2.3).
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let sending = Sending { stream, stopping: app.stopping, begun: false, ended: false };
    let body = Body::from_stream(futures_util::stream::try_unfold(sending, next));
    // A proxy that gathers what it passes on would keep each event back.
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((headers, body).into_response())
}

/// The next event; none after the last one, and when the server stops.
async fn next(mut sending: Sending) -> Result<Option<(Bytes, Sending)>, Error> {
    if !std::mem::replace(&mut sending.begun, true) {
        return Ok(Some((Bytes::from_static(BEGIN.as_bytes()), sending)));
    }
    if sending.ended {
        return Ok(None);
    }
    let news = tokio::select! {
        news = sending.stream.next() => {
            news.inspect_err(|error| tracing::warn!(%error, "a page is told nothing more of what changes"))?
        }
        _ = sending.stopping.wait_for(|stop| *stop) => return Ok(None),
    };
    let name = match news {
        Some(News::Change) => "change",
        Some(News::Nothing) => "pulse",
        None => "end",
    };
    sending.ended = news.is_none();
    Ok(Some((Bytes::from(format!("event: {name}\ndata: -\n\n")), sending)))
}
