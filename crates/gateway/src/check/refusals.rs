//! What the checks answer: which one failed, and what to do about it.

use std::time::Duration;

use hyper::header::HeaderName;
use hyper::{Method, StatusCode};
use tieline_core::code;
use tieline_core::route_table::SubscriptionState;

use super::token::{Fault, Identity};
use crate::refusal::Refusal;
use crate::table::{Grant, Route};

const GET_TOKEN: &str = "get a token from the connection's TokenURL with its ConsumerKey and ConsumerSecret \
                         (grant_type=client_credentials), and send it as Authorization: Bearer TOKEN";
const SEND_KEY: &str = "send the connection's ChoreoAPIKey in the header Choreo-API-Key";

pub(super) fn doubled(name: &HeaderName) -> Box<Refusal> {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        code!("call_malformed"),
        format!("the header {name} stands there more than once"),
        "send it once",
    )
}

pub(super) fn credential_missing(route: &Route) -> Box<Refusal> {
    let unauthorized = StatusCode::UNAUTHORIZED;
    let code = code!("credential_missing");
    match (route.oauth2, route.api_key) {
        (true, false) => {
            Refusal::new(unauthorized, code, "the call needs a bearer token", GET_TOKEN).bearer(None, None)
        }
        (false, true) => Refusal::new(unauthorized, code, "the call needs an API key", SEND_KEY).key(),
        (true, true) => {
            let title = "the call needs a bearer token or an API key";
            Refusal::new(unauthorized, code, title, format!("{GET_TOKEN}; or {SEND_KEY}")).bearer(None, None)
        }
        (false, false) => Refusal::new(
            StatusCode::FORBIDDEN,
            code!("scheme_missing"),
            format!("{} offers no authentication scheme", route.reference),
            format!("its owners choose: tieline service update {} --schemes oauth2", route.reference),
        ),
    }
}

pub(super) fn token(fault: &Fault, route: &Route) -> Box<Refusal> {
    let (code, title) = match fault {
        Fault::Malformed => (code!("access_token_invalid"), "the bearer token is no signed access token (JWT)".into()),
        Fault::IssuerUnknown => (
            code!("access_token_issuer_unknown"),
            format!("the token's issuer is none that organization {} accepts", route.organization),
        ),
        Fault::KeyUnknown => (
            code!("access_token_key_unknown"),
            "the token names a key or an algorithm that its issuer does not have".to_owned(),
        ),
        Fault::Signature => (code!("access_token_invalid"), "the token's signature is wrong".to_owned()),
        Fault::Expired => (code!("access_token_expired"), "the token has expired".to_owned()),
        Fault::Early => (code!("access_token_early"), "the token is not valid yet".to_owned()),
        Fault::Audience => (
            code!("access_token_audience"),
            format!("the token is not for the services of organization {}", route.organization),
        ),
        Fault::Revoked => {
            (code!("access_token_revoked"), "the token, or the secret that got it, was revoked".to_owned())
        }
    };
    Refusal::new(StatusCode::UNAUTHORIZED, code, title, GET_TOKEN).bearer(Some("invalid_token"), None)
}

pub(super) fn api_key_unknown() -> Box<Refusal> {
    let hint = "restart the component to take its newest key; tieline connection view NAME shows what it should hold";
    let title = "the API key is unknown, or was revoked";
    Refusal::new(StatusCode::UNAUTHORIZED, code!("api_key_unknown"), title, hint).key()
}

/// `client` is who the token speaks for; none for an API key.
pub(super) fn subscription_missing(route: &Route, client: Option<&Identity>) -> Box<Refusal> {
    let who = match client {
        Some(identity) => format!("client {}", identity.client),
        None => "this API key".to_owned(),
    };
    let Route { reference, environment_handle, .. } = route;
    let title = format!("{who} has no subscription to {reference} in {environment_handle}");
    let hint = format!(
        "connect the caller to the service, and deploy it with the connection: tieline connection create NAME --service \
         {reference}"
    );
    challenged(Refusal::new(StatusCode::FORBIDDEN, code!("subscription_missing"), title, hint), client.is_some())
}

pub(super) fn subscription_closed(state: SubscriptionState, route: &Route) -> Box<Refusal> {
    let (code, how) = match state {
        SubscriptionState::Pending => (code!("subscription_pending"), "waits for approval"),
        SubscriptionState::Refused => (code!("subscription_refused"), "was refused"),
        SubscriptionState::Blocked => (code!("subscription_blocked"), "is blocked"),
        // Not asked for.
        SubscriptionState::Live => (code!("subscription_missing"), "is live"),
    };
    let Route { reference, environment_handle, .. } = route;
    let title = format!("the subscription to {reference} in {environment_handle} {how}");
    let hint = format!("ask the owners of the service: tieline service view {reference} names them");
    challenged(Refusal::new(StatusCode::FORBIDDEN, code, title, hint), route.oauth2)
}

pub(super) fn scope_insufficient(alternatives: &[Vec<String>], token: bool) -> Box<Refusal> {
    let scopes: Vec<String> = alternatives.iter().map(|scopes| scopes.join(" ")).collect();
    let needed = scopes.join(", or ");
    let title = format!("the operation asks for the scope {needed}");
    let hint = if token {
        format!("ask for it with the token: grant_type=client_credentials&scope={}", scopes.first().map_or("", |s| s))
    } else {
        "API keys hold no scopes: call with a bearer token".to_owned()
    };
    let refusal = Refusal::new(StatusCode::FORBIDDEN, code!("scope_insufficient"), title, hint);
    refusal.bearer(Some("insufficient_scope"), scopes.first().map(String::as_str))
}

pub(super) fn operation_undeclared(method: &Method, route: &Route) -> Box<Refusal> {
    let Route { reference, environment_handle, .. } = route;
    let title = format!("the definition of {reference} in {environment_handle} has no {method} of this path");
    let hint = "call an operation of the definition; its owners add one by a deployment whose definition has it";
    Refusal::new(StatusCode::FORBIDDEN, code!("operation_undeclared"), title, hint)
}

pub(super) fn rate_limited(grant: &Grant, route: &Route, wait: Duration) -> Box<Refusal> {
    let plan = grant.plan.get();
    let most = plan.per_minute.unwrap_or_default();
    let title = format!("the plan {} allows {most} calls of {} a minute", plan.name, route.reference);
    let seconds = wait.as_millis().div_ceil(1_000).max(1);
    let hint = format!("wait {seconds} s, call less often, or ask the owners of the service for a larger plan");
    let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, code!("rate_limited"), title, hint);
    refusal.after(u64::try_from(seconds).unwrap_or(60))
}

fn challenged(refusal: Box<Refusal>, token: bool) -> Box<Refusal> {
    if token { refusal.bearer(Some("insufficient_scope"), None) } else { refusal.key() }
}
