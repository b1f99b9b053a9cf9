//! When a supervised command takes another snapshot: what to do next, given the time and the last answer of the server.
//! It asks nobody, waits for nothing and reads no clock; whoever follows does that.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tieline_core::policy::Policy;

use super::variables::Variables;
use crate::failure::{Exit, Failure};

/// For how long the server may keep a question; it answers after as long at the latest.
const LONGEST_POLL: Duration = Duration::from_secs(25);

/// Between questions to a server that is away or refuses.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How often a supervised command is reported, although nothing changes.
const REPORT: SignedDuration = SignedDuration::from_hours(24);

/// A snapshot that a process can be started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) snapshot_id: String,
    /// What the server calls it together with its policy; none when it is the last one that was kept.
    pub(crate) revision: Option<String>,
    pub(crate) policy: Policy,
    pub(crate) variables: Variables,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Start the command again with this.
    Take(Start),
    /// Ask for what is live, once that is not what is held, for so many seconds at the longest.
    Ask { held: String, wait: u64 },
}

/// Follows the live snapshot. What must wait for its policy waits while the server is asked on, so that a later snapshot
/// or another policy takes its place.
#[derive(Debug)]
pub(crate) struct Follower {
    held: String,
    waiting: Option<Start>,
    reported: Timestamp,
    pause: Duration,
    /// What was said already of a server that does not answer as it should.
    warned: Option<Exit>,
}

impl Follower {
    /// Follows on from what the command was started with.
    pub(crate) fn new(start: &Start, now: Timestamp) -> Self {
        // Whoever starts with what was kept has said already that the server is away.
        let warned = start.revision.is_none().then_some(Exit::Unreachable);
        let held = start.revision.clone().unwrap_or_default();
        Self { held, waiting: None, reported: now, pause: SHORTEST_PAUSE, warned }
    }

    /// What to do at this time.
    pub(crate) fn step(&mut self, now: Timestamp) -> Step {
        let opening = self.until_opening(now);
        if opening == Some(Duration::ZERO)
            && let Some(start) = self.waiting.take()
        {
            return Step::Take(start);
        }
        if now.duration_since(self.reported) >= REPORT {
            // Holding nothing, it is given the snapshot again, which reports that it still runs.
            (self.reported, self.held) = (now, String::new());
        }
        let wait = opening.unwrap_or(LONGEST_POLL).min(LONGEST_POLL);
        Step::Ask { held: self.held.clone(), wait: wait.as_secs() + u64::from(wait.subsec_nanos() > 0) }
    }

    /// The server answered: what is live, if that is not what was held.
    pub(crate) fn answered(&mut self, live: Option<Start>) {
        (self.pause, self.warned) = (SHORTEST_PAUSE, None);
        if let Some(live) = live {
            self.held = live.revision.clone().unwrap_or_default();
            self.waiting = Some(live);
        }
    }

    /// The server is away, or refuses: for how long to leave it alone, ever longer, and a warning when there was none
    /// since its last answer.
    pub(crate) fn failed(&mut self, failure: &Failure, now: Timestamp) -> (Duration, Option<String>) {
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        let said = self.warned.replace(failure.exit) == Some(failure.exit);
        let warning =
            format!("warning: {}; the command goes on with what it has\nhint: {}", failure.message, failure.hint);
        (self.until_opening(now).unwrap_or(pause).min(pause), (!said).then_some(warning))
    }

    /// How long what waits has to wait; none when nothing does, or nothing but another deployment ends it.
    fn until_opening(&self, now: Timestamp) -> Option<Duration> {
        let at = self.waiting.as_ref()?.policy.restart_at(now)?;
        Some(at.duration_since(now).try_into().unwrap_or(Duration::ZERO))
    }
}

#[cfg(test)]
#[path = "follow_tests.rs"]
mod tests;
