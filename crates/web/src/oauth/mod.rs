//! The token service over HTTP, beside the API: clients of any make ask here, as RFC 6749, 7009, 7517, 7662 and 8414 say. It
//! stands behind none of the API's layers, which it does not need: a token costs a look into memory and a signature.

mod answer;
mod form;
mod metadata;
mod proof;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use tieline_control::oauth::OAuthError;
use tieline_core::wire::oauth::{AccessToken, AccessTokenRequest, Introspection, OAuthProblem, TokenReference};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::guard::Guard;
use crate::{App, carry};

use answer::{Held, given};
use form::Form;

/// What every endpoint works with.
#[derive(Clone)]
pub(crate) struct OAuth {
    app: App,
    guard: Arc<Guard>,
    held: Arc<Held>,
}

/// The endpoints, ready to serve.
pub(crate) fn router(app: App, guard: Arc<Guard>) -> Router {
    let held = Arc::new(Held::new(app.stopping.clone()));
    let requests = app.requests.clone();
    let (changing, _) = changing().split_for_parts();
    let (asking, _) = asking().split_for_parts();
    asking
        .merge(changing.layer(from_fn_with_state(requests, carry::carry)))
        .method_not_allowed_fallback(|| async { answer::no_method() })
        .layer(CatchPanicLayer::new())
        .with_state(OAuth { app, guard, held })
}

/// Their part of the document.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    asking().merge(changing()).into_openapi()
}

fn asking() -> OpenApiRouter<OAuth> {
    OpenApiRouter::new()
        .routes(routes!(access_token_issue))
        .routes(routes!(access_token_introspect))
        .merge(metadata::router())
}

fn changing() -> OpenApiRouter<OAuth> {
    OpenApiRouter::new().routes(routes!(access_token_revoke))
}

/// Issues a token to a client that proves itself by its id and secret (RFC 6749, 4.4).
#[utoipa::path(post, path = "/oauth2/token", tag = "oauth2", security(("client" = []), ()),
    request_body(content = AccessTokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = AccessToken), (status = "default", body = OAuthProblem)))]
async fn access_token_issue(State(oauth): State<OAuth>, request: Request) -> Response {
    let begin = Instant::now();
    let done = async {
        let (head, mut form) = oauth.read(request).await?;
        let grant_type = form.required("grant_type")?;
        let scope = form.take("scope");
        let proof = oauth.proof(&head, &mut form)?;
        oauth.app.control.access_token_issue(&proof, &grant_type, scope.as_deref()).await
    };
    let done = done.await.map(|token| given(&token));
    oauth.answer("access_token_issue", begin, done).await
}

/// Says whether a token counts, and what it says (RFC 7662), to a client of its organization or the holder of a token of
/// the API.
#[utoipa::path(post, path = "/oauth2/introspect", tag = "oauth2", security(("client" = []), ("token" = []), ()),
    request_body(content = TokenReference, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Introspection), (status = "default", body = OAuthProblem)))]
async fn access_token_introspect(State(oauth): State<OAuth>, request: Request) -> Response {
    let begin = Instant::now();
    let done = async {
        let (head, mut form) = oauth.read(request).await?;
        let token = form.required("token")?;
        let asker = oauth.asker(&head, &mut form).await?;
        oauth.app.control.access_token_introspect(&asker, &token).await
    };
    let done = done.await.map(|said| given(&said));
    oauth.answer("access_token_introspect", begin, done).await
}

/// Takes a token of the client out of use (RFC 7009). One that counts no more is no error.
#[utoipa::path(post, path = "/oauth2/revoke", tag = "oauth2", security(("client" = []), ()),
    request_body(content = TokenReference, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "it does not count"), (status = "default", body = OAuthProblem)))]
async fn access_token_revoke(State(oauth): State<OAuth>, request: Request) -> Response {
    let begin = Instant::now();
    let done = async {
        let (head, mut form) = oauth.read(request).await?;
        let token = form.required("token")?;
        let proof = oauth.proof(&head, &mut form)?;
        oauth.app.control.access_token_revoke(&proof, &token).await
    };
    let done = done.await.map(|()| given(&serde_json::json!({})));
    oauth.answer("access_token_revoke", begin, done).await
}

impl OAuth {
    /// A request's head, and its body as a form.
    async fn read(&self, request: Request) -> Result<(Parts, Form), OAuthError> {
        let (head, body) = request.into_parts();
        let form = Form::read(&head.headers, body).await?;
        Ok((head, form))
    }
}
