//! A load generator: keep-alive connections on one thread, each with one request under way at a time.

mod answer;
mod caller;
mod paced;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::machine;
use crate::server::CORE;

pub(crate) use self::paced::paced;

use self::caller::Caller;

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
        Self::with_headers(path, &[format!("authorization: Bearer {token}")])
    }

    /// A call with more headers, each as its line.
    pub(crate) fn with_headers(path: &str, headers: &[String]) -> Self {
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        Self(format!("GET {path} HTTP/1.1\r\nhost: tieline\r\n{headers}\r\n").into_bytes())
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
    on_the_core_of_load(async {
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
        Ok(Outcome { elapsed, latencies })
    })
}

/// Sends each request once, each connection its share of them in turn.
pub(crate) fn each(address: &str, requests: &[Request], connections: usize) -> Result<Outcome> {
    on_the_core_of_load(async {
        let mut tasks = JoinSet::new();
        let begin = Instant::now();
        for connection in 0..connections {
            let share = requests.iter().skip(connection).step_by(connections).cloned().collect();
            tasks.spawn(one_after_the_other(address.to_owned(), share));
        }
        let mut latencies = Vec::new();
        while let Some(done) = tasks.join_next().await {
            latencies.extend(done??);
        }
        Ok(Outcome { elapsed: begin.elapsed(), latencies })
    })
}

/// Sends requests one after the other on one connection, and returns the answers' times.
pub(crate) fn repeat(address: &str, requests: &[Request]) -> Result<Vec<Duration>> {
    runtime()?.block_on(one_after_the_other(address.to_owned(), requests.to_vec()))
}

/// Sends one request so many times on one connection, and returns the bodies of the answers.
pub(crate) fn collect(address: &str, request: &Request, times: usize) -> Result<Vec<Vec<u8>>> {
    runtime()?.block_on(async {
        let mut caller = Caller::connect(address).await?;
        let mut bodies = Vec::with_capacity(times);
        for _ in 0..times {
            bodies.push(caller.call(request).await?.to_vec());
        }
        Ok(bodies)
    })
}

/// Sends one request, and returns the body of its answer.
pub(crate) fn ask(address: &str, request: &Request) -> Result<Vec<u8>> {
    Ok(collect(address, request, 1)?.remove(0))
}

/// Sends one request on a connection of its own, and returns the status of its answer.
pub(crate) fn status(address: &str, request: &Request) -> Result<u16> {
    runtime()?.block_on(async { Caller::connect(address).await?.status(request).await })
}

/// Calls again and again until the status is one that is waited for, with a pause between that disturbs nobody; returns
/// when its answer came.
pub(crate) fn until(
    address: &str,
    request: &Request,
    wanted: impl Fn(u16) -> bool,
    patience: Duration,
) -> Result<Instant> {
    let begin = Instant::now();
    runtime()?.block_on(async {
        let mut caller = Caller::connect(address).await?;
        loop {
            let status = caller.status(request).await?;
            let now = Instant::now();
            if wanted(status) {
                return Ok(now);
            }
            ensure!(now - begin < patience, "still {status} after {patience:?}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
}

async fn one_after_the_other(address: String, requests: Vec<Request>) -> Result<Vec<Duration>> {
    let mut caller = Caller::connect(&address).await?;
    let mut latencies = Vec::with_capacity(requests.len());
    for request in &requests {
        let begin = Instant::now();
        caller.call(request).await?;
        latencies.push(begin.elapsed());
    }
    Ok(latencies)
}

/// Runs a load where it takes nothing from the server.
fn on_the_core_of_load<T>(load: impl Future<Output = Result<T>>) -> Result<T> {
    machine::pin(CORE + 1)?;
    let outcome = runtime()?.block_on(load);
    machine::unpin()?;
    outcome
}

fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
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
