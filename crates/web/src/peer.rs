//! Where a request comes from.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderName;
use axum::http::request::Parts;

use crate::App;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address that a request comes from.
pub(crate) struct Peer(pub(crate) IpAddr);

impl FromRequestParts<App> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self(address(parts, app.forwarded)))
    }
}

/// Where a request comes from. Behind a proxy it is what the proxy added last to the list of addresses.
pub(crate) fn address(head: &Parts, forwarded: bool) -> IpAddr {
    let last = || {
        let value = head.headers.get_all(FORWARDED_FOR).iter().next_back()?.to_str().ok()?;
        value.rsplit(',').next()?.trim().parse().ok()
    };
    let peer = head.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let found = if forwarded { last().or(peer) } else { peer };
    found.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[test]
    fn the_last_address_counts_behind_a_proxy_alone() {
        for (header, forwarded, expect) in [
            (None, true, "10.0.0.9"),
            (Some("192.0.2.1, 192.0.2.2"), true, "192.0.2.2"),
            (Some("192.0.2.1"), false, "10.0.0.9"),
            (Some("unknown"), true, "10.0.0.9"),
        ] {
            let mut request = Request::builder().extension(ConnectInfo(SocketAddr::from(([10, 0, 0, 9], 1))));
            if let Some(header) = header {
                request = request.header(FORWARDED_FOR, header);
            }
            let (head, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(address(&head, forwarded).to_string(), expect, "{header:?} {forwarded}");
        }
    }
}
