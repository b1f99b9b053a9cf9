//! What becomes known of a call while it runs, counted and logged when it ends, however it ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use hyper::Method;
use jiff::Timestamp;
use serde::Serialize;
use tieline_core::code;
use tieline_core::id::{ApplicationId, ComponentId, ConnectionId};

use crate::body::Progress;
use crate::check::{self, Caller};
use crate::headers::Visitor;
use crate::proxy::Inner;
use crate::refusal::Refusal;
use crate::settings::Side;
use crate::share::Share;
use crate::table::Route;
use crate::upstream::{Link, Target};

/// The status that is logged for a client that did not wait for an answer, as nginx does.
const GONE: u16 = 499;

/// One call.
pub(crate) struct Record {
    gateway: Arc<Inner>,
    begun: Instant,
    time: Timestamp,
    side: Side,
    method: Method,
    /// Tells the client's connection that it is in use.
    pub(crate) visitor: Option<Arc<Visitor>>,
    pub(crate) share: Option<Share>,
    pub(crate) route: Option<Arc<Route>>,
    pub(crate) caller: Caller,
    pub(crate) upload: Option<Arc<Progress>>,
    /// The endpoint that answers.
    pub(crate) target: Option<Arc<Target>>,
    status: u16,
    refusal: Option<&'static str>,
    received: u64,
    sent: u64,
    complete: bool,
    /// Whether another record goes on in its place.
    handed_over: bool,
}

impl Record {
    pub(crate) fn begin(gateway: Arc<Inner>, side: Side, method: Method, time: Timestamp) -> Self {
        gateway.calls.fetch_add(1, Ordering::Relaxed);
        Self {
            gateway,
            begun: Instant::now(),
            time,
            side,
            method,
            visitor: None,
            share: None,
            route: None,
            caller: Caller::Anyone,
            upload: None,
            target: None,
            status: GONE,
            refusal: None,
            received: 0,
            sent: 0,
            complete: false,
            handed_over: false,
        }
    }

    /// The same call in other hands; what is left counts nothing.
    pub(crate) fn hand_over(&mut self) -> Self {
        self.handed_over = true;
        Self {
            gateway: Arc::clone(&self.gateway),
            method: self.method.clone(),
            visitor: self.visitor.take(),
            share: self.share.take(),
            route: self.route.clone(),
            caller: self.caller.clone(),
            upload: self.upload.take(),
            target: self.target.clone(),
            handed_over: false,
            ..*self
        }
    }

    /// The head of the answer is known.
    pub(crate) fn answered(&mut self, status: u16) {
        self.status = status;
    }

    /// The gateway answers itself, with so many bytes.
    pub(crate) fn refused(&mut self, refusal: &Refusal, sent: u64) {
        self.status = refusal.status.as_u16();
        self.refusal = Some(refusal.code);
        self.sent += sent;
        self.complete = true;
    }

    /// Whether the caller would still be let through.
    pub(crate) fn holds(&self) -> bool {
        let route = self.route.as_ref();
        route.is_none_or(|route| check::holds(&self.gateway.table, self.side, route, &self.caller))
    }

    /// The gateway ends a tunnel whose caller may not call any more.
    pub(crate) fn cut(&mut self) {
        self.refusal = Some(code!("access_ended"));
    }

    pub(crate) fn received(&mut self, bytes: u64) {
        self.received += bytes;
    }

    pub(crate) fn sent(&mut self, bytes: u64) {
        self.sent += bytes;
    }

    /// The whole answer came from the endpoint.
    pub(crate) fn complete(&mut self) {
        self.complete = true;
    }

    /// The endpoint broke its answer off.
    pub(crate) fn break_off(&mut self) {
        self.refusal = Some(code!("upstream_broke_off"));
    }

    /// Lays a connection by for the next call.
    pub(crate) fn rest(&mut self, link: Link) {
        self.complete();
        if let Some(target) = &self.target
            && target.rest(link)
        {
            self.gateway.sweeper.add(target);
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if self.handed_over {
            return;
        }
        self.gateway.calls.fetch_sub(1, Ordering::Relaxed);
        let received = self.received + self.upload.as_ref().map_or(0, |upload| upload.bytes.load(Ordering::Relaxed));
        let duration = self.begun.elapsed();
        let series = self.gateway.metrics.series(self.route.as_deref(), &self.caller);
        series.count(self.status, duration, received, self.sent);
        let Some(log) = &self.gateway.log else { return };
        let route = self.route.as_deref();
        let grant = self.caller.grant();
        log.add(&Line {
            time: self.time,
            side: self.side.as_str(),
            method: self.method.as_str(),
            route: route.map(|route| &*route.path),
            service: route.map(|route| &*route.reference),
            environment: route.map(|route| &*route.environment_handle),
            client: self.caller.identity().map(|identity| identity.client.as_str()),
            application: grant.and_then(|grant| grant.application),
            connection: grant.and_then(|grant| grant.connection),
            component: match &self.caller {
                Caller::Client(verified, _) => verified.identity.component,
                Caller::Key(key) => key.component,
                Caller::Anyone => None,
            },
            status: self.status,
            code: self.refusal,
            complete: self.complete,
            received,
            sent: self.sent,
            milliseconds: (duration.as_secs_f64() * 1e6).round() / 1e3,
        });
    }
}

/// A line of the access log.
#[derive(Serialize)]
struct Line<'a> {
    time: Timestamp,
    side: &'a str,
    method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    application: Option<ApplicationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<ConnectionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<ComponentId>,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    /// False when the answer did not come whole, or was not taken whole.
    complete: bool,
    received: u64,
    sent: u64,
    milliseconds: f64,
}
