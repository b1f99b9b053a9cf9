//! Plans, deployments and the delivery of snapshots.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tieline_control::{Actor, PageQuery, SnapshotQuery};
use tieline_core::wire::plan::{
    DeployRequest, DeploymentDetail, DeploymentView, PlanRequest, PlanView, PromoteRequest, RollbackRequest,
    SnapshotValues,
};
use tieline_core::wire::{Page, Problem};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::caller::Caller;
use crate::error::ApiResult;
use crate::input::{Body, Params};

/// Longest wait for a change; shorter than the idle time-outs of common proxies.
const LONGEST_WAIT: Duration = Duration::from_secs(25);

/// The component of a path: organization, project, component.
type Component = (String, String, String);

/// The component of a path, and an environment or a deployment of it.
type Place = (String, String, String, String);

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(plan))
        .routes(routes!(deploy, deployment_list))
        .routes(routes!(deployment_view))
        .routes(routes!(promote))
        .routes(routes!(rollback))
        .routes(routes!(undeploy))
        .routes(routes!(variables))
        .routes(routes!(snapshot))
}

/// Which deployments are listed.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// Only those of this environment.
    environment: Option<String>,
    /// Only those that are live, all of them at once.
    #[serde(default)]
    live: bool,
    /// Where the page begins, from the page before.
    cursor: Option<String>,
    /// At most so many; 100, unless given, and never more than 1000.
    limit: Option<i64>,
}

/// Which major is meant.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct VersionParams {
    /// `vN`, when several majors are live.
    version: Option<String>,
}

/// Which snapshot a runner asks for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct SnapshotParams {
    /// `vN`, when several majors are live.
    version: Option<String>,
    /// The `revision` that the runner holds: the answer waits until there is another one.
    held: Option<String>,
    /// For how many seconds it may wait, at most 25; then the answer is 204.
    wait: Option<u64>,
    /// What tells this process of the runner from its others: any text that it drew at its start.
    instance: Option<String>,
    /// The `snapshot` that the process runs with, and goes on with until it says another one; empty when it has ended.
    /// Without it, the process starts with what it is given.
    running: Option<String>,
}

/// Plans a descriptor, or the live release, for one environment.
#[utoipa::path(post, path = "/organizations/{organization}/projects/{project}/components/{component}/plan",
    tag = "deployment", params(("organization" = String, Path), ("project" = String, Path), ("component" = String, Path)),
    request_body = PlanRequest, responses((status = 200, body = PlanView), (status = "default", body = Problem)))]
async fn plan(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, project, component)): Path<Component>,
    Body(request): Body<PlanRequest>,
) -> ApiResult<Json<PlanView>> {
    Ok(Json(app.control.plan(&actor, &organization, &project, &component, request).await?))
}

/// Deploys a descriptor to an environment. Deployments that use what it offers are planned again: the first fifty before
/// the answer, the others in the seconds after it.
#[utoipa::path(post, path = "/organizations/{organization}/projects/{project}/components/{component}/deployments",
    tag = "deployment", params(("organization" = String, Path), ("project" = String, Path), ("component" = String, Path)),
    request_body = DeployRequest, responses((status = 201, body = DeploymentView), (status = "default", body = Problem)))]
async fn deploy(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, project, component)): Path<Component>,
    Body(request): Body<DeployRequest>,
) -> ApiResult<(StatusCode, Json<DeploymentView>)> {
    let made = app.control.deploy(&actor, &organization, &project, &component, request).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Lists the deployments of a component, the latest first.
#[utoipa::path(get, path = "/organizations/{organization}/projects/{project}/components/{component}/deployments",
    tag = "deployment", params(("organization" = String, Path), ("project" = String, Path), ("component" = String, Path), ListParams),
    responses((status = 200, body = Page<DeploymentView>), (status = "default", body = Problem)))]
async fn deployment_list(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, project, component)): Path<Component>,
    Params(ListParams { environment, live, cursor, limit }): Params<ListParams>,
) -> ApiResult<Json<Page<DeploymentView>>> {
    if live {
        let environment = environment.as_deref();
        let items = app.control.deployment_live_list(&actor, &organization, &project, &component, environment).await?;
        return Ok(Json(Page { items, next: None }));
    }
    let (environment, page) = (environment.as_deref(), PageQuery { cursor, limit });
    Ok(Json(app.control.deployment_list(&actor, &organization, &project, &component, environment, &page).await?))
}

/// Shows a deployment with the variables that it runs with, and what changed since the one before it.
#[utoipa::path(get, path = "/organizations/{organization}/projects/{project}/components/{component}/deployments/{deployment}",
    tag = "deployment", params(("organization" = String, Path), ("project" = String, Path), ("component" = String, Path),
        ("deployment" = String, Path)),
    responses((status = 200, body = DeploymentDetail), (status = "default", body = Problem)))]
async fn deployment_view(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, project, component, deployment)): Path<Place>,
) -> ApiResult<Json<DeploymentDetail>> {
    Ok(Json(app.control.deployment_view(&actor, &organization, &project, &component, &deployment).await?))
}

