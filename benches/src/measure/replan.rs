//! What follows a changed value: a watching runner hears of it, and every deployment that uses it is planned again, the
//! first of them before the change is answered.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Bench;
use crate::table::{Table, median, milliseconds, progress};
use crate::world::{Copies, World};

/// Deployments that use the value.
const DEPLOYMENTS: u64 = 10_000;

pub(crate) fn measure(bench: &Bench) -> Result<()> {
    let headings = [
        "database",
        "deployments",
        "change until it is answered",
        "until every deployment is planned again",
        "until a watching runner starts again",
        "goal",
    ];
    let mut table = Table::new("A changed value", &headings);
    progress("replan: SQLite");
    rows(bench.world()?, &mut table)?;
    if let Some(world) = bench.world_on_postgres()? {
        progress("replan: PostgreSQL");
        rows(world, &mut table)?;
    }
    table.print()?;
    Ok(())
}

fn rows(mut world: World, table: &mut Table) -> Result<()> {
    let kind = world.database.kind().to_owned();
    let few: Vec<_> = (0..5).map(|i| change(&world, &format!("few-{i}"))).collect::<Result<_>>()?;
    table.row([
        kind.clone(),
        "1".into(),
        middle(&few, |times| times.0),
        middle(&few, |times| times.1),
        middle(&few, |times| times.2),
        "runner ≤ 200 ms".into(),
    ]);
    let copies = Copies { components: DEPLOYMENTS - 1, connections: 0, runners: 0, shared: true };
    world.copy(copies)?;
    let many: Vec<_> = (0..3).map(|i| change(&world, &format!("many-{i}"))).collect::<Result<_>>()?;
    let [answered, planned, heard] =
        [middle(&many, |times| times.0), middle(&many, |times| times.1), middle(&many, |times| times.2)];
    table.row([kind, DEPLOYMENTS.to_string(), answered, planned, heard, "planned ≤ 10 s".into()]);
    world.stop()
}

/// Until the change was answered, until every deployment was planned again, and until the runner started again.
type Times = (Duration, Duration, Duration);

fn middle(times: &[Times], which: impl Fn(&Times) -> Duration) -> String {
    milliseconds(median(&times.iter().map(which).collect::<Vec<_>>()))
}

/// Gives the service another secret under a watching runner; each time is from the beginning of the change.
fn change(world: &World, key: &str) -> Result<Times> {
    let place = ["--organization", "bench", "--project", "main", "--component", "template", "--env", "development"];
    let mut runner = world.command(&["run", "--watch"]);
    // The command says what it was started with, and stays.
    let shown = "echo $TIELINE_MAIL_APIKEY; exec sleep 60";
    let mut runner = runner
        .env("TIELINE_TOKEN", &world.runner)
        .args(place)
        .args(["--", "sh", "-c", shown])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut said = BufReader::new(runner.stdout.take().context("no output")?).lines();
    said.next().context("the runner did not start")??;
    let begin = Instant::now();
    world.register(key)?;
    let answered = begin.elapsed();
    let heard = std::thread::spawn(move || (said.next(), begin.elapsed()));
    while world.database.number("SELECT COUNT(*) FROM replan")? > 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let planned = begin.elapsed();
    let (new, heard) = heard.join().ok().context("the runner was not heard")?;
    let new = new.context("the runner did not start again")??;
    anyhow::ensure!(new == key, "the runner started with {new:?} in place of {key:?}");
    let pid = nix::unistd::Pid::from_raw(i32::try_from(runner.id())?);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM)?;
    runner.wait()?;
    Ok((answered, planned, heard))
}
