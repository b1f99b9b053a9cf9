//! Randomness as an argument, and the ids drawn from it. The process's real source lives in the vault.

use std::sync::atomic::{AtomicU64, Ordering};

use uuid::{Builder, Uuid};

use crate::clock::Clock;

/// A source of random bytes. Real ones are fit for keys; a source that cannot deliver ends the process.
pub trait Randomness: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// A random id: for connections, whose ids stand in people's files, where the public validator accepts no other version.
#[must_use]
pub fn uuid_v4(randomness: &dyn Randomness) -> Uuid {
    let mut bytes = [0; 16];
    randomness.fill(&mut bytes);
    Builder::from_random_bytes(bytes).into_uuid()
}

/// An id that sorts by the time it was made: for everything else.
#[must_use]
pub fn uuid_v7(clock: &dyn Clock, randomness: &dyn Randomness) -> Uuid {
    let mut bytes = [0; 10];
    randomness.fill(&mut bytes);
    let milliseconds = u64::try_from(clock.now().as_millisecond()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(milliseconds, &bytes).into_uuid()
}

/// The same bytes for the same seed, in the same order. For tests only: anybody can predict it.
#[derive(Debug)]
pub struct FixedRandomness {
    state: AtomicU64,
}

impl FixedRandomness {
    /// A source that starts at a seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }
}

impl Randomness for FixedRandomness {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let state = self.state.fetch_add(SPLIT_MIX_STEP, Ordering::SeqCst).wrapping_add(SPLIT_MIX_STEP);
            chunk.copy_from_slice(&split_mix(state).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// The increment and the multipliers of SplitMix64 (Steele, Lea and Flood, 2014).
const SPLIT_MIX_STEP: u64 = 0x9e37_79b9_7f4a_7c15;

fn split_mix(state: u64) -> u64 {
    let once = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let twice = (once ^ (once >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    twice ^ (twice >> 31)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::clock::FixedClock;

    #[test]
    fn ids_have_their_version_and_differ() {
        let (clock, randomness) = (FixedClock::at(Timestamp::UNIX_EPOCH), FixedRandomness::seeded(1));
        assert_eq!(uuid_v4(&randomness).get_version_num(), 4);
        assert_ne!(uuid_v4(&randomness), uuid_v4(&randomness));
        let early = uuid_v7(&clock, &randomness);
        clock.advance_seconds(1);
        let late = uuid_v7(&clock, &randomness);
        assert_eq!(late.get_version_num(), 7);
        assert!(early < late);
    }

    #[test]
    fn a_seed_decides_everything() {
        let draw = |seed| {
            let mut bytes = [0; 21];
            FixedRandomness::seeded(seed).fill(&mut bytes);
            bytes
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }
}
