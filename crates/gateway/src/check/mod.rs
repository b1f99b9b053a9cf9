//! Whether a call may go on, and as whom: credential, subscription, scopes, rate, in this order.
//!
//! Asks the table and the clock; forwards nothing.

mod cache;
mod claims;
mod refusals;
mod scope;
mod token;

use std::sync::Arc;

use hyper::Method;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use tieline_core::route_table::SubscriptionState;
use tieline_core::secret::Digest;

pub(crate) use self::cache::Verified;
pub(crate) use self::token::{Identity, LEEWAY};

use self::cache::Tokens;
use crate::refusal::Refusal;
use crate::settings::Side;
use crate::table::{ApiKey, Grant, Route, Subscription, Table};

/// The headers that carry an API key.
pub(crate) const CHOREO_API_KEY: HeaderName = HeaderName::from_static("choreo-api-key");
pub(crate) const API_KEY: HeaderName = HeaderName::from_static("api-key");

/// Who calls.
#[derive(Clone)]
pub(crate) enum Caller {
    /// Nobody asked.
    Anyone,
    /// A client with a token.
    Client(Arc<Verified>, Arc<Subscription>),
    /// The holder of an API key.
    Key(Arc<ApiKey>),
}

impl Caller {
    pub(crate) fn grant(&self) -> Option<&Grant> {
        match self {
            Self::Anyone => None,
            Self::Client(_, subscription) => Some(&subscription.grant),
            Self::Key(key) => Some(&key.grant),
        }
    }

    pub(crate) fn identity(&self) -> Option<&Identity> {
        match self {
            Self::Client(verified, _) => Some(&verified.identity),
            _ => None,
        }
    }
}

/// One call, as far as checks look at it.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a Method,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) route: &'a Route,
    /// The path below the route.
    pub(crate) rest: &'a str,
    pub(crate) now: Timestamp,
}

/// The checks.
pub(crate) struct Check {
    tokens: Tokens,
}

impl Check {
    pub(crate) fn new(most_tokens: usize) -> Self {
        Self { tokens: Tokens::new(most_tokens) }
    }

    /// Who calls, or why the call goes no further.
    pub(crate) fn call(&self, table: &Table, call: &Call<'_>) -> Result<Caller, Box<Refusal>> {
        let route = call.route;
        if route.open {
            return self.shown(table, call);
        }
        let bearer = if route.oauth2 { bearer(call.headers)? } else { None };
        let key = if route.api_key { api_key(call.headers)? } else { None };
        let caller = match (bearer, key) {
            // A token of somebody whom the gateway does not know belongs to the service; the key speaks for the caller.
            (Some(token), Some(key)) if !token::is_known(token, table, route) => holder(table, route, key)?,
            (Some(token), _) => self.client(table, call, token)?,
            (None, Some(key)) => holder(table, route, key)?,
            (None, None) => return Err(refusals::credential_missing(route)),
        };
        if let Some(grant) = caller.grant() {
            opens(grant, route)?;
            scope::check(call, caller.identity())?;
            take(grant, call)?;
        }
        Ok(caller)
    }

    /// Who calls a service that asks nobody: who shows a credential that the service would take is known by it, and bound
    /// to the subscription's state and plan; everybody else is anyone.
    fn shown(&self, table: &Table, call: &Call<'_>) -> Result<Caller, Box<Refusal>> {
        let route = call.route;
        let bearer = if route.oauth2 { bearer(call.headers)? } else { None };
        let key = if route.api_key { api_key(call.headers)? } else { None };
        let client = bearer.filter(|token| token::is_known(token, table, route));
        let client = client.and_then(|token| self.client(table, call, token).ok());
        let caller = client.or_else(|| holder(table, route, key?).ok()).unwrap_or(Caller::Anyone);
        if let Some(grant) = caller.grant() {
            opens(grant, route)?;
            take(grant, call)?;
        }
        Ok(caller)
    }

    fn client(&self, table: &Table, call: &Call<'_>, token: &str) -> Result<Caller, Box<Refusal>> {
        let now = call.now.as_second();
        let verified =
            self.tokens.verified(table, call.route, token, now).map_err(|fault| refusals::token(&fault, call.route))?;
        let Some(subscription) = table.subscription(&verified.identity.client, call.route) else {
            return Err(refusals::subscription_missing(call.route, Some(&verified.identity)));
        };
        Ok(Caller::Client(verified, subscription))
    }
}

/// Whether a caller that was let through once would be let through again: by the route, the subscription, and what it
/// proved itself with. The time, scopes and the rate do not count.
pub(crate) fn holds(table: &Table, side: Side, route: &Route, caller: &Caller) -> bool {
    let found = table.route(&route.path).map(|(found, _)| found);
    let Some(route) = found.filter(|found| found.service == route.service && found.on(side)) else { return false };
    let live = |grant: &Grant| grant.state == SubscriptionState::Live;
    route.open
        || match caller {
            Caller::Anyone => false,
            Caller::Client(verified, _) => {
                let subscription = table.subscription(&verified.identity.client, &route);
                route.oauth2
                    && verified.look_again(table, &route).is_ok()
                    && subscription.is_some_and(|subscription| live(&subscription.grant))
            }
            Caller::Key(key) => {
                let known = table.api_key_again(key);
                route.api_key && known.is_some_and(|key| table.opens(&key, &route) && live(&key.grant))
            }
        }
}

/// Whether a call bears a token of an issuer that the gateway knows: it is no affair of the endpoint, which could call
/// others with it.
pub(crate) fn shows_token(headers: &HeaderMap, table: &Table, route: &Route) -> bool {
    let values = headers.get_all(AUTHORIZATION).into_iter();
    values.filter_map(token_in).any(|token| token::is_known(token, table, route))
}

fn take(grant: &Grant, call: &Call<'_>) -> Result<(), Box<Refusal>> {
    let now = u64::try_from(call.now.as_microsecond()).unwrap_or_default();
    grant.take(now).map_err(|wait| refusals::rate_limited(grant, call.route, wait))
}

fn opens(grant: &Grant, route: &Route) -> Result<(), Box<Refusal>> {
    match grant.state {
        SubscriptionState::Live => Ok(()),
        state => Err(refusals::subscription_closed(state, route)),
    }
}

fn holder(table: &Table, route: &Route, key: &str) -> Result<Caller, Box<Refusal>> {
    let Some(known) = table.api_key(&Digest::of(key)) else { return Err(refusals::api_key_unknown()) };
    if table.opens(&known, route) { Ok(Caller::Key(known)) } else { Err(refusals::subscription_missing(route, None)) }
}

/// The bearer token, if there is one (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Box<Refusal>> {
    Ok(only(headers, &AUTHORIZATION)?.and_then(token_in))
}

fn token_in(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

fn api_key(headers: &HeaderMap) -> Result<Option<&str>, Box<Refusal>> {
    let value = only(headers, &CHOREO_API_KEY)?;
    let value = if value.is_some() { value } else { only(headers, &API_KEY)? };
    Ok(value.and_then(|value| value.to_str().ok()))
}

/// The value of a header that may be there once: of two, nobody knows which one the endpoint reads.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, Box<Refusal>> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() { Err(refusals::doubled(name)) } else { Ok(first) }
}
