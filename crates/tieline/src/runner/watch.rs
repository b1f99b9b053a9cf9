//! Supervising a command: it gets the signals of this process, its end is this process's end, and an update starts it
//! again with other variables.
//!
//! One thread owns the child: it alone signals and reaps it, so that no signal can reach a stranger who was given the
//! pid after it. Two more threads only feed its channel: the signals', and the caller's, who follows the snapshots.
//!
//! The child stays in this process's group, so that a terminal treats both as one job. A signal sent by hand to the
//! whole group therefore reaches the child twice (under systemd, set `KillMode=mixed`).

use std::io;
use std::process::Child;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpgid, getpgrp};
use signal_hook::consts::SIGCHLD;

use super::child::{CommandLine, StartError};
use super::ending::Ending;
use super::follow::Start;
use super::signals::{self, Received};
use super::variables::Variables;

/// How long a command may take to end after SIGTERM before SIGKILL ends it.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

/// A snapshot for the command.
#[derive(Debug, Clone)]
pub(crate) struct Update {
    /// Which snapshot; the one that the command holds already changes nothing.
    pub(crate) snapshot_id: String,
    /// Its variables.
    pub(crate) variables: Variables,
}

impl From<Start> for Update {
    fn from(start: Start) -> Self {
        Self { snapshot_id: start.snapshot_id, variables: start.variables }
    }
}

/// What happened to the command, for logs and reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Notice {
    /// It was started with this snapshot.
    Started {
        /// The snapshot that it holds.
        snapshot_id: String,
        /// Its process.
        pid: u32,
    },
    /// It was told to end because of this snapshot.
    Stopping {
        /// The snapshot that it will be started with.
        snapshot_id: String,
    },
    /// It did not end within the grace period and was killed.
    Killed,
}

/// Why supervision came to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WatchError {
    /// The command could not be started, the first time or again.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The system refused signal handlers, a thread or the state of the child.
    #[error("the command could not be supervised: {0}")]
    System(#[from] io::Error),
}

/// Where updates are handed in, from any thread.
#[derive(Debug, Clone)]
pub(crate) struct Updates(Sender<Event>);

impl Updates {
    /// Hands in an update; false once the command has ended.
    pub(crate) fn send(&self, update: Update) -> bool {
        self.0.send(Event::Update(update)).is_ok()
    }
}

/// A command with its first snapshot, ready to be supervised.
#[derive(Debug)]
pub(crate) struct Supervisor {
    command: CommandLine,
    snapshot: Update,
    grace: Duration,
    sender: Sender<Event>,
    events: Receiver<Event>,
}

impl Supervisor {
    /// Prepares to run the command with a snapshot; `grace` is how long it may take to end ([`GRACE`]).
    #[must_use]
    pub(crate) fn new(command: CommandLine, snapshot: Update, grace: Duration) -> Self {
        let (sender, events) = channel();
        Self { command, snapshot, grace, sender, events }
    }

    /// The way in for updates.
    #[must_use]
    pub(crate) fn updates(&self) -> Updates {
        Updates(self.sender.clone())
    }

