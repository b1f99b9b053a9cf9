//! The identity provider of an organization that has its own.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use tieline_control::{Error, Kind};
use tieline_core::wire::identity_provider::IdentityProviderView;

use crate::App;
use crate::console::fault::PageResult;
use crate::console::frame::Frame;
use crate::console::page;
use crate::console::place::{self, Level, Place};
use crate::console::visitor::Visitor;

/// The page, below its place.
const PAGE: &str = "settings/identity-provider";

pub(super) fn router() -> Router<App> {
    place::serve(Router::new(), &[Level::Organization], PAGE, &get(identity_provider))
}

#[derive(Template)]
#[template(path = "console/settings/identity_provider.html")]
struct IdentityProviderPage {
    frame: Frame,
    place: Place,
    /// None where the token service of Tieline issues its tokens.
    provider: Option<IdentityProviderView>,
}

async fn identity_provider(State(app): State<App>, visitor: Visitor, mut place: Place) -> PageResult {
    let frame = Frame::of(&app, &visitor, &mut place, "Identity provider", PAGE).await?;
    let provider = match app.control.identity_provider_view(&visitor.actor, &place.organization).await {
        Ok(provider) => Some(provider),
        Err(Error::Refused(refusal)) if refusal.kind == Kind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    page(&IdentityProviderPage { frame, place, provider })
}
