//! Serving the connections of a listener until the server stops: a client that opens one and then says little or nothing
//! is dropped, so that connections are left for the others.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Extension;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::serve::Listener;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tieline_gateway::stream::{Guarded, idle, stopped};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::{Layer, ServiceExt as _};

/// A client that has not sent the whole head of a request by then is dropped; so is one that keeps a connection open and
/// asks for nothing.
const HEAD: Duration = Duration::from_secs(30);

/// Serves until the server stops, and then lets the requests under way finish.
pub(crate) async fn serve<L: Listener<Addr = SocketAddr>>(
    mut listener: L,
    router: Router,
    mut stopping: watch::Receiver<bool>,
) where
    L::Io: AsyncRead + AsyncWrite,
{
    let mut connections = JoinSet::new();
    let stop = stopping.clone();
    loop {
        tokio::select! {
            (stream, peer) = listener.accept() => {
                connections.spawn(connection(stream, peer, router.clone(), stop.clone()));
            }
            Some(_) = connections.join_next() => {}
            () = stopped(&mut stopping) => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection<Io>(stream: Io, peer: SocketAddr, router: Router, mut stopping: watch::Receiver<bool>)
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(HEAD);
    let stream = TokioIo::new(Guarded::new(stream, None));
    let router = Extension(ConnectInfo(peer)).layer(router);
    let requests = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&requests);
    let service = tower::service_fn(move |request: Request<Incoming>| {
        counted.fetch_add(1, Ordering::Relaxed);
        let (used, answer) = (Arc::clone(&counted), router.clone().oneshot(request));
        async move {
            let in_use = move |frame| {
                let _until_the_end = &used;
                frame
            };
            answer.await.map(|answer| answer.map(|body| Body::new(body.map_frame(in_use))))
        }
    });
    let mut connection = pin!(builder.serve_connection(stream, TowerToHyperService::new(service)));
    let begun = |requests: &AtomicU64| requests.load(Ordering::Relaxed);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = async { tokio::select! { () = stopped(&mut stopping) => {} () = idle(&requests, begun, HEAD) => {} } } => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::trace!(%error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

    use super::*;

    /// Serves one end of a pipe.
    fn served() -> (DuplexStream, watch::Sender<bool>, JoinSet<()>) {
        let (client, server) = tokio::io::duplex(64 * 1024);
        let (stop, stopping) = watch::channel(false);
        let slow = get(|| async {
            tokio::time::sleep(10 * HEAD).await;
            "late"
        });
        let router = Router::new().route("/", get(|| async { "here" })).route("/slow", slow);
        (
            client,
            stop,
            JoinSet::from_iter([connection(server, SocketAddr::from(([127, 0, 0, 1], 1)), router, stopping)]),
        )
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_too_little_is_dropped() {
        for sent in [
            "",
            "P",
            "PRI * HTTP/2.0\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nx-slow: ",
            "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
        ] {
            let (mut client, _stop, task) = served();
            client.write_all(sent.as_bytes()).await.unwrap();
            let begin = tokio::time::Instant::now();
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            assert_eq!(answer.contains("here"), sent.ends_with("\r\n\r\n"), "{sent:?}: {answer}");
            assert!((HEAD..3 * HEAD).contains(&begin.elapsed()), "{sent:?}: {:?}", begin.elapsed());
            task.join_all().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_nothing_by_http2_is_dropped_when_what_was_asked_is_answered() {
        for path in [None, Some("http://a/slow")] {
            let (client, _stop, task) = served();
            let begin = tokio::time::Instant::now();
            let (mut sender, connection) =
                hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(client)).await.unwrap();
            let asking = async {
                if let Some(path) = path {
                    let answer = sender.send_request(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
                    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "late");
                }
            };
            let ((), ended) = tokio::join!(asking, connection);
            ended.unwrap();
            task.join_all().await;
            let least = if path.is_some() { 10 * HEAD } else { HEAD };
            assert!((least..least + 3 * HEAD).contains(&begin.elapsed()), "{path:?}: {:?}", begin.elapsed());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_an_answer_is_not_dropped_and_gets_it_also_when_the_server_stops() {
        for stopped in [false, true] {
            let (mut client, stop, task) = served();
            client.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
            tokio::time::sleep(HEAD).await;
            stop.send_replace(stopped);
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            assert!(answer.ends_with("late"), "{answer}");
            task.join_all().await;
        }
    }
}
