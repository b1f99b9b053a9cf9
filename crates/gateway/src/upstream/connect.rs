//! Opening a connection to an endpoint, to no address that the rules refuse: they are asked about every address that a
//! name resolves to, at each connection, since names may be made to resolve to something else later.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::ConfigVerifierExt as _;
use tieline_core::address::{self, AddressRules};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::link::{Link, Stream};
use super::target::{Place, Target};
use crate::settings::Settings;
use crate::table::Installation;

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The rules refuse the address.
    Refused(String),
    /// Nothing answers there, or not with TLS.
    Unreachable(String),
    /// It took too long.
    Slow,
}

/// What opens connections.
pub(crate) struct Connector {
    patience: Duration,
    own: Vec<SocketAddr>,
    tls: OnceLock<Result<TlsConnector, String>>,
}

impl Connector {
    /// Certificates are verified as the settings say, else as the system does.
    pub(crate) fn new(settings: &Settings) -> Self {
        let connector = Self { patience: settings.connect, own: settings.own.clone(), tls: OnceLock::new() };
        if let Some(tls) = &settings.tls {
            connector.tls.get_or_init(|| Ok(TlsConnector::from(Arc::clone(tls))));
        }
        connector
    }

    pub(crate) async fn open(&self, target: &Target, installation: &Installation) -> Result<Link, Fault> {
        let place = target.place.as_ref().map_err(|reason| Fault::Refused(reason.clone()))?;
        let own = [&installation.entry.own[..], &self.own].concat();
        let rules = AddressRules { allowed: &place.networks, loopback: installation.entry.loopback, own: &own };
        address::check(target.address(), &rules).map_err(Fault::Refused)?;
        let opening = async {
            let stream = self.secured(place, reach(place, &rules).await?).await?;
            Link::open(stream, installation.version).await.map_err(|error| Fault::Unreachable(error.to_string()))
        };
        timeout(self.patience, opening).await.unwrap_or(Err(Fault::Slow))
    }

    async fn secured(&self, place: &Place, stream: TcpStream) -> Result<Box<dyn Stream>, Fault> {
        if !place.tls {
            return Ok(Box::new(stream));
        }
        let failed = |reason: &dyn std::fmt::Display| Fault::Unreachable(format!("TLS: {reason}"));
        let name = ServerName::try_from(place.host.to_string()).map_err(|error| failed(&error))?;
        let tls = self.tls.get_or_init(system).as_ref().map_err(|error| failed(error))?;
        let stream = tls.connect(name, stream).await.map_err(|error| failed(&error))?;
        Ok(Box::new(stream))
    }
}

/// As the system verifies certificates.
fn system() -> Result<TlsConnector, String> {
    let config = ClientConfig::with_platform_verifier().map_err(|error| error.to_string())?;
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Whether an address is one of this machine, at the port of a listener that takes connections to all of them. Who can be
/// bound to is of this machine, whatever its interfaces are called.
fn leads_back(address: SocketAddr, own: &[SocketAddr]) -> bool {
    own.iter().any(|own| own.ip().is_unspecified() && own.port() == address.port())
        && UdpSocket::bind((address.ip().to_canonical(), 0)).is_ok()
}

async fn reach(place: &Place, rules: &AddressRules<'_>) -> Result<TcpStream, Fault> {
    let unreachable = |error: io::Error| Fault::Unreachable(error.to_string());
    let addresses: Vec<SocketAddr> = match place.host.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, place.port)],
        Err(_) => lookup_host((&*place.host, place.port)).await.map_err(unreachable)?.collect(),
    };
    let mut fault = Fault::Unreachable(format!("{} has no address", place.host));
    for address in addresses {
        if let Err(reason) = address::check(&format!("http://{address}"), rules) {
            fault = Fault::Refused(reason);
            continue;
        }
        if leads_back(address, rules.own) {
            fault = Fault::Refused(format!("{address} is an address of Tieline itself"));
            continue;
        }
        match TcpStream::connect(address).await {
            Ok(stream) => {
                stream.set_nodelay(true).map_err(unreachable)?;
                return Ok(stream);
            }
            Err(error) => fault = Fault::Unreachable(format!("{address}: {error}")),
        }
    }
    Err(fault)
}
