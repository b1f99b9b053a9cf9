//! A load generator: keep-alive connections on one thread, each with one request under way at a time.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::machine;
use crate::server::CORE;

/// A request, as bytes.
#[derive(Clone)]
pub(crate) struct Request(Vec<u8>);

/// What a load came to.
pub(crate) struct Outcome {
    /// How long it took.
    pub(crate) elapsed: Duration,
    /// How long each answer took.
    pub(crate) latencies: Vec<Duration>,
}

impl Request {
    /// A request to the API.
    pub(crate) fn new(method: &str, path: &str, token: &str, body: &str) -> Self {
        let text = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nhost: tieline\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        Self(text.into_bytes())
    }

    /// A call with a bearer token.
    pub(crate) fn get(path: &str, token: &str) -> Self {
        Self(format!("GET {path} HTTP/1.1\r\nhost: tieline\r\nauthorization: Bearer {token}\r\n\r\n").into_bytes())
    }

    /// A form, sent by a client of the token service with its credentials in base64.
    pub(crate) fn form(path: &str, credentials: &str, body: &str) -> Self {
        let text = format!(
            "POST {path} HTTP/1.1\r\nhost: tieline\r\nauthorization: Basic {credentials}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        Self(text.into_bytes())
    }
}

impl Outcome {
    /// Answers per second.
    pub(crate) fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }
}

/// Sends requests, each connection its share of them in turn, until the time is over. While they run, `beside` is sent
/// on a connection of its own, with this pause between.
pub(crate) fn run(
    address: &str,
    requests: &[Request],
    connections: usize,
    duration: Duration,
    beside: Option<(&Request, Duration)>,
) -> Result<Outcome> {
    machine::pin(CORE + 1)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        let mut tasks = JoinSet::new();
        let begin = Instant::now();
        let end = begin + duration;
        for connection in 0..connections {
            let share: Vec<Request> = requests.iter().skip(connection).step_by(connections).cloned().collect();
            let share = if share.is_empty() { vec![requests[connection % requests.len()].clone()] } else { share };
            tasks.spawn(caller(address.to_owned(), share, end));
        }
        let mut disturbance = JoinSet::new();
        if let Some((request, pause)) = beside {
            disturbance.spawn(disturb(address.to_owned(), request.clone(), pause, end));
        }
        let mut latencies = Vec::new();
        while let Some(done) = tasks.join_next().await {
            latencies.extend(done??);
        }
        let elapsed = begin.elapsed();
        while let Some(done) = disturbance.join_next().await {
            done??;
        }
        anyhow::Ok(Outcome { elapsed, latencies })
    });
    machine::unpin()?;
    outcome
}

/// Sends one request so many times, one after the other, on one connection, and returns the answers' times.
pub(crate) fn repeat(address: &str, requests: &[Request]) -> Result<Vec<Duration>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut caller = Caller::connect(address).await?;
        let mut latencies = Vec::with_capacity(requests.len());
        for request in requests {
            let begin = Instant::now();
            caller.call(request).await?;
            latencies.push(begin.elapsed());
        }
        Ok(latencies)
    })
}

/// Sends one request, and returns the body of its answer.
pub(crate) fn ask(address: &str, request: &Request) -> Result<Vec<u8>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut caller = Caller::connect(address).await?;
        let body = caller.call(request).await?;
        Ok(caller.buffer.split_off(body))
    })
}

async fn caller(address: String, requests: Vec<Request>, end: Instant) -> Result<Vec<Duration>> {
    let mut caller = Caller::connect(&address).await?;
    let mut latencies = Vec::new();
    for request in requests.iter().cycle() {
        let begin = Instant::now();
        if begin >= end {
            break;
        }
        caller.call(request).await?;
        latencies.push(begin.elapsed());
    }
    Ok(latencies)
}

async fn disturb(address: String, request: Request, pause: Duration, end: Instant) -> Result<()> {
    let mut caller = Caller::connect(&address).await?;
    while Instant::now() < end {
        caller.call(&request).await?;
        tokio::time::sleep(pause).await;
    }
    Ok(())
}

struct Caller {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Caller {
    async fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a request and reads the whole answer, which must be a success. Returns where its body begins.
    async fn call(&mut self, request: &Request) -> Result<usize> {
        self.stream.write_all(&request.0).await?;
        self.buffer.clear();
        loop {
            ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the server closed the connection");
            if let Some(head) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                let text = std::str::from_utf8(&self.buffer[..head])?;
                ensure!(text.starts_with("HTTP/1.1 2"), "{}", String::from_utf8_lossy(&self.buffer));
                let length = text.lines().filter_map(|line| line.split_once(": "));
                let length =
                    length.filter(|(name, _)| name.eq_ignore_ascii_case("content-length")).map(|(_, it)| it).next();
                let length: usize = length.context("an answer without length")?.parse()?;
                while self.buffer.len() < head + 4 + length {
                    ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "an answer was cut off");
                }
                return Ok(head + 4);
            }
        }
    }
}
