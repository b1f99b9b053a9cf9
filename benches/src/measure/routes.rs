//! What a hundred thousand routes and a million subscriptions cost: memory, time until calls are served, and what they
//! add to a call.

mod calls;

use std::time::Duration;

use anyhow::Result;

use super::Bench;
use crate::consumer::{Consumer, ROUTE};
use crate::database::Database;
use crate::load::Request;
use crate::lone::LoneGateway;
use crate::machine;
use crate::peers::Peer;
use crate::server::CORE;
use crate::table::{Table, milliseconds, progress};
use crate::world::{World, numbered};

/// Routes of the large table.
const ROUTES: usize = 100_000;
/// Subscriptions to each.
const SUBSCRIPTIONS: usize = 10;
/// Routes of the small table: those that are called in both.
const CALLED: usize = 512;

/// A world with a table of many routes, which all lead to one upstream.
struct Filled {
    world: World,
    token: String,
    routes: usize,
}

pub(crate) fn measure(bench: &Bench) -> Result<()> {
    let routes = if bench.quick { ROUTES / 50 } else { ROUTES };
    let headings = ["process", "routes", "subscriptions", "memory", "peak", "goal", "serves after"];
    let mut table = Table::new("Memory and start", &headings);
    progress("routes: an empty table");
    let world = bench.world()?;
    let root = world.folder().display().to_string();
    std::fs::write(world.folder().join("answer"), "x".repeat(1024))?;
    let upstream = Peer::nginx(
        world.folder(),
        &format!("server {{ listen ADDRESS; location / {{ root {root}; try_files /answer =404; }} }}"),
        CORE + 1,
    )?;
    let idle = LoneGateway::start(&world, "idle", CORE)?;
    settle();
    table.row(row("server", 0, world.server()?.pid(), "", Some(world.server()?.ready_after))?);
    table.row(row("gateway alone", 0, idle.pid(), "≤ 20 MiB", None)?);
    idle.stop()?;
    progress("routes: a small table and a large one");
    let small = Filled::make(world, &upstream.address, CALLED)?;
    let mut large = Filled::make(bench.world()?, &upstream.address, routes)?;
    settle();
    let goal = "≤ 400 MiB";
    let server = large.world.server()?;
    table.row(row("server", routes, server.pid(), goal, Some(server.ready_after))?);
    progress("routes: a gateway alone takes the large table");
    // Its subscription is the last entry that is sent.
    let call = large.call(routes - 1);
    let alone = LoneGateway::start(&large.world, "alone", CORE)?;
    let after = alone.serves(&call)?;
    settle();
    table.row(row("gateway alone, fed by the server", routes, alone.pid(), goal, Some(after))?);
    alone.stop()?;
    calls::measure(bench, &[&small, &large])?;
    large.world.stop()?;
    let alone = LoneGateway::start(&large.world, "alone", CORE)?;
    let after = alone.serves(&call)?;
    settle();
    table.row(row("gateway alone, from its file", routes, alone.pid(), goal, Some(after))?);
    alone.stop()?;
    Ok(table.print()?)
}

/// Lets what follows a start come to an end.
fn settle() {
    std::thread::sleep(Duration::from_secs(3));
}

fn row(name: &str, routes: usize, pid: u32, goal: &str, after: Option<Duration>) -> Result<[String; 7]> {
    let [now, peak] = [machine::memory(pid)?, machine::peak_memory(pid)?].map(|it| format!("{it:.1} MiB"));
    let after = after.map_or_else(String::new, milliseconds);
    let subscriptions = (routes * SUBSCRIPTIONS).to_string();
    Ok([name.to_owned(), routes.to_string(), subscriptions, now, peak, goal.to_owned(), after])
}

impl Filled {
    fn make(mut world: World, upstream: &str, routes: usize) -> Result<Self> {
        let consumer = Consumer::make(&world, upstream)?;
        world.stop()?;
        fill(&world.database, consumer.id(), routes)?;
        world.start()?;
        let token = consumer.tokens(&world, 1)?.remove(0);
        Ok(Self { world, token, routes })
    }

    /// A call of a route.
    fn call(&self, route: usize) -> Request {
        Request::get(&format!("{}/answer", copied_route(&route.to_string())), &self.token)
    }
}

fn copied_route(number: &str) -> String {
    format!("/bench/development/copies/service-{number}/v1")
}

/// Copies the consumer's entries of the gateway's table: each route with another service, and to each as many subscriptions,
/// one of them the consumer's.
fn fill(database: &Database, client: &str, routes: usize) -> Result<()> {
    let path = copied_route("' || i || '");
    let service = "('00000009-0000-4000-8000-' || (100000000000 + i))";
    let subscribed = format!("('00000009-0000-4000-8000-' || (100000000000 + i % {routes}))");
    let other =
        format!("CASE WHEN i < {routes} THEN '{client}' ELSE '0000000000000000' || (100000000000 + i / {routes}) END");
    let template = format!("(SELECT substr(scope, 8) FROM route_table WHERE entry_key = 'route{ROUTE}')");
    database.fill(vec![
        numbered(
            routes as u64,
            &format!(
                "route_table (entry_key, organization_id, scope, number, entry)
                 SELECT 'route{path}', organization_id, 'routes/' || {service}, number,
                     replace(replace(replace(entry, '{ROUTE}', '{path}'), '/main/orders/', '/copies/service-' || i || '/'),
                         substr(scope, 8), {service})
                 FROM n, route_table WHERE entry_key = 'route{ROUTE}'"
            ),
        ),
        numbered(
            (routes * SUBSCRIPTIONS) as u64,
            &format!(
                "route_table (entry_key, organization_id, scope, number, entry)
                 SELECT replace(replace(entry_key, '{client}', {other}), {template}, {subscribed}), organization_id,
                     replace(scope, {template}, {subscribed}), number,
                     replace(replace(entry, '{client}', {other}), {template}, {subscribed})
                 FROM n, route_table WHERE entry_key LIKE 'subscription/{client}/%'"
            ),
        ),
    ])
}
