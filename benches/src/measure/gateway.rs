//! Calls through the gateway on one core, with every check on, beside proxies that check nothing, or a signature.
//!
//! The proxy has the core of servers to itself; load and upstream share the other one. The rate is bounded by whichever
//! core is full, so that the processor time per request says more.

mod first_seen;
mod foreign;
mod half_load;

use anyhow::Result;

use super::Bench;
use crate::consumer::{Consumer, ROUTE};
use crate::load::Request;
use crate::machine;
use crate::peers::{Load, Peer, wrk};
use crate::server::CORE;
use crate::table::{Table, median, milliseconds, progress, ratio};

/// Connections, each with one request under way at a time.
const CONNECTIONS: usize = 32;
/// One way to the upstream.
struct Way {
    name: &'static str,
    goal: &'static str,
    address: String,
    path: String,
    headers: Vec<String>,
    pid: u32,
    loads: Vec<(Load, f64)>,
}

impl Way {
    fn request(&self) -> Request {
        Request::with_headers(&self.path, &self.headers)
    }

    fn rate(&self) -> f64 {
        median(&self.loads.iter().map(|(load, _)| load.rate).collect::<Vec<_>>())
    }
}

pub(crate) fn measure(bench: &Bench) -> Result<()> {
    progress("gateway: the upstream and its peers");
    let world = bench.world()?;
    let folder = world.folder().to_owned();
    std::fs::write(folder.join("answer"), "x".repeat(1024))?;
    let root = folder.display();
    let upstream = Peer::nginx(&folder, &format!("server {{ listen ADDRESS; root {root}; }}"), CORE + 1)?;
    let to = &upstream.address;
    let [es256, rs256] = foreign::tokens(&folder)?;
    let plain = Peer::nginx(&folder, &format!("server {{ listen ADDRESS; root {root}; }}"), CORE)?;
    let nginx = Peer::nginx(
        &folder,
        &format!(
            "upstream to {{ server {to}; keepalive 64; keepalive_requests 100000000; }}\n\
             server {{ listen ADDRESS; location / {{ proxy_pass http://to; proxy_http_version 1.1; \
             proxy_set_header Connection ''; }} }}"
        ),
        CORE,
    )?;
    let haproxy = |mode: &str, checks: &str| {
        let lines = format!("listen all\n bind ADDRESS\n mode {mode}\n{checks} server to {to}\n");
        Peer::haproxy(&folder, &lines, CORE)
    };
    let verify = |key: &str| {
        format!(
            " http-request set-var(txn.token) http_auth_bearer\n http-request set-var(txn.alg) \
             var(txn.token),jwt_header_query('$.alg')\n http-request deny unless {{ \
             var(txn.token),jwt_verify(txn.alg,\"{root}/{key}\") -m int 1 }}\n"
        )
    };
    let forward = haproxy("tcp", "")?;
    let bare = haproxy("http", "")?;
    let (with_rs256, with_es256) = (haproxy("http", &verify("rs256.pem"))?, haproxy("http", &verify("es256.pem"))?);
    let consumer = Consumer::make(&world, to)?;
    let (gateway, pid) = (world.server()?.gateway.clone(), world.server()?.pid());
    let way = |name, goal, peer: &Peer, token: Option<&String>| Way {
        name,
        goal,
        address: peer.address.clone(),
        path: "/answer".to_owned(),
        headers: token.map(|token| format!("Authorization: Bearer {token}")).into_iter().collect(),
        pid: peer.pid(),
        loads: Vec::new(),
    };
    let own = |name, goal, header: String| Way {
        name,
        goal,
        address: gateway.clone(),
        path: format!("{ROUTE}/answer"),
        headers: vec![header],
        pid,
        loads: Vec::new(),
    };
    let token = consumer.tokens(&world, 1)?.remove(0);
    let mut ways = [
        way("nginx, reverse proxy, no check", "", &nginx, None),
        way("nginx, the file itself", "", &plain, None),
        way("HAProxy, TCP forwarding", "", &forward, None),
        way("HAProxy, reverse proxy, no check", "", &bare, None),
        way("HAProxy, jwt_verify RS256", "", &with_rs256, Some(&rs256)),
        way("HAProxy, jwt_verify ES256", "", &with_es256, Some(&es256)),
        own("tieline, token ES256", "≥ 0.75 × (stretch 0.85 ×)", format!("Authorization: Bearer {token}")),
        own("tieline, API key", "", format!("Choreo-API-Key: {}", consumer.api_key)),
    ];
    let rounds = bench.rounds();
    for round in 0..rounds {
        for way in &mut ways {
            progress(&format!("gateway: round {} of {rounds}, {}", round + 1, way.name));
            let before = machine::processor_time(way.pid)?;
            let load = wrk(
                &format!("http://{}{}", way.address, way.path),
                &way.headers,
                CONNECTIONS,
                bench.duration().as_secs(),
                CORE + 1,
            )?;
            let used = machine::processor_time(way.pid)?.saturating_sub(before).as_secs_f64() / load.answers;
            way.loads.push((load, used));
        }
    }
    let headings = ["way", "requests/s", "ratio", "goal", "CPU per request", "p99"];
    let mut table = Table::new("Calls through one core, 1 KiB, 32 connections", &headings);
    let base = ways[0].rate();
    for way in &ways {
        table.row([
            way.name.to_owned(),
            format!("{:.0}", way.rate()),
            ratio(way.rate(), base),
            way.goal.to_owned(),
            format!("{:.1} µs", median(&way.loads.iter().map(|(_, used)| *used).collect::<Vec<_>>()) * 1e6),
            milliseconds(median(&way.loads.iter().map(|(load, _)| load.slowest).collect::<Vec<_>>())),
        ]);
    }
    table.print()?;
    half_load::measure(bench, &ways)?;
    first_seen::measure(bench, &world, &consumer, &with_es256, &es256)
}
