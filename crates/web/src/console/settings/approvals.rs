//! Approvals: who may call which service, and what its owners decide about it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use serde::Deserialize;
use tieline_control::Refusal;
use tieline_core::rate_plan::PLANS;
use tieline_core::route_table::SubscriptionState;
use tieline_core::wire::subscription::{SubscriptionDecide, SubscriptionQuery, SubscriptionUpdate, SubscriptionView};

use crate::App;
use crate::console::fault::{PageResult, again, refused};
use crate::console::form::Form;
use crate::console::frame::{Frame, Link};
use crate::console::page;
use crate::console::place::{self, Level, Place};
use crate::console::query::Asked;
use crate::console::visitor::Visitor;

/// The page, below its place.
const PAGE: &str = "settings/approvals";

/// Subscriptions of a page.
const ROWS: i64 = 25;

/// The states to choose from, by the words of the wire.
const STATES: [(&str, Option<SubscriptionState>); 5] = [
    ("waiting", Some(SubscriptionState::Pending)),
    ("live", Some(SubscriptionState::Live)),
    ("refused", Some(SubscriptionState::Refused)),
    ("blocked", Some(SubscriptionState::Blocked)),
    ("all", None),
];

pub(super) fn router() -> Router<App> {
    let at = &[Level::Organization];
    let router = place::serve(Router::new(), at, PAGE, &get(approvals));
    place::serve(router, at, "settings/approvals/decide", &post(decide))
}

#[derive(Template)]
#[template(path = "console/settings/approvals.html")]
struct ApprovalsPage {
    frame: Frame,
    place: Place,
    /// The states to choose from.
    states: Vec<Link>,
    subscriptions: Vec<SubscriptionView>,
    /// Whether those that wait are shown.
    waiting: bool,
    /// The subscription whose decision was refused, the reason that was entered, and why.
    wrong: Option<Wrong>,
    first: bool,
    start: String,
    next: Option<String>,
}

/// A decision that was refused.
struct Wrong {
    subscription: String,
    reason: String,
    refusal: Refusal,
}

impl ApprovalsPage {
    fn plans() -> impl Iterator<Item = &'static str> {
        PLANS.iter().map(|plan| plan.name)
    }

    fn wrong(&self, id: &str) -> Option<&Wrong> {
        self.wrong.as_ref().filter(|wrong| wrong.subscription == id)
    }

    fn tone(state: &SubscriptionState) -> (&'static str, &'static str) {
        match state {
            SubscriptionState::Live => ("good", "live"),
            SubscriptionState::Pending => ("wait", "waiting"),
            SubscriptionState::Refused => ("bad", "refused"),
            SubscriptionState::Blocked => ("bad", "blocked"),
        }
    }

    /// Who calls, as `shop/web`.
    fn consumer(subscription: &SubscriptionView) -> String {
        match (&subscription.project, &subscription.component) {
            (Some(project), Some(component)) => format!("{project}/{component}"),
            (Some(project), None) => format!("every component of {project}"),
            (None, _) => "every component".to_owned(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Query {
    state: String,
    cursor: Option<String>,
}

async fn approvals(State(app): State<App>, visitor: Visitor, place: Place, Asked(asked): Asked<Query>) -> PageResult {
    show(&app, &visitor, place, asked, None).await
}

/// Decides about a subscription.
async fn decide(State(app): State<App>, place: Place, Form { visitor, fields }: Form) -> PageResult {
    let (control, actor, organization) = (&app.control, &visitor.actor, &place.organization);
    let subscription = fields.text("subscription");
    let decision = SubscriptionDecide { reason: fields.text("reason").to_owned() };
    let (decided, verb) = match fields.text("decision") {
        "approve" => (control.subscription_approve(actor, organization, subscription, decision).await, "Approved"),
        "refuse" => (control.subscription_refuse(actor, organization, subscription, decision).await, "Refused"),
        "block" => (control.subscription_block(actor, organization, subscription, decision).await, "Blocked"),
        "unblock" => (control.subscription_unblock(actor, organization, subscription).await, "Unblocked"),
        _ => {
            let request = SubscriptionUpdate { plan: fields.optional("plan").map(str::to_owned) };
            let updated = control.subscription_update(actor, organization, subscription, request).await;
            (updated, "Changed the plan of")
        }
    };
    let state = fields.text("state").to_owned();
    match refused(decided)? {
        Ok(decided) => {
            let said = format!("{verb} {} calling {}.", decided.connection_name, decided.service);
            Ok(visitor.redirect(&app, &address(&place, &state, None), &said))
        }
        Err(refusal) => {
            let reason = fields.text("reason").to_owned();
            let wrong = Wrong { subscription: subscription.to_owned(), reason, refusal };
            again(show(&app, &visitor, place, Query { state, cursor: None }, Some(wrong)).await)
        }
    }
}

/// The list of one state. An unknown one is the first.
fn address(place: &Place, state: &str, cursor: Option<&str>) -> String {
    let state = STATES.iter().find(|(word, _)| *word == state).unwrap_or(&STATES[0]).0;
    let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    format!("{}?state={state}{cursor}", place.path(PAGE))
}

async fn show(app: &App, visitor: &Visitor, mut place: Place, asked: Query, wrong: Option<Wrong>) -> PageResult {
    let frame = Frame::of(app, visitor, &mut place, "Approvals", PAGE).await?;
    let (word, state) = *STATES.iter().find(|(word, _)| *word == asked.state).unwrap_or(&STATES[0]);
    let first = asked.cursor.is_none();
    let query = SubscriptionQuery { state, cursor: asked.cursor, limit: Some(ROWS), ..SubscriptionQuery::default() };
    let list = app.control.subscription_list(&visitor.actor, &place.organization, &query).await?;
    let choice = |(choice, _): &(&str, _)| Link {
        words: (*choice).to_owned(),
        path: address(&place, choice, None),
        current: *choice == word,
    };
    page(&ApprovalsPage {
        states: STATES.iter().map(choice).collect(),
        subscriptions: list.items,
        waiting: word == STATES[0].0,
        wrong,
        first,
        start: address(&place, word, None),
        next: list.next.map(|cursor| address(&place, word, Some(&cursor))),
        frame,
        place,
    })
}
