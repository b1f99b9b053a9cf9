//! A gateway with both listeners, a table to change, and a client that speaks bytes.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};
use tieline_core::clock::FixedClock;
use tieline_core::endpoint::EndpointType;
use tieline_core::id::{ApplicationId, ComponentId, ConnectionId, EnvironmentId, ServiceId};
use tieline_core::model::Scheme;
use tieline_core::randomness::FixedRandomness;
use tieline_core::route_table::{
    ApiKeyEntry, Delta, Entry, InstallationEntry, IssuerEntry, RouteEntry, SubscriptionEntry, SubscriptionState,
};
use tieline_core::secret::Digest;
use tieline_gateway::{Gateway, Settings, Side, Table};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::tokens::Signer;

pub(crate) const ISSUER: &str = "https://tieline.example";
pub(crate) const PATH: &str = "/acme/development/shop/orders/v1";
pub(crate) const SERVICE: ServiceId = ServiceId(Uuid::from_u128(1));
pub(crate) const ENVIRONMENT: EnvironmentId = EnvironmentId(Uuid::from_u128(2));
pub(crate) const APPLICATION: ApplicationId = ApplicationId(Uuid::from_u128(3));
pub(crate) const CONNECTION: ConnectionId = ConnectionId(Uuid::from_u128(4));
pub(crate) const COMPONENT: ComponentId = ComponentId(Uuid::from_u128(5));
/// When the clock of a world begins to stand still.
pub(crate) const NOW: i64 = 1_800_000_000;

pub(crate) struct World {
    pub(crate) table: Arc<Table>,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) internal: SocketAddr,
    pub(crate) external: SocketAddr,
    pub(crate) signer: Signer,
    pub(crate) log: Log,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    number: AtomicI64,
}

/// What was written to the access log.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn lines(&self) -> Vec<Value> {
        let bytes = self.0.lock().unwrap().clone();
        bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl World {
    /// A gateway that knows Tieline's own issuer and one subscription of `app`, and may reach loopback.
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let world = Self::empty(settings).await;
        world.put([world.own(), world.issuer(), subscription("app")]);
        world
    }

    /// A gateway that knows nothing.
    pub(crate) async fn empty(settings: Settings) -> Self {
        let table = Arc::new(Table::new(&FixedRandomness::seeded(1)));
        let clock = Arc::new(FixedClock::at(Timestamp::from_second(NOW).unwrap()));
        let log = Log::default();
        let gateway =
            Gateway::new(settings, Arc::clone(&table), Arc::<FixedClock>::clone(&clock), Some(Box::new(log.clone())));
        let (gateway, (stop, stopping)) = (Arc::new(gateway), watch::channel(false));
        let mut tasks = JoinSet::new();
        let mut addresses = Vec::new();
        for side in [Side::Internal, Side::External] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            addresses.push(listener.local_addr().unwrap());
            let (gateway, stopping) = (Arc::clone(&gateway), stopping.clone());
            tasks.spawn(async move { gateway.serve(listener, side, stopping).await });
        }
        Self {
            table,
            gateway,
            clock,
            internal: addresses[0],
            external: addresses[1],
            signer: Signer::es256(),
            log,
            stop,
            tasks,
            number: AtomicI64::new(0),
        }
    }

    /// What holds for the installation: its endpoints may be on loopback, but are not the gateway itself.
    pub(crate) fn own(&self) -> Entry {
        Entry::Installation(InstallationEntry { loopback: true, own: vec![self.internal, self.external] })
    }

    pub(crate) fn put(&self, entries: impl IntoIterator<Item = Entry>) {
        self.change(entries.into_iter().map(|entry| (entry.key(), Some(entry))).collect());
    }

    pub(crate) fn remove(&self, entry: &Entry) {
        self.change(BTreeMap::from([(entry.key(), None)]));
    }

    fn change(&self, changes: BTreeMap<String, Option<Entry>>) {
        let number = self.number.fetch_add(1, Ordering::SeqCst) + 1;
        self.table.apply(Delta { whole: false, number, changes });
    }

    pub(crate) fn issuer(&self) -> Entry {
        Entry::Issuer(IssuerEntry {
            issuer: ISSUER.to_owned(),
            organization: None,
            audience: None,
            keys: vec![self.signer.jwk("k1")],
        })
    }

    /// A token of `app` that says what [`claims`] does.
    pub(crate) fn token(&self) -> String {
        self.signer.token(&claims())
    }

    /// A call on the internal side, with lines of headers and a body.
    pub(crate) async fn call(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Reply {
        call(self.internal, method, path, headers, body).await
    }

    /// A `GET` of the route with a token.
    pub(crate) async fn get(&self, token: &str) -> Reply {
        self.call("GET", PATH, &[&format!("Authorization: Bearer {token}")], "").await
    }

    /// Stops the gateway and waits for its end.
    pub(crate) async fn stop(self) -> Log {
        self.stop.send_replace(true);
        self.tasks.join_all().await;
        drop(self.gateway);
        self.log
    }

    pub(crate) fn begin_stop(&self) {
        self.stop.send_replace(true);
    }
}

pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER,
        "sub": "app",
        "client_id": "app",
        "aud": format!("{ISSUER}/acme/development"),
        "exp": NOW + 900,
        "iat": NOW,
        "jti": "t1",
        "scope": "orders:read orders:write",
        "organization": "acme",
        "environment": "development",
        "secret": "s1",
    })
}

pub(crate) fn route(address: &str) -> RouteEntry {
    RouteEntry {
        path: PATH.to_owned(),
        organization: "acme".to_owned(),
        service: SERVICE,
        reference: "service:/shop/orders/v1/api".to_owned(),
        environment: ENVIRONMENT,
        environment_handle: "development".to_owned(),
        address: address.to_owned(),
        base_path: "/base".to_owned(),
        protocol: EndpointType::REST,
        internal: true,
        external: false,
        schemes: vec![Scheme::OAuth2],
        operations: Vec::new(),
        allowed: Vec::new(),
    }
}

/// A route that asks nobody who they are.
pub(crate) fn open(address: &str) -> Entry {
    Entry::Route(RouteEntry { schemes: vec![Scheme::None], ..route(address) })
}

pub(crate) fn subscription(client: &str) -> Entry {
    subscribed(client, SubscriptionState::Live, "unlimited")
}

pub(crate) fn subscribed(client: &str, state: SubscriptionState, plan: &str) -> Entry {
    Entry::Subscription(SubscriptionEntry {
        client: client.to_owned(),
        service: SERVICE,
        environment: ENVIRONMENT,
        application: APPLICATION,
        consumer: ENVIRONMENT,
        connection: Some(CONNECTION),
        state,
        plan: plan.to_owned(),
    })
}

pub(crate) fn api_key(key: &str) -> ApiKeyEntry {
    ApiKeyEntry {
        digest: Digest::of(key).to_string(),
        connection: CONNECTION,
        application: None,
        consumer: ENVIRONMENT,
        component: Some(COMPONENT),
        service: SERVICE,
        environment: ENVIRONMENT,
        state: SubscriptionState::Live,
        plan: "unlimited".to_owned(),
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The code of a refusal.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// What an echoing endpoint got of a header.
    pub(crate) fn got(&self, name: &str) -> Vec<String> {
        let json = self.json();
        let headers = json["headers"].as_array().unwrap();
        let of = headers.iter().filter(|header| header[0] == name);
        of.map(|header| header[1].as_str().unwrap().to_owned()).collect()
    }
}

pub(crate) async fn call(address: SocketAddr, method: &str, path: &str, headers: &[&str], body: &str) -> Reply {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: gateway.example\r\nConnection: close\r\n");
    for header in headers {
        request += &format!("{header}\r\n");
    }
    if !body.is_empty() {
        request += &format!("Content-Length: {}\r\n", body.len());
    }
    Reply::read(&raw(address, format!("{request}\r\n{body}").as_bytes()).await)
}

/// Sends bytes, and reads until the gateway closes.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The gateway may refuse and close before it read everything.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}
