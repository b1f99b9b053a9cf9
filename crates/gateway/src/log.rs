//! The access log: a line of JSON for each call. Lines are gathered beside the calls and written by a thread of its own,
//! so that no call waits for a disk. Never a secret, never a query string.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Serialize;

/// Lines are written when there are so many bytes of them, or when the first has waited so long.
const BATCH: usize = 64 * 1024;
const WAIT: Duration = Duration::from_millis(100);
/// With more bytes waiting, because the writer does not take them, lines are dropped.
const MOST: usize = 8 * 1024 * 1024;

/// The log.
pub(crate) struct AccessLog {
    lines: Arc<Lines>,
    writer: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Lines {
    waiting: Mutex<Waiting>,
    enough: Condvar,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    dropped: u64,
    ended: bool,
}

impl AccessLog {
    /// A log into a writer. When no thread can be had, there is no log, which is said.
    pub(crate) fn new(writer: Box<dyn Write + Send>) -> Self {
        let lines = Arc::new(Lines::default());
        let source = Arc::clone(&lines);
        let thread = std::thread::Builder::new().name("access-log".to_owned()).spawn(move || write(&source, writer));
        let writer = thread.inspect_err(|error| tracing::error!(%error, "the access log cannot be written")).ok();
        Self { lines, writer }
    }

    /// Adds a line.
    pub(crate) fn add(&self, line: &impl Serialize) {
        let mut waiting = self.lines.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.bytes.len() > MOST || self.writer.is_none() {
            waiting.dropped += 1;
            return;
        }
        // Numbers and text: writing them into memory does not fail.
        if serde_json::to_writer(&mut waiting.bytes, line).is_ok() {
            waiting.bytes.push(b'\n');
        }
        if waiting.bytes.len() >= BATCH {
            self.lines.enough.notify_one();
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.lines.waiting.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        self.lines.enough.notify_one();
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has nothing left to write.
            let _ = writer.join();
        }
    }
}

fn write(lines: &Lines, mut writer: Box<dyn Write + Send>) {
    let mut batch = Vec::new();
    loop {
        let waiting = lines.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let enough = |waiting: &mut Waiting| waiting.bytes.len() < BATCH && !waiting.ended;
        let waited = lines.enough.wait_timeout_while(waiting, WAIT, enough);
        let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut batch, &mut waiting.bytes);
        let (dropped, ended) = (std::mem::take(&mut waiting.dropped), waiting.ended);
        drop(waiting);
        if dropped > 0 {
            tracing::warn!(dropped, "the access log is not written fast enough, and lines were dropped");
        }
        if !batch.is_empty()
            && let Err(error) = writer.write_all(&batch).and_then(|()| writer.flush())
        {
            tracing::error!(%error, "the access log cannot be written");
        }
        batch.clear();
        if ended {
            return;
        }
    }
}
