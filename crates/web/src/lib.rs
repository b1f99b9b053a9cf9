//! The JSON API, the token service and the console over the use cases of `control`: each handler extracts, calls one use case, and
//! converts the answer.
//!
//! It holds no rule and never reaches the store.

mod api;
mod caller;
mod carry;
mod console;
pub mod drawing;
mod error;
mod guard;
mod idempotency;
mod input;
mod metrics;
mod oauth;
mod peer;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tieline_control::Control;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub use console::sign_in_address;
pub use error::ApiError;

use guard::Guard;
use idempotency::Repeats;

/// Largest request body: a descriptor with its definitions, or a registration with its documents.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// What every handler may use.
#[derive(Clone)]
pub struct App {
    /// The use cases.
    pub control: Arc<Control>,
    /// Turns true when the server drains: requests that wait for a change answer at once.
    pub stopping: watch::Receiver<bool>,
    /// The requests under way that change something: they end although their clients went away, before the server does.
    pub requests: TaskTracker,
    /// Whether a proxy in front tells where requests come from.
    pub forwarded: bool,
    /// More figures for `/metrics`, in the OpenMetrics text format: those of a gateway in the same process. They name what
    /// tenants have.
    pub more_metrics: Option<Arc<dyn Fn() -> String + Send + Sync>>,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Tieline", description = "The API of Tieline: catalogue services, connect components, deliver values."),
    modifiers(&Security)
)]
struct Document;

/// Every operation of the API needs a bearer token; clients of the token service prove themselves by id and secret.
struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let basic = HttpBuilder::new().scheme(HttpAuthScheme::Basic).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        components.add_security_scheme("client", SecurityScheme::Http(basic));
        document.security =
            Some(vec![utoipa::openapi::security::SecurityRequirement::new("token", Vec::<String>::new())]);
    }
}

/// The whole API.
pub fn router(app: App) -> Router {
    let (router, document) = operations();
    let document = whole(document);
    let guarded = Arc::new(Guard::new(&document));
    let figures = Arc::clone(&guarded);
    let document: Arc<str> = document.to_json().unwrap_or_default().into();
    let tokens = oauth::router(app.clone(), Arc::clone(&guarded));
    let console = console::router(app.clone(), Arc::clone(&guarded));
    router
        .route(
            "/openapi.json",
            get(move || async move { ([(header::CONTENT_TYPE, "application/json")], document.to_string()) }),
        )
        .route("/metrics", get(move |State(app), request| async move { figures.metrics.show(&app, request).await }))
        .route("/health/live", get(|| async { "live" }))
        .route("/health/ready", get(ready))
        .fallback(nowhere)
        .method_not_allowed_fallback(|| async { ApiError::no_method() })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(Repeats::new(app.clone(), Arc::clone(&guarded)), idempotency::repeat))
        .layer(from_fn_with_state(guarded, guard::guard))
        .layer(axum::middleware::from_fn(input::refuse_nul))
        .layer(from_fn_with_state(app.requests.clone(), carry::carry))
        .layer(SetResponseHeaderLayer::overriding(
            header::CACHE_CONTROL,
            axum::http::HeaderValue::from_static("no-store"),
        ))
        .layer(CatchPanicLayer::new())
        .with_state(app)
        .merge(tokens)
        .merge(console)
}

/// The OpenAPI 3.1 document, as `/openapi.json` serves it.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    whole(operations().1)
}

/// The document of the API with that of the token service.
fn whole(mut document: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    document.merge(oauth::openapi());
    document
}

fn operations() -> (Router<App>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Document::openapi()).nest("/api/v1", api::router()).split_for_parts()
}

/// The answer for an address that leads nowhere.
async fn nowhere(headers: HeaderMap) -> Response {
    console::no_page(&headers).unwrap_or_else(|| ApiError::no_route().into_response())
}

async fn ready(State(app): State<App>) -> Response {
    match app.control.ready().await {
        Ok(()) => "ready".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be reached").into_response()
        }
    }
}
