//! Serving the connections of a listener until the gateway stops, and then the calls under way until they end.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::header::HeaderValue;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};

use crate::headers::Visitor;
use crate::proxy::{Gateway, Inner, answer};
use crate::settings::Side;
use crate::stream::{Guarded, idle, stopped};

/// A client that has not sent the whole head of a request by then is dropped; so is one that keeps a connection open and
/// asks for nothing.
const HEAD: Duration = Duration::from_secs(60);
/// What hyper itself takes of a head: a little more than the gateway, so that mostly it is the gateway that refuses, and
/// says why. Everybody may have it filled. (Of headers hyper takes a hundred by default; to take more it would get memory
/// for them at every call.)
const MOST_HEAD: u32 = 72 * 1024;
/// A client that takes nothing of its answer for so long is dropped.
const STALLED: Duration = Duration::from_secs(60);
/// How often idle connections and revocations are looked through.
const HOUSEKEEPING: Duration = Duration::from_secs(15);
/// Streams of one connection of HTTP/2 at once, and what may come in on it before it is taken.
const STREAMS: u32 = 200;
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// What a gateway accepts connections from.
pub trait Accept: Send {
    /// A connection.
    type Io: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// The next connection, with the address of the client. What goes wrong with one is the listener's affair. It is dropped
    /// and asked again when something else happens first, and must lose nothing then.
    fn accept(&mut self) -> impl Future<Output = (Self::Io, SocketAddr)> + Send;

    /// Whether it ends TLS.
    fn is_https(&self) -> bool {
        false
    }
}

impl Accept for TcpListener {
    type Io = TcpStream;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            match TcpListener::accept(self).await {
                Ok((stream, address)) => {
                    // Without it, answers wait for acknowledgements; a stream that refuses is closed already.
                    let _ = stream.set_nodelay(true);
                    return (stream, address);
                }
                Err(error) if is_of_one_client(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "no connection can be accepted");
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

impl Gateway {
    /// Serves one side until it is told to stop, and then until the calls under way have ended or took too long.
    pub async fn serve<A: Accept>(&self, mut listener: A, side: Side, mut stopping: watch::Receiver<bool>) {
        let gateway = &self.inner;
        let https = gateway.settings.https || listener.is_https();
        let mut connections = JoinSet::new();
        let mut housekeeping = interval(HOUSEKEEPING);
        let stop = stopping.clone();
        loop {
            tokio::select! {
                (stream, client) = listener.accept() => {
                    // Who is not let in is hung up on: an answer would cost what there is too little of.
                    if let Some(guest) = gateway.doors.enter(client.ip()) {
                        let served = connection(Arc::clone(gateway), stream, client, https, side, stop.clone());
                        connections.spawn(async move {
                            served.await;
                            drop(guest);
                        });
                    }
                }
                Some(_) = connections.join_next() => {}
                _ = housekeeping.tick() => {
                    gateway.sweeper.sweep();
                    let refused = gateway.doors.refused();
                    if refused > 0 {
                        tracing::warn!(refused, "more connections came than are let in");
                    }
                    gateway.table.forget(gateway.clock.now().as_second());
                }
                () = stopped(&mut stopping) => break,
            }
        }
        drop(listener);
        gateway.stop.cancel();
        gateway.tunnels.close();
        let drain = async {
            while connections.join_next().await.is_some() {}
            gateway.tunnels.wait().await;
        };
        if timeout(gateway.settings.drain + Duration::from_secs(1), drain).await.is_err() {
            tracing::warn!(side = side.as_str(), "calls were cut off because they did not end in time");
        }
    }
}

async fn connection<Io>(
    gateway: Arc<Inner>,
    stream: Io,
    client: SocketAddr,
    https: bool,
    side: Side,
    mut stopping: watch::Receiver<bool>,
) where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Ok(address) = HeaderValue::from_str(&client.ip().to_canonical().to_string()) else { return };
    let visitor =
        Arc::new(Visitor { address, https, behind_proxy: gateway.settings.behind_proxy, calls: AtomicU64::new(0) });
    let mut builder = Builder::new(TokioExecutor::new());
    let mut http1 = builder.http1();
    http1.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(MOST_HEAD as usize);
    let mut http2 = builder.http2();
    http2.timer(TokioTimer::new()).keep_alive_interval(HEAD).max_concurrent_streams(STREAMS);
    http2.max_header_list_size(MOST_HEAD);
    http2.initial_stream_window_size(STREAM_WINDOW).initial_connection_window_size(CONNECTION_WINDOW);
    let of_calls = Arc::clone(&visitor);
    let service = service_fn(move |request| {
        let call = answer(Arc::clone(&gateway), side, Arc::clone(&of_calls), request);
        async move { Ok::<_, Infallible>(call.await) }
    });
    let stream = TokioIo::new(Guarded::new(stream, Some(STALLED)));
    let mut connection = pin!(builder.serve_connection_with_upgrades(stream, service));
    let begun = |visitor: &Visitor| visitor.calls.load(Ordering::Relaxed);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = async { tokio::select! { () = stopped(&mut stopping) => {} () = idle(&visitor, begun, HEAD) => {} } } => {
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
    use http_body_util::Empty;
    use hyper::client::conn::http2;
    use tieline_core::clock::FixedClock;
    use tieline_core::randomness::FixedRandomness;
    use tokio::time::Instant;

    use super::*;
    use crate::{Settings, Table};

    #[tokio::test(start_paused = true)]
    async fn a_connection_of_http2_without_calls_ends() {
        let table = Arc::new(Table::new(&FixedRandomness::seeded(1)));
        let clock = Arc::new(FixedClock::at(jiff::Timestamp::UNIX_EPOCH));
        let gateway = Gateway::new(Settings::default(), table, clock, None);
        let (_stop, stopping) = watch::channel(false);
        let (client, server) = tokio::io::duplex(64 * 1024);
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let served = connection(Arc::clone(&gateway.inner), server, address, false, Side::Internal, stopping);
        let begin = Instant::now();
        let asking = async {
            let io = TokioIo::new(client);
            let handshake = http2::handshake::<_, _, Empty<hyper::body::Bytes>>(TokioExecutor::new(), io);
            // It answers every question whether it is still there.
            let (sender, connection) = handshake.await.unwrap();
            let ended = connection.await;
            drop(sender);
            ended.unwrap();
        };
        tokio::join!(served, asking);
        assert!((HEAD..3 * HEAD).contains(&begin.elapsed()), "{:?}", begin.elapsed());
    }
}
