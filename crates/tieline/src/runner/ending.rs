//! How a supervised command ended, and ending this process in the same way.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl Ending {
    /// What the system's status of an ended process says.
    #[must_use]
    pub(crate) fn of(status: ExitStatus) -> Self {
        match status.signal() {
            Some(signal) => Self::Signal(signal),
            None => Self::Code(status.code().unwrap_or(1)),
        }
    }

    /// Ends this process likewise, so that its parent cannot tell it from the command: with the same code, or killed
    /// by the same signal (a shell in a loop stops at Ctrl-C only if the signal is seen).
    #[expect(clippy::disallowed_methods, reason = "the end is the command's; nothing here is left to be dropped")]
    pub(crate) fn end_process(self) -> ! {
        match self {
            Self::Code(code) => std::process::exit(code),
            Self::Signal(signal) => {
                forbid_core_dump();
                // It returns only if the signal ends no process, or the system knows it and the library does not.
                let _ = signal_hook::low_level::emulate_default_handler(signal);
                std::process::exit(128 + signal)
            }
        }
    }
}

/// The core that matters is the command's: one of this process would take its place, and hold the variables.
fn forbid_core_dump() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_CORE) {
        let _ = setrlimit(Resource::RLIMIT_CORE, 0, hard);
    }
}
