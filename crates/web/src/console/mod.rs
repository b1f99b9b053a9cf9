//! The console: pages for people, over the same use cases as the API. Each handler extracts, calls, and fills a template.
//!
//! It holds no rule: what is offered, why not, and what it would be named comes from `control`. Every form works without
//! JavaScript, and nothing on a page comes from another host.

mod account;
mod asset;
mod audit;
mod changes;
mod component;
mod connect;
mod connection;
mod connections;
mod cookie;
mod definition;
mod deployment;
mod deployments;
mod fault;
mod flash;
mod form;
mod frame;
mod graph;
mod headers;
mod home;
mod invitation;
mod markdown;
mod marketplace;
mod navigation;
mod organization;
mod place;
mod plan;
mod project;
mod query;
mod reference;
mod registration;
mod service;
mod settings;
mod sign_in;
mod sign_in_provider;
mod users;
mod visitor;
mod words;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use tieline_core::secret::Secret;
use tower_http::catch_panic::CatchPanicLayer;

use crate::guard::Guard;
use crate::{App, MAX_BODY, carry, guard, input};

use fault::PageResult;
pub(crate) use fault::no_page;
pub(crate) use invitation::shown as invited;

/// The link that signs in with a secret. Only the query holds it, which no log does.
#[must_use]
pub fn sign_in_address(public_url: &str, secret: &Secret) -> String {
    format!("{public_url}{}?link={}", sign_in::PATH, secret.expose())
}

/// Every page of the console, and what they refer to.
pub(crate) fn router(app: App, guarded: Arc<Guard>) -> Router {
    Router::new()
        .merge(sign_in::router())
        .merge(sign_in_provider::router(&app))
        .merge(invitation::router())
        .merge(account::router())
        .merge(users::router())
        .merge(home::router())
        .merge(organization::router())
        .merge(project::router())
        .merge(component::router())
        .merge(connections::router())
        .merge(marketplace::router())
        .merge(service::router())
        .merge(connect::router())
        .merge(registration::router())
        .merge(deployments::router())
        .merge(deployment::router())
        .merge(plan::router())
        .merge(graph::router())
        .merge(audit::router())
        .merge(settings::router())
        .merge(connection::router())
        .merge(changes::router())
        .layer(from_fn_with_state(app.clone(), flash::forget))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(guarded, guard::guard_page))
        .layer(from_fn(input::refuse_nul))
        .layer(from_fn_with_state(app.requests.clone(), carry::carry))
        .layer(from_fn(form::read_open))
        .layer(from_fn(headers::page))
        .merge(asset::router())
        .layer(CatchPanicLayer::new())
        .with_state(app)
}

/// A page of a template.
fn page(template: &impl Template) -> PageResult {
    let text = template.render().map_err(fault::Fault::render)?;
    Ok(Html(text).into_response())
}

/// Sends a browser elsewhere with a `GET`: to a path, which begins with a slash, or to the address of an identity provider.
/// Either holds nothing that is not percent-encoded.
fn see(address: &str) -> Response {
    (axum::http::StatusCode::SEE_OTHER, [(header::LOCATION, address.to_owned())]).into_response()
}
