//! Measures how much memory a table takes: `cargo run --release -p tieline-gateway --example table_scale [ROUTES]
//! [SUBSCRIPTIONS] [API_KEYS]`, by default 100 000, 1 000 000 and 1 000 000, and what changing and applying costs then.

use std::collections::BTreeMap;
use std::time::Instant;

use tieline_core::endpoint::EndpointType;
use tieline_core::id::{ApplicationId, ConnectionId, EnvironmentId, ServiceId};
use tieline_core::model::Scheme;
use tieline_core::randomness::FixedRandomness;
use tieline_core::route_table::{ApiKeyEntry, Delta, Entry, RouteEntry, SubscriptionEntry, SubscriptionState};
use tieline_core::secret::Digest;
use tieline_gateway::Table;
use uuid::Uuid;

/// Entries in one delta: as a follower reads them from a file, so that the table is what takes the memory.
const PIECE: usize = 1_000;

#[expect(clippy::print_stdout, reason = "its figures are what it is for")]
fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let mut number = |default| arguments.next().and_then(Result::ok).unwrap_or(default);
    let (routes, subscriptions, keys) = (number(100_000), number(1_000_000), number(1_000_000));
    let table = Table::new(&FixedRandomness::seeded(1));
    let (empty, begin) = (resident(), Instant::now());
    let mut all = (0..routes).map(route).chain((0..subscriptions).map(|i| subscription(i, routes)));
    fill(&table, &mut all);
    println!("{routes} routes and {subscriptions} subscriptions: {:.1} MiB", mebibytes(resident() - empty));
    fill(&table, &mut (0..keys).map(|i| api_key(i, routes)));
    println!("and {keys} API keys: {:.1} MiB, applied in {:.1?}", mebibytes(resident() - empty), begin.elapsed());
    println!("the process: {:.1} MiB", mebibytes(resident()));
    let begin = Instant::now();
    for index in 0..PIECE {
        fill(&table, &mut std::iter::once(route(index)));
    }
    println!("one changed route: {:.1?}", begin.elapsed() / 1_000);
}

fn fill(table: &Table, entries: &mut dyn Iterator<Item = Entry>) {
    loop {
        let changes: BTreeMap<_, _> = entries.take(PIECE).map(|entry| (entry.key(), Some(entry))).collect();
        if changes.is_empty() {
            return;
        }
        table.apply(Delta { whole: false, number: 1, changes });
    }
}

fn id(kind: u128, index: usize) -> Uuid {
    Uuid::from_u128((kind << 64) | index as u128)
}

fn route(index: usize) -> Entry {
    Entry::Route(RouteEntry {
        path: format!("/acme-{}/development/project-{}/component-{index}/v1", index / 1_000, index / 10),
        organization: format!("acme-{}", index / 1_000),
        service: ServiceId(id(1, index)),
        reference: format!("service:/project-{}/component-{index}/v1/api", index / 10),
        environment: EnvironmentId(id(2, index / 1_000)),
        environment_handle: "development".to_owned(),
        address: format!("http://component-{index}.project-{}.internal:8080", index / 10),
        base_path: "/api".to_owned(),
        protocol: EndpointType::REST,
        internal: true,
        external: index.is_multiple_of(10),
        schemes: vec![Scheme::OAuth2, Scheme::ApiKey],
        operations: Vec::new(),
        allowed: Vec::new(),
    })
}

fn subscription(index: usize, routes: usize) -> Entry {
    Entry::Subscription(SubscriptionEntry {
        client: format!("client-{:024}", index / 5),
        service: ServiceId(id(1, index % routes.max(1))),
        environment: EnvironmentId(id(2, index)),
        application: ApplicationId(id(3, index / 5)),
        consumer: EnvironmentId(id(2, index)),
        connection: Some(ConnectionId(id(4, index))),
        state: SubscriptionState::Live,
        plan: "unlimited".to_owned(),
    })
}

fn api_key(index: usize, routes: usize) -> Entry {
    Entry::ApiKey(ApiKeyEntry {
        digest: Digest::of(&index.to_string()).to_string(),
        connection: ConnectionId(id(4, index)),
        application: Some(ApplicationId(id(3, index / 5))),
        consumer: EnvironmentId(id(2, index)),
        component: None,
        service: ServiceId(id(1, index % routes.max(1))),
        environment: EnvironmentId(id(2, index)),
        state: SubscriptionState::Live,
        plan: "unlimited".to_owned(),
    })
}

/// Bytes of memory that the process holds, as Linux counts them.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).unwrap_or_default() * 1_024
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
