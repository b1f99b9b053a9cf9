//! Following the control plane from another process: lines of its feed, into the table and onto the disk.

use std::collections::BTreeMap;
use std::io::{BufRead, Read as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tieline_core::clock::Clock;
use tieline_core::code;
use tieline_core::randomness::Randomness;
use tieline_core::route_table::Delta;
use tieline_core::table_feed::FeedLine;
use tieline_gateway::{Replacement as Whole, Table};
use tieline_vault::system::{SystemClock, SystemRandomness};
use tokio::sync::watch;

use super::disk::{Line, Position, Replacement, TableFile};
use crate::client::{Client, segment};
use crate::failure::Failure;

/// For how long the control plane sends changes before it is asked again: a connection that died shows soon after.
const WAIT: Duration = Duration::from_secs(25);
/// How long an answer may take beyond that, and how long one with everything.
const PATIENCE: Duration = Duration::from_secs(15);
const PATIENCE_WITH_EVERYTHING: Duration = Duration::from_secs(600);
/// Pauses between attempts: doubled from the first to the longest, each shortened by up to a half.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));
/// A file that could not be written is left alone for so long; then what it lacks is asked for again.
const LEFT_ALONE: Duration = Duration::from_secs(60);
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
    /// Up to where the table holds everything: as far as the file, or further while the file cannot be written.
    reached: Position,
    /// The generation of what is being told.
    generation: String,
    /// Everything there is, while it comes: for the table, and for the file.
    whole: Option<Whole>,
    next: Option<Replacement>,
    /// Whether the file has changes that no number follows yet.
    open: bool,
    /// When the file could not be written.
    unwritten: Option<Instant>,
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
        Ok(Self {
            client,
            reached: file.position().clone(),
            file,
            table,
            heard: Arc::new(Mutex::new(heard)),
            generation: String::new(),
            whole: None,
            next: None,
            open: false,
            unwritten: None,
        })
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
        self.unwritten.take_if(|since| since.elapsed() >= LEFT_ALONE);
        let position = if self.unwritten.is_some() { self.reached.clone() } else { self.file.position().clone() };
        let wait = WAIT.as_secs();
        let path = format!(
            "/gateway/table?after={}&generation={}&wait={wait}",
            position.number,
            segment(&position.generation)
        );
        let patience = if position.number == 0 { PATIENCE_WITH_EVERYTHING } else { WAIT + PATIENCE };
        let mut lines = self.client.lines(&path, patience)?;
        (self.whole, self.next) = (None, None);
        let mut text = String::new();
        while !*stopping.borrow() {
            text.clear();
            let read = (&mut lines).take(LONGEST).read_line(&mut text);
            if read.map_err(|error| broken(&error))? == 0 {
                return Ok(());
            }
            let line = serde_json::from_str(&text).map_err(|error| broken(&error))?;
            self.take(line);
        }
        Ok(())
    }

    /// Takes a line: into the table whatever the disk does, then into the file.
    fn take(&mut self, line: FeedLine) {
        let written = Line::of(&line);
        match line {
            FeedLine::Begin { generation, whole } => {
                self.whole = whole.then(|| self.table.replace());
                self.next = if whole { self.keep(|file| file.replace(&generation)) } else { None };
                self.generation = generation;
            }
            FeedLine::Changes(changes) => {
                match &mut self.whole {
                    Some(whole) => self.table.replace_part(whole, changes),
                    None => self.table.prepare(false, changes),
                }
                self.open = true;
                match self.next.take() {
                    Some(mut next) => self.next = self.keep(|_| next.append(&written?).map(|()| next)),
                    // The pieces of a whole table mean nothing behind another.
                    None if self.whole.is_some() => {}
                    None => drop(self.keep(|file| file.append(&written?))),
                }
            }
            FeedLine::Reached(number) => {
                let next = self.next.take();
                match self.whole.take() {
                    Some(whole) => {
                        self.table.replaced(whole, number);
                        if let Some(next) = next {
                            self.keep(|file| file.put(next, number));
                        }
                    }
                    None => {
                        self.table.apply(Delta { whole: false, number, changes: BTreeMap::new() });
                        // A sign of life leaves no trace.
                        if self.open {
                            self.keep(|file| file.append(&written?));
                        }
                    }
                }
                self.open = false;
                self.reached = Position { generation: self.generation.clone(), number };
                let heard = Heard { number, at: Some(SystemClock.now()) };
                *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = heard;
            }
        }
    }

    /// Writes, unless the file could not be written a while ago: it lacks what came since, and gets it later.
    fn keep<T>(&mut self, write: impl FnOnce(&mut TableFile) -> std::io::Result<T>) -> Option<T> {
        if self.unwritten.is_some() {
            return None;
        }
        let error = match write(&mut self.file) {
            Ok(done) => return Some(done),
            Err(error) => error,
        };
        self.file.drop_replacement();
        self.unwritten = Some(Instant::now());
        tracing::warn!(
            code = code!("gateway_folder_unusable"),
            %error,
            "the table cannot be kept on disk; the gateway serves on from memory, and tries again in {LEFT_ALONE:?}"
        );
        None
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

#[cfg(test)]
#[path = "follow_tests.rs"]
mod tests;
