//! The process's real clock and randomness: the only place where the bans on the originals are lifted.

use jiff::Timestamp;
use tieline_core::{clock::Clock, randomness::Randomness};

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is what everything else is given instead")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The generator of the operating system. That of the cryptographic library would first spend some 20 ms on collecting
/// entropy of its own, in every process: ten times what a whole `tieline run` takes.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    #[expect(clippy::disallowed_methods, reason = "this is what everything else is given instead")]
    fn fill(&self, buffer: &mut [u8]) {
        if getrandom::fill(buffer).is_err() {
            // Going on would mint keys that somebody can guess.
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn randomness_fills_the_whole_buffer_anew() {
        let draw = || {
            let mut bytes = [0; 64];
            SystemRandomness.fill(&mut bytes);
            bytes
        };
        let (first, second) = (draw(), draw());
        assert_ne!(first, second);
        assert_ne!(first[56..], [0; 8]);
    }

    #[test]
    fn the_clock_is_set() {
        assert!(SystemClock.now().as_second() > 1_700_000_000);
    }
}
