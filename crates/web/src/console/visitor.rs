//! Who visits a page: the actor behind the session of the browser. Whoever has none is asked to sign in, and comes back.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use percent_encoding::utf8_percent_encode;
use tieline_control::{Actor, Error, Kind};
use tieline_core::secret::{Digest, Secret};

use super::fault::Fault;
use super::{cookie, flash, place, see, sign_in};
use crate::App;

/// What a page says that looks again by itself.
const WATCHING: &str = "x-watching";

/// Whoever visits a page.
pub(super) struct Visitor {
    /// Who it is.
    pub(super) actor: Actor,
    /// What the page says once.
    pub(super) flash: Option<String>,
    session: Secret,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Fault> {
        let found = match cookie::read(app, &parts.headers, cookie::SESSION) {
            Some(secret) => {
                let session = Secret::new(secret);
                let control = &app.control;
                let found = match parts.headers.contains_key(WATCHING) {
                    true => control.session_watch(&session).await,
                    false => control.session_visit(&session).await,
                };
                found.map(|actor| (actor, session))
            }
            None => Err(Error::unauthenticated()),
        };
        match found {
            Ok((actor, session)) => Ok(Self { actor, flash: flash::take(app, &parts.headers, &session), session }),
            Err(Error::Refused(refusal)) if refusal.kind == Kind::Unauthenticated => Err(Fault::Elsewhere(ask(parts))),
            Err(error) => Err(error.into()),
        }
    }
}

/// Who is signed in in a browser, on a page that is there for everybody.
pub(super) async fn visitor_of(app: &App, headers: &HeaderMap) -> Result<Option<Actor>, Fault> {
    let Some(session) = cookie::read(app, headers, cookie::SESSION) else { return Ok(None) };
    match app.control.session_visit(&Secret::new(session)).await {
        Ok(actor) => Ok(Some(actor)),
        Err(Error::Refused(refusal)) if refusal.kind == Kind::Unauthenticated => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Visitor {
    /// What ties a form to this session: every form carries it, and no other site can know it.
    pub(super) fn form_token(&self) -> String {
        form_token(&self.session)
    }

    /// Whether a form was given to this session.
    pub(super) fn gave(&self, token: &str) -> bool {
        Secret::new(token) == Secret::new(self.form_token())
    }

    /// The session itself, to end it.
    pub(super) fn session(&self) -> &Secret {
        &self.session
    }

    /// Sends the browser to a page that says once what was done.
    pub(super) fn redirect(&self, app: &App, path: &str, done: &str) -> Response {
        redirect(app, &self.session, path, done)
    }

    /// What people call who visits: the name of the account, or of the token.
    pub(super) fn name(&self) -> &str {
        let label = self.actor.label();
        let name = label.split_once(':').map_or(label, |(_, name)| name);
        name.rsplit_once('#').map_or(name, |(name, _)| name)
    }
}

/// Sends the browser to a page that says once what was done, in a session.
pub(super) fn redirect(app: &App, session: &Secret, path: &str, done: &str) -> Response {
    let mut response = see(path);
    flash::put(app, session, done, &mut response);
    response
}

fn form_token(session: &Secret) -> String {
    Digest::of(&format!("form\n{}", session.expose())).to_string()
}

/// The way to the page that asks to sign in, and from there back to a page that was only looked at.
fn ask(parts: &Parts) -> String {
    let wanted = parts.uri.path_and_query().map_or("/", |wanted| wanted.as_str());
    if parts.method != Method::GET || wanted == "/" {
        return sign_in::PATH.to_owned();
    }
    format!("{}?next={}", sign_in::PATH, utf8_percent_encode(wanted, place::QUERY))
}
