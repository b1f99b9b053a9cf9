//! Signing in and out.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, post};
use percent_encoding::utf8_percent_encode;
use serde::Deserialize;
use tieline_control::{Error, Kind, Refusal};
use tieline_core::name::UserName;
use tieline_core::secret::Secret;

use super::fault::PageResult;
use super::form::{Form, OpenForm};
use super::query::Asked;
use super::sign_in_provider::Way;
use super::{cookie, page, place, see, sign_in_provider};
use crate::peer::Peer;
use crate::{ApiError, App};

/// Where somebody signs in.
pub(super) const PATH: &str = "/sign-in";

pub(super) fn router() -> Router<App> {
    Router::new().route(PATH, get(sign_in).post(sign_in_with_password)).route("/sign-out", post(sign_out))
}

#[derive(Template)]
#[template(path = "console/sign_in.html")]
#[derive(Default)]
struct SignInPage {
    refusal: Option<Refusal>,
    /// The link that signs in, to be followed by whoever wants to.
    onward: Option<String>,
    /// The name that was entered.
    name: String,
    /// Where to go then.
    next: String,
    /// The sign-in provider by which one may sign in.
    provider: Option<Way>,
}

impl SignInPage {
    /// Of a field that is not refused by itself.
    const NOT_WRONG: Option<&'static str> = None;
}

#[derive(Deserialize)]
struct Query {
    /// The secret of a sign-in link.
    link: Option<Secret>,
    /// Where to go then.
    next: Option<String>,
}

/// Signs in by a sign-in link, which is left at once, or asks for name and password.
async fn sign_in(State(app): State<App>, headers: HeaderMap, Asked(Query { link, next }): Asked<Query>) -> PageResult {
    let next = next.as_deref().filter(|next| is_local(next)).unwrap_or("/");
    let Some(link) = link else {
        let (next, provider) = (next.to_owned(), sign_in_provider::offer(&app, next));
        return page(&SignInPage { next, provider, ..SignInPage::default() });
    };
    // Another site may lead somebody to an address of its own choice, and so into the session of somebody else.
    if headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site") {
        let encode = |text: &str| utf8_percent_encode(text, place::QUERY).to_string();
        let onward = format!("{PATH}?link={}&next={}", encode(link.expose()), encode(next));
        return page(&SignInPage { onward: Some(onward), ..SignInPage::default() });
    }
    match app.control.sign_in(&link).await {
        Ok(session) => begin(&app, &headers, &session, next).await,
        Err(error) => refused(&app, error, "", next),
    }
}

/// Signs in with a name and a password.
async fn sign_in_with_password(
    State(app): State<App>,
    headers: HeaderMap,
    Peer(address): Peer,
    OpenForm(fields): OpenForm,
) -> PageResult {
    let (name, next) = (fields.text("name"), Some(fields.text("next")).filter(|next| is_local(next)).unwrap_or("/"));
    match app.control.sign_in_with_password(name, &fields.secret("password"), address).await {
        Ok(session) => begin(&app, &headers, &session, next).await,
        // What is too long for a name is not sent back.
        Err(error) => refused(&app, error, if name.len() > UserName::LONGEST { "" } else { name }, next),
    }
}

/// The page again, with the reason.
pub(super) fn refused(app: &App, error: Error, name: &str, next: &str) -> PageResult {
    let Error::Refused(refusal) = error else { return Err(error.into()) };
    let status = ApiError::from(Error::Refused(refusal.clone())).into_problem().status;
    let offer = if refusal.kind == Kind::Forbidden { sign_in_provider::offer_anew } else { sign_in_provider::offer };
    let (provider, name, next) = (offer(app, next), name.to_owned(), next.to_owned());
    let mut response = page(&SignInPage { refusal: Some(refusal), onward: None, name, next, provider })?;
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Ok(response)
}

/// Sends a browser on with a session that began.
pub(super) async fn begin(app: &App, headers: &HeaderMap, session: &Secret, next: &str) -> PageResult {
    // Whoever was signed in here before is not any more.
    if let Some(former) = cookie::read(app, headers, cookie::SESSION) {
        app.control.sign_out(&Secret::new(former)).await?;
    }
    let mut response = see(next);
    if let Some(cookie) = cookie::set(app, cookie::SESSION, session.expose()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Ends the session.
async fn sign_out(State(app): State<App>, Form { visitor, .. }: Form) -> PageResult {
    app.control.sign_out(visitor.session()).await?;
    let mut response = see(PATH);
    if let Some(cookie) = cookie::clear(&app, cookie::SESSION) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Whether an address is a page of this console: browsers read `//host`, and backslashes as slashes, as another host.
pub(super) fn is_local(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_host() {
        for (path, expect) in [
            ("/", true),
            ("/organizations/acme?cursor=x", true),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("\\\\evil.example", false),
            ("https://evil.example", false),
            ("/a\r\nSet-Cookie: b", false),
            ("/\t/evil.example", false),
            ("", false),
        ] {
            assert_eq!(is_local(path), expect, "{path:?}");
        }
    }
}
