//! What `tieline run` costs before the command starts, beside `env` and beside other runners.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::Bench;
use crate::machine;
use crate::server::CORE;
use crate::table::{Table, median, milliseconds, progress, quantile, ratio};

/// So often each command is started; they take turns, so that a disturbance meets all of them.
const ROUNDS: usize = 300;

/// Runners of others take long enough to be told apart in fewer.
const PEER_ROUNDS: usize = 20;

/// One command and how long each of its starts took.
struct Candidate<'a> {
    name: &'static str,
    goal: &'static str,
    command: &'a mut Command,
    times: Vec<Duration>,
}

pub(crate) fn measure(bench: &Bench) -> Result<()> {
    progress("run: a server and its runner");
    let mut world = bench.world()?;
    let place = ["--organization", "bench", "--project", "main", "--component", "template", "--env", "development"];
    let mut run = world.command(&["run", "--url", &format!("http://{}", world.server()?.address)]);
    run.env("TIELINE_TOKEN", &world.runner).args(place).args(["--", "/bin/true"]);
    let mut env = Command::new("env");
    env.args(["FOO=bar", "true"]);
    let mut bare = Command::new("/bin/true");

    let mut table = Table::new("Starting a command", &["command", "ratio", "goal", "median", "10th percentile"]);
    machine::pin(CORE + 1)?;
    let mut live = [
        Candidate::new("env FOO=bar true", "", &mut env),
        Candidate::new("/bin/true", "", &mut bare),
        Candidate::new("tieline run, live server", "≤ 3 × (stretch 1.6 ×)", &mut run),
    ];
    take_turns(&mut live, ROUNDS, &mut table)?;
    world.stop()?;
    let mut away = [
        Candidate::new("env FOO=bar true, again", "", &mut env),
        Candidate::new("tieline run, cached snapshot", "≤ 2 × (stretch 1.3 ×)", &mut run),
    ];
    take_turns(&mut away, ROUNDS, &mut table)?;
    for (name, mut command) in peers(world.folder())? {
        let mut pair =
            [Candidate::new("env FOO=bar true, again", "", &mut env), Candidate::new(name, "", &mut command)];
        if take_turns(&mut pair, PEER_ROUNDS, &mut table).is_err() {
            table.row([name.to_owned(), "missing".into(), String::new(), String::new(), String::new()]);
        }
    }
    machine::unpin()?;
    table.print()?;
    Ok(())
}

/// Starts each in turn, and adds a row for each, with its ratio to the first.
fn take_turns(candidates: &mut [Candidate<'_>], rounds: usize, table: &mut Table) -> Result<()> {
    for _ in 0..rounds {
        for candidate in candidates.iter_mut() {
            candidate.start()?;
        }
    }
    let base = median(&candidates[0].times).as_secs_f64();
    for candidate in candidates {
        let middle = median(&candidate.times);
        table.row([
            candidate.name.to_owned(),
            ratio(middle.as_secs_f64(), base),
            candidate.goal.to_owned(),
            milliseconds(middle),
            milliseconds(quantile(&candidate.times, 0.1)),
        ]);
    }
    Ok(())
}

/// Other programs that set variables from a file, or from their own settings, and start a command.
fn peers(folder: &Path) -> Result<Vec<(&'static str, Command)>> {
    std::fs::write(folder.join("peer.env"), "FOO=bar\n")?;
    let peers: [(&str, &str, &[&str]); 4] = [
        ("mise exec", "mise", &["exec", "--", "true"]),
        ("direnv exec", "direnv", &["exec", ".", "true"]),
        ("python-dotenv run", "dotenv", &["-f", "peer.env", "run", "--", "true"]),
        ("dotenvx run", "dotenvx", &["run", "-f", "peer.env", "--", "true"]),
    ];
    let command = |(name, program, arguments): (&'static str, &str, &[&str])| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder);
        (name, command)
    };
    Ok(peers.map(command).into())
}

impl<'a> Candidate<'a> {
    fn new(name: &'static str, goal: &'static str, command: &'a mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self { name, goal, command, times: Vec::new() }
    }

    fn start(&mut self) -> Result<()> {
        let begin = Instant::now();
        let status = self.command.status()?;
        self.times.push(begin.elapsed());
        ensure!(status.success(), "{} ended with {status}", self.name);
        Ok(())
    }
}
