//! One endpoint's address, with the idle connections to it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hyper::header::HeaderValue;
use tieline_core::address::Network;

use super::link::Link;

/// Most idle connections to one endpoint.
const MOST_IDLE: usize = 256;
/// Idle connections are closed after this: before most servers close them, so that few calls meet a closed one.
const IDLE: Duration = Duration::from_secs(50);

/// An endpoint.
pub(crate) struct Target {
    address: Box<str>,
    allowed: Box<[String]>,
    /// Where it is, or what is wrong with its address.
    pub(crate) place: Result<Place, String>,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    links: Vec<Link>,
    /// Whether somebody looks after them.
    listed: bool,
}

/// Where an endpoint is.
pub(crate) struct Place {
    pub(crate) tls: bool,
    pub(crate) host: Box<str>,
    pub(crate) port: u16,
    /// The `Host` of requests.
    pub(crate) authority: HeaderValue,
    /// The networks that its environment allows; empty for all but what is always refused.
    pub(crate) networks: Box<[Network]>,
}

impl Target {
    pub(crate) fn new(address: &str, allowed: &[String]) -> Self {
        let place = Place::read(address, allowed);
        Self { address: address.into(), allowed: allowed.into(), place, idle: Mutex::default() }
    }

    /// The address as it was given.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Whether it is the endpoint of an address in such networks.
    pub(crate) fn is(&self, address: &str, allowed: &[String]) -> bool {
        &*self.address == address && *self.allowed == *allowed
    }

    /// An idle connection that was opened under the rules that hold; others are closed.
    pub(crate) fn take(&self, rules: u64) -> Option<Link> {
        let mut waste = Vec::new();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(mut link) = idle.links.pop() {
            if link.rules == rules && link.rested.elapsed() < IDLE && link.is_ready() {
                return Some(link);
            }
            waste.push(link);
        }
        drop(idle);
        None
    }

    /// Takes a connection back; whether somebody must look after those that rest from now on.
    pub(crate) fn rest(&self, mut link: Link) -> bool {
        if !link.is_ready() {
            return false;
        }
        link.rested = Instant::now();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.links.len() < MOST_IDLE {
            idle.links.push(link);
        }
        !std::mem::replace(&mut idle.listed, true)
    }

    /// Closes connections that rested too long or were closed at the other end; whether any is left to look after.
    pub(crate) fn sweep(&self) -> bool {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.links.retain_mut(|link| link.rested.elapsed() < IDLE && link.is_ready());
        idle.listed = !idle.links.is_empty();
        idle.listed
    }
}

impl Place {
    fn read(address: &str, allowed: &[String]) -> Result<Self, String> {
        let (scheme, rest) = address.split_once("://").ok_or("its address is no URL")?;
        let tls = match scheme {
            "http" | "ws" => false,
            "https" | "wss" => true,
            other => return Err(format!("the gateway does not speak {other}")),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (host, port) = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
        };
        let standard = if tls { 443 } else { 80 };
        let port = port.map_or(Ok(standard), str::parse).map_err(|_| "its address has no valid port")?;
        if host.is_empty() || authority.contains('@') {
            return Err("its address has no valid host".to_owned());
        }
        // A network that cannot be read must not become "any network".
        let networks = allowed.iter().map(|network| Network::parse(network)).collect::<Result<_, _>>()?;
        let authority = HeaderValue::from_str(authority).map_err(|_| "its address has no valid host")?;
        Ok(Self { tls, host: host.into(), port, authority, networks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (address, expect) in [
            ("http://127.0.0.1:8080", Some((false, "127.0.0.1", 8080, "127.0.0.1:8080"))),
            ("https://orders", Some((true, "orders", 443, "orders"))),
            ("ws://orders/", Some((false, "orders", 80, "orders"))),
            ("wss://[::1]:9443", Some((true, "::1", 9443, "[::1]:9443"))),
            ("tcp://orders:1", None),
            ("http://a@b", None),
            ("http://a:x", None),
            ("http://", None),
            ("orders", None),
        ] {
            let target = Target::new(address, &[]);
            let place = target.place.as_ref().ok();
            let found = place.map(|place| (place.tls, &*place.host, place.port, place.authority.to_str().unwrap()));
            assert_eq!(found, expect, "{address}");
        }
        assert!(Target::new("http://a", &["10.0.0.0/99".to_owned()]).place.is_err());
    }
}
