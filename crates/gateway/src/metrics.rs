//! What is counted: calls, durations and bytes by service, environment and who called. A series is found once for each
//! grant and then counted in without a lock.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use tieline_core::id::{ApplicationId, ComponentId, ConnectionId};

use crate::check::Caller;
use crate::table::Route;

/// Upper bounds of the classes of durations, in microseconds: from an endpoint on the same machine to one that times out.
const DURATIONS: [u64; 12] =
    [500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000, 30_000_000];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Everything that is counted.
pub(crate) struct Metrics {
    registry: Registry,
    series: Arc<AllSeries>,
}

struct AllSeries {
    most: usize,
    by_labels: Mutex<HashMap<Labels, Arc<Series>>>,
    /// What was called that no route leads to.
    unknown: Arc<Series>,
    /// What came when there were series enough.
    more: Arc<Series>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Labels {
    service: Box<str>,
    environment: Box<str>,
    application: Option<ApplicationId>,
    connection: Option<ConnectionId>,
    component: Option<ComponentId>,
}

/// What is counted for one set of labels.
#[derive(Default)]
pub(crate) struct Series {
    labels: Labels,
    classes: [AtomicU64; CLASSES.len()],
    durations: [AtomicU64; DURATIONS.len() + 1],
    microseconds: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
}

impl Series {
    fn new(labels: Labels) -> Arc<Self> {
        Arc::new(Self { labels, ..Self::default() })
    }

    /// Counts one call.
    pub(crate) fn count(&self, status: u16, duration: Duration, received: u64, sent: u64) {
        let class = usize::from(status / 100).clamp(1, CLASSES.len()) - 1;
        let microseconds = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let bucket = DURATIONS.iter().position(|bound| microseconds <= *bound).unwrap_or(DURATIONS.len());
        for (counter, by) in [
            (&self.classes[class], 1),
            (&self.durations[bucket], 1),
            (&self.microseconds, microseconds),
            (&self.received, received),
            (&self.sent, sent),
        ] {
            if by > 0 {
                counter.fetch_add(by, Ordering::Relaxed);
            }
        }
    }
}

impl Metrics {
    pub(crate) fn new(most: usize) -> Self {
        let named = |service: &str| Series::new(Labels { service: service.into(), ..Labels::default() });
        let series =
            Arc::new(AllSeries { most, by_labels: Mutex::default(), unknown: named("unknown"), more: named("more") });
        let mut registry = Registry::with_prefix("tieline_gateway");
        registry.register_collector(Box::new(Arc::clone(&series)));
        Self { registry, series }
    }

    /// Where the calls of a caller on a route are counted.
    pub(crate) fn series(&self, route: Option<&Route>, caller: &Caller) -> Arc<Series> {
        let Some(route) = route else { return Arc::clone(&self.series.unknown) };
        let component = match caller {
            Caller::Client(verified, _) => verified.identity.component,
            _ => None,
        };
        let labels = || self.series.of(route, caller);
        match caller.grant() {
            // One subscription serves several components.
            Some(_) if component.is_some() => labels(),
            Some(grant) => Arc::clone(grant.series.get_or_init(labels)),
            None => Arc::clone(route.series.get_or_init(labels)),
        }
    }

    /// Everything, in the OpenMetrics text format.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        match text::encode(&mut text, &self.registry) {
            Ok(()) => text,
            // Writing into a String does not fail.
            Err(_) => String::new(),
        }
    }
}

impl AllSeries {
    fn of(&self, route: &Route, caller: &Caller) -> Arc<Series> {
        let grant = caller.grant();
        let labels = Labels {
            service: route.reference.clone(),
            environment: format!("{}/{}", route.organization, route.environment_handle).into(),
            application: grant.and_then(|grant| grant.application),
            connection: grant.and_then(|grant| grant.connection),
            component: match caller {
                Caller::Client(verified, _) => verified.identity.component,
                Caller::Key(key) => key.component,
                Caller::Anyone => None,
            },
        };
        let mut all = self.by_labels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(series) = all.get(&labels) {
            return Arc::clone(series);
        }
        if all.len() >= self.most {
            // Those whose grants went make room.
            all.retain(|_, series| Arc::strong_count(series) > 1);
        }
        if all.len() >= self.most {
            return Arc::clone(&self.more);
        }
        Arc::clone(all.entry(labels.clone()).or_insert_with(|| Series::new(labels)))
    }

    fn all(&self) -> Vec<Arc<Series>> {
        let all = self.by_labels.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().chain([&self.unknown, &self.more]).cloned().collect()
    }
}

impl fmt::Debug for AllSeries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllSeries").field("most", &self.most).finish_non_exhaustive()
    }
}

impl Collector for AllSeries {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let all: Vec<_> = self.all().into_iter().map(|series| (series.labels.pairs(), series)).collect();
        let mut family = encoder.encode_descriptor("calls", "Calls by class of status", None, MetricType::Counter)?;
        for (labels, series) in &all {
            for (class, counter) in CLASSES.iter().zip(&series.classes) {
                let count = counter.load(Ordering::Relaxed);
                if count > 0 {
                    let labels: Vec<_> = labels.iter().cloned().chain([("status", (*class).to_owned())]).collect();
                    family.encode_family(&labels)?.encode_counter::<NoLabels, u64, u64>(&count, None)?;
                }
            }
        }
        let seconds = Some(&Unit::Seconds);
        let help = "From the head of a call to the end of its answer";
        let mut family = encoder.encode_descriptor("call_duration", help, seconds, MetricType::Histogram)?;
        for (labels, series) in &all {
            let counts: Vec<u64> = series.durations.iter().map(|counter| counter.load(Ordering::Relaxed)).collect();
            let count = counts.iter().sum();
            let bounds = DURATIONS.iter().map(|bound| in_seconds(*bound)).chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
            let sum = in_seconds(series.microseconds.load(Ordering::Relaxed));
            if count > 0 {
                family.encode_family(labels)?.encode_histogram::<NoLabels>(sum, count, &buckets, None)?;
            }
        }
        for (name, help, counter) in [
            ("received", "Bytes of bodies of requests", (|series| &series.received) as fn(&Series) -> &AtomicU64),
            ("sent", "Bytes of bodies of answers", |series| &series.sent),
        ] {
            let mut family = encoder.encode_descriptor(name, help, Some(&Unit::Bytes), MetricType::Counter)?;
            for (labels, series) in &all {
                let count = counter(series).load(Ordering::Relaxed);
                if count > 0 {
                    family.encode_family(labels)?.encode_counter::<NoLabels, u64, u64>(&count, None)?;
                }
            }
        }
        Ok(())
    }
}

/// The labels of what has no examples.
type NoLabels = [(&'static str, &'static str); 0];

impl Labels {
    fn pairs(&self) -> Vec<(&'static str, String)> {
        let (organization, environment) = self.environment.split_once('/').unwrap_or_default();
        let ids = [
            ("application", self.application.map(|id| id.to_string())),
            ("connection", self.connection.map(|id| id.to_string())),
            ("component", self.component.map(|id| id.to_string())),
        ];
        let mut pairs = vec![("service", self.service.to_string())];
        if !organization.is_empty() {
            pairs.extend([("organization", organization.to_owned()), ("environment", environment.to_owned())]);
        }
        pairs.extend(ids.into_iter().filter_map(|(name, id)| Some((name, id?))));
        pairs
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure for a chart: fifty-two bits of microseconds are 140 years")]
fn in_seconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1e6
}
