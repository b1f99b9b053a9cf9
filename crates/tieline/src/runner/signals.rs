//! Which signals a supervisor takes for its command, and whether one must be passed on. Sends nothing itself.

use std::io;

use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::siginfo::{Cause, Origin};

/// The signals that are passed on to the command.
pub(crate) const FORWARDED: [i32; 7] = [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH];

/// A signal that this process received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Received {
    /// Its number.
    pub(crate) signal: i32,
    /// Whether the terminal sent it, to every process of the foreground group at once.
    pub(crate) from_terminal: bool,
}

impl Received {
    /// Whether someone asks the command to end, as opposed to telling it something.
    #[must_use]
    pub(crate) fn asks_to_end(self) -> bool {
        [SIGTERM, SIGINT, SIGQUIT].contains(&self.signal)
    }

    fn new(origin: &Origin) -> Self {
        let typed = [SIGINT, SIGQUIT, SIGWINCH].contains(&origin.signal);
        Self { signal: origin.signal, from_terminal: typed && !matches!(origin.cause, Cause::Sent(_)) }
    }
}

/// Begins to receive: the forwarded signals, and SIGCHLD, which tells that the command ended.
///
/// A signal that was ignored when this process began (`nohup`, a background job of a script) stays ignored, here and,
/// by inheritance, in the command.
///
/// # Errors
/// The system refused a handler.
pub(crate) fn receive() -> io::Result<SignalsInfo<WithOrigin>> {
    let ignored = ignored_signals();
    let wanted = FORWARDED.into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    SignalsInfo::new(wanted.chain([SIGCHLD]))
}

/// Waits for signals and hands each on, until the receiver is gone.
pub(crate) fn pump(mut signals: SignalsInfo<WithOrigin>, mut hand_on: impl FnMut(Received) -> bool) {
    for origin in &mut signals {
        if !hand_on(Received::new(&origin)) {
            return;
        }
    }
}

/// The set of ignored signals, bit 0 being signal 1. Only Linux tells without `unsafe`; elsewhere it is empty.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    parse_ignored(&status)
}

fn parse_ignored(status: &str) -> u64 {
    let set = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    set.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_list_of_ignored_signals_is_read() {
        for (status, expect) in [
            ("Name:\tx\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000440\n", 0x1001),
            ("Name:\tx\n", 0),
            ("SigIgn:\tzz\n", 0),
        ] {
            assert_eq!(parse_ignored(status), expect);
        }
    }
}
