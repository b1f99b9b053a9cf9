//! What anybody may know of the token service: where it is and by which keys its tokens are known.

use std::time::Instant;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use tieline_core::wire::oauth::{AuthorizationServer, Jwks};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::OAuth;
use super::answer::given;

/// How long others may remember what they were told; half of the time for which a key is published before it signs.
const REMEMBERED: HeaderValue = HeaderValue::from_static("public, max-age=300");

pub(super) fn router() -> OpenApiRouter<OAuth> {
    OpenApiRouter::new().routes(routes!(signing_key_list)).routes(routes!(authorization_server_view))
}

/// Lists the public halves of the keys that sign tokens (RFC 7517).
#[utoipa::path(get, path = "/oauth2/jwks", tag = "oauth2", security(()), responses((status = 200, body = Jwks)))]
async fn signing_key_list(State(oauth): State<OAuth>) -> Response {
    let begin = Instant::now();
    let kind = [(header::CONTENT_TYPE, "application/jwk-set+json")];
    let done = oauth.app.control.signing_key_list().await.map(|keys| (kind, keys.to_string()).into_response());
    oauth.answer("signing_key_list", begin, done.map(remembered)).await
}

/// Says what a client must know of the token service (RFC 8414).
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", tag = "oauth2", security(()),
    responses((status = 200, body = AuthorizationServer)))]
async fn authorization_server_view(State(oauth): State<OAuth>) -> Response {
    let issuer = &oauth.app.control.settings().public_url;
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let methods = || words(&["client_secret_basic", "client_secret_post"]);
    let metadata = AuthorizationServer {
        token_endpoint: format!("{issuer}/oauth2/token"),
        jwks_uri: format!("{issuer}/oauth2/jwks"),
        introspection_endpoint: format!("{issuer}/oauth2/introspect"),
        revocation_endpoint: format!("{issuer}/oauth2/revoke"),
        issuer: issuer.clone(),
        response_types_supported: Vec::new(),
        grant_types_supported: words(&["client_credentials"]),
        token_endpoint_auth_methods_supported: methods(),
        introspection_endpoint_auth_methods_supported: [methods(), words(&["bearer"])].concat(),
        revocation_endpoint_auth_methods_supported: methods(),
    };
    let begin = Instant::now();
    oauth.answer("authorization_server_view", begin, Ok(remembered(given(&metadata)))).await
}

fn remembered(mut response: Response) -> Response {
    response.headers_mut().remove(header::PRAGMA);
    response.headers_mut().insert(header::CACHE_CONTROL, REMEMBERED);
    response
}
