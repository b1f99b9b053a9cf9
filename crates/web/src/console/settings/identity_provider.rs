//! The identity provider of an organization that has its own: set, found out anew, and removed.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use tieline_control::{Error, Kind, Refusal};
use tieline_core::secret::Secret;
use tieline_core::wire::identity_provider::{IdentityProviderSet, IdentityProviderView};

use crate::App;
use crate::console::fault::{Fault, PageResult, again, refused};
use crate::console::form::{Entered, Fields, Form};
use crate::console::frame::Frame;
use crate::console::page;
use crate::console::place::{self, Level, Place};
use crate::console::visitor::Visitor;

/// The page, below its place.
const PAGE: &str = "settings/identity-provider";

pub(super) fn router() -> Router<App> {
    let at = &[Level::Organization];
    let router = place::serve(Router::new(), at, PAGE, &get(identity_provider).post(identity_provider_set));
    place::serve(router, at, "settings/identity-provider/remove", &post(identity_provider_remove))
}

#[derive(Template)]
#[template(path = "console/settings/identity_provider.html")]
struct IdentityProviderPage {
    frame: Frame,
    place: Place,
    /// None where the token service of Tieline issues its tokens.
    provider: Option<IdentityProviderView>,
    issuer: Entered,
    audience: Entered,
    /// What is wrong with the token that was entered, which is not shown again.
    token: Option<String>,
    refusal: Option<Refusal>,
}

async fn identity_provider(State(app): State<App>, visitor: Visitor, place: Place) -> PageResult {
    page(&shown(&app, &visitor, place).await?)
}

async fn identity_provider_set(State(app): State<App>, place: Place, Form { visitor, fields }: Form) -> PageResult {
    let token = match (fields.ticked("no_token"), fields.optional("registration_token")) {
        (true, _) => Some(Secret::new("")),
        (false, token) => token.map(Secret::new),
    };
    let request = IdentityProviderSet {
        issuer: fields.text("issuer").to_owned(),
        registration_token: token,
        audience: Some(fields.text("audience").to_owned()),
    };
    let set = app.control.identity_provider_set(&visitor.actor, &place.organization, request).await;
    let refusal = match refused(set)? {
        Ok(set) => {
            let said = format!("Components get their tokens from {}.", set.issuer);
            return Ok(visitor.redirect(&app, &place.path(PAGE), &said));
        }
        Err(refusal) => refusal,
    };
    let mut filled = shown(&app, &visitor, place).await?;
    filled.enter(&fields, refusal);
    again(page(&filled))
}

async fn identity_provider_remove(State(app): State<App>, place: Place, Form { visitor, .. }: Form) -> PageResult {
    let removed = app.control.identity_provider_remove(&visitor.actor, &place.organization).await;
    match refused(removed)? {
        Ok(()) => Ok(visitor.redirect(&app, &place.path(PAGE), "Tieline issues the tokens from now on.")),
        Err(refusal) => {
            again(page(&IdentityProviderPage { refusal: Some(refusal), ..shown(&app, &visitor, place).await? }))
        }
    }
}

impl IdentityProviderPage {
    /// Shows again what was entered, each refusal beside its field.
    fn enter(&mut self, fields: &Fields, refusal: Refusal) {
        let text = |name: &str| Entered { text: fields.text(name).to_owned(), wrong: None };
        (self.issuer, self.audience) = (text("issuer"), text("audience"));
        let said = format!("{}: {}", refusal.message, refusal.hint);
        match refusal.code {
            "audience_invalid" => self.audience.wrong = Some(said),
            "registration_token_invalid" => self.token = Some(said),
            "identity_provider_fixed" => self.refusal = Some(refusal),
            _ => self.issuer.wrong = Some(said),
        }
    }
}

async fn shown(app: &App, visitor: &Visitor, mut place: Place) -> Result<IdentityProviderPage, Fault> {
    let frame = Frame::of(app, visitor, &mut place, "Identity provider", PAGE).await?;
    let provider = match app.control.identity_provider_view(&visitor.actor, &place.organization).await {
        Ok(provider) => Some(provider),
        Err(Error::Refused(refusal)) if refusal.kind == Kind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    let entered = |text: Option<&String>| Entered { text: text.cloned().unwrap_or_default(), wrong: None };
    let issuer = entered(provider.as_ref().map(|provider| &provider.issuer));
    let audience = entered(provider.as_ref().and_then(|provider| provider.audience.as_ref()));
    Ok(IdentityProviderPage { frame, place, provider, issuer, audience, token: None, refusal: None })
}
