//! Tokens on one core, with audit and metrics on, beside a service that does only what none can leave out.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Bench;
use crate::load::{self, Outcome, Request};
use crate::server::CORE;
use crate::table::{Table, median, milliseconds, progress, quantile, ratio};
use crate::{machine, minimal};

/// Connections, each with one request under way at a time.
const CONNECTIONS: usize = 32;
/// How long a load lasts.
const DURATION: Duration = Duration::from_secs(4);
/// So often each is measured; they take turns.
const ROUNDS: usize = 3;

const PROVIDER: &str = "\
schemaVersion: 1.2
endpoints:
  - { name: api, type: REST, service: { port: 8080 }, networkVisibilities: [Organization] }
";

pub(crate) fn measure(bench: &Bench) -> Result<()> {
    let headings = ["service", "tokens/s", "ratio", "goal", "CPU per token", "p99 of an answer"];
    let mut table = Table::new("Tokens on one core", &headings);
    let mut world = bench.world()?;
    world.write("orders/.tieline/component.yaml", PROVIDER)?;
    let place = ["--project", "main", "--component", "orders", "--env", "development"];
    world.tieline(&["component", "create", "orders", "--type", "service", "--project", "main"])?;
    world.tieline(&[&["deploy", "orders", "--version", "v1.0"][..], &place].concat())?;
    let create = ["connection", "create", "orders", "--service", "service:/main/orders/v1/api", "--project", "main"];
    let mode = ["--access-mode", "organization", "--authentication-scheme", "oauth2"];
    world.tieline(&[&create[..], &mode].concat())?;
    let view = world.tieline(&["connection", "view", "orders", "--project", "main", "--reveal"])?;
    let parameters = view["environments"]["development"]["parameters"].as_array().context("parameters")?;
    let value = |key: &str| {
        let found = parameters.iter().find(|parameter| parameter["key"] == key);
        found.and_then(|found| found["value"].as_str()).context("a value")
    };
    let ours = request(&format!("{}:{}", value("ConsumerKey")?, value("ConsumerSecret")?));
    let others = request(minimal::CLIENT);
    for algorithm in ["es256", "eddsa", "rs256"] {
        progress(&format!("token: {algorithm}"));
        world.stop()?;
        world.start_with(&["--signing-algorithm", algorithm])?;
        world.tieline(&["key", "rotate", "--signing", "--now"])?;
        let peer = Peer::start(algorithm)?;
        let server = world.server()?;
        let mut taken = [Taken::default(), Taken::default()];
        for _ in 0..ROUNDS {
            taken[0].run(&peer.address, &others, peer.child.id())?;
            taken[1].run(&server.address, &ours, server.pid())?;
        }
        let base = median(&taken[0].rates);
        for (name, goal, taken) in [("minimal hyper service", "", &taken[0]), ("tieline", "≥ 0.75 ×", &taken[1])] {
            table.row([
                format!("{name}, {algorithm}"),
                format!("{:.0}", median(&taken.rates)),
                ratio(median(&taken.rates), base),
                goal.to_owned(),
                format!("{:.1} µs", median(&taken.processor) * 1e6),
                milliseconds(median(&taken.slow)),
            ]);
        }
    }
    Ok(table.print()?)
}

fn request(client: &str) -> Request {
    Request::form("/oauth2/token", &STANDARD.encode(client), "grant_type=client_credentials")
}

/// What the rounds of one service came to.
#[derive(Default)]
struct Taken {
    rates: Vec<f64>,
    processor: Vec<f64>,
    slow: Vec<Duration>,
}

impl Taken {
    fn run(&mut self, address: &str, request: &Request, pid: u32) -> Result<()> {
        let before = machine::processor_time(pid)?;
        let outcome: Outcome = load::run(address, std::slice::from_ref(request), CONNECTIONS, DURATION, None)?;
        let used = machine::processor_time(pid)?.saturating_sub(before);
        self.rates.push(outcome.rate());
        self.processor.push(used.as_secs_f64() / outcome.latencies.len() as f64);
        self.slow.push(quantile(&outcome.latencies, 0.99));
        Ok(())
    }
}

/// The minimal service, in a process of its own on the core of servers.
struct Peer {
    child: Child,
    address: String,
}

impl Peer {
    fn start(algorithm: &str) -> Result<Self> {
        machine::pin(CORE)?;
        let program = std::env::current_exe()?;
        let mut child = Command::new(program).args(["minimal", algorithm]).stdout(Stdio::piped()).spawn()?;
        machine::unpin()?;
        let mut address = String::new();
        BufReader::new(child.stdout.take().context("stdout")?).read_line(&mut address)?;
        Ok(Self { child, address: address.trim().to_owned() })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
