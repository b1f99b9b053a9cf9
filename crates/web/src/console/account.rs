//! Who the visitor is, and what they may do where; another password; tokens of their own; the end of every session.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::routing::{get, post};
use tieline_core::secret::Secret;
use tieline_core::wire::user::{AccountView, OwnTokenCreate, OwnTokenView};

use super::fault::{PageResult, again, refused};
use super::form::{Entered, Form};
use super::frame::Frame;
use super::place::Place;
use super::visitor::{Visitor, redirect};
use super::{cookie, page, see, sign_in};
use crate::App;
use crate::peer::Peer;

const PATH: &str = "/account";

pub(super) fn router() -> Router<App> {
    Router::new()
        .route(PATH, get(account))
        .route("/account/password", post(password_change))
        .route("/account/sign-out", post(sign_out_everywhere))
        .route("/account/tokens", post(own_token_create))
        .route("/account/tokens/revoke", post(own_token_revoke))
}

#[derive(Template)]
#[template(path = "console/account.html")]
struct AccountPage {
    frame: Frame,
    account: AccountView,
    tokens: Vec<OwnTokenView>,
    /// A token that was made, with its secret, and the address that it is for.
    made: Option<(OwnTokenView, Secret)>,
    url: String,
    /// What people call the provider that the visitor signs in with, unless the server has another by now.
    provider: Option<String>,
    wrong: Wrong,
}

/// What was refused.
#[derive(Default)]
struct Wrong {
    token: Entered,
    current: Entered,
    chosen: Entered,
    again: Entered,
}

async fn account(State(app): State<App>, visitor: Visitor) -> PageResult {
    show(&app, &visitor, None, Wrong::default()).await
}

async fn password_change(State(app): State<App>, Peer(address): Peer, Form { visitor, fields }: Form) -> PageResult {
    let (current, chosen) = (fields.secret("current"), fields.secret("password"));
    if chosen != fields.secret("again") {
        let wrong = Wrong { again: Entered::not_repeated(), ..Wrong::default() };
        return again(show(&app, &visitor, None, wrong).await);
    }
    match refused(app.control.password_change(&visitor.actor, &current, &chosen, address).await)? {
        Ok(()) => {
            // All sessions ended, and this one goes on as another.
            let session = app.control.sign_in_with_password(visitor.name(), &chosen, address).await?;
            let mut response = redirect(&app, &session, PATH, "Changed the password.");
            if let Some(cookie) = cookie::set(&app, cookie::SESSION, session.expose()) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            Ok(response)
        }
        Err(refusal) => {
            let chosen = refusal.code == "password_invalid";
            let refused = Entered::refused("", refusal);
            let wrong = match chosen {
                true => Wrong { chosen: refused, ..Wrong::default() },
                false => Wrong { current: refused, ..Wrong::default() },
            };
            again(show(&app, &visitor, None, wrong).await)
        }
    }
}

async fn sign_out_everywhere(State(app): State<App>, Form { visitor, .. }: Form) -> PageResult {
    app.control.sign_out_everywhere(&visitor.actor).await?;
    let mut response = see(sign_in::PATH);
    if let Some(cookie) = cookie::clear(&app, cookie::SESSION) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Makes a token of one's own. The answer is the page itself: no address leads to the secret again.
async fn own_token_create(State(app): State<App>, Form { visitor, fields }: Form) -> PageResult {
    let name = fields.text("name");
    let request = OwnTokenCreate { name: name.to_owned(), expires_in_seconds: None };
    match refused(app.control.own_token_create(&visitor.actor, request).await)? {
        Ok(made) => show(&app, &visitor, Some(made), Wrong::default()).await,
        Err(refusal) => {
            let wrong = Wrong { token: Entered::refused(name, refusal), ..Wrong::default() };
            again(show(&app, &visitor, None, wrong).await)
        }
    }
}

async fn own_token_revoke(State(app): State<App>, Form { visitor, fields }: Form) -> PageResult {
    app.control.own_token_revoke(&visitor.actor, fields.text("token")).await?;
    Ok(visitor.redirect(&app, PATH, &format!("Revoked the token {}.", fields.text("name"))))
}

async fn show(app: &App, visitor: &Visitor, made: Option<(OwnTokenView, Secret)>, wrong: Wrong) -> PageResult {
    let frame = Frame::home(app, visitor, "Account").await?;
    let account = app.control.account_view(&visitor.actor).await?;
    let tokens = app.control.own_token_list(&visitor.actor).await?;
    let settings = app.control.settings();
    let (url, provider) = (settings.public_url.clone(), settings.sign_in_provider.as_ref());
    let provider = provider.filter(|one| account.issuer.as_ref() == Some(&one.issuer)).map(|one| one.name.clone());
    page(&AccountPage { frame, account, tokens, made, url, provider, wrong })
}
