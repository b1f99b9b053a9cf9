//! How a gateway is set up: limits and patience.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;

/// Which of the two gateways a listener serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// For components of the organization.
    Internal,
    /// For everybody with a subscription.
    External,
}

impl Side {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::External => "external",
        }
    }
}

/// Limits and patience; the defaults suit most.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether a proxy stands in front: then what it says about the client is kept and passed on.
    pub behind_proxy: bool,
    /// Whether clients reach the gateway by HTTPS when it cannot see so itself, as behind a proxy that says nothing.
    pub https: bool,
    /// Where this process listens, beside what the table says of Tieline's listeners: never forwarded to.
    pub own: Vec<SocketAddr>,
    /// How certificates of endpoints are verified; none for what the system trusts.
    pub tls: Option<Arc<ClientConfig>>,
    /// Most bytes of a request's body.
    pub most_body: u64,
    /// Most connections of clients; more are closed at once.
    pub most_connections: usize,
    /// Most connections of one client's address, or of one /64 of IPv6. Behind a proxy it does not hold: there all come
    /// from the proxy.
    pub most_connections_of_one: usize,
    /// Most calls under way; more are refused with 503. An organization's services get at most twice as many as are free.
    pub most_calls: usize,
    /// How many verified tokens are remembered.
    pub most_tokens: usize,
    /// How many series the metrics hold; what comes later is counted together.
    pub most_series: usize,
    /// Patience with opening a connection to an endpoint, all addresses of its name together.
    pub connect: Duration,
    /// Patience with an endpoint that got the whole request, until the head of its answer.
    pub head: Duration,
    /// Patience with a body of which nothing comes or goes.
    pub idle: Duration,
    /// Patience with a WebSocket on which nothing happens.
    pub tunnel: Duration,
    /// How long calls may go on when the gateway stops.
    pub drain: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            behind_proxy: false,
            https: false,
            own: Vec::new(),
            tls: None,
            most_body: 100 << 20,
            most_connections: 10_000,
            most_connections_of_one: 2_500,
            most_calls: 10_000,
            most_tokens: 10_000,
            most_series: 10_000,
            connect: Duration::from_secs(5),
            head: Duration::from_secs(60),
            idle: Duration::from_secs(300),
            tunnel: Duration::from_secs(3_600),
            drain: Duration::from_secs(30),
        }
    }
}
