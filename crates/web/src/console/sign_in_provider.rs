//! Signing in by a sign-in provider: the way there, and the way back.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use percent_encoding::utf8_percent_encode;
use serde::Deserialize;
use tieline_control::{ProviderAnswer, SignInWish};
use tieline_core::secret::Secret;

use super::fault::PageResult;
use super::query::Asked;
use super::{cookie, invitation, place, see, sign_in};
use crate::peer::Peer;
use crate::{App, carry};

/// Where the way to the provider begins. A link leads there and no form: browsers would refuse to send a form elsewhere.
const BEGIN: &str = "/sign-in/provider";
/// Where the provider sends people back to; it is registered there.
const CALLBACK: &str = "/sign-in/callback";

pub(super) fn router(app: &App) -> Router<App> {
    let carried = from_fn_with_state(app.requests.clone(), carry::carry_any);
    Router::new().route(BEGIN, get(begin)).route(CALLBACK, get(complete)).route_layer(carried)
}

/// The way to the provider, as a page offers it.
pub(super) struct Way {
    /// What people call it.
    pub(super) name: String,
    /// Where the way to it begins.
    pub(super) path: String,
}

/// The provider, for who wants to go somewhere then.
pub(super) fn offer(app: &App, next: &str) -> Option<Way> {
    let path = format!("{BEGIN}?next={}", utf8_percent_encode(next, place::QUERY));
    app.control.sign_in_provider_name().map(|name| Way { name: name.to_owned(), path })
}

/// The same, for who joins by the link that was opened in this browser.
pub(super) fn offer_to_join(app: &App, next: &str) -> Option<Way> {
    offer(app, next).map(|way| Way { path: way.path + "&join=true", ..way })
}

/// The same, for whom the provider signed in and who is not let in: they may be somebody else there.
pub(super) fn offer_anew(app: &App, next: &str) -> Option<Way> {
    offer(app, next).map(|way| Way { path: way.path + "&anew=true", ..way })
}

#[derive(Deserialize)]
struct Query {
    /// Where to go then.
    next: Option<String>,
    /// Whether somebody joins.
    #[serde(default)]
    join: bool,
    /// Whether the provider asks who it is in any case.
    #[serde(default)]
    anew: bool,
}

/// Sends a browser to the provider. Whoever led it here, it comes back as the person that the provider asked.
async fn begin(
    State(app): State<App>,
    headers: HeaderMap,
    Asked(Query { next, join, anew }): Asked<Query>,
) -> PageResult {
    // Another site may not make somebody join: who joins stays who they are here.
    if join && headers.get("sec-fetch-site").is_none_or(|site| site != "same-origin") {
        return Ok(see(invitation::PATH));
    }
    let next = next.as_deref().filter(|next| sign_in::is_local(next)).unwrap_or("/");
    let (redirect_uri, joining) = (redirect_uri(&app), join.then(|| invitation::presented(&app, &headers)));
    let wish = SignInWish { redirect_uri: &redirect_uri, next, invitation: joining.as_ref(), anew };
    let question = match app.control.sign_in_begin(wish).await {
        Ok(question) => question,
        Err(error) => return sign_in::refused(&app, error, "", next),
    };
    let mut response = see(&question.url);
    if let Some(cookie) = cookie::set(&app, cookie::ATTEMPT, question.attempt.expose()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Signs in whom the provider sends back.
async fn complete(
    State(app): State<App>,
    headers: HeaderMap,
    Peer(address): Peer,
    Asked(answer): Asked<ProviderAnswer>,
) -> PageResult {
    let kept = cookie::read(&app, &headers, cookie::ATTEMPT).map(Secret::new);
    let mut response = match app.control.sign_in_complete(&redirect_uri(&app), kept.as_ref(), answer, address).await {
        Ok(signed_in) => {
            // What somebody is invited to was accepted with it, if the provider vouches for them.
            let over = invitation::is_over(&app, &headers).await;
            let next = if over && signed_in.next == invitation::PATH { "/" } else { &signed_in.next };
            let mut response = sign_in::begin(&app, &headers, &signed_in.session, next).await?;
            if over {
                invitation::forget(&app, &mut response);
            }
            response
        }
        Err(error) => sign_in::refused(&app, error, "", "/")?,
    };
    // There is one answer to a question, whatever it was.
    if kept.is_some()
        && let Some(cookie) = cookie::clear(&app, cookie::ATTEMPT)
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

fn redirect_uri(app: &App) -> String {
    format!("{}{CALLBACK}", app.control.settings().public_url)
}
