//! What a token costs that was not seen before, beside one that was, and beside HAProxy, which remembers none.

use std::time::Instant;

use anyhow::Result;

use super::CONNECTIONS;
use crate::consumer::{Consumer, ROUTE};
use crate::load::{self, Request};
use crate::machine;
use crate::measure::Bench;
use crate::peers::Peer;
use crate::table::{Table, median, progress, ratio};
use crate::world::World;

/// Requests of each round under load, each with a token that the gateway has not seen.
const UNDER_LOAD: usize = 20_000;
/// Requests of each round one after the other: caches of the processor are cold then.
const ALONE: usize = 3_000;

pub(super) fn measure(bench: &Bench, world: &World, consumer: &Consumer, haproxy: &Peer, es256: &str) -> Result<()> {
    progress("gateway: tokens that were not seen before");
    let (server, rounds) = (world.server()?, bench.rounds());
    let path = format!("{ROUTE}/answer");
    let mut tokens = consumer.tokens(world, 1 + (UNDER_LOAD + ALONE) * rounds)?.into_iter();
    let mut fresh = |number| tokens.by_ref().take(number).map(|token| Request::get(&path, &token)).collect::<Vec<_>>();
    let known = vec![fresh(1).remove(0); UNDER_LOAD];
    let foreign = vec![Request::get("/answer", es256); UNDER_LOAD];
    let (theirs, ours) = ((&haproxy.address, haproxy.pid()), (&server.gateway, server.pid()));
    let mut taken = [const { Vec::new() }; 6];
    for round in 0..rounds {
        progress(&format!("gateway: tokens that were not seen before, round {} of {rounds}", round + 1));
        let (many, few) = (fresh(UNDER_LOAD), fresh(ALONE));
        let cases: [(_, &[Request], usize); 6] = [
            (theirs, &foreign, CONNECTIONS),
            (ours, &known, CONNECTIONS),
            (ours, &many, CONNECTIONS),
            (theirs, &foreign[..ALONE], 1),
            (ours, &known[..ALONE], 1),
            (ours, &few, 1),
        ];
        for (((address, pid), requests, connections), taken) in cases.into_iter().zip(&mut taken) {
            let (before, begin) = (machine::processor_time(pid)?, Instant::now());
            load::each(address, requests, connections)?;
            let used = machine::processor_time(pid)?.saturating_sub(before);
            let each = |time: f64| time / requests.len() as f64 * 1e6;
            taken.push((each(used.as_secs_f64()), each(begin.elapsed().as_secs_f64())));
        }
    }
    let headings = ["token", "requests under way", "CPU per request", "ratio", "goal", "time per request"];
    let mut table = Table::new("What a token costs that was not seen before", &headings);
    let ways = [("HAProxy, jwt_verify ES256", ""), ("tieline, seen", ""), ("tieline, first seen", "≤ 0.8 ×")];
    for (taken, connections) in taken.chunks(ways.len()).zip([CONNECTIONS, 1]) {
        let used = |taken: &[(f64, f64)]| median(&taken.iter().map(|it| it.0).collect::<Vec<_>>());
        let base = taken.first().map_or(0.0, |taken| used(taken));
        for ((name, goal), taken) in ways.iter().zip(taken) {
            let time = median(&taken.iter().map(|it| it.1).collect::<Vec<_>>());
            table.row([
                (*name).to_owned(),
                connections.to_string(),
                format!("{:.1} µs", used(taken)),
                ratio(used(taken), base),
                (*goal).to_owned(),
                if connections == 1 { format!("{time:.1} µs") } else { String::new() },
            ]);
        }
    }
    Ok(table.print()?)
}
