//! Who may call: subscriptions and API keys, as small as a million of each asks for.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tieline_core::id::{ApplicationId, ComponentId, ConnectionId};
use tieline_core::route_table::{ApiKeyEntry, SubscriptionEntry, SubscriptionState};

use super::shards::{Key, Keyed};
use crate::metrics::Series;
use crate::rate::{Bucket, Plan};

/// What a subscription and an API key have in common.
pub(crate) struct Grant {
    pub(crate) application: Option<ApplicationId>,
    pub(crate) connection: Option<ConnectionId>,
    pub(crate) state: SubscriptionState,
    pub(crate) plan: Plan,
    /// What its calls are taken from, where the plan limits them: one for all that prove the same subscriber.
    bucket: Option<Arc<Bucket>>,
    /// Where its calls are counted, once there was one.
    pub(crate) series: OnceLock<Arc<Series>>,
}

impl Grant {
    /// Counts one call at a time in microseconds since 1970, or says how long until there may be one.
    pub(crate) fn take(&self, now: u64) -> Result<(), Duration> {
        self.bucket.as_ref().map_or(Ok(()), |bucket| bucket.take(self.plan.get(), now))
    }
}

/// A client's right to call one service in one environment.
pub(crate) struct Subscription {
    key: Key,
    pub(crate) grant: Grant,
}

impl Subscription {
    pub(crate) fn new(key: Key, entry: &SubscriptionEntry, bucket: Option<Arc<Bucket>>) -> Self {
        let grant = Grant {
            application: Some(entry.application),
            connection: entry.connection,
            state: entry.state,
            plan: Plan::of(&entry.plan),
            bucket,
            series: OnceLock::new(),
        };
        Self { key, grant }
    }
}

impl Keyed for Subscription {
    fn key(&self) -> Key {
        self.key
    }
}

/// An API key's right to call one service in one environment.
pub(crate) struct ApiKey {
    key: Key,
    /// Where it opens: the hash of service and environment.
    pub(crate) place: Key,
    pub(crate) component: Option<ComponentId>,
    pub(crate) grant: Grant,
}

impl ApiKey {
    pub(crate) fn new(key: Key, place: Key, entry: &ApiKeyEntry, bucket: Option<Arc<Bucket>>) -> Self {
        let grant = Grant {
            application: entry.application,
            connection: Some(entry.connection),
            state: entry.state,
            plan: Plan::of(&entry.plan),
            bucket,
            series: OnceLock::new(),
        };
        Self { key, place, component: entry.component, grant }
    }
}

impl Keyed for ApiKey {
    fn key(&self) -> Key {
        self.key
    }
}