/// Promotes a live release to a later environment.
#[utoipa::path(post, path = "/organizations/{organization}/projects/{project}/components/{component}/promotions",
    tag = "deployment", params(("organization" = String, Path), ("project" = String, Path), ("component" = String, Path)),
    request_body = PromoteRequest, responses((status = 201, body = DeploymentView), (status = "default", body = Problem)))]
async fn promote(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, project, component)): Path<Component>,
    Body(request): Body<PromoteRequest>,
) -> ApiResult<(StatusCode, Json<DeploymentView>)> {
    let made = app.control.promote(&actor, &organization, &project, &component, request).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Goes back to an older deployment with the values that it ran with.
#[utoipa::path(post, path = "/organizations/{organization}/projects/{project}/components/{component}/rollbacks",
    tag = "deployment", params(("organization" = String, Path), ("project" = String, Path), ("component" = String, Path)),
    request_body = RollbackRequest, responses((status = 201, body = DeploymentView), (status = "default", body = Problem)))]
async fn rollback(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, project, component)): Path<Component>,
    Body(request): Body<RollbackRequest>,
) -> ApiResult<(StatusCode, Json<DeploymentView>)> {
    let made = app.control.rollback(&actor, &organization, &project, &component, request).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Takes a component out of an environment.
#[utoipa::path(delete,
    path = "/organizations/{organization}/projects/{project}/components/{component}/environments/{environment}/deployment",
    tag = "deployment", params(("organization" = String, Path), ("project" = String, Path), ("component" = String, Path),
        ("environment" = String, Path), VersionParams),
    responses((status = 200, body = DeploymentView), (status = "default", body = Problem)))]
async fn undeploy(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((organization, project, component, environment)): Path<Place>,
    Params(params): Params<VersionParams>,
) -> ApiResult<Json<DeploymentView>> {
    let version = params.version.as_deref();
    let ended = app.control.undeploy(&actor, &organization, &project, &component, &environment, version).await?;
    Ok(Json(ended))
}

/// The live snapshot's variables, in clear.
#[utoipa::path(get,
    path = "/organizations/{organization}/projects/{project}/components/{component}/environments/{environment}/variables",
    tag = "deployment", params(("organization" = String, Path), ("project" = String, Path), ("component" = String, Path),
        ("environment" = String, Path), VersionParams),
    responses((status = 200, body = BTreeMap<String, String>), (status = "default", body = Problem)))]
async fn variables(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(place): Path<Place>,
    Params(params): Params<VersionParams>,
) -> ApiResult<Json<BTreeMap<String, String>>> {
    Ok(Json(app.control.snapshot_fetch(&actor, &query(place, params.version), None).await?.variables))
}

/// The live snapshot, for a runner: at once, or as soon as it or its policy is not the one that is held.
#[utoipa::path(get,
    path = "/organizations/{organization}/projects/{project}/components/{component}/environments/{environment}/snapshot",
    tag = "deployment", params(("organization" = String, Path), ("project" = String, Path), ("component" = String, Path),
        ("environment" = String, Path), SnapshotParams),
    responses((status = 200, body = SnapshotValues), (status = 204, description = "still the one that is held"),
        (status = "default", body = Problem)))]
async fn snapshot(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(place): Path<Place>,
    Params(params): Params<SnapshotParams>,
) -> ApiResult<Response> {
    let query = query(place, params.version);
    let reports = params.instance.as_deref().zip(params.running.as_deref());
    if let Some((instance, running)) = reports {
        app.control.instance_report(&actor, &query, instance, running).await?;
        if running.is_empty() {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
    }
    if let Some(held) = params.held {
        let wait = Duration::from_secs(params.wait.unwrap_or(0)).min(LONGEST_WAIT);
        if !differs(&app, &actor, &query, &held, wait).await? {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
    }
    let values = match reports {
        Some(_) => app.control.snapshot_follow(&actor, &query).await?,
        None => app.control.snapshot_fetch(&actor, &query, params.instance.as_deref()).await?,
    };
    Ok(Json(values).into_response())
}

/// Waits until the live revision is not the one that is held; false when the time is over or the server drains.
async fn differs(app: &App, actor: &Actor, query: &SnapshotQuery, held: &str, wait: Duration) -> ApiResult<bool> {
    let mut changes = app.control.changes();
    let mut stopping = app.stopping.clone();
    let end = tokio::time::Instant::now() + wait;
    loop {
        changes.mark_unchanged();
        if app.control.snapshot_revision(actor, query).await? != held {
            return Ok(true);
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return Ok(false) },
            _ = stopping.wait_for(|stop| *stop) => return Ok(false),
            () = tokio::time::sleep_until(end) => return Ok(false),
        }
    }
}

fn query((organization, project, component, environment): Place, version: Option<String>) -> SnapshotQuery {
    SnapshotQuery { organization, project, component, environment, version }
}
