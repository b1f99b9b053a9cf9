//! What `/metrics` shows, in the OpenMetrics text format: requests by operation and status, how long they took, what the
//! token service refused, and how far the change feed is. No label of these holds a name that somebody chose; those of the
//! gateway do, and are shown to who may see all organizations.

use std::sync::atomic::AtomicI64;
use std::time::Duration;

use axum::extract::{self, FromRequestParts};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::App;
use crate::caller::Caller;
use crate::error::ApiResult;

/// The content type of the OpenMetrics text format.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of the classes of durations, in seconds: from an answer out of memory to one that times out.
const DURATIONS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0];

/// The figures of one server.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    durations: Family<Operation, Histogram>,
    refusals: Family<Refusal, Counter>,
    changes: Gauge<i64, AtomicI64>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Request {
    operation: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Refusal {
    error: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Operation {
    operation: String,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("tieline");
        let requests = Family::<Request, Counter>::default();
        let durations = Family::<Operation, Histogram>::new_with_constructor(|| Histogram::new(DURATIONS));
        let changes = Gauge::<i64, AtomicI64>::default();
        registry.register("requests", "Requests answered, by operation and status", requests.clone());
        registry.register_with_unit(
            "request_duration",
            "From the request's head to the answer's head",
            Unit::Seconds,
            durations.clone(),
        );
        let refusals = Family::<Refusal, Counter>::default();
        registry.register("oauth_refusals", "What the token service refused, by error", refusals.clone());
        registry.register("change_number", "The number of the last change that this server knows", changes.clone());
        registry.register("build", "What runs", Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]));
        Self { registry, requests, durations, refusals, changes }
    }

    /// Counts one answered request.
    pub(crate) fn answered(&self, operation: &str, status: u16, duration: Duration) {
        let operation = operation.to_owned();
        self.durations.get_or_create(&Operation { operation: operation.clone() }).observe(duration.as_secs_f64());
        self.requests.get_or_create(&Request { operation, status }).inc();
    }

    /// Counts one refusal of the token service.
    pub(crate) fn refused(&self, error: &'static str) {
        self.refusals.get_or_create(&Refusal { error }).inc();
    }

    /// Answers `/metrics`: to whoever shows nothing with what is here alone, to whoever shows a token with the figures of
    /// the gateway as well, or a refusal.
    pub(crate) async fn show(&self, app: &App, request: extract::Request) -> ApiResult<Response> {
        let mut text = self.text(*app.control.changes().borrow());
        if request.headers().contains_key(header::AUTHORIZATION) {
            let Caller(actor) = Caller::from_request_parts(&mut request.into_parts().0, app).await?;
            actor.require_figures()?;
            if let Some(more) = &app.more_metrics {
                // One text ends once.
                text.truncate(text.trim_end_matches("# EOF\n").len());
                text += &more();
            }
        }
        Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
    }

    /// Everything, as text.
    pub(crate) fn text(&self, change: i64) -> String {
        self.changes.set(change);
        let mut text = String::new();
        match text::encode(&mut text, &self.registry) {
            Ok(()) => text,
            // Writing into a String does not fail.
            Err(_) => String::new(),
        }
    }
}
