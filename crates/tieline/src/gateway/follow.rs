//! Following the control plane from another process: lines of its feed, into the table and onto the disk.

use std::collections::BTreeMap;
use std::io::{BufRead, Read as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tieline_core::clock::Clock;
use tieline_core::code;
use tieline_core::randomness::Randomness;
use tieline_core::route_table::Delta;
use tieline_core::table_feed::FeedLine;
use tieline_gateway::Table;
use tieline_vault::system::{SystemClock, SystemRandomness};
use tokio::sync::watch;

use super::disk::{Replacement, TableFile};
use crate::client::{Client, segment};
use crate::failure::Failure;

/// For how long the control plane sends changes before it is asked again: a connection that died shows soon after.
const WAIT: Duration = Duration::from_secs(25);
/// How long an answer may take beyond that, and how long one with everything.
const PATIENCE: Duration = Duration::from_secs(15);
const PATIENCE_WITH_EVERYTHING: Duration = Duration::from_secs(600);
/// Pauses between attempts: doubled from the first to the longest, each shortened by up to a half.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));
/// Longer lines are none of a feed.
const LONGEST: u64 = 256 * 1024 * 1024;

/// What is told of a table: how far it has come, and when the control plane was last heard.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Heard {
    /// The number of the last change that is in it.
    pub(crate) number: i64,
    /// When; none for never.
    pub(crate) at: Option<Timestamp>,
}

/// What follows.
pub(crate) struct Follower {
    client: Client,
    file: TableFile,
    table: Arc<Table>,
    heard: Arc<Mutex<Heard>>,
    /// Everything there is, while it comes.
    next: Option<Replacement>,
    /// Whether the file has changes that no number follows yet.
    open: bool,
}

impl Follower {
    /// A follower that goes on where the file ends; the table has what the file holds.
    pub(crate) fn new(client: Client, folder: &std::path::Path, table: Arc<Table>) -> Result<Self, Failure> {
        let unusable = |error: std::io::Error| {
            let message = format!("the table in {} cannot be used: {error}", folder.display());
            Failure::no(code!("gateway_folder_unusable"), message, "name a folder of this gateway's own with --data")
        };
        let file = TableFile::open(folder, |line| {
            if let FeedLine::Changes(changes) = line {
                table.prepare(false, changes);
            }
        });
        let file = file.map_err(unusable)?;
        let mut heard = Heard::default();
        if file.position().number > 0 {
            let number = file.position().number;
            table.apply(Delta { whole: false, number, changes: BTreeMap::new() });
            heard = Heard { number, at: file.written().ok().and_then(|at| Timestamp::try_from(at).ok()) };
        } else {
            // What a torn file held is no table.
            table.prepare(true, BTreeMap::new());
        }
        Ok(Self { client, file, table, heard: Arc::new(Mutex::new(heard)), next: None, open: false })
    }

    /// What is told of the table.
    pub(crate) fn heard(&self) -> Arc<Mutex<Heard>> {
        Arc::clone(&self.heard)
    }

    /// Follows until the process stops; blocks its thread.
    pub(crate) fn run(mut self, stopping: &watch::Receiver<bool>) {
        let mut pause = PAUSES.0;
        while !*stopping.borrow() {
            match self.listen(stopping) {
                Ok(()) => pause = PAUSES.0,
                Err(failure) => {
                    let age = self.age().map_or(-1, |age| age.as_secs());
                    tracing::warn!(
                        code = failure.code,
                        error = failure.message,
                        table_age_seconds = age,
                        "the control plane is not heard; calls are checked against the table as it is"
                    );
                    std::thread::sleep(shortened(pause));
                    pause = (pause * 2).min(PAUSES.1);
                }
            }
        }
    }

    fn age(&self) -> Option<jiff::SignedDuration> {
        let heard = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.at.map(|at| SystemClock.now().duration_since(at))
    }

    /// Asks once, and takes what is sent until the answer ends.
    fn listen(&mut self, stopping: &watch::Receiver<bool>) -> Result<(), Failure> {
        let position = self.file.position().clone();
        let wait = WAIT.as_secs();
        let path = format!(
            "/gateway/table?after={}&generation={}&wait={wait}",
            position.number,
            segment(&position.generation)
        );
        let patience = if position.number == 0 { PATIENCE_WITH_EVERYTHING } else { WAIT + PATIENCE };
        let mut lines = self.client.lines(&path, patience)?;
        self.next = None;
        let mut text = String::new();
        while !*stopping.borrow() {
            text.clear();
            let read = (&mut lines).take(LONGEST).read_line(&mut text);
            if read.map_err(|error| broken(&error))? == 0 {
                return Ok(());
            }
            let line = serde_json::from_str(&text).map_err(|error| broken(&error))?;
            self.take(line).map_err(|error| {
                let hint = "see that the disk has room; the gateway serves on from memory";
                Failure::no(code!("gateway_folder_unusable"), format!("the table cannot be kept: {error}"), hint)
            })?;
        }
        Ok(())
    }

    fn take(&mut self, line: FeedLine) -> std::io::Result<()> {
        match line {
            FeedLine::Begin { generation, whole: true } => self.next = Some(self.file.replace(&generation)?),
            FeedLine::Begin { .. } => self.next = None,
            FeedLine::Changes(_) => {
                match &mut self.next {
                    Some(next) => next.append(&line)?,
                    None => self.file.append(&line)?,
                }
                self.open = true;
                if let FeedLine::Changes(changes) = line {
                    self.table.prepare(false, changes);
                }
            }
            FeedLine::Reached(number) => {
                let mut changes = BTreeMap::new();
                match self.next.take() {
                    Some(next) => changes.extend(self.file.put(next, number)?.into_iter().map(|key| (key, None))),
                    // A sign of life leaves no trace.
                    None if self.open => self.file.append(&line)?,
                    None => {}
                }
                self.open = false;
                self.table.apply(Delta { whole: false, number, changes });
                let heard = Heard { number, at: Some(SystemClock.now()) };
                *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = heard;
            }
        }
        Ok(())
    }
}

fn broken(error: &dyn std::fmt::Display) -> Failure {
    let hint = "the gateway tries again by itself";
    Failure::unreachable(
        code!("server_unreachable"),
        format!("the answer of the control plane broke off: {error}"),
        hint,
    )
}

/// A pause, shortened by chance, so that many gateways do not come back at once.
fn shortened(pause: Duration) -> Duration {
    let mut byte = [0];
    SystemRandomness.fill(&mut byte);
    pause.mul_f64(1.0 - f64::from(byte[0]) / 512.0)
}
