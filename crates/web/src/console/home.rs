//! The start page: the organizations that the visitor has a part in.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use tieline_control::{Error, PageQuery};
use tieline_core::wire::tenancy::OrganizationView;

use super::fault::PageResult;
use super::frame::Frame;
use super::page;
use super::place::Place;
use super::visitor::Visitor;
use crate::App;

pub(super) fn router() -> Router<App> {
    Router::new().route("/", get(home))
}

#[derive(Template)]
#[template(path = "console/home.html")]
struct HomePage {
    frame: Frame,
    organizations: Vec<OrganizationView>,
    /// What an administrator of the installation sees: whether anybody has an account.
    accounts: Option<bool>,
}

async fn home(State(app): State<App>, visitor: Visitor) -> PageResult {
    let organizations = app.control.organization_list(&visitor.actor).await?;
    let query = PageQuery { cursor: None, limit: Some(1) };
    let accounts = match app.control.installation_user_list(&visitor.actor, &query).await {
        Ok(list) => Some(!list.items.is_empty()),
        Err(Error::Refused(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let frame = Frame::home(&app, &visitor, "Organizations").await?;
    page(&HomePage { frame, organizations, accounts })
}
