//! Tokens: who may act here, a token to be made, whose secret is shown once, and taking one out of use.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use tieline_control::{Error, Kind, PageQuery, Refusal};
use tieline_core::secret::Secret;
use tieline_core::wire::access::{TokenCreate, TokenState, TokenView};

use crate::App;
use crate::console::fault::{PageResult, again, refused};
use crate::console::form::{Fields, Form};
use crate::console::frame::Frame;
use crate::console::page;
use crate::console::place::{self, Level, Place};
use crate::console::query::{Asked, Paged};
use crate::console::visitor::Visitor;

/// The page, below its place.
const PAGE: &str = "settings/tokens";

/// Tokens of a page.
const ROWS: i64 = 25;

/// Seconds of a day.
const DAY: i64 = 24 * 3600;

pub(super) fn router() -> Router<App> {
    let at = &[Level::Organization];
    let router = place::serve(Router::new(), at, PAGE, &get(tokens).post(token_create));
    place::serve(router, at, "settings/tokens/revoke", &post(token_revoke))
}

#[derive(Template)]
#[template(path = "console/settings/tokens.html")]
struct TokensPage {
    frame: Frame,
    place: Place,
    tokens: Vec<TokenView>,
    projects: Vec<String>,
    environments: Vec<String>,
    /// The token that was made, with its secret.
    made: Option<(TokenView, Secret)>,
    /// What was entered, and why it was refused.
    entered: Fields,
    refusal: Option<Refusal>,
    first: bool,
    start: String,
    next: Option<String>,
}

impl TokensPage {
    /// Of a field that is not refused by itself.
    const NOT_WRONG: Option<&'static str> = None;

    /// What a token is limited to.
    fn limits(token: &TokenView) -> String {
        let parts = [&token.project, &token.component, &token.environment];
        parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" / ")
    }
}

async fn tokens(
    State(app): State<App>,
    visitor: Visitor,
    place: Place,
    Asked(Paged { cursor }): Asked<Paged>,
) -> PageResult {
    show(&app, &visitor, place, Shown { cursor, ..Shown::default() }).await
}

/// Makes a token. The answer is the page itself: no address leads to the secret again.
async fn token_create(State(app): State<App>, place: Place, Form { visitor, fields }: Form) -> PageResult {
    let given = |name: &str| fields.optional(name).map(str::to_owned);
    let days = match fields.optional("days").map(str::parse::<i64>) {
        None => Ok(None),
        Some(days) => days.map(Some),
    };
    let (Ok(role), Ok(days)) = (fields.text("role").parse(), days) else {
        let refusal = Refusal {
            kind: Kind::Invalid,
            code: tieline_core::code!("body_invalid"),
            message: "days are written as a number".to_owned(),
            hint: "write 90, say, or nothing for a token that does not end".to_owned(),
            path: None,
        };
        let shown = Shown { entered: fields, refusal: Some(refusal), ..Shown::default() };
        return again(show(&app, &visitor, place, shown).await);
    };
    let request = TokenCreate {
        name: fields.text("name").to_owned(),
        role,
        project: given("project"),
        component: given("component"),
        environment: given("environment"),
        expires_in_seconds: days.map(|days| days.saturating_mul(DAY)),
    };
    let made = app.control.token_create(&visitor.actor, &place.organization, request).await;
    // A place that is not there is something that was entered here.
    let made = match made {
        Err(Error::Refused(refusal)) if refusal.kind == Kind::NotFound => Err(refusal),
        made => refused(made)?,
    };
    match made {
        Ok(made) => show(&app, &visitor, place, Shown { made: Some(made), ..Shown::default() }).await,
        Err(refusal) => {
            let shown = Shown { entered: fields, refusal: Some(refusal), ..Shown::default() };
            again(show(&app, &visitor, place, shown).await)
        }
    }
}

async fn token_revoke(State(app): State<App>, place: Place, Form { visitor, fields }: Form) -> PageResult {
    let revoked = app.control.token_revoke(&visitor.actor, &place.organization, fields.text("token")).await;
    match refused(revoked)? {
        Ok(()) => {
            let said = format!("Revoked the token {}.", fields.text("name"));
            Ok(visitor.redirect(&app, &place.path(PAGE), &said))
        }
        Err(refusal) => {
            let shown = Shown { refusal: Some(refusal), ..Shown::default() };
            again(show(&app, &visitor, place, shown).await)
        }
    }
}

/// What the page shows beside its frame.
#[derive(Default)]
struct Shown {
    cursor: Option<String>,
    made: Option<(TokenView, Secret)>,
    entered: Fields,
    refusal: Option<Refusal>,
}

async fn show(app: &App, visitor: &Visitor, mut place: Place, shown: Shown) -> PageResult {
    let Shown { cursor, made, entered, refusal } = shown;
    let frame = Frame::of(app, visitor, &mut place, "Tokens", PAGE).await?;
    let (control, actor, organization) = (&app.control, &visitor.actor, &place.organization);
    let first = cursor.is_none();
    let list = control.token_list(actor, organization, &PageQuery { cursor, limit: Some(ROWS) }).await?;
    let projects = control.project_list(actor, organization).await?;
    let environments = control.environment_list(actor, organization).await?;
    let start = place.path(PAGE);
    page(&TokensPage {
        tokens: list.items,
        projects: projects.into_iter().map(|project| project.handle).collect(),
        environments: environments.into_iter().map(|environment| environment.handle).collect(),
        made,
        entered,
        refusal,
        first,
        next: list.next.map(|cursor| format!("{start}?cursor={cursor}")),
        start,
        frame,
        place,
    })
}
