//! What limited subscriptions take their calls from: one bucket for each, however many tokens and keys prove who calls.

use std::sync::Arc;

use super::shards::{Key, Shards};
use crate::rate::{Bucket, Plan};

/// The buckets. One outlives the entries that use it while it is not full, so that nobody fills it by making a
/// subscription anew.
pub(super) struct Buckets(Shards<Bucket>);

impl Buckets {
    pub(super) fn new() -> Self {
        Self(Shards::new())
    }

    /// The bucket of a subscription; none for a plan without limit.
    pub(super) fn of(&self, key: Key, plan: &str) -> Option<Arc<Bucket>> {
        Plan::of(plan).get().per_minute?;
        Some(self.0.get_or_put(key, || Bucket::new(key)))
    }

    /// Forgets some of those that are full and that nobody uses, at a time in microseconds since 1970; all of them when it is
    /// called often enough.
    pub(super) fn forget(&self, now: u64) {
        self.0.sweep(|bucket| Arc::strong_count(bucket) > 1 || !bucket.is_full(now));
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
