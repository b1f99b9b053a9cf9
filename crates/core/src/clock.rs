//! Time as an argument: who needs to know the time takes a [`Clock`]. The process's real clock lives in the vault.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// Something that knows the time.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// A clock that stands still until it is moved; for tests and for replaying.
#[derive(Debug)]
pub struct FixedClock {
    milliseconds: AtomicI64,
}

impl FixedClock {
    /// A clock standing at a moment, cut to the millisecond.
    #[must_use]
    pub fn at(moment: Timestamp) -> Self {
        Self { milliseconds: AtomicI64::new(moment.as_millisecond()) }
    }

    /// Moves the clock forward, or back by a negative number of seconds.
    pub fn advance_seconds(&self, seconds: i64) {
        self.milliseconds.fetch_add(seconds.saturating_mul(1000), Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.milliseconds.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_moves_only_when_told() {
        let clock = FixedClock::at(Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now(), clock.now());
        clock.advance_seconds(90);
        assert_eq!(clock.now().as_second(), 90);
        clock.advance_seconds(-100);
        assert_eq!(clock.now().as_second(), -10);
    }
}
