//! `exec` and supervision as other processes see them. The test binary starts itself again as the runner: in that
//! process only `runner_process` runs, and does what the environment says.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use super::*;

const MODE: &str = "TIELINE_TEST_RUNNER";
const SCRIPT: &str = "TIELINE_TEST_SCRIPT";

fn snapshot(id: &str) -> Update {
    let variables = BTreeMap::from([("A".to_owned(), id.to_owned())]);
    Update { snapshot_id: id.to_owned(), variables: Variables::new(variables).expect("a variable") }
}

/// The runner: execs, or supervises with a grace period in milliseconds and takes updates from its standard input,
/// one id per line.
#[test]
fn runner_process() {
    let (Ok(mode), Some(script)) = (std::env::var(MODE), std::env::var_os(SCRIPT)) else { return };
    // Ends the line on which the test harness names the test.
    println!();
    let command = CommandLine::new(vec!["sh".into(), "-c".into(), script]).expect("a command");
    let Ok(grace) = mode.parse() else { panic!("{}", command.exec(&snapshot("1").variables)) };
    let supervisor = Supervisor::new(command, snapshot("1"), Duration::from_millis(grace));
    let updates = supervisor.updates();
    std::thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            updates.send(snapshot(&line));
            println!("(sent {line})");
        }
    });
    let notice = |notice| match notice {
        Notice::Started { snapshot_id, .. } => println!("(started with {snapshot_id})"),
        Notice::Stopping { snapshot_id } => println!("(stopping for {snapshot_id})"),
        Notice::Killed => println!("(killed)"),
    };
    supervisor.run(&mut { notice }).expect("the command runs").end_process()
}

struct Runner {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// All that came so far.
    read: String,
}

impl Runner {
    /// Starts a runner: `exec`, or the grace period of a supervisor.
    fn start(mode: &str, script: &str) -> Self {
        Self::start_by(Command::new(std::env::current_exe().expect("this program")), mode, script)
    }

    fn start_by(mut command: Command, mode: &str, script: &str) -> Self {
        let mut process = command
            .args(["--exact", "runner::watch::tests::runner_process", "--nocapture"])
            .env(MODE, mode)
            .env(SCRIPT, script)
            .env("TIELINE_TOKEN", "canary")
            .env("TIELINE_TOKEN_FILE", "canary")
            .env("A", "inherited")
            .env("KEPT", "kept")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this program runs");
        let (input, output) = (process.stdin.take().expect("piped"), process.stdout.take().expect("piped"));
        Self { process, input, output: BufReader::new(output), read: String::new() }
    }

    /// Reads on until this line has come, be it long ago.
    fn read_until(&mut self, line: &str) {
        while !self.read.lines().any(|read| read == line) {
            assert!(self.output.read_line(&mut self.read).expect("readable") > 0, "{line} never came:\n{}", self.read);
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.process.id()).expect("a pid"));
        kill(pid, signal).expect("the runner lives");
    }

    fn input(&mut self, line: &str) {
        writeln!(self.input, "{line}").expect("the runner lives");
    }

    /// Hands an update in, and returns when a signal sent next will be seen after it.
    fn update(&mut self, line: &str) {
        self.input(line);
        self.read_until(&format!("(sent {line})"));
    }

    /// How the runner ended.
    fn end(mut self) -> ExitStatus {
        io::Read::read_to_string(&mut self.output, &mut self.read).expect("readable");
        self.process.wait().expect("it ended")
    }

    /// How the runner ended, and the snapshots' notices without the first start, whose place among the command's own
    /// lines is open.
    fn notices(mut self) -> (Vec<String>, ExitStatus) {
        io::Read::read_to_string(&mut self.output, &mut self.read).expect("readable");
        let notice = |line: &&str| line.starts_with('(') && !line.starts_with("(sent ") && *line != "(started with 1)";
        let notices = self.read.lines().filter(notice).map(str::to_owned).collect();
        (notices, self.process.wait().expect("it ended"))
    }
}

/// A script that says `ready`, then waits, and answers signals as the traps say; `$wait` is what it waits for.
fn waiting(traps: &str) -> String {
    format!("sleep 60 >/dev/null & wait=$!; {traps}; echo ready; while kill -0 $wait; do wait; done; exit 99")
}

