//! WebSockets: a call becomes a tunnel when the endpoint agrees, and not before. What a client sends earlier stays with
//! the server of its connection, which reads it as its next call when the endpoint does not agree. A tunnel lasts as long
//! as the right by which it was opened.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::body::Body;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{sleep, timeout};

use crate::body::Upload;
use crate::headers;
use crate::observed::Record;
use crate::proxy::{Forwarded, Inner, refusals};
use crate::refusal::Refusal;
use crate::table::Route;

/// Bytes that are read at once.
const BUFFER: usize = 16 * 1024;

/// Whether a request asks for a WebSocket (RFC 6455, section 4.1); refuses one with a body, whose end endpoints see in
/// different places. Other upgrades are not carried: without their header they are ordinary calls.
pub(crate) fn wanted<B: Body>(request: &Request<B>) -> Result<bool, Box<Refusal>> {
    let has = |name: HeaderName, word: &str| {
        let values = request.headers().get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    if request.version() != Version::HTTP_11
        || !request.headers().contains_key(header::UPGRADE)
        || *request.method() != Method::GET
        || !has(header::CONNECTION, "upgrade")
        || !has(header::UPGRADE, "websocket")
    {
        return Ok(false);
    }
    if request.body().is_end_stream() { Ok(true) } else { Err(refusals::upgrade_wrong()) }
}

/// Headers of the handshake that a client may name in `Connection`, and that the endpoint needs.
pub(crate) fn kept(headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let names = [
        header::SEC_WEBSOCKET_KEY,
        header::SEC_WEBSOCKET_VERSION,
        header::SEC_WEBSOCKET_PROTOCOL,
        header::SEC_WEBSOCKET_EXTENSIONS,
    ];
    names.into_iter().filter_map(|name| Some((name.clone(), headers.get(&name)?.clone()))).collect()
}

/// Makes a request ask for a WebSocket.
pub(crate) fn ask(headers: &mut HeaderMap, kept: Vec<(HeaderName, HeaderValue)>) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.extend(kept);
}

/// Asks the endpoint, on a connection of its own.
pub(crate) async fn open(
    gateway: &Arc<Inner>,
    record: &mut Record,
    route: &Route,
    request: Request<Upload>,
    client: OnUpgrade,
) -> Result<Forwarded, Box<Refusal>> {
    let installation = gateway.table.installation();
    let link = gateway.connector.open(&route.target, &installation).await;
    let (mut sender, connection) = link.map_err(|fault| refusals::unconnected(route, fault))?.into_parts();
    if let Some(connection) = connection {
        gateway.tunnels.spawn(connection);
    }
    let answer = timeout(gateway.settings.head, sender.send_request(request)).await;
    let answer = answer.map_err(|_| refusals::slow(route))?;
    let mut answer = answer.map_err(|error| refusals::broke_off(route, &error.to_string()))?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        headers::answer(answer.headers_mut());
        return Ok((answer.map(Some), None));
    }
    let websocket = answer
        .headers()
        .get(header::UPGRADE)
        .is_some_and(|value| value.to_str().is_ok_and(|value| value.trim().eq_ignore_ascii_case("websocket")));
    if !websocket {
        return Err(refusals::broke_off(route, "it switched to a protocol that nobody asked for"));
    }
    let endpoint = hyper::upgrade::on(&mut answer);
    let (mut head, _) = answer.into_parts();
    headers::answer(&mut head.headers);
    ask(&mut head.headers, Vec::new());
    record.answered(head.status.as_u16());
    gateway.tunnels.spawn(carry(Arc::clone(gateway), record.hand_over(), client, endpoint));
    Ok((Response::from_parts(head, None), None))
}

async fn carry(gateway: Arc<Inner>, mut record: Record, client: OnUpgrade, endpoint: OnUpgrade) {
    let (Ok(client), Ok(endpoint)) = (client.await, endpoint.await) else { return };
    let (from_client, to_client) = tokio::io::split(TokioIo::new(client));
    let (from_endpoint, to_endpoint) = tokio::io::split(TokioIo::new(endpoint));
    let moved = AtomicU64::new(0);
    let (mut received, mut sent) = (0, 0);
    let both = async {
        tokio::join!(
            copy(from_client, to_endpoint, &moved, &mut received),
            copy(from_endpoint, to_client, &moved, &mut sent)
        );
    };
    let idle = async {
        let mut before = u64::MAX;
        while std::mem::replace(&mut before, moved.load(Ordering::Relaxed)) != before {
            sleep(gateway.settings.tunnel).await;
        }
    };
    let ended = async {
        let mut narrowed = gateway.table.narrowed();
        while record.holds() {
            if narrowed.changed().await.is_err() {
                // The table is gone: nothing changes any more.
                std::future::pending::<()>().await;
            }
        }
    };
    let drained = async {
        gateway.stop.cancelled().await;
        sleep(gateway.settings.drain).await;
    };
    enum End {
        Complete,
        Cut,
        BrokenOff,
    }
    let end = tokio::select! {
        () = both => End::Complete,
        () = ended => End::Cut,
        () = idle => End::BrokenOff,
        () = drained => End::BrokenOff,
    };
    match end {
        End::Complete => record.complete(),
        End::Cut => record.cut(),
        End::BrokenOff => {}
    }
    record.received(received);
    record.sent(sent);
}

/// Copies until the end, and passes the end on.
async fn copy(
    mut from: tokio::io::ReadHalf<TokioIo<Upgraded>>,
    mut to: tokio::io::WriteHalf<TokioIo<Upgraded>>,
    moved: &AtomicU64,
    total: &mut u64,
) {
    let mut buffer = vec![0; BUFFER];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if to.write_all(&buffer[..length]).await.is_err() || to.flush().await.is_err() {
            break;
        }
        *total += length as u64;
        moved.fetch_add(length as u64, Ordering::Relaxed);
    }
    // The other side may be gone already.
    let _ = to.shutdown().await;
}
