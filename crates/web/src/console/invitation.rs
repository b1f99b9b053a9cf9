//! What somebody does with the link that they were given: they join, or set another password.
//!
//! The link is left at once for an address without the secret, which a cookie of this browser keeps: it stays in no history, and
//! whatever looks at links in messages uses nothing up.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use percent_encoding::utf8_percent_encode;
use serde::Deserialize;
use tieline_control::{Actor, Error, InvitationLink, Joining, Kind, Refusal, Step};
use tieline_core::model::InvitationPurpose;
use tieline_core::secret::Secret;
use tieline_core::wire::user::InvitationView;

use super::fault::{PageResult, again, refused};
use super::form::{Entered, OpenForm};
use super::place::{self, Place};
use super::query::Asked;
use super::sign_in_provider::Way;
use super::visitor::visitor_of;
use super::{cookie, page, see, sign_in, sign_in_provider};
use crate::App;

/// Where a link leads.
pub(super) const PATH: &str = "/invitation";

pub(super) fn router() -> Router<App> {
    Router::new().route(PATH, get(invitation).post(invitation_accept))
}

/// The link that presents a secret. Only the query holds it, which no log does.
fn url(public_url: &str, secret: &Secret) -> String {
    format!("{public_url}{PATH}?secret={}", secret.expose())
}

/// What is shown of a link that was made.
pub(crate) fn shown(app: &App, link: InvitationLink) -> InvitationView {
    let url = url(&app.control.settings().public_url, &link.secret);
    InvitationView { name: link.name, url, expires_at: link.expires_at }
}

#[derive(Template)]
#[template(path = "console/invitation.html")]
struct InvitationPage {
    /// What is offered; none when the link is worth nothing.
    offer: Option<Joining>,
    refusal: Option<Refusal>,
    /// What is wrong with the password, and with its repetition.
    password: Entered,
    again: Entered,
    /// Who is signed in, if it is somebody else.
    visitor: Option<String>,
    /// The sign-in provider by which one may join.
    provider: Option<Way>,
}

impl InvitationPage {
    /// The page that signs in and comes back.
    fn sign_in() -> String {
        format!("{}?next={}", sign_in::PATH, utf8_percent_encode(PATH, place::QUERY))
    }
}

#[derive(Deserialize)]
struct Query {
    secret: Option<String>,
}

async fn invitation(State(app): State<App>, headers: HeaderMap, Asked(query): Asked<Query>) -> PageResult {
    if let Some(secret) = query.secret {
        let mut response = see(PATH);
        // What cannot be the secret of a link is none, and no part of a cookie.
        let plain = secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if let Some(cookie) = cookie::set(&app, cookie::INVITATION, if plain { &secret } else { "" }) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        return Ok(response);
    }
    let visitor = visitor_of(&app, &headers).await?;
    show(&app, &headers, visitor.as_ref(), Entered::default(), Entered::default()).await
}

async fn invitation_accept(State(app): State<App>, headers: HeaderMap, OpenForm(fields): OpenForm) -> PageResult {
    let visitor = visitor_of(&app, &headers).await?;
    let secret = presented(&app, &headers);
    let offer = match app.control.invitation_view(&secret, visitor.as_ref()).await {
        Ok(offer) => offer,
        Err(_) => return show(&app, &headers, visitor.as_ref(), Entered::default(), Entered::default()).await,
    };
    let password = fields.secret("password");
    if offer.step == Step::Password && password != fields.secret("again") {
        return again(show(&app, &headers, visitor.as_ref(), Entered::default(), Entered::not_repeated()).await);
    }
    let accepted = app.control.invitation_accept(&secret, visitor.as_ref(), Some(&password)).await;
    match refused(accepted)? {
        Ok(session) => {
            let next = onward(&offer);
            let mut response = match session {
                Some(session) => sign_in::begin(&app, &headers, &session, &next).await?,
                None => see(&next),
            };
            forget(&app, &mut response);
            Ok(response)
        }
        Err(refusal) if refusal.kind == Kind::Invalid => {
            let wrong = Entered::refused("", refusal);
            again(show(&app, &headers, visitor.as_ref(), wrong, Entered::default()).await)
        }
        // Meanwhile somebody chose a password: the page says what comes next.
        Err(_) => show(&app, &headers, visitor.as_ref(), Entered::default(), Entered::default()).await,
    }
}

async fn show(
    app: &App,
    headers: &HeaderMap,
    visitor: Option<&Actor>,
    password: Entered,
    again: Entered,
) -> PageResult {
    let secret = presented(app, headers);
    match app.control.invitation_view(&secret, visitor).await {
        Ok(offer) => {
            let visitor = visitor.filter(|_| offer.step == Step::SignIn).map(|actor| actor.label().to_owned());
            let provider = sign_in_provider::offer_to_join(app, &onward(&offer)).filter(|_| offer.by_provider);
            page(&InvitationPage { offer: Some(offer), refusal: None, password, again, visitor, provider })
        }
        Err(Error::Refused(refusal)) => {
            let (refusal, nobody, provider) = (Some(refusal), None, None);
            let mut response =
                page(&InvitationPage { offer: None, refusal, password, again, visitor: nobody, provider })?;
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            forget(app, &mut response);
            Ok(response)
        }
        Err(error) => Err(error.into()),
    }
}

/// Where somebody goes who has joined.
fn onward(offer: &Joining) -> String {
    offer.organization.as_deref().map_or("/".to_owned(), |handle| Place::organization(handle).path(""))
}

/// What the browser keeps of the link that was opened in it.
pub(super) fn presented(app: &App, headers: &HeaderMap) -> Secret {
    Secret::new(cookie::read(app, headers, cookie::INVITATION).unwrap_or_default())
}

/// Whether it is worth nothing any more, or there is none.
pub(super) async fn is_over(app: &App, headers: &HeaderMap) -> bool {
    app.control.invitation_view(&presented(app, headers), None).await.is_err()
}

/// Takes it back.
pub(super) fn forget(app: &App, response: &mut Response) {
    if let Some(cookie) = cookie::clear(app, cookie::INVITATION) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
