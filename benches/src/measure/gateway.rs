//! Calls through the gateway on one core, with every check on, beside proxies that check nothing, or a signature.
//!
//! The proxy has the core of servers to itself; load and upstream share the other one. The rate is bounded by whichever
//! core is full, so that the processor time per request says more.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use super::Bench;
use crate::load::{self, Request};
use crate::machine;
use crate::peers::{Load, Peer, wrk};
use crate::server::CORE;
use crate::table::{Table, median, milliseconds, progress, ratio};
use crate::world::World;

/// Connections, each with one request under way at a time.
const CONNECTIONS: usize = 32;
/// How long a load lasts.
const SECONDS: u64 = 4;
/// So often each is measured; they take turns.
const ROUNDS: usize = 3;
/// Tokens that the gateway has not seen.
const FRESH: usize = 5_000;

const PROVIDER: &str = "\
schemaVersion: 1.2
endpoints:
  - { name: api, type: REST, service: { port: 8080 }, networkVisibilities: [Organization] }
";
const CONSUMER: &str = "\
schemaVersion: 1.2
dependencies:
  connectionReferences:
    - { name: orders, resourceRef: service:orders/v1 }
";

/// One way to the upstream.
struct Way {
    name: &'static str,
    goal: &'static str,
    url: String,
    headers: Vec<String>,
    pid: u32,
    loads: Vec<(Load, f64)>,
}

pub(crate) fn measure(bench: &Bench) -> Result<()> {
    progress("gateway: the upstream and its peers");
    let mut world = bench.world()?;
    let folder = world.folder().to_owned();
    std::fs::write(folder.join("answer"), "x".repeat(1024))?;
    let root = folder.display();
    let upstream = Peer::nginx(&folder, &format!("server {{ listen ADDRESS; root {root}; }}"), CORE + 1)?;
    let to = &upstream.address;
    let [es256, rs256] = foreign_tokens(&folder)?;
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
    let clients = Clients::make(&mut world, to)?;
    let (gateway, pid) = (world.server()?.gateway.clone(), world.server()?.pid());
    let ours = format!("http://{gateway}/bench/development/main/orders/v1/answer");
    let way = |name, goal, peer: &Peer, token: Option<&String>| Way {
        name,
        goal,
        url: format!("http://{}/answer", peer.address),
        headers: token.map(|token| format!("Authorization: Bearer {token}")).into_iter().collect(),
        pid: peer.pid(),
        loads: Vec::new(),
    };
    let own = |name, goal, header: String| Way {
        name,
        goal,
        url: ours.clone(),
        headers: vec![header],
        pid,
        loads: Vec::new(),
    };
    let token = clients.token(&world)?;
    let mut ways = [
        way("nginx, reverse proxy, no check", "", &nginx, None),
        way("nginx, the file itself", "", &plain, None),
        way("HAProxy, TCP forwarding", "", &forward, None),
        way("HAProxy, reverse proxy, no check", "", &bare, None),
        way("HAProxy, jwt_verify RS256", "", &with_rs256, Some(&rs256)),
        way("HAProxy, jwt_verify ES256", "", &with_es256, Some(&es256)),
        own("tieline, token ES256", "≥ 0.75 × (stretch 0.85 ×)", format!("Authorization: Bearer {token}")),
        own("tieline, API key", "", format!("Choreo-API-Key: {}", clients.api_key)),
    ];
    for round in 0..ROUNDS {
        for way in &mut ways {
            progress(&format!("gateway: round {} of {ROUNDS}, {}", round + 1, way.name));
            let before = machine::processor_time(way.pid)?;
            let load = wrk(&way.url, &way.headers, CONNECTIONS, SECONDS, CORE + 1)?;
            let used = machine::processor_time(way.pid)?.saturating_sub(before).as_secs_f64() / load.answers;
            way.loads.push((load, used));
        }
    }
    let headings = ["way", "requests/s", "ratio", "goal", "CPU per request", "p99"];
    let mut table = Table::new("Calls through one core, 1 KiB, 32 connections", &headings);
    let rate = |way: &Way| median(&way.loads.iter().map(|(load, _)| load.rate).collect::<Vec<_>>());
    let base = rate(&ways[0]);
    for way in &ways {
        table.row([
            way.name.to_owned(),
            format!("{:.0}", rate(way)),
            ratio(rate(way), base),
            way.goal.to_owned(),
            format!("{:.1} µs", median(&way.loads.iter().map(|(_, used)| *used).collect::<Vec<_>>()) * 1e6),
            milliseconds(median(&way.loads.iter().map(|(load, _)| load.slowest).collect::<Vec<_>>())),
        ]);
    }
    table.print()?;
    first_seen(&world, &clients, &with_es256, &es256)
}

