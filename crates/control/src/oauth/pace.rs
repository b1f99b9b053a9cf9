//! How fast one client may revoke tokens: each revocation is a write, and counts with every gateway until its token would
//! have expired.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Revocations of a client that pass at once: the instances of a large component that stop together.
const AT_ONCE: i32 = 300;
/// In the long run one passes in such a time. With what passes at once, that is at most 1200 that count with tokens of 15
/// minutes.
const EACH: SignedDuration = SignedDuration::from_secs(1);
/// Clients that are remembered; those that were quiet long enough are forgotten first, then all.
const CLIENTS: usize = 10_000;

/// What clients have used up, as the time at which all of it is given back (the generic cell rate algorithm, ITU-T I.371).
#[derive(Default)]
pub(crate) struct Pace {
    full: Mutex<HashMap<String, Timestamp>>,
}

impl Pace {
    /// Counts a revocation by a client, or says after which time it may come.
    pub(super) fn take(&self, client: &str, now: Timestamp) -> Result<(), Duration> {
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        let next = full.get(client).copied().map_or(now, |full| full.max(now)) + EACH;
        let early = next.duration_since(now) - EACH * AT_ONCE;
        if early.is_positive() {
            return Err(early.unsigned_abs());
        }
        if full.len() >= CLIENTS && !full.contains_key(client) {
            full.retain(|_, full| *full > now);
            if full.len() >= CLIENTS {
                full.clear();
            }
        }
        full.insert(client.to_owned(), next);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_its_share_at_once_and_one_each_second() {
        let (pace, mut now) = (Pace::default(), Timestamp::UNIX_EPOCH);
        for _ in 0..AT_ONCE {
            assert_eq!(pace.take("a", now), Ok(()));
        }
        assert_eq!(pace.take("a", now), Err(Duration::from_secs(1)));
        now += SignedDuration::from_millis(400);
        assert_eq!(pace.take("a", now), Err(Duration::from_millis(600)));
        assert_eq!(pace.take("b", now), Ok(()), "others have theirs");
        now += SignedDuration::from_millis(600);
        assert_eq!(pace.take("a", now), Ok(()));
        assert!(pace.take("a", now).is_err());
        now += SignedDuration::from_hours(24);
        let passed = (0..2 * AT_ONCE).filter(|_| pace.take("a", now).is_ok()).count();
        assert_eq!(i32::try_from(passed), Ok(AT_ONCE));
    }

    #[test]
    fn clients_are_remembered_within_bounds() {
        let (pace, now) = (Pace::default(), Timestamp::UNIX_EPOCH);
        for client in 0..=CLIENTS {
            pace.take(&client.to_string(), now).unwrap();
        }
        assert!(pace.full.lock().unwrap().len() <= CLIENTS);
    }
}
