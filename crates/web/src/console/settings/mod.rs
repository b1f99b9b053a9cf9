//! The settings of an organization: environments, members, tokens, OAuth applications, approvals, and the identity
//! provider. A page each.

pub(super) mod applications;
mod approvals;
mod environments;
mod identity_provider;
mod members;
mod tokens;

use axum::Router;

use crate::App;

pub(super) fn router() -> Router<App> {
    Router::new()
        .merge(environments::router())
        .merge(members::router())
        .merge(tokens::router())
        .merge(applications::router())
        .merge(approvals::router())
        .merge(identity_provider::router())
}
