//! What stands in front of every operation: it counts, gives up what takes too long, and refuses what would be too much,
//! so that under overload the requests that are taken are still answered.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tieline_core::code;
use tokio::sync::Semaphore;

use crate::ApiError;
use crate::metrics::Metrics;

/// Requests under way at a time. Each holds at most one database connection, of which there are few: more would only
/// wait longer.
const AT_ONCE: usize = 256;
/// After this a request is given up.
const TIMEOUT: Duration = Duration::from_secs(30);
/// What may take as long as it takes: it goes over everything that the installation holds.
const PATIENT: [&str; 1] = ["key_rotate"];

/// What may be asked to wait.
const WAITING: &str = "snapshot";

/// The figures, the limit, and which operation a route is.
pub(crate) struct Guard {
    pub(crate) metrics: Metrics,
    places: Semaphore,
    operations: HashMap<(String, String), String>,
}

impl Guard {
    /// A guard for the operations of a document.
    pub(crate) fn new(document: &utoipa::openapi::OpenApi) -> Self {
        Self::with_limit(document, AT_ONCE)
    }

    fn with_limit(document: &utoipa::openapi::OpenApi, limit: usize) -> Self {
        let document = serde_json::to_value(document).unwrap_or_default();
        let paths = document["paths"].as_object().into_iter().flatten();
        let operations = paths.flat_map(|(path, methods)| {
            methods.as_object().into_iter().flatten().filter_map(|(method, operation)| {
                let id = operation["operationId"].as_str()?;
                Some(((method.to_uppercase(), path.clone()), id.to_owned()))
            })
        });
        Self { metrics: Metrics::new(), places: Semaphore::new(limit), operations: operations.collect() }
    }

    /// The operation of a request; none for health, figures, and what does not exist.
    pub(crate) fn operation(&self, method: &Method, path: Option<&MatchedPath>) -> Option<&str> {
        let key = (method.as_str().to_owned(), path?.as_str().to_owned());
        self.operations.get(&key).map(String::as_str)
    }
}

/// Guards an operation.
pub(crate) async fn guard(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    match guard.operation(request.method(), path).map(str::to_owned) {
        Some(operation) => watch(&guard, operation, request, next).await,
        None => next.run(request).await,
    }
}

/// Guards a page of the console.
pub(crate) async fn guard_page(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    watch(&guard, "console".to_owned(), request, next).await
}

async fn watch(guard: &Guard, operation: String, request: Request, next: Next) -> Response {
    let begin = Instant::now();
    let response = if waits(&operation, &request) || PATIENT.contains(&operation.as_str()) {
        next.run(request).await
    } else {
        match guard.places.try_acquire() {
            Ok(_place) => tokio::time::timeout(TIMEOUT, next.run(request)).await.unwrap_or_else(|_| late()),
            Err(_) => overloaded(),
        }
    };
    guard.metrics.answered(&operation, response.status().as_u16(), begin.elapsed());
    response
}

/// Whether a request asks to wait for a change: it costs nothing meanwhile, and its handler bounds the time. Of any other
/// operation the word means nothing, and takes nobody past the limit.
fn waits(operation: &str, request: &Request) -> bool {
    let parameters = request.uri().query().unwrap_or_default().split('&');
    operation == WAITING && parameters.into_iter().any(|parameter| parameter.starts_with("wait="))
}

fn overloaded() -> Response {
    let error = ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        code!("overloaded"),
        "the server has as much to do as it can; nothing was changed".into(),
        "try again in a second",
    );
    again(error)
}

fn late() -> Response {
    let error = ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        code!("request_timeout"),
        format!("the request took longer than {} s and was given up", TIMEOUT.as_secs()),
        "try again; look first whether it was done, if it was to change something",
    );
    again(error)
}

fn again(error: ApiError) -> Response {
    let mut response = error.into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn what_is_too_much_is_refused_and_waiting_is_not() {
        let document = crate::openapi();
        let view = "/api/v1/organizations/{organization}";
        let snapshot = "/api/v1/organizations/{organization}/projects/{project}/components/{component}/environments/{environment}/snapshot";
        let free = StatusCode::OK;
        let full = StatusCode::SERVICE_UNAVAILABLE;
        for (limit, (operation, path), query, expect) in [
            (1, ("organization_view", view), "", free),
            (0, ("organization_view", view), "", full),
            (0, ("organization_view", view), "?wait=5", full),
            (0, ("snapshot", snapshot), "?held=x&wait=5", free),
            (0, ("snapshot", snapshot), "?await=5", full),
        ] {
            let guarded = Arc::new(Guard::with_limit(&document, limit));
            let router = Router::new()
                .route(path, get(|| async { "answer" }))
                .route("/health/live", get(|| async { "live" }))
                .layer(axum::middleware::from_fn_with_state(Arc::clone(&guarded), guard));
            let ask = |uri: String| router.clone().oneshot(Request::get(uri).body(Body::empty()).unwrap());
            let uri = path.replace(['{', '}'], "");
            let answer = ask(format!("{uri}{query}")).await.unwrap();
            assert_eq!(answer.status(), expect, "{limit} {query}");
            assert_eq!(answer.headers().contains_key(header::RETRY_AFTER), expect != StatusCode::OK);
            assert_eq!(ask("/health/live".into()).await.unwrap().status(), StatusCode::OK);
            let figures = guarded.metrics.text(7);
            let counted =
                format!("tieline_requests_total{{operation=\"{operation}\",status=\"{}\"}} 1", expect.as_u16());
            assert!(figures.contains(&counted), "{figures}");
            assert!(figures.contains("tieline_change_number 7") && figures.contains("tieline_build_info{version="));
        }
    }
}
