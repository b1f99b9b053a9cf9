//! How long a call takes when there is no queue: each way at half of the rate that it bears, and at half of the rate that
//! the first one bears. An answer's time counts from when its request was due.

use std::time::Duration;

use anyhow::Result;

use super::{CONNECTIONS, Way};
use crate::load;
use crate::measure::Bench;
use crate::table::{Table, median, milliseconds, progress, quantile, ratio};

pub(super) fn measure(bench: &Bench, ways: &[Way]) -> Result<()> {
    let headings = ["way", "rate", "requests/s", "median", "p99", "p99, ratio", "goal"];
    let mut table = Table::new("Calls at half load, 1 KiB, 32 connections", &headings);
    let Some(first) = ways.first() else { return Ok(()) };
    let cases: Vec<(&Way, &str, f64)> = ways
        .iter()
        .flat_map(|way| [(way, "half of its own", way.rate() / 2.0), (way, "half of nginx's", first.rate() / 2.0)])
        // A rate that is more than a way bears says nothing of half load.
        .filter(|(way, _, rate)| *rate < way.rate() * 0.8)
        .enumerate()
        // To the first way both are one.
        .filter_map(|(index, case)| (index != 1).then_some(case))
        .collect();
    let mut taken: Vec<Vec<(f64, Duration, Duration)>> = vec![Vec::new(); cases.len()];
    for round in 0..bench.rounds() {
        for ((way, name, rate), taken) in cases.iter().zip(&mut taken) {
            progress(&format!("gateway: half load, round {} of {}, {}, {name}", round + 1, bench.rounds(), way.name));
            let request = [way.request()];
            let outcome = load::paced(&way.address, &request, CONNECTIONS, *rate, bench.duration())?;
            let [middle, slow] = [0.5, 0.99].map(|share| quantile(&outcome.latencies, share));
            taken.push((outcome.rate(), middle, slow));
        }
    }
    let middle = |taken: &[(f64, Duration, Duration)], which: fn(&(f64, Duration, Duration)) -> Duration| {
        median(&taken.iter().map(which).collect::<Vec<_>>())
    };
    let base = taken.first().map_or(Duration::ZERO, |taken| middle(taken, |it| it.2));
    for ((way, name, _), taken) in cases.iter().zip(&taken) {
        let slow = middle(taken, |it| it.2);
        table.row([
            way.name.to_owned(),
            (*name).to_owned(),
            format!("{:.0}", median(&taken.iter().map(|it| it.0).collect::<Vec<_>>())),
            milliseconds(middle(taken, |it| it.1)),
            milliseconds(slow),
            ratio(slow.as_secs_f64(), base.as_secs_f64()),
            if way.goal.is_empty() { String::new() } else { "≤ 1.5 ×".to_owned() },
        ]);
    }
    Ok(table.print()?)
}
