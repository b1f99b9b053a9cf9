//! Who the visitor is, and what they may do where; another password; the end of every session.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::routing::{get, post};
use tieline_core::wire::user::AccountView;

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
}

#[derive(Template)]
#[template(path = "console/account.html")]
struct AccountPage {
    frame: Frame,
    account: AccountView,
    wrong: Wrong,
}

/// What was refused of a change of the password.
#[derive(Default)]
struct Wrong {
    current: Entered,
    chosen: Entered,
    again: Entered,
}

async fn account(State(app): State<App>, visitor: Visitor) -> PageResult {
    show(&app, &visitor, Wrong::default()).await
}

async fn password_change(State(app): State<App>, Peer(address): Peer, Form { visitor, fields }: Form) -> PageResult {
    let (current, chosen) = (fields.secret("current"), fields.secret("password"));
    if chosen != fields.secret("again") {
        let wrong = Some("this is another password than the one above: enter the same twice".to_owned());
        let wrong = Wrong { again: Entered { text: String::new(), wrong }, ..Wrong::default() };
        return again(show(&app, &visitor, wrong).await);
    }
    match refused(app.control.password_change(&visitor.actor, &current, &chosen, address).await)? {
        Ok(session) => {
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
            again(show(&app, &visitor, wrong).await)
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

async fn show(app: &App, visitor: &Visitor, wrong: Wrong) -> PageResult {
    let frame = Frame::home(app, visitor, "Account").await?;
    let account = app.control.account_view(&visitor.actor).await?;
    page(&AccountPage { frame, account, wrong })
}
