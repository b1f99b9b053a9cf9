//! Tokens, the audit and the master key.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tieline_core::wire::access::{
    AuditQuery, AuditVerdict, AuditView, KeyRotate, KeyRotated, LoginLinkView, TokenCreate, TokenCreated, TokenView,
};
use tieline_core::wire::oauth::{SigningKeyRotate, SigningKeyView};
use tieline_core::wire::{Page, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::caller::Caller;
use crate::error::ApiResult;
use crate::input::{Body, PageParams, Params};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(token_create, token_list))
        .routes(routes!(token_revoke))
        .routes(routes!(login_link_create))
        .routes(routes!(installation_token_create, installation_token_list))
        .routes(routes!(installation_token_revoke))
        .routes(routes!(audit_list))
        .routes(routes!(audit_verify))
        .routes(routes!(installation_audit_list))
        .routes(routes!(installation_audit_verify))
        .routes(routes!(key_rotate))
        .routes(routes!(signing_key_rotate))
}

/// Makes a token; the answer shows it for the only time. An Idempotency-Key is refused, because answers are kept.
#[utoipa::path(post, path = "/organizations/{organization}/tokens", tag = "token",
    params(("organization" = String, Path)), request_body = TokenCreate,
    responses((status = 201, body = TokenCreated), (status = "default", body = Problem)))]
async fn token_create(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
    Body(request): Body<TokenCreate>,
) -> ApiResult<(StatusCode, Json<TokenCreated>)> {
    let (view, secret) = app.control.token_create(&actor, &organization, request).await?;
    Ok((StatusCode::CREATED, Json(TokenCreated { token: secret.expose().to_owned(), view })))
}

/// Lists the tokens that the caller administers, the latest first.
#[utoipa::path(get, path = "/organizations/{organization}/tokens", tag = "token",
    params(("organization" = String, Path), PageParams),
    responses((status = 200, body = Page<TokenView>), (status = "default", body = Problem)))]
async fn token_list(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
    Params(page): Params<PageParams>,
) -> ApiResult<Json<Page<TokenView>>> {
    Ok(Json(app.control.token_list(&actor, &organization, &page.into()).await?))
}

/// Revokes a token, named by its id or, while it is live, by its name.
#[utoipa::path(delete, path = "/organizations/{organization}/tokens/{token}", tag = "token",
    params(("organization" = String, Path), ("token" = String, Path)),
    responses((status = 204), (status = "default", body = Problem)))]
async fn token_revoke(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, token)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    app.control.token_revoke(&actor, &organization, &token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a single-use sign-in link of the console for the caller, accepted for ten minutes.
#[utoipa::path(post, path = "/login-links", tag = "token",
    responses((status = 201, body = LoginLinkView), (status = "default", body = Problem)))]
async fn login_link_create(
    State(app): State<App>,
    Caller(actor): Caller,
) -> ApiResult<(StatusCode, Json<LoginLinkView>)> {
    let link = app.control.login_link_create(&actor).await?;
    let url = crate::console::sign_in_address(&app.control.settings().public_url, &link.secret);
    Ok((StatusCode::CREATED, Json(LoginLinkView { url, expires_at: link.expires_at })))
}

/// Makes a token for a gateway; the answer shows it for the only time. An Idempotency-Key is refused, because answers are
/// kept.
#[utoipa::path(post, path = "/installation/tokens", tag = "token", request_body = TokenCreate,
    responses((status = 201, body = TokenCreated), (status = "default", body = Problem)))]
async fn installation_token_create(
    State(app): State<App>,
    Caller(actor): Caller,
    Body(request): Body<TokenCreate>,
) -> ApiResult<(StatusCode, Json<TokenCreated>)> {
    let (view, secret) = app.control.installation_token_create(&actor, request).await?;
    Ok((StatusCode::CREATED, Json(TokenCreated { token: secret.expose().to_owned(), view })))
}

/// Lists the tokens of the installation's administrators and gateways, the oldest first.
#[utoipa::path(get, path = "/installation/tokens", tag = "token",
    responses((status = 200, body = Page<TokenView>), (status = "default", body = Problem)))]
async fn installation_token_list(State(app): State<App>, Caller(actor): Caller) -> ApiResult<Json<Page<TokenView>>> {
    Ok(Json(Page { items: app.control.installation_token_list(&actor).await?, next: None }))
}

/// Revokes a token of one of the installation's administrators or gateways, named by its id or its name; the last live
/// administrator stays.
#[utoipa::path(delete, path = "/installation/tokens/{token}", tag = "token",
    params(("token" = String, Path)), responses((status = 204), (status = "default", body = Problem)))]
async fn installation_token_revoke(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(token): Path<String>,
) -> ApiResult<StatusCode> {
    app.control.installation_token_revoke(&actor, &token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists what was done in an organization, the latest first.
#[utoipa::path(get, path = "/organizations/{organization}/audit", tag = "audit",
    params(("organization" = String, Path), AuditQuery),
    responses((status = 200, body = Page<AuditView>), (status = "default", body = Problem)))]
async fn audit_list(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
    Params(query): Params<AuditQuery>,
) -> ApiResult<Json<Page<AuditView>>> {
    Ok(Json(app.control.audit_list(&actor, &organization, &query).await?))
}

/// Walks an organization's chain of audit entries.
#[utoipa::path(get, path = "/organizations/{organization}/audit/verdict", tag = "audit",
    params(("organization" = String, Path)),
    responses((status = 200, body = AuditVerdict), (status = "default", body = Problem)))]
async fn audit_verify(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
) -> ApiResult<Json<AuditVerdict>> {
    Ok(Json(app.control.audit_verify(&actor, &organization).await?))
}

/// Lists what was done with the installation itself, the latest first.
#[utoipa::path(get, path = "/installation/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, body = Page<AuditView>), (status = "default", body = Problem)))]
async fn installation_audit_list(
    State(app): State<App>,
    Caller(actor): Caller,
    Params(query): Params<AuditQuery>,
) -> ApiResult<Json<Page<AuditView>>> {
    Ok(Json(app.control.installation_audit_list(&actor, &query).await?))
}

/// Walks the installation's chain of audit entries.
#[utoipa::path(get, path = "/installation/audit/verdict", tag = "audit",
    responses((status = 200, body = AuditVerdict), (status = "default", body = Problem)))]
async fn installation_audit_verify(State(app): State<App>, Caller(actor): Caller) -> ApiResult<Json<AuditVerdict>> {
    Ok(Json(app.control.installation_audit_verify(&actor).await?))
}

/// Makes another master key and wraps every sealed value under it.
#[utoipa::path(post, path = "/installation/key", tag = "installation", request_body = KeyRotate,
    responses((status = 200, body = KeyRotated), (status = "default", body = Problem)))]
async fn key_rotate(
    State(app): State<App>,
    Caller(actor): Caller,
    Body(request): Body<KeyRotate>,
) -> ApiResult<Json<KeyRotated>> {
    Ok(Json(app.control.key_rotate(&actor, request).await?))
}

/// Makes another key to sign tokens with, and lists those that are published.
#[utoipa::path(post, path = "/installation/signing-keys", tag = "installation", request_body = SigningKeyRotate,
    responses((status = 200, body = Page<SigningKeyView>), (status = "default", body = Problem)))]
async fn signing_key_rotate(
    State(app): State<App>,
    Caller(actor): Caller,
    Body(request): Body<SigningKeyRotate>,
) -> ApiResult<Json<Page<SigningKeyView>>> {
    Ok(Json(Page { items: app.control.signing_key_rotate(&actor, request).await?, next: None }))
}