    /// Starts the command, passes on this process's signals, and returns how the command ended. Call
    /// [`Ending::end_process`] with it after flushing what must be flushed.
    ///
    /// # Errors
    /// The command could not be started or supervised.
    pub(crate) fn run(self, notify: &mut dyn FnMut(Notice)) -> Result<Ending, WatchError> {
        // Handlers come before the child: a signal between the two must not end this process alone.
        let received = signals::receive()?;
        let sender = self.sender.clone();
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || signals::pump(received, |signal| sender.send(Event::Signal(signal)).is_ok()))?;
        self.supervise(notify)
    }

    fn supervise(self, notify: &mut dyn FnMut(Notice)) -> Result<Ending, WatchError> {
        let mut running = Running::start(&self.command, self.snapshot, notify)?;
        let mut next: Option<Update> = None;
        let mut stop = Stop::No;
        loop {
            let event = match stop.deadline() {
                Some(deadline) => self.events.recv_timeout(deadline.saturating_duration_since(Instant::now())),
                None => self.events.recv().map_err(RecvTimeoutError::from),
            };
            match event {
                Ok(Event::Signal(Received { signal: SIGCHLD, .. })) => {
                    if let Some(status) = running.child.try_wait()? {
                        match (stop, next.take()) {
                            (Stop::ForUpdate { .. }, Some(update)) => {
                                running = Running::start(&self.command, update, notify)?;
                                stop = Stop::No;
                            }
                            _ => return Ok(Ending::of(status)),
                        }
                    }
                }
                Ok(Event::Signal(received)) => {
                    running.pass_on(received);
                    if received.asks_to_end() {
                        stop = Stop::Asked { until: Instant::now() + self.grace };
                    }
                }
                Ok(Event::Update(update)) if update.snapshot_id == running.snapshot_id => {
                    // Back to what it holds: unless it is being stopped already, nothing is left to do.
                    next = matches!(stop, Stop::ForUpdate { .. }).then_some(update);
                }
                Ok(Event::Update(update)) => next = Some(update),
                Err(RecvTimeoutError::Timeout) => match stop {
                    Stop::ForUpdate { .. } => {
                        running.kill()?;
                        notify(Notice::Killed);
                        stop = Stop::ForUpdate { until: None };
                    }
                    // It lives on after its grace: the signal meant something else to it.
                    _ => stop = Stop::No,
                },
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
                }
            }
            if let (Stop::No, Some(update)) = (stop, &next) {
                notify(Notice::Stopping { snapshot_id: update.snapshot_id.clone() });
                running.signal(Signal::SIGTERM);
                stop = Stop::ForUpdate { until: Some(Instant::now() + self.grace) };
            }
        }
    }
}

#[derive(Debug)]
enum Event {
    Signal(Received),
    Update(Update),
}

/// Whether the command is on its way out, and why.
#[derive(Debug, Clone, Copy)]
enum Stop {
    No,
    /// To be started again; after `until` it is killed, and with none it has been.
    ForUpdate {
        until: Option<Instant>,
    },
    /// Someone asked it to end: it is not started again, and until then no update touches it.
    Asked {
        until: Instant,
    },
}

impl Stop {
    fn deadline(self) -> Option<Instant> {
        match self {
            Self::No => None,
            Self::ForUpdate { until } => until,
            Self::Asked { until } => Some(until),
        }
    }
}

/// The child, not yet reaped, so that its pid is its own.
struct Running {
    child: Child,
    snapshot_id: String,
}

impl Running {
    fn start(command: &CommandLine, snapshot: Update, notify: &mut dyn FnMut(Notice)) -> Result<Self, StartError> {
        let Update { snapshot_id, variables } = snapshot;
        let child = command.spawn(&variables)?;
        notify(Notice::Started { snapshot_id: snapshot_id.clone(), pid: child.id() });
        Ok(Self { child, snapshot_id })
    }

    /// Passes a signal on, unless the terminal has sent it to the child as well.
    fn pass_on(&self, received: Received) {
        let same_group = || self.pid().is_some_and(|pid| getpgid(Some(pid)) == Ok(getpgrp()));
        if received.from_terminal && same_group() {
            return;
        }
        if let Ok(signal) = Signal::try_from(received.signal) {
            self.signal(signal);
        }
    }

    fn signal(&self, signal: Signal) {
        // A child that has ended is no error: its SIGCHLD is on the way.
        if let Some(pid) = self.pid() {
            let _ = kill(pid, signal);
        }
    }

    fn kill(&mut self) -> io::Result<()> {
        self.child.kill()
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().map(Pid::from_raw)
    }
}

#[cfg(test)]
#[path = "process_tests.rs"]
mod tests;
