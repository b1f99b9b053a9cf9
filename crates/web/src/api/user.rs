//! People: the members of an organization, and the accounts of the installation.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tieline_control::InvitationLink;
use tieline_core::wire::user::{
    AccountView, InstallationUserUpdate, InvitationView, MemberView, OwnTokenCreate, OwnTokenCreated, OwnTokenView,
    PasswordChange, UserInvite, UserQuery, UserUpdate, UserView,
};
use tieline_core::wire::{Page, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::caller::Caller;
use crate::error::ApiResult;
use crate::input::{Body, PageParams, Params};
use crate::peer::Peer;

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(user_invite, user_list))
        .routes(routes!(user_update, user_remove))
        .routes(routes!(user_reset))
        .routes(routes!(installation_user_invite, installation_user_list))
        .routes(routes!(installation_user_update))
        .routes(routes!(installation_user_reset))
        .routes(routes!(account_view))
        .routes(routes!(password_change))
        .routes(routes!(sign_out_everywhere))
        .routes(routes!(own_token_create, own_token_list))
        .routes(routes!(own_token_revoke))
}

/// Invites a person into the organization or a project. The answer shows for the only time the invitation link with which they join; the
/// role counts once they accepted it. An Idempotency-Key is refused, because answers are kept.
#[utoipa::path(post, path = "/organizations/{organization}/users", tag = "user",
    params(("organization" = String, Path)), request_body = UserInvite,
    responses((status = 201, body = InvitationView), (status = "default", body = Problem)))]
async fn user_invite(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
    Body(request): Body<UserInvite>,
) -> ApiResult<(StatusCode, Json<InvitationView>)> {
    invited(&app, app.control.user_invite(&actor, &organization, request).await?)
}

/// Lists the people whose roles the caller administers, by name, once for each role.
#[utoipa::path(get, path = "/organizations/{organization}/users", tag = "user",
    params(("organization" = String, Path), PageParams),
    responses((status = 200, body = Page<MemberView>), (status = "default", body = Problem)))]
async fn user_list(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
    Params(page): Params<PageParams>,
) -> ApiResult<Json<Page<MemberView>>> {
    Ok(Json(app.control.user_list(&actor, &organization, &page.into()).await?))
}

/// Gives a member another role in the same place.
#[utoipa::path(patch, path = "/organizations/{organization}/users/{user}", tag = "user",
    params(("organization" = String, Path), ("user" = String, Path)), request_body = UserUpdate,
    responses((status = 204), (status = "default", body = Problem)))]
async fn user_update(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, user)): Path<(String, String)>,
    Body(request): Body<UserUpdate>,
) -> ApiResult<StatusCode> {
    app.control.user_update(&actor, &organization, &user, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the role of a member in the organization, or in a project, or withdraws the invitation to it.
#[utoipa::path(delete, path = "/organizations/{organization}/users/{user}", tag = "user",
    params(("organization" = String, Path), ("user" = String, Path), UserQuery),
    responses((status = 204), (status = "default", body = Problem)))]
async fn user_remove(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, user)): Path<(String, String)>,
    Params(query): Params<UserQuery>,
) -> ApiResult<StatusCode> {
    app.control.user_remove(&actor, &organization, &user, query.project.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a password link with which a member sets another password. It is refused for one with rights beyond the organization.
#[utoipa::path(post, path = "/organizations/{organization}/users/{user}/reset", tag = "user",
    params(("organization" = String, Path), ("user" = String, Path)),
    responses((status = 201, body = InvitationView), (status = "default", body = Problem)))]
async fn user_reset(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, user)): Path<(String, String)>,
) -> ApiResult<(StatusCode, Json<InvitationView>)> {
    invited(&app, app.control.user_reset(&actor, &organization, &user).await?)
}

/// Invites a person to administer the installation. The answer shows the invitation link for the only time.
#[utoipa::path(post, path = "/installation/users", tag = "user", request_body = UserInvite,
    responses((status = 201, body = InvitationView), (status = "default", body = Problem)))]
async fn installation_user_invite(
    State(app): State<App>,
    Caller(actor): Caller,
    Body(request): Body<UserInvite>,
) -> ApiResult<(StatusCode, Json<InvitationView>)> {
    invited(&app, app.control.installation_user_invite(&actor, request).await?)
}

/// Lists the accounts of the installation, by name.
#[utoipa::path(get, path = "/installation/users", tag = "user", params(PageParams),
    responses((status = 200, body = Page<UserView>), (status = "default", body = Problem)))]
