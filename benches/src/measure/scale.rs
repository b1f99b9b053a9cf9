//! What a million connections cost: the start of a server and its memory, reads of snapshots, everyday changes.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::Bench;
use crate::load::{self, Request};
use crate::machine;
use crate::table::{Table, median, milliseconds, progress, quantile, ratio};
use crate::world::{Copies, DESCRIPTOR, World, copied_snapshot, copied_token};

/// What a call of some number sends: method, path and body.
type Operation<'a> = dyn Fn(usize) -> (&'static str, String, serde_json::Value) + 'a;

/// Which tables are wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Start and memory.
    pub(crate) start: bool,
    /// Reads.
    pub(crate) reads: bool,
    /// Changes.
    pub(crate) changes: bool,
}

/// Connections at the level of each component.
const PER_COMPONENT: u64 = 10;

/// Runners that read in turn.
const RUNNERS: u64 = 100;

/// Connections of the load generator.
const CALLERS: usize = 32;

/// Of so many runs the middle one counts.
const RUNS: usize = 3;

const RUN: Duration = Duration::from_secs(3);

/// A change while others read.
const PAUSE: Duration = Duration::from_millis(10);

pub(crate) fn measure(bench: &Bench, wanted: Wanted) -> Result<()> {
    let mut start = Table::new("Start and idle memory", &["database", "connections", "ready after", "memory"]);
    let headings = ["database", "connections", "reads", "reads/s", "of which small", "processor/read", "p99"];
    let mut reads = Table::new("Snapshot reads on one core", &headings);
    let headings = ["database", "operation", "large : small", "small", "large"];
    let mut changes = Table::new("Everyday operations, median", &headings);
    for postgres in [false, true] {
        let mut small: Option<Figures> = None;
        for connections in [bench.small, bench.large] {
            let made = if postgres { bench.world_on_postgres()? } else { Some(bench.world()?) };
            let Some(mut world) = made else {
                progress("PostgreSQL is missing: its figures are left out");
                continue;
            };
            progress(&format!("scale: {connections} connections on {}", world.database.kind()));
            let components = connections.div_ceil(PER_COMPONENT);
            let runners = components.min(RUNNERS);
            world.copy(Copies { components, connections: PER_COMPONENT, runners, shared: false })?;
            let mut figures = Figures::default();
            if wanted.start {
                start_rows(&mut world, connections, &mut start)?;
            }
            if wanted.reads {
                figures.reads = read_rows(&world, connections, runners, small.as_ref(), &mut reads)?;
            }
            if wanted.changes {
                figures.changes = change_figures(&world)?;
            }
            if let Some(small) = &small {
                for ((name, few), (_, many)) in small.changes.iter().zip(&figures.changes) {
                    let growth = ratio(many.as_secs_f64(), few.as_secs_f64());
                    let kind = world.database.kind().to_owned();
                    changes.row([kind, (*name).to_owned(), growth, milliseconds(*few), milliseconds(*many)]);
                }
            }
            world.stop()?;
            small.get_or_insert(figures);
        }
    }
    for (table, wanted) in [(start, wanted.start), (reads, wanted.reads), (changes, wanted.changes)] {
        if wanted {
            table.print()?;
        }
    }
    Ok(())
}

