//! How fast somebody may do what is not free: a share at once, and then one in a while.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Those who are remembered; who was quiet long enough is forgotten first, then all.
const REMEMBERED: usize = 10_000;

/// What each has used up, as the time at which all of it is given back (the generic cell rate algorithm, ITU-T I.371).
pub(crate) struct Pace<K> {
    at_once: i32,
    each: SignedDuration,
    full: Mutex<HashMap<K, Timestamp>>,
}

impl<K: Clone + Eq + Hash> Pace<K> {
    /// So many pass at once, and in the long run one in such a time.
    pub(crate) fn new((at_once, each): (i32, SignedDuration)) -> Self {
        Self { at_once, each, full: Mutex::default() }
    }

    /// Counts what somebody does, or says after which time they may.
    pub(crate) fn take(&self, who: &K, now: Timestamp) -> Result<(), Duration> {
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        let next = full.get(who).copied().map_or(now, |full| full.max(now)) + self.each;
        let early = next.duration_since(now) - self.each * self.at_once;
        if early.is_positive() {
            return Err(early.unsigned_abs());
        }
        if full.len() >= REMEMBERED && !full.contains_key(who) {
            full.retain(|_, full| *full > now);
            if full.len() >= REMEMBERED {
                full.clear();
            }
        }
        full.insert(who.clone(), next);
        Ok(())
    }

    /// Counts one thing less.
    pub(crate) fn give_back(&self, who: &K) {
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(full) = full.get_mut(who) {
            *full -= self.each;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: i32 = 300;
    const RATE: (i32, SignedDuration) = (AT_ONCE, SignedDuration::from_secs(1));

    #[test]
    fn everybody_has_a_share_at_once_and_one_each_second() {
        let (pace, mut now) = (Pace::new(RATE), Timestamp::UNIX_EPOCH);
        for _ in 0..AT_ONCE {
            assert_eq!(pace.take(&"a", now), Ok(()));
        }
        assert!(pace.take(&"a", now).is_err());
        pace.give_back(&"a");
        assert_eq!(pace.take(&"a", now), Ok(()));
        assert_eq!(pace.take(&"a", now), Err(Duration::from_secs(1)));
        now += SignedDuration::from_millis(400);
        assert_eq!(pace.take(&"a", now), Err(Duration::from_millis(600)));
        assert_eq!(pace.take(&"b", now), Ok(()), "others have theirs");
        now += SignedDuration::from_millis(600);
        assert_eq!(pace.take(&"a", now), Ok(()));
        assert!(pace.take(&"a", now).is_err());
        now += SignedDuration::from_hours(24);
        let passed = (0..2 * AT_ONCE).filter(|_| pace.take(&"a", now).is_ok()).count();
        assert_eq!(i32::try_from(passed), Ok(AT_ONCE));
    }

    #[test]
    fn memory_is_bounded() {
        let (pace, now) = (Pace::new(RATE), Timestamp::UNIX_EPOCH);
        for who in 0..=REMEMBERED {
            pace.take(&who, now).unwrap();
        }
        assert!(pace.full.lock().unwrap().len() <= REMEMBERED);
    }
}