async fn installation_user_list(
    State(app): State<App>,
    Caller(actor): Caller,
    Params(page): Params<PageParams>,
) -> ApiResult<Json<Page<UserView>>> {
    Ok(Json(app.control.installation_user_list(&actor, &page.into()).await?))
}

/// Takes an account out of use, which ends its sessions, or into use again, or ends its part in administering the installation.
#[utoipa::path(patch, path = "/installation/users/{user}", tag = "user",
    params(("user" = String, Path)), request_body = InstallationUserUpdate,
    responses((status = 200, body = UserView), (status = "default", body = Problem)))]
async fn installation_user_update(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(user): Path<String>,
    Body(request): Body<InstallationUserUpdate>,
) -> ApiResult<Json<UserView>> {
    Ok(Json(app.control.installation_user_update(&actor, &user, request).await?))
}

/// Makes a password link with which somebody sets another password.
#[utoipa::path(post, path = "/installation/users/{user}/reset", tag = "user", params(("user" = String, Path)),
    responses((status = 201, body = InvitationView), (status = "default", body = Problem)))]
async fn installation_user_reset(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(user): Path<String>,
) -> ApiResult<(StatusCode, Json<InvitationView>)> {
    invited(&app, app.control.installation_user_reset(&actor, &user).await?)
}

/// Says who the caller is, and what they may do where.
#[utoipa::path(get, path = "/account", tag = "user",
    responses((status = 200, body = AccountView), (status = "default", body = Problem)))]
async fn account_view(State(app): State<App>, Caller(actor): Caller) -> ApiResult<Json<AccountView>> {
    Ok(Json(app.control.account_view(&actor).await?))
}

/// Gives the caller's account another password, for who knows the one that it has, and ends every session of the account.
#[utoipa::path(post, path = "/account/password", tag = "user", request_body = PasswordChange,
    responses((status = 204), (status = "default", body = Problem)))]
async fn password_change(
    State(app): State<App>,
    Caller(actor): Caller,
    Peer(address): Peer,
    Body(request): Body<PasswordChange>,
) -> ApiResult<StatusCode> {
    app.control.password_change(&actor, &request.current, &request.password, address).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends every session of the console that acts as the caller.
#[utoipa::path(post, path = "/account/sign-out", tag = "user",
    responses((status = 204), (status = "default", body = Problem)))]
async fn sign_out_everywhere(State(app): State<App>, Caller(actor): Caller) -> ApiResult<StatusCode> {
    app.control.sign_out_everywhere(&actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a token with which its holder acts as the caller, a person with an account; the answer shows it for the only time. An
/// Idempotency-Key is refused, because answers are kept.
#[utoipa::path(post, path = "/account/tokens", tag = "user", request_body = OwnTokenCreate,
    responses((status = 201, body = OwnTokenCreated), (status = "default", body = Problem)))]
async fn own_token_create(
    State(app): State<App>,
    Caller(actor): Caller,
    Body(request): Body<OwnTokenCreate>,
) -> ApiResult<(StatusCode, Json<OwnTokenCreated>)> {
    let (view, secret) = app.control.own_token_create(&actor, request).await?;
    Ok((StatusCode::CREATED, Json(OwnTokenCreated { token: secret.expose().to_owned(), view })))
}

/// Lists the caller's own tokens, the oldest first.
#[utoipa::path(get, path = "/account/tokens", tag = "user",
    responses((status = 200, body = Page<OwnTokenView>), (status = "default", body = Problem)))]
async fn own_token_list(State(app): State<App>, Caller(actor): Caller) -> ApiResult<Json<Page<OwnTokenView>>> {
    Ok(Json(Page { items: app.control.own_token_list(&actor).await?, next: None }))
}

/// Revokes one of the caller's own tokens, named by its id or its name.
#[utoipa::path(delete, path = "/account/tokens/{token}", tag = "user",
    params(("token" = String, Path)), responses((status = 204), (status = "default", body = Problem)))]
async fn own_token_revoke(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(token): Path<String>,
) -> ApiResult<StatusCode> {
    app.control.own_token_revoke(&actor, &token).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn invited(app: &App, link: InvitationLink) -> ApiResult<(StatusCode, Json<InvitationView>)> {
    Ok((StatusCode::CREATED, Json(crate::console::invited(app, link))))
}