/// What the large database is compared with.
#[derive(Default)]
struct Figures {
    reads: Vec<f64>,
    changes: Vec<(&'static str, Duration)>,
}

fn start_rows(world: &mut World, connections: u64, table: &mut Table) -> Result<()> {
    let mut ready = Vec::new();
    let mut memory = Vec::new();
    for _ in 0..5 {
        world.stop()?;
        world.start()?;
        let server = world.server()?;
        ready.push(server.ready_after);
        std::thread::sleep(Duration::from_secs(1));
        memory.push(machine::memory(server.pid())?);
    }
    let kind = world.database.kind().to_owned();
    let memory = format!("{:.1} MiB", median(&memory));
    table.row([kind, connections.to_string(), milliseconds(median(&ready)), memory]);
    Ok(())
}

fn read_rows(
    world: &World,
    connections: u64,
    runners: u64,
    small: Option<&Figures>,
    table: &mut Table,
) -> Result<Vec<f64>> {
    let read = |i| Request::new("GET", &copied_snapshot(i), &copied_token(i), "");
    let all: Vec<Request> = (0..runners).map(read).collect();
    let change = Request::new(
        "PATCH",
        "/organizations/bench/connections/mail",
        &world.admin,
        &json!({ "description": "changed" }).to_string(),
    );
    let cases: [(&str, &[Request], bool); 4] = [
        ("one runner", &all[..1], false),
        ("many runners", &all, false),
        ("one runner, a change every 10 ms", &all[..1], true),
        ("many runners, a change every 10 ms", &all, true),
    ];
    let mut rates = Vec::new();
    for (index, (name, requests, changing)) in cases.into_iter().enumerate() {
        let server = world.server()?;
        let beside = changing.then_some((&change, PAUSE));
        let mut runs = Vec::new();
        for _ in 0..RUNS {
            let before = machine::processor_time(server.pid())?;
            let outcome = load::run(&server.address, requests, CALLERS, RUN, beside)?;
            let used = machine::processor_time(server.pid())? - before;
            let each = used.as_secs_f64() / outcome.latencies.len() as f64;
            runs.push((outcome.rate(), each, quantile(&outcome.latencies, 0.99)));
        }
        let (rate, each, slowest) = median(&runs);
        let compared = small.and_then(|small| small.reads.get(index)).map_or(String::new(), |few| ratio(rate, *few));
        table.row([
            world.database.kind().to_owned(),
            connections.to_string(),
            name.to_owned(),
            format!("{rate:.0}"),
            compared,
            format!("{:.1} µs", each * 1e6),
            milliseconds(slowest),
        ]);
        rates.push(rate);
    }
    Ok(rates)
}

/// Everyday operations, each so often that its median means something.
fn change_figures(world: &World) -> Result<Vec<(&'static str, Duration)>> {
    const TIMES: usize = 15;
    let organization = "/organizations/bench";
    let component = "/organizations/bench/projects/project-0/components/component-0";
    let source = json!({ "file": ".tieline/component.yaml", "text": DESCRIPTOR });
    let connect = |level: &str, i: usize| {
        let place = if level == "component" { Some(("project-0", "component-0")) } else { None };
        let body = json!({
            "name": format!("{level}-made-{i}"), "service": "thirdparty:Mail Gate/v1",
            "project": place.map(|place| place.0), "component": place.map(|place| place.1),
        });
        ("POST", format!("{organization}/connections"), body)
    };
    let deploy = json!({ "environment": "development", "version": "v1.0", "source": source });
    let plan = json!({ "environment": "development", "source": source });
    let place = "?project=project-0&component=component-0";
    let none = || json!(null);
    let operations: [(&str, &Operation<'_>); 7] = [
        ("connection create, component level", &|i| connect("component", i)),
        ("connection create, organization level", &|i| connect("organization", i)),
        ("connection view", &|_| ("GET", format!("{organization}/connections/mail"), none())),
        ("connection list", &|_| ("GET", format!("{organization}/connections{place}"), none())),
        ("plan", &|_| ("POST", format!("{component}/plan"), plan.clone())),
        ("deploy", &|_| ("POST", format!("{component}/deployments"), deploy.clone())),
        ("connection delete, organization level", &|i| {
            ("DELETE", format!("{organization}/connections/organization-made-{i}"), none())
        }),
    ];
    let address = &world.server()?.address;
    let mut figures = Vec::new();
    for (name, operation) in operations {
        let request = |i| {
            let (method, path, body) = operation(i);
            Request::new(method, &path, &world.admin, &if body.is_null() { String::new() } else { body.to_string() })
        };
        let requests: Vec<Request> = (0..TIMES).map(request).collect();
        figures.push((name, median(&load::repeat(address, &requests)?)));
    }
    Ok(figures)
}
