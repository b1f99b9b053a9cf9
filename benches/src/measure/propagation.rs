//! How long it takes until gateways act on a change: the server's own, and one that runs alone. Each is called again and
//! again, every millisecond, while the change is made.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::Bench;
use crate::consumer::{Consumer, ROUTE, parameter};
use crate::load::{self, Request};
use crate::lone::LoneGateway;
use crate::server::CORE;
use crate::table::{Table, median, milliseconds, progress, quantile};
use crate::world::World;
use crate::{endpoint, machine};

/// So often each change is made.
const ROUNDS: usize = 200;
/// What takes longer is none of the figures.
const PATIENCE: Duration = Duration::from_secs(10);

/// Until a change was answered, until the server's gateway acted on it, and until the other one did; each from when the
/// change was sent.
type Times = [Duration; 3];

/// A change, and what its rounds came to.
struct Change {
    name: &'static str,
    times: Vec<Times>,
}

pub(crate) fn measure(bench: &Bench) -> Result<()> {
    progress("propagation: a server and a gateway alone");
    let world = bench.world()?;
    let consumer = Consumer::make(&world, &endpoint::start()?)?;
    world.tieline(&["component", "create", "partner", "--type", "external-consumer", "--project", "main"])?;
    let lone = LoneGateway::start(&world, "alone", CORE + 1)?;
    let gateways = [world.server()?.gateway.clone(), lone.address.clone()];
    let token = consumer.tokens(&world, 1)?.remove(0);
    lone.serves(&Request::get(&format!("{ROUTE}/x"), &token))?;
    let names = [
        "connection create",
        "subscription block",
        "subscription unblock",
        "connection rotate --now",
        "connection delete --revoke-now",
        "token revoke",
    ];
    let mut changes = names.map(|name| Change { name, times: Vec::with_capacity(ROUNDS) });
    machine::pin(CORE + 1)?;
    let rounds = if bench.quick { 10 } else { ROUNDS };
    for round in 0..rounds {
        if round % 50 == 0 {
            progress(&format!("propagation: round {} of {rounds}", round + 1));
        }
        let taken = self::round(&world, &gateways, &consumer, round)?;
        changes.iter_mut().zip(taken).for_each(|(change, times)| change.times.push(times));
    }
    machine::unpin()?;
    let headings = [
        "change",
        "answered, median",
        "p99",
        "server's gateway, median",
        "p99",
        "goal",
        "gateway alone, median",
        "p99",
        "goal",
    ];
    let mut table = Table::new("From a change until gateways act on it", &headings);
    for change in &changes {
        let [answered, embedded, alone] = [0, 1, 2].map(|which| {
            let times: Vec<Duration> = change.times.iter().map(|times| times[which]).collect();
            [milliseconds(median(&times)), milliseconds(quantile(&times, 0.99))]
        });
        let [[first, second], [third, fourth], [fifth, sixth]] = [answered, embedded, alone];
        let (name, goals) = (change.name.to_owned(), ["≤ 50 ms", "≤ 1 s"].map(str::to_owned));
        let [one, other] = goals;
        table.row([name, first, second, third, fourth, one, fifth, sixth, other]);
    }
    table.print()?;
    lone.stop()
}

/// One of each change, in the order in which a connection lives.
fn round(world: &World, gateways: &[String; 2], consumer: &Consumer, round: usize) -> Result<[Times; 6]> {
    let connections = "/organizations/bench/connections";
    let body = json!({
        "name": format!("orders-{round}"), "service": "service:/main/orders/v1/api", "project": "main",
        "component": "partner", "access_mode": "organization", "authentication_scheme": "oauth2",
        "own_application": true,
    });
    // The key is known only after the connection was made: what follows counts for its time.
    let begin = Instant::now();
    let made = api(world, "POST", connections, &body)?;
    let answered = begin.elapsed();
    let id = made["id"].as_str().context("no id")?;
    let first = keyed(&reveal(world, id)?)?;
    let [embedded, alone] = seen(gateways, &first, true, begin, || Ok(()))?;
    let create = [answered, embedded, alone];
    let subscription = format!("/organizations/bench/subscriptions/{id}.development");
    let block = change(gateways, &first, false, || {
        api(world, "POST", &format!("{subscription}/block"), &json!({ "reason": "a measurement" }))
    })?;
    let unblock =
        change(gateways, &first, true, || api(world, "POST", &format!("{subscription}/unblock"), &Value::Null))?;
    let rotate = change(gateways, &first, false, || {
        api(world, "POST", &format!("{connections}/{id}/rotate"), &json!({ "now": true, "acknowledge": true }))
    })?;
    let second = keyed(&reveal(world, id)?)?;
    let delete = change(gateways, &second, false, || {
        api(world, "DELETE", &format!("{connections}/{id}?force=true&revoke_now=true"), &Value::Null)
    })?;
    let token = consumer.tokens(world, 1)?.remove(0);
    let bearer = Request::get(&format!("{ROUTE}/x"), &token);
    let revoke = change(gateways, &bearer, false, || {
        load::ask(&world.server()?.address, &consumer.revokes(&token))?;
        Ok(Value::Null)
    })?;
    Ok([create, block, unblock, rotate, delete, revoke])
}

/// Makes a change, after which calls succeed, or are refused, as they were not before.
fn change(
    gateways: &[String; 2],
    call: &Request,
    success: bool,
    make: impl FnOnce() -> Result<Value>,
) -> Result<Times> {
    for gateway in gateways {
        let status = load::status(gateway, call)?;
        ensure!(success != (status == 200), "a call was answered {status} before the change that should make it so");
    }
    let (begin, mut answered) = (Instant::now(), Duration::ZERO);
    let [embedded, alone] = seen(gateways, call, success, begin, || {
        make()?;
        answered = begin.elapsed();
        Ok(())
    })?;
    Ok([answered, embedded, alone])
}

/// Makes a change while both gateways are called; returns how long after the beginning each acted on it.
fn seen(
    gateways: &[String; 2],
    call: &Request,
    success: bool,
    begin: Instant,
    make: impl FnOnce() -> Result<()>,
) -> Result<[Duration; 2]> {
    std::thread::scope(|scope| {
        let callers = gateways.each_ref().map(|gateway| {
            scope.spawn(move || load::until(gateway, call, |status| success == (status == 200), PATIENCE))
        });
        make()?;
        let ended = callers.map(|caller| caller.join().ok().context("a caller panicked")?);
        let [embedded, alone] = ended;
        Ok([embedded? - begin, alone? - begin])
    })
}

fn reveal(world: &World, id: &str) -> Result<Value> {
    api(world, "GET", &format!("/organizations/bench/connections/{id}?reveal=true"), &Value::Null)
}

fn keyed(view: &Value) -> Result<Request> {
    let key = parameter(view, "ChoreoAPIKey")?;
    Ok(Request::with_headers(&format!("{ROUTE}/x"), &[format!("choreo-api-key: {key}")]))
}

fn api(world: &World, method: &str, path: &str, body: &Value) -> Result<Value> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = Request::new(method, path, &world.admin, &body);
    let answer = load::ask(&world.server()?.address, &request).with_context(|| format!("{method} {path}"))?;
    if answer.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&answer)?) }
}
