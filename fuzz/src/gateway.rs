//! Mutates what clients send to the gateway, and reads what an endpoint gets with a parser that forgives nothing: whole
//! requests of the gateway's own making, below the base path, never more of them than answers went back.
//!
//! `cargo run --manifest-path fuzz/Cargo.toml --bin gateway -- --seconds 300 [--seed N] [FILE]…`; a finding is written to
//! `fuzz/artifacts/` and ends the run with exit code 1.

mod mutate;
mod run;
mod witness;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mutate::Mutator;
use tieline_core::clock::FixedClock;
use tieline_core::randomness::FixedRandomness;
use tieline_core::route_table::{Delta, Entry, InstallationEntry};
use tieline_gateway::{Accept, Gateway, Settings, Side, Table};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use witness::Witness;

const SEEDS: [&str; 7] = [
    "GET /a/e/p/c/v1/x?y=z HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "POST /a/e/p/c/v1 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\ntextGET /a/e/p/c/v1/two HTTP/1.1\r\nHost: a\r\n\r\n",
    "PUT /a/e/p/c/v1/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntext\r\n0\r\n\r\n",
    "POST /a/e/p/c/v1 HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\ntext\r\n0\r\nz: 1\r\n\r\n",
    "GET /a/e/p/c/v1 HTTP/1.1\r\nHost: a\r\nConnection: upgrade, x\r\nX: y\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    "GET http://b/a/e/p/c/v1/%2e%2e/x HTTP/1.0\r\nX-Tieline-Organization: evil\r\nX_Forwarded_For: 1\r\n\r\n",
    "HEAD /a/e/p/c/v1/a%2Fb HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\nTrailer: z\r\nTE: trailers\r\n\r\nok",
];

const WORDS: [&str; 48] = [
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    " ",
    "\t",
    "\0",
    ":",
    ",",
    ";",
    "%2e",
    "%2f",
    "..",
    "/",
    "//",
    "\\",
    "?",
    "#",
    "GET ",
    "POST ",
    "CONNECT ",
    "OPTIONS * ",
    "HTTP/1.1",
    "HTTP/1.0",
    "HTTP/2.0",
    "/a/e/p/c/v1",
    "http://x",
    "Host: a\r\n",
    "Content-Length: 4\r\n",
    "Content-Length: 0\r\n",
    "Content-Length: -1\r\n",
    "Content-Length: 4, 4\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: xchunked\r\n",
    "Transfer-Encoding: chunked, chunked\r\n",
    "Transfer-Encoding\u{b}: chunked\r\n",
    "Connection: close\r\n",
    "Connection: content-length, host\r\n",
    "Upgrade: websocket\r\n",
    "Expect: 100-continue\r\n",
    "X-Forwarded-For: 1\r\n",
    "x_tieline_component: 1\r\n",
    "0\r\n\r\n",
    "4\r\ntext\r\n",
    "ffffffffffffffff\r\n",
    "GET /a/e/p/c/v1/next HTTP/1.1\r\nHost: a\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "é",
];

/// Inputs under way at once: most of their time is waiting for a gateway that waits for more.
const AT_ONCE: usize = 32;
/// How long a gateway that says nothing is listened to.
const SILENCE: Duration = Duration::from_millis(15);

fn main() -> ExitCode {
    let settings = match run::settings(&SEEDS) {
        Ok(settings) => settings,
        Err(message) => {
            eprintln!("error[usage]: {message}");
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error[start_failed]: {error}");
            return ExitCode::from(2);
        }
    };
    runtime.block_on(fuzz(settings))
}

async fn fuzz(settings: run::Settings) -> ExitCode {
    let mut mutator = Mutator::new(settings.seed, settings.seeds, &WORDS);
    let (start, mut runs) = (Instant::now(), 0_u64);
    while start.elapsed() < Duration::from_secs(settings.seconds) {
        let mut batch = JoinSet::new();
        for _ in 0..AT_ONCE {
            batch.spawn(exercise(mutator.next_input()));
        }
        while let Some(outcome) = batch.join_next().await {
            runs += 1;
            match outcome {
                Ok((input, Ok(mark))) => mutator.learn(input, vec![mark]),
                Ok((input, Err(finding))) => return run::report("gateway", &input, &finding),
                Err(_) => return run::report("gateway", mutator.last(), "a panic"),
            }
        }
    }
    println!("{runs} runs, {} inputs kept, no finding", mutator.kept());
    ExitCode::SUCCESS
}

/// Sends an input to a gateway of its own, and compares what came back with what its endpoint got.
async fn exercise(input: Vec<u8>) -> (Vec<u8>, Result<String, String>) {
    let witness = Witness::start().await;
    let table = Arc::new(Table::new(&FixedRandomness::seeded(1)));
    table.apply(entries(witness.address));
    let clock = Arc::new(FixedClock::at(jiff::Timestamp::UNIX_EPOCH));
    let gateway = Gateway::new(Settings::default(), table, clock, None);
    let (client, server) = tokio::io::duplex(1 << 20);
    let (clients, listener) = mpsc::unbounded_channel();
    let _ = clients.send(server);
    let (stop, stopping) = watch::channel(false);
    let talking = async {
        let answer = talk(client, &input).await;
        stop.send_replace(true);
        answer
    };
    let (answer, ()) = tokio::join!(talking, gateway.serve(Listener(listener), Side::Internal, stopping));
    let answers = answer.split("HTTP/1.1 ").skip(1).filter(|part| !part.starts_with("100"));
    let statuses: Vec<&str> = answers.map(|part| part.get(..3).unwrap_or_default()).collect();
    let outcome = witness.verdict().and_then(|got| {
        // The last may have been broken off, with or without an answer.
        if got <= statuses.len() + 1 {
            Ok(format!("{got} {statuses:?}"))
        } else {
            Err(format!("{got} for {statuses:?}"))
        }
    });
    (input, outcome)
}

async fn talk(mut client: DuplexStream, input: &[u8]) -> String {
    let mut answer = Vec::new();
    if client.write_all(input).await.is_ok() {
        let mut chunk = [0; 8192];
        while let Ok(Ok(length @ 1..)) = timeout(SILENCE, client.read(&mut chunk)).await {
            answer.extend_from_slice(&chunk[..length]);
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn entries(endpoint: SocketAddr) -> Delta {
    let route = serde_json::json!({"route": {
        "path": "/a/e/p/c/v1", "organization": "a", "service": "00000000-0000-0000-0000-000000000001",
        "reference": "service:/p/c/v1/x", "environment": "00000000-0000-0000-0000-000000000002",
        "environment_handle": "e", "address": format!("http://{endpoint}"), "base_path": "/base", "protocol": "REST",
        "internal": true, "external": false, "schemes": ["none"]
    }});
    let route = serde_json::from_value::<Entry>(route).into_iter();
    let entries = route.chain([Entry::Installation(InstallationEntry { loopback: true, own: Vec::new() })]);
    Delta {
        whole: true,
        number: 1,
        changes: entries.map(|entry| (entry.key(), Some(entry))).collect::<BTreeMap<_, _>>(),
    }
}

/// Hands the gateway its one client.
struct Listener(mpsc::UnboundedReceiver<DuplexStream>);

impl Accept for Listener {
    type Io = DuplexStream;

    async fn accept(&mut self) -> (DuplexStream, SocketAddr) {
        match self.0.recv().await {
            Some(stream) => (stream, SocketAddr::from(([10, 1, 2, 3], 4))),
            None => std::future::pending().await,
        }
    }
}
