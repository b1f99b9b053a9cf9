//! The operations of the API, one room per noun. A handler's name is the operation id, the use case and the audit
//! action.

mod access;
mod application;
mod backup;
mod connection;
mod deployment;
mod gateway;
mod graph;
mod identity_provider;
mod service;
mod subscription;
mod tenancy;
mod user;

use utoipa_axum::router::OpenApiRouter;

use crate::App;

/// Every operation, under `/api/v1`.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(access::router())
        .merge(application::router())
        .merge(backup::router())
        .merge(connection::router())
        .merge(deployment::router())
        .merge(gateway::router())
        .merge(graph::router())
        .merge(identity_provider::router())
        .merge(service::router())
        .merge(subscription::router())
        .merge(tenancy::router())
        .merge(user::router())
}
