//! Subscriptions, and what the owners of a service decide about them.

use axum::Json;
use axum::extract::{Path, State};
use tieline_core::wire::subscription::{SubscriptionDecide, SubscriptionQuery, SubscriptionUpdate, SubscriptionView};
use tieline_core::wire::{Page, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::caller::Caller;
use crate::error::ApiResult;
use crate::input::{Body, Params};

/// A subscription of a path: organization and id.
type Subscription = (String, String);

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(subscription_list))
        .routes(routes!(subscription_update))
        .routes(routes!(subscription_approve))
        .routes(routes!(subscription_refuse))
        .routes(routes!(subscription_block))
        .routes(routes!(subscription_unblock))
}

/// Lists the subscriptions that the caller may see, as owner of the service or as consumer.
#[utoipa::path(get, path = "/organizations/{organization}/subscriptions", tag = "subscription",
    params(("organization" = String, Path), SubscriptionQuery),
    responses((status = 200, body = Page<SubscriptionView>), (status = "default", body = Problem)))]
async fn subscription_list(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(organization): Path<String>,
    Params(query): Params<SubscriptionQuery>,
) -> ApiResult<Json<Page<SubscriptionView>>> {
    Ok(Json(app.control.subscription_list(&actor, &organization, &query).await?))
}

/// Gives a subscriber another rate plan.
#[utoipa::path(patch, path = "/organizations/{organization}/subscriptions/{subscription}", tag = "subscription",
    params(("organization" = String, Path), ("subscription" = String, Path)), request_body = SubscriptionUpdate,
    responses((status = 200, body = SubscriptionView), (status = "default", body = Problem)))]
async fn subscription_update(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, subscription)): Path<Subscription>,
    Body(request): Body<SubscriptionUpdate>,
) -> ApiResult<Json<SubscriptionView>> {
    Ok(Json(app.control.subscription_update(&actor, &organization, &subscription, request).await?))
}

/// Lets a subscriber call, also one that was refused.
#[utoipa::path(post, path = "/organizations/{organization}/subscriptions/{subscription}/approve", tag = "subscription",
    params(("organization" = String, Path), ("subscription" = String, Path)), request_body = SubscriptionDecide,
    responses((status = 200, body = SubscriptionView), (status = "default", body = Problem)))]
async fn subscription_approve(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, subscription)): Path<Subscription>,
    Body(request): Body<SubscriptionDecide>,
) -> ApiResult<Json<SubscriptionView>> {
    Ok(Json(app.control.subscription_approve(&actor, &organization, &subscription, request).await?))
}

/// Refuses a subscriber, with a reason for it to read.
#[utoipa::path(post, path = "/organizations/{organization}/subscriptions/{subscription}/refuse", tag = "subscription",
    params(("organization" = String, Path), ("subscription" = String, Path)), request_body = SubscriptionDecide,
    responses((status = 200, body = SubscriptionView), (status = "default", body = Problem)))]
async fn subscription_refuse(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, subscription)): Path<Subscription>,
    Body(request): Body<SubscriptionDecide>,
) -> ApiResult<Json<SubscriptionView>> {
    Ok(Json(app.control.subscription_refuse(&actor, &organization, &subscription, request).await?))
}

/// Stops a subscriber from calling, whatever else was decided.
#[utoipa::path(post, path = "/organizations/{organization}/subscriptions/{subscription}/block", tag = "subscription",
    params(("organization" = String, Path), ("subscription" = String, Path)), request_body = SubscriptionDecide,
    responses((status = 200, body = SubscriptionView), (status = "default", body = Problem)))]
async fn subscription_block(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, subscription)): Path<Subscription>,
    Body(request): Body<SubscriptionDecide>,
) -> ApiResult<Json<SubscriptionView>> {
    Ok(Json(app.control.subscription_block(&actor, &organization, &subscription, request).await?))
}

/// Takes a block back.
#[utoipa::path(post, path = "/organizations/{organization}/subscriptions/{subscription}/unblock", tag = "subscription",
    params(("organization" = String, Path), ("subscription" = String, Path)),
    responses((status = 200, body = SubscriptionView), (status = "default", body = Problem)))]
async fn subscription_unblock(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, subscription)): Path<Subscription>,
) -> ApiResult<Json<SubscriptionView>> {
    Ok(Json(app.control.subscription_unblock(&actor, &organization, &subscription).await?))
}
