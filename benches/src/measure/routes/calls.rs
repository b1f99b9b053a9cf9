//! What a table of many routes adds to a call: the same routes are called in a small table and in a large one.

use std::time::Duration;

use anyhow::Result;

use super::{CALLED, Filled};
use crate::load::{self, Request};
use crate::machine;
use crate::measure::Bench;
use crate::table::{Table, median, milliseconds, progress, quantile, ratio};

/// Connections, each with one request under way at a time.
const CONNECTIONS: usize = 32;

/// What one round came to: answers per second and processor time of each; at half load the time of the middle answer, and
/// that of the slowest but one in a hundred.
type Taken = (f64, f64, Duration, Duration);

pub(super) fn measure(bench: &Bench, tables: &[&Filled; 2]) -> Result<()> {
    let mut taken: [Vec<Taken>; 2] = Default::default();
    let mut pace = None;
    let (rounds, duration) = (bench.rounds(), bench.duration());
    for round in 0..rounds {
        for (filled, taken) in tables.iter().zip(&mut taken) {
            progress(&format!("routes: calls of {} routes, round {} of {rounds}", filled.routes, round + 1));
            let server = filled.world.server()?;
            // All over the table.
            let calls: Vec<Request> = (0..CALLED).map(|i| filled.call(i * (filled.routes / CALLED))).collect();
            // The connections to the upstream are opened before.
            load::each(&server.gateway, &calls, CONNECTIONS)?;
            let before = machine::processor_time(server.pid())?;
            let outcome = load::run(&server.gateway, &calls, CONNECTIONS, duration, None)?;
            let used = machine::processor_time(server.pid())?.saturating_sub(before).as_secs_f64();
            let pace = *pace.get_or_insert(outcome.rate() / 2.0);
            let paced = load::paced(&server.gateway, &calls, CONNECTIONS, pace, duration)?;
            let [middle, slow] = [0.5, 0.99].map(|share| quantile(&paced.latencies, share));
            taken.push((outcome.rate(), used / outcome.latencies.len() as f64, middle, slow));
        }
    }
    let headings = [
        "routes",
        "requests/s",
        "CPU per request",
        "ratio",
        "median at half load",
        "ratio",
        "p99 at half load",
        "ratio",
    ];
    let mut table = Table::new(format!("Calls of {CALLED} routes"), &headings);
    let figures = taken.each_ref().map(|taken| {
        let middle = |which: fn(&Taken) -> f64| median(&taken.iter().map(which).collect::<Vec<_>>());
        [middle(|it| it.0), middle(|it| it.1), middle(|it| it.2.as_secs_f64()), middle(|it| it.3.as_secs_f64())]
    });
    for (filled, [rate, used, middle, slow]) in tables.iter().zip(figures) {
        table.row([
            filled.routes.to_string(),
            format!("{rate:.0}"),
            format!("{:.1} µs", used * 1e6),
            ratio(used, figures[0][1]),
            milliseconds(Duration::from_secs_f64(middle)),
            ratio(middle, figures[0][2]),
            milliseconds(Duration::from_secs_f64(slow)),
            ratio(slow, figures[0][3]),
        ]);
    }
    Ok(table.print()?)
}
