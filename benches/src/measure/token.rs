//! Tokens on one core, with audit and metrics on, beside a service that does only what none can leave out, and
//! beside npm's oidc-provider, which is certified.

mod peers;

use std::time::Duration;

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Bench;
use crate::consumer::Consumer;
use crate::load::{self, Request};
use crate::table::{Table, median, milliseconds, progress, quantile, ratio};
use crate::{machine, minimal};

use self::peers::Peer;

/// Connections, each with one request under way at a time.
const CONNECTIONS: usize = 32;

pub(crate) fn measure(bench: &Bench) -> Result<()> {
    let headings = [
        "service",
        "tokens/s",
        "of minimal",
        "of oidc-provider",
        "goal",
        "CPU per token",
        "p99",
        "p99 at half load",
        "goal at half load",
    ];
    let mut table = Table::new("Tokens on one core", &headings);
    let (rounds, duration) = (bench.rounds(), bench.duration());
    let mut world = bench.world()?;
    // No call comes there.
    let ours = Consumer::make(&world, "127.0.0.1:9")?.asks();
    let others = Request::form("/oauth2/token", &STANDARD.encode(minimal::CLIENT), "grant_type=client_credentials");
    let modules = bench.modules.as_deref().filter(|folder| folder.join("node_modules/oidc-provider").is_dir());
    if modules.is_none() {
        progress("token: oidc-provider is missing: `npm install oidc-provider`, and name that folder with --modules");
    }
    for (algorithm, goal) in [("es256", "≥ 0.75 ×, ≥ 5 ×"), ("eddsa", "≥ 0.75 ×"), ("rs256", "≥ 0.75 ×, ≥ 1.6 ×")]
    {
        world.stop()?;
        world.start_with(&["--signing-algorithm", algorithm])?;
        world.tieline(&["key", "rotate", "--signing", "--now"])?;
        let server = world.server()?;
        let minimal = Peer::minimal(algorithm)?;
        let provider = modules.map(|modules| Peer::oidc_provider(modules, world.folder(), algorithm)).transpose()?;
        let mut services = vec![Service::new("minimal hyper service", &minimal.address, minimal.pid(), &others)];
        services
            .extend(provider.as_ref().map(|peer| Service::new("oidc-provider", &peer.address, peer.pid(), &others)));
        services.push(Service::new("tieline", &server.address, server.pid(), &ours));
        for round in 0..rounds {
            progress(&format!("token: {algorithm}, round {} of {rounds}", round + 1));
            services.iter_mut().try_for_each(|service| service.run(duration))?;
        }
        for round in 0..rounds {
            progress(&format!("token: {algorithm} at half load, round {} of {rounds}", round + 1));
            services.iter_mut().try_for_each(|service| service.run_at_half_load(duration))?;
        }
        let of = |name: &str, rate: f64| {
            let other = services.iter().find(|service| service.name == name);
            other.map_or_else(|| "missing".to_owned(), |other| ratio(rate, other.rate()))
        };
        for service in &services {
            let own = service.name == "tieline";
            table.row([
                format!("{}, {algorithm}", service.name),
                format!("{:.0}", service.rate()),
                of("minimal hyper service", service.rate()),
                of("oidc-provider", service.rate()),
                if own { goal.to_owned() } else { String::new() },
                format!("{:.1} µs", median(&service.processor) * 1e6),
                milliseconds(median(&service.slow)),
                milliseconds(median(&service.slow_at_half_load)),
                if own { "≤ 5 ms".to_owned() } else { String::new() },
            ]);
        }
    }
    Ok(table.print()?)
}

/// One service, and what its rounds came to.
struct Service<'a> {
    name: &'static str,
    address: &'a str,
    pid: u32,
    request: &'a Request,
    rates: Vec<f64>,
    processor: Vec<f64>,
    slow: Vec<Duration>,
    slow_at_half_load: Vec<Duration>,
}

impl<'a> Service<'a> {
    fn new(name: &'static str, address: &'a str, pid: u32, request: &'a Request) -> Self {
        let (rates, processor, slow, slow_at_half_load) = Default::default();
        Self { name, address, pid, request, rates, processor, slow, slow_at_half_load }
    }

    fn rate(&self) -> f64 {
        median(&self.rates)
    }

    fn run(&mut self, duration: Duration) -> Result<()> {
        let before = machine::processor_time(self.pid)?;
        let outcome = load::run(self.address, std::slice::from_ref(self.request), CONNECTIONS, duration, None)?;
        let used = machine::processor_time(self.pid)?.saturating_sub(before);
        self.rates.push(outcome.rate());
        self.processor.push(used.as_secs_f64() / outcome.latencies.len() as f64);
        self.slow.push(quantile(&outcome.latencies, 0.99));
        Ok(())
    }

    fn run_at_half_load(&mut self, duration: Duration) -> Result<()> {
        let request = std::slice::from_ref(self.request);
        let outcome = load::paced(self.address, request, CONNECTIONS, self.rate() / 2.0, duration)?;
        self.slow_at_half_load.push(quantile(&outcome.latencies, 0.99));
        Ok(())
    }
}
