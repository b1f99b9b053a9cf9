//! Endpoints: one that tells what it was asked, and one that answers bytes with bytes.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// An endpoint that runs while this lives.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    tasks: JoinSet<()>,
    drain: watch::Sender<bool>,
}

impl Upstream {
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops it, so that nothing answers there.
    pub(crate) async fn stop(mut self) -> SocketAddr {
        self.tasks.shutdown().await;
        self.address
    }

    /// Takes no more connections and ends when those there are have been closed by the other end.
    pub(crate) async fn drained(mut self) {
        self.drain.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }

    /// Runs a function for each connection.
    pub(crate) async fn each<F, T>(function: F) -> Self
    where
        F: Fn(TcpStream) -> T + Send + Sync + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, function)
    }

    pub(crate) fn on<F, T>(listener: TcpListener, function: F) -> Self
    where
        F: Fn(TcpStream) -> T + Send + Sync + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let address = listener.local_addr().unwrap();
        let (mut tasks, (drain, mut draining)) = (JoinSet::new(), watch::channel(false));
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        connections.spawn(function(accepted.unwrap().0));
                    }
                    _ = draining.wait_for(|draining| *draining) => break,
                }
            }
            drop(listener);
            while connections.join_next().await.is_some() {}
        });
        Self { address, tasks, drain }
    }

    /// Tells in JSON what it was asked.
    pub(crate) async fn echo() -> Self {
        Self::named("echo").await
    }

    /// The same, with a name that it tells too.
    pub(crate) async fn named(name: &'static str) -> Self {
        Self::each(move |stream| async move {
            let service = service_fn(move |request| echo(name, request));
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        })
        .await
    }

    /// Answers each head of a request with the same bytes, and remembers everything that came.
    pub(crate) async fn witness(answer: &'static [u8]) -> (Self, Arc<Mutex<Vec<u8>>>) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&seen);
        let upstream = Self::each(move |mut stream| {
            let all = Arc::clone(&all);
            async move {
                let (mut buffer, mut answered) = (Vec::new(), 0);
                loop {
                    let mut chunk = [0; 4096];
                    let Ok(length @ 1..) = stream.read(&mut chunk).await else { return };
                    all.lock().unwrap().extend_from_slice(&chunk[..length]);
                    buffer.extend_from_slice(&chunk[..length]);
                    while let Some(end) = buffer[answered..].windows(4).position(|four| four == b"\r\n\r\n") {
                        answered += end + 4;
                        if stream.write_all(answer).await.is_err() {
                            return;
                        }
                    }
                }
            }
        })
        .await;
        (upstream, seen)
    }
}

async fn echo(name: &str, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let headers: Vec<Value> =
        head.headers.iter().map(|(name, value)| json!([name.as_str(), value.to_str().unwrap()])).collect();
    let told = json!({
        "name": name,
        "method": head.method.as_str(),
        "target": head.uri.to_string(),
        "headers": headers,
        "body": String::from_utf8_lossy(&body),
    });
    Ok(Response::new(Full::from(told.to_string())))
}
