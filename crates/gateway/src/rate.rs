//! How often a subscription may be used: a bucket that a plan fills, shared by everything that proves the subscriber.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tieline_core::rate_plan::{PLANS, RatePlan};

use crate::table::{Key, Keyed};

/// A minute in microseconds: a full bucket holds what a plan grants in a minute.
const MINUTE: u64 = 60_000_000;

/// A plan, as small as a million grants ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan(u8);

impl Plan {
    /// The plan of a name. One that this gateway does not know is younger than it: the strictest is taken.
    pub(crate) fn of(name: &str) -> Self {
        let known = PLANS.iter().zip(0..).find(|(plan, _)| plan.name == name);
        Self(known.map_or(0, |(_, index)| index))
    }

    pub(crate) fn get(self) -> RatePlan {
        PLANS[usize::from(self.0) % PLANS.len()]
    }
}

/// The calls of one subscription.
pub(crate) struct Bucket {
    key: Key,
    /// When it will be full again, in microseconds since 1970: the generic cell rate algorithm (ITU-T I.371).
    full: AtomicU64,
}

impl Keyed for Bucket {
    fn key(&self) -> Key {
        self.key
    }
}

impl Bucket {
    pub(crate) fn new(key: Key) -> Self {
        Self { key, full: AtomicU64::new(0) }
    }

    /// Whether it is full: as good as another one that was just made.
    pub(crate) fn is_full(&self, now: u64) -> bool {
        self.full.load(Ordering::Relaxed) <= now
    }

    /// Takes one call out, or says how long until there is one.
    pub(crate) fn take(&self, plan: RatePlan, now: u64) -> Result<(), Duration> {
        let Some(per_minute) = plan.per_minute else { return Ok(()) };
        let interval = MINUTE / u64::from(per_minute).max(1);
        let mut full = self.full.load(Ordering::Relaxed);
        loop {
            let then = full.max(now) + interval;
            if then - now > MINUTE {
                return Err(Duration::from_micros(then - now - MINUTE));
            }
            match self.full.compare_exchange_weak(full, then, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(other) => full = other,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_of_calls_may_come_at_once_and_no_more() {
        let (bucket, plan) = (Bucket::new(Key(0, 0)), RatePlan { name: "few", per_minute: Some(60) });
        let begin = 1_700_000_000_000_000;
        for _ in 0..60 {
            assert_eq!(bucket.take(plan, begin), Ok(()));
        }
        assert_eq!(bucket.take(plan, begin), Err(Duration::from_secs(1)));
        assert_eq!(bucket.take(plan, begin + 1_000_000), Ok(()));
        assert!(bucket.take(plan, begin + 1_000_000).is_err());
        assert!(!bucket.is_full(begin + 60_000_000) && bucket.is_full(begin + 61_000_000));
        assert_eq!(bucket.take(RatePlan { name: "any", per_minute: None }, begin), Ok(()));
    }

    #[test]
    fn an_unknown_plan_is_the_strictest() {
        for plan in PLANS {
            assert_eq!(Plan::of(plan.name).get(), plan);
        }
        assert_eq!(Plan::of("platinum").get(), PLANS[0]);
    }
}