#[test]
fn exec_becomes_the_command_with_its_variables_and_without_tokens() {
    let mut runner =
        Runner::start("exec", r#"echo "pid=$$ $A $KEPT ${TIELINE_TOKEN-none} ${TIELINE_TOKEN_FILE-none}"; exit 7"#);
    runner.read_until(&format!("pid={} 1 kept none none", runner.process.id()));
    assert_eq!(runner.end().code(), Some(7));
}

#[test]
fn exec_passes_signals_and_input_by_being_the_command() {
    let mut runner = Runner::start("exec", "read line; echo \"got $line\"; kill -TERM $$");
    runner.input("input");
    runner.read_until("got input");
    assert_eq!(runner.end().signal(), Some(15));
}

#[test]
fn the_runner_ends_as_its_command_ends() {
    for (script, code, signal) in [
        ("exit 0", Some(0), None),
        ("exit 7", Some(7), None),
        ("exit 255", Some(255), None),
        ("kill -TERM $$", None, Some(15)),
        ("kill -INT $$", None, Some(2)),
        ("kill -KILL $$", None, Some(9)),
        ("kill -SEGV $$", None, Some(11)),
        ("kill -ABRT $$", None, Some(6)),
        ("kill -PIPE $$", None, Some(13)),
        ("kill -USR1 $$", None, Some(10)),
    ] {
        let status = Runner::start("60000", script).end();
        assert_eq!((status.code(), status.signal()), (code, signal), "{script}");
    }
}

#[test]
fn signals_reach_the_command() {
    for (signal, name) in [
        (Signal::SIGTERM, "TERM"),
        (Signal::SIGINT, "INT"),
        (Signal::SIGHUP, "HUP"),
        (Signal::SIGQUIT, "QUIT"),
        (Signal::SIGUSR1, "USR1"),
        (Signal::SIGUSR2, "USR2"),
        (Signal::SIGWINCH, "WINCH"),
    ] {
        let mut runner = Runner::start("60000", &waiting(&format!("trap 'kill $wait; exit 3' {name}")));
        runner.read_until("ready");
        runner.signal(signal);
        assert_eq!(runner.end().code(), Some(3), "{name}");
    }
}

#[test]
fn what_was_ignored_at_the_start_stays_ignored() {
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(std::env::current_exe().expect("this program"));
    let mut runner = Runner::start_by(command, "60000", &waiting("trap 'kill $wait; exit 3' USR1"));
    runner.read_until("ready");
    runner.signal(Signal::SIGHUP);
    runner.signal(Signal::SIGUSR1);
    assert_eq!(runner.end().code(), Some(3));
}

#[test]
fn an_update_restarts_the_command() {
    let mut runner = Runner::start("60000", "echo \"A=$A\"; [ $A = 2 ] && exit 5; exec sleep 60");
    runner.read_until("A=1");
    runner.update("2");
    let (notices, status) = runner.notices();
    assert_eq!(notices, ["(stopping for 2)", "(started with 2)"]);
    assert_eq!(status.code(), Some(5));
}

#[test]
fn a_command_that_ignores_sigterm_is_killed_after_its_grace() {
    let mut runner = Runner::start("50", "trap '' TERM; echo \"A=$A\"; [ $A = 2 ] && exit 5; exec sleep 60");
    runner.read_until("A=1");
    runner.update("2");
    let (notices, status) = runner.notices();
    assert_eq!(notices, ["(stopping for 2)", "(killed)", "(started with 2)"]);
    assert_eq!(status.code(), Some(5));
}

#[test]
fn who_asks_the_command_to_end_stops_a_restart() {
    let traps = "n=0; trap 'n=$((n+1)); echo term$n; [ $n = 1 ] || { kill $wait; exit 4; }' TERM";
    let mut runner = Runner::start("60000", &waiting(traps));
    runner.read_until("ready");
    runner.update("2");
    runner.read_until("term1");
    runner.signal(Signal::SIGTERM);
    let (notices, status) = runner.notices();
    assert_eq!(notices, ["(stopping for 2)"], "it was not started again");
    assert_eq!(status.code(), Some(4));
}

#[test]
fn updates_wait_while_the_command_ends() {
    let traps = "trap 'echo int' INT; trap 'kill $wait; exit 6' USR1";
    let mut runner = Runner::start("60000", &waiting(traps));
    runner.read_until("ready");
    runner.signal(Signal::SIGINT);
    runner.read_until("int");
    runner.update("2");
    runner.signal(Signal::SIGUSR1);
    let (notices, status) = runner.notices();
    assert!(notices.is_empty(), "{notices:?}");
    assert_eq!(status.code(), Some(6));
}

#[test]
fn an_interrupt_that_ends_nothing_does_not_hold_updates_for_ever() {
    let traps = "[ $A = 2 ] && { kill $wait; exit 5; }; trap 'echo int' INT";
    let mut runner = Runner::start("50", &waiting(traps));
    runner.read_until("ready");
    runner.signal(Signal::SIGINT);
    runner.read_until("int");
    runner.update("2");
    assert_eq!(runner.end().code(), Some(5));
}

#[test]
fn the_same_snapshot_changes_nothing() {
    let mut runner = Runner::start("60000", &waiting("trap 'kill $wait; exit 6' USR1"));
    runner.read_until("ready");
    runner.update("1");
    runner.signal(Signal::SIGUSR1);
    let (notices, status) = runner.notices();
    assert!(notices.is_empty(), "{notices:?}");
    assert_eq!(status.code(), Some(6));
}

#[test]
fn a_restart_under_way_takes_the_latest_snapshot() {
    let traps = "[ $A = 3 ] && { kill $wait; exit 5; }; trap 'echo term' TERM; trap 'kill $wait; exit 0' USR1";
    let mut runner = Runner::start("60000", &waiting(traps));
    runner.read_until("ready");
    runner.update("2");
    runner.read_until("term");
    runner.update("3");
    runner.signal(Signal::SIGUSR1);
    let (notices, status) = runner.notices();
    assert_eq!(notices, ["(stopping for 2)", "(started with 3)"]);
    assert_eq!(status.code(), Some(5));
}