/// What a token costs that was not seen before, beside one that was, and beside HAProxy, which remembers none: requests one
/// after the other.
fn first_seen(world: &World, clients: &Clients, haproxy: &Peer, es256: &str) -> Result<()> {
    progress("gateway: tokens that were not seen before");
    let server = world.server()?;
    let tokens: Vec<String> = (0..FRESH).map(|_| clients.token(world)).collect::<Result<_>>()?;
    let path = "/bench/development/main/orders/v1/answer";
    let fresh: Vec<Request> = tokens.iter().map(|token| Request::get(path, token)).collect();
    let known = vec![Request::get(path, &tokens[0]); FRESH];
    let foreign = vec![Request::get("/answer", es256); FRESH];
    let mut table = Table::new("One call after the other", &["token", "CPU per request", "time per request"]);
    for (name, address, pid, requests) in [
        ("HAProxy, jwt_verify ES256", haproxy.address.as_str(), haproxy.pid(), &foreign),
        ("tieline, seen", server.gateway.as_str(), server.pid(), &known),
        ("tieline, first seen", server.gateway.as_str(), server.pid(), &fresh),
    ] {
        let (before, begin) = (machine::processor_time(pid)?, Instant::now());
        load::repeat(address, requests)?;
        let each = begin.elapsed().as_secs_f64() / FRESH as f64;
        let used = machine::processor_time(pid)?.saturating_sub(before).as_secs_f64() / FRESH as f64;
        table.row([name.to_owned(), format!("{:.1} µs", used * 1e6), format!("{:.1} µs", each * 1e6)]);
    }
    Ok(table.print()?)
}

/// What a consumer was given.
pub(crate) struct Clients {
    id: String,
    secret: String,
    api_key: String,
}

impl Clients {
    /// Deploys a provider that listens at an address, and a consumer with a connection to it.
    pub(crate) fn make(world: &mut World, address: &str) -> Result<Self> {
        world.write("orders/.tieline/component.yaml", PROVIDER)?;
        world.write("shop/.tieline/component.yaml", CONSUMER)?;
        for component in ["orders", "shop"] {
            world.tieline(&["component", "create", component, "--type", "service", "--project", "main"])?;
        }
        let deploy = |component: &str, more: &[&str]| {
            let place = ["--project", "main", "--component", component, "--env", "development", "--version", "v1.0"];
            world.tieline(&[&["deploy", component][..], &place, more].concat())
        };
        deploy("orders", &["--address", &format!("api=http://{address}")])?;
        let create =
            ["connection", "create", "orders", "--service", "service:/main/orders/v1/api", "--project", "main"];
        let mode = ["--access-mode", "organization", "--authentication-scheme", "oauth2"];
        world.tieline(&[&create[..], &mode].concat())?;
        deploy("shop", &[])?;
        let view = world.tieline(&["connection", "view", "orders", "--project", "main", "--reveal"])?;
        let parameters = view["environments"]["development"]["parameters"].as_array().context("parameters")?;
        let value = |key: &str| {
            let found = parameters.iter().find(|parameter| parameter["key"] == key);
            found.and_then(|found| found["value"].as_str()).map(str::to_owned).context("a value")
        };
        Ok(Self { id: value("ConsumerKey")?, secret: value("ConsumerSecret")?, api_key: value("ChoreoAPIKey")? })
    }

    fn token(&self, world: &World) -> Result<String> {
        let credentials = STANDARD.encode(format!("{}:{}", self.id, self.secret));
        let request = Request::form("/oauth2/token", &credentials, "grant_type=client_credentials");
        let answer: Value = serde_json::from_slice(&load::ask(&world.server()?.address, &request)?)?;
        Ok(answer["access_token"].as_str().context("no token")?.to_owned())
    }
}

/// Tokens of keys that are nobody's, with the public halves in files: ES256, RS256.
fn foreign_tokens(folder: &Path) -> Result<[String; 2]> {
    let refused = |_| anyhow::anyhow!("the cryptographic library refused");
    let es256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(refused)?;
    let rs256 = RsaKeyPair::generate(KeySize::Rsa2048).map_err(refused)?;
    let pem = |name: &str, der: PublicKeyX509Der<'_>| {
        let text = STANDARD.encode(der.as_ref());
        std::fs::write(folder.join(name), format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"))
    };
    pem("es256.pem", es256.public_key().as_der().map_err(refused)?)?;
    pem("rs256.pem", rs256.public_key().as_der().map_err(refused)?)?;
    let claims = serde_json::json!({
        "iss": "http://tieline.example", "sub": "abcdefghijklmnopqrstuvwxyz23", "exp": 4_102_444_800_u64,
        "client_id": "abcdefghijklmnopqrstuvwxyz23", "aud": "http://tieline.example/bench/development",
        "jti": "0".repeat(36), "organization": "bench", "environment": "development", "secret": "0".repeat(36),
    });
    let input = |algorithm: &str| {
        let header = format!(r#"{{"typ":"at+jwt","alg":"{algorithm}"}}"#);
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()))
    };
    let (first, second) = (input("ES256"), input("RS256"));
    let random = SystemRandom::new();
    let signed = es256.sign(&random, first.as_bytes()).map_err(refused)?;
    let mut signature = vec![0; rs256.public_modulus_len()];
    rs256.sign(&RSA_PKCS1_SHA256, &random, second.as_bytes(), &mut signature).map_err(refused)?;
    Ok([
        format!("{first}.{}", URL_SAFE_NO_PAD.encode(signed)),
        format!("{second}.{}", URL_SAFE_NO_PAD.encode(signature)),
    ])
}
