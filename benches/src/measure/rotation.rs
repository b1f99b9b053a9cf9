//! A rotation of keys under load: supervised consumers call through the gateway, by token and by API key, while the keys
//! that they call with are replaced. The goal is that not one request fails.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Bench;
use crate::peers::Peer;
use crate::server::CORE;
use crate::table::{Table, milliseconds, progress, quantile};
use crate::{consumer, machine};

/// Requests per second, of all consumers together.
const RATE: usize = 500;
const CONSUMERS: usize = 2;
/// How long the load goes on before and after the rotation.
const AROUND: Duration = Duration::from_secs(3);
/// How long a rotation may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How one request ended.
struct Ended {
    at: Instant,
    good: bool,
    took: Duration,
}

pub(crate) fn measure(bench: &Bench) -> Result<()> {
    progress("rotation: a provider and consumers under load");
    let mut world = bench.world()?;
    world.stop()?;
    world.start_as_bound()?;
    let folder = world.folder().to_owned();
    std::fs::write(folder.join("load"), "x".repeat(1024))?;
    let root = folder.display();
    let upstream = Peer::nginx(&folder, &format!("server {{ listen ADDRESS; root {root}; }}"), CORE + 1)?;
    consumer::Consumer::make(&world, &upstream.address)?;
    let (sender, lines) = channel();
    let mut consumers = Vec::new();
    for _ in 0..CONSUMERS {
        let place = ["--organization", "bench", "--project", "main", "--component", "shop", "--env", "development"];
        let mut command = world.command(&[&["run"], &place[..], &["--watch", "--"]].concat());
        command.arg(&bench.binary).args(["demo-program", "load", "TIELINE_ORDERS", "--rate"]);
        command.arg((RATE / CONSUMERS).to_string());
        consumers.push(Consumer::start(command, sender.clone())?);
    }
    drop(sender);
    std::thread::sleep(AROUND);
    progress("rotation: the rotation itself");
    let begin = Instant::now();
    world.tieline(&["connection", "rotate", "orders", "--project", "main", "--yes"])?;
    let commanded = begin.elapsed();
    loop {
        let view = world.tieline(&["connection", "view", "orders", "--project", "main"])?;
        if view["environments"]["development"]["rotations"].as_array().is_none_or(Vec::is_empty) {
            break;
        }
        ensure!(begin.elapsed() < PATIENCE, "the rotation did not end: {view}");
        std::thread::sleep(Duration::from_millis(200));
    }
    let end = Instant::now();
    std::thread::sleep(AROUND);
    drop(consumers);
    let (restarts, ended) = collect(&lines);
    ensure!(restarts >= 2 * CONSUMERS, "consumers were not started again: {restarts} starts");
    let mut table = Table::new(
        format!("Rotation under load, {CONSUMERS} consumers by `run --watch`, {RATE} requests/s asked for"),
        &["phase", "seconds", "requests", "requests/s", "failed", "goal", "p99"],
    );
    for (name, from, to) in [
        ("before", begin.checked_sub(AROUND).context("a clock")?, begin),
        ("during the rotation", begin, end),
        ("after", end, end + AROUND),
    ] {
        let of: Vec<_> = ended.iter().filter(|ended| (from..to).contains(&ended.at)).collect();
        let times: Vec<_> = of.iter().map(|ended| ended.took).collect();
        ensure!(!times.is_empty(), "no request {name}");
        let seconds = (to - from).as_secs_f64();
        table.row([
            name.to_owned(),
            format!("{seconds:.1}"),
            of.len().to_string(),
            format!("{:.0}", of.len() as f64 / seconds),
            of.iter().filter(|ended| !ended.good).count().to_string(),
            "0".to_owned(),
            milliseconds(quantile(&times, 0.99)),
        ]);
    }
    table.print()?;
    progress(&format!("rotation: the command answered after {}", milliseconds(commanded)));
    Ok(())
}

/// What the consumers said until they ended: how often their programs were started, and each request.
fn collect(lines: &Receiver<(Instant, String)>) -> (usize, Vec<Ended>) {
    let (mut starts, mut ended) = (0, Vec::new());
    for (at, line) in lines {
        match line.split_once(' ') {
            Some((status, took)) => {
                let took = Duration::from_micros(took.parse().unwrap_or_default());
                ended.push(Ended { at, good: status == "200", took });
            }
            None => starts += 1,
        }
    }
    (starts, ended)
}

/// A supervised consumer, ended when it is dropped.
struct Consumer(Child);

impl Consumer {
    /// Starts one on the core of load, and hands its lines on.
    fn start(mut command: Command, lines: std::sync::mpsc::Sender<(Instant, String)>) -> Result<Self> {
        machine::pin(CORE + 1)?;
        let child = command.stdout(Stdio::piped()).spawn();
        machine::unpin()?;
        let mut child = child?;
        let output = BufReader::new(child.stdout.take().context("its stdout")?);
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if lines.send((Instant::now(), line)).is_err() {
                    return;
                }
            }
        });
        Ok(Self(child))
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        // The supervisor ends its program and then itself; one that is gone already is as good.
        let _ = i32::try_from(self.0.id()).map(|pid| kill(Pid::from_raw(pid), Signal::SIGTERM));
        let _ = self.0.wait();
    }
}
