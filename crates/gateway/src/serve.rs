//! Serving the connections of a listener until the gateway stops, and then the calls under way until they end.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
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
use crate::stream::Guarded;

/// A client that has not sent the whole head of a request by then is dropped; so is one that keeps a connection open and
/// asks for nothing.
const HEAD: Duration = Duration::from_secs(60);
/// What hyper itself takes of a head: more than the gateway, so that it is the gateway that refuses, and says why. (Of
/// headers hyper takes a hundred by default; to take more it would get memory for them at every call.)
const MOST_HEAD: usize = 128 * 1024;
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
                    connections.spawn(connection(Arc::clone(gateway), stream, client, https, side, stop.clone()));
                }
                Some(_) = connections.join_next() => {}
                _ = housekeeping.tick() => {
                    gateway.sweeper.sweep();
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
    let visitor = Arc::new(Visitor { address, https, behind_proxy: gateway.settings.behind_proxy });
    let mut builder = Builder::new(TokioExecutor::new());
    let mut http1 = builder.http1();
    http1.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(MOST_HEAD);
    let mut http2 = builder.http2();
    http2.timer(TokioTimer::new()).keep_alive_interval(HEAD).max_concurrent_streams(STREAMS);
    http2.max_header_list_size(128 * 1024);
    http2.initial_stream_window_size(STREAM_WINDOW).initial_connection_window_size(CONNECTION_WINDOW);
    let service = service_fn(move |request| {
        let call = answer(Arc::clone(&gateway), side, Arc::clone(&visitor), request);
        async move { Ok::<_, Infallible>(call.await) }
    });
    let stream = TokioIo::new(Guarded::new(stream, STALLED));
    let mut connection = pin!(builder.serve_connection_with_upgrades(stream, service));
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = stopped(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::trace!(%error, "a connection broke off");
    }
}

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that the server itself is gone, which is a stop as well.
    let _ = stopping.wait_for(|stop| *stop).await;
}
