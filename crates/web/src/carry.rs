//! Requests that change something are carried to their end, also when the client goes away meanwhile: a use case that
//! was dropped half way could have committed and told nobody.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio_util::task::TaskTracker;

/// Runs a request that changes something as a task of its own, which outlives the connection.
pub(crate) async fn carry(State(requests): State<TaskTracker>, request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    carry_any(State(requests), request, next).await
}

/// As [`carry`], whatever the method: for the pages that ask an identity provider. Its answer is kept, and whoever asked keeps
/// their turn as long as that takes, also when they went away.
pub(crate) async fn carry_any(State(requests): State<TaskTracker>, request: Request, next: Next) -> Response {
    match requests.spawn(next.run(request)).await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Nobody aborts these tasks but the end of the runtime.
            Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::Router;
    use axum::body::Body;
    use axum::http::Method;
    use axum::routing::any;
    use tokio::sync::Notify;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_change_is_finished_after_its_client_went_away() {
        for (method, path, finished) in [
            (Method::POST, "/", true),
            (Method::DELETE, "/", true),
            (Method::GET, "/", false),
            (Method::GET, "/any", true),
        ] {
            let requests = TaskTracker::new();
            let (begun, go_on, done) =
                (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
            let (begins, goes_on, sets) = (Arc::clone(&begun), Arc::clone(&go_on), Arc::clone(&done));
            let handler = move || async move {
                begins.notify_one();
                goes_on.notified().await;
                sets.store(true, Ordering::SeqCst);
            };
            let router = Router::new()
                .route("/any", any(handler.clone()))
                .route_layer(axum::middleware::from_fn_with_state(requests.clone(), carry_any))
                .route("/", any(handler))
                .layer(axum::middleware::from_fn_with_state(requests.clone(), carry));
            let request = Request::builder().method(method.clone()).uri(path).body(Body::empty()).unwrap();
            tokio::select! {
                _ = router.oneshot(request) => panic!("{method} {path} cannot be answered yet"),
                () = begun.notified() => {}
            }
            go_on.notify_one();
            requests.close();
            requests.wait().await;
            assert_eq!(done.load(Ordering::SeqCst), finished, "{method} {path}");
        }
    }
}
