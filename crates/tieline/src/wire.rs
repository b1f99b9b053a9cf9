//! The one place that constructs the world: database, keys, use cases, listeners and tasks, in the order in which they
//! need each other.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tieline_control::{Control, FirstStart, Settings, StartError};
use tieline_core::code;
use tieline_gateway::{Gateway, Side, Table};
use tieline_store::{Location, Store};
use tieline_vault::system::{SystemClock, SystemRandomness};
use tieline_web::App;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

use crate::context::ServerFile;
use crate::failure::Failure;
use crate::gateway::embedded::Feeder;
use crate::gateway::listen;
use crate::server::{self, ServerSettings, TlsFiles, TlsListener};

/// How long requests under way may take to finish when the server stops.
const DRAIN: Duration = Duration::from_secs(10);

/// How often reconcilers run: a change that another server commits, or a request that was broken off after its commit, is
/// seen after this at the latest.
const UPKEEP: Duration = Duration::from_millis(100);

/// How often keys that sign tokens are looked at, and what clients failed to prove is recorded.
const TOKENS: Duration = Duration::from_secs(60);
/// How often former keys are looked at: whether anybody still holds them, and whether their time is over.
const ROTATIONS: Duration = Duration::from_secs(1);
/// How often somebody looks for what is still to be planned again without being told: what another server left when it was
/// killed, and what could not be planned some time ago.
const REPLAN: Duration = Duration::from_secs(5);

/// How often what nothing needs any more is forgotten.
const PURGE: Duration = Duration::from_secs(60 * 60);

/// A running server.
pub(crate) struct Server {
    file: ServerFile,
    data: PathBuf,
    store: Store,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    requests: TaskTracker,
}

/// Chooses the process's TLS cryptography, of servers and of clients; the second call finds it chosen.
pub(crate) fn install_crypto() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

impl Server {
    /// Starts a server; when this returns, it answers.
    pub(crate) async fn start(settings: &ServerSettings) -> Result<Self, Failure> {
        server::make_folder(&settings.data)?;
        let randomness = Arc::new(SystemRandomness);
        let store = open_store(&settings.database).await?;
        let first = FirstStart::ask(&store).await.map_err(StartError::from)?;
        let keyring = server::read_keyring(settings, first.needed_key.as_deref(), &*randomness)?;

        let api = bind(settings.listen, "--listen").await?;
        let internal = bind(settings.gateway_internal, "--gateway-internal").await?;
        let external = bind(settings.gateway_external, "--gateway-external").await?;
        let scheme = if settings.tls.is_some() { "https" } else { "http" };
        let bound = |listener: &Bound| format!("{scheme}://{}", listener.address);
        let control_settings = Settings {
            public_url: settings.public_url.clone().unwrap_or_else(|| bound(&api)),
            gateway_internal_url: settings.gateway_internal_url.clone().unwrap_or_else(|| bound(&internal)),
            gateway_external_url: settings.gateway_external_url.clone().unwrap_or_else(|| bound(&external)),
            allow_loopback: settings.allow_loopback,
            listeners: vec![api.address, internal.address, external.address],
            key_file: std::env::var_os(crate::environment_variables::MASTER_KEY)
                .is_none()
                .then(|| settings.master_key.clone()),
            signing_algorithm: settings.signing_algorithm,
        };
        let file = ServerFile {
            url: bound(&api),
            gateway_internal: bound(&internal),
            gateway_external: bound(&external),
            pid: std::process::id(),
        };
        let keep =
            |token: &tieline_core::secret::Secret| server::keep_admin_token(&settings.data, token, &SystemRandomness);
        let control =
            Control::open::<Failure>(store.clone(), keyring, Arc::new(SystemClock), randomness, control_settings, keep)
                .await?;
        control.finish_rotation().await.map_err(StartError::from)?;
        control.signing_key_begin().await.map_err(StartError::from)?;
        let status = control.addresses_reconcile().await.map_err(StartError::from)?;
        if status.failed > 0 {
            let (done, failed) = (status.done, status.failed);
            tracing::error!(done, failed, "not every snapshot has this server's addresses yet");
        }

        control.table_reconcile().await.map_err(StartError::from)?;
        control.table_begin().await.map_err(StartError::from)?;

        let (stop, stopping) = watch::channel(false);
        let control = Arc::new(control);
        let table = Arc::new(Table::new(&SystemRandomness));
        let gateway = Arc::new(gateway_over(&table, settings));
        let feeder = Feeder::begin(Arc::clone(&control), table).await.map_err(StartError::from)?;
        let figures = Arc::clone(&gateway);
        let requests = TaskTracker::new();
        let app = App {
            control: Arc::clone(&control),
            stopping: stopping.clone(),
            requests: requests.clone(),
            forwarded: settings.behind_proxy,
            more_metrics: Some(Arc::new(move || figures.metrics())),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(feeder.run(stopping.clone()));
        tasks.spawn(purge(Arc::clone(&control), stopping.clone()));
        tasks.spawn(tokens(Arc::clone(&control), stopping.clone()));
        tasks.spawn(replan(Arc::clone(&control), stopping.clone()));
        tasks.spawn(rotations(Arc::clone(&control), stopping.clone()));
        tasks.spawn(upkeep(control, stopping.clone()));
        let tls = settings.tls.as_ref();
        serve(&mut tasks, api.listener, tls, tieline_web::router(app), &stopping)?;
        listen::serve(&mut tasks, &gateway, (internal.listener, Side::Internal), tls, &stopping)?;
        listen::serve(&mut tasks, &gateway, (external.listener, Side::External), tls, &stopping)?;
        server::write_server_file(&settings.data, &file)?;
        Ok(Self { file, data: settings.data.clone(), store, stop, tasks, requests })
    }

    /// The API's address.
    pub(crate) fn url(&self) -> &str {
        &self.file.url
    }

    /// The internal gateway's address.
    pub(crate) fn gateway_internal(&self) -> &str {
        &self.file.gateway_internal
    }

    /// The external gateway's address.
    pub(crate) fn gateway_external(&self) -> &str {
        &self.file.gateway_external
    }

    /// Lets the requests under way finish, and ends.
    pub(crate) async fn stop(mut self) {
        // Nobody may find a server that is going away; a file that is gone already is as good.
        let _ = std::fs::remove_file(self.data.join("server.json"));
        self.stop.send_replace(true);
        let drained = async {
            while self.tasks.join_next().await.is_some() {}
            self.requests.close();
            self.requests.wait().await;
        };
        if tokio::time::timeout(DRAIN, drained).await.is_err() {
            tracing::warn!("requests were still under way after {DRAIN:?}");
            self.tasks.shutdown().await;
        }
        self.store.close().await;
    }
}

/// Opens a database.
pub(crate) async fn open_store(location: &Location) -> Result<Store, Failure> {
    Store::open(location).await.map_err(|error| {
        let hint = "see that the database runs and that --database names it";
        Failure::no(code!("database_unusable"), format!("the database cannot be opened: {error}"), hint)
    })
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::WrongKey { .. } => {
                Self::no(code!("master_key_wrong"), error.to_string(), "name the database's own key with --master-key")
            }
            StartError::Control(error) => error.into(),
        }
    }
}

/// For the commands that open a database themselves.
impl From<tieline_control::Error> for Failure {
    fn from(error: tieline_control::Error) -> Self {
        match error {
            tieline_control::Error::Refused(refusal) => Self::no(refusal.code, refusal.message, refusal.hint),
            error => Self::no(
                code!("start_failed"),
                format!("the database cannot be used: {error}"),
                "see that the database runs and belongs to this version of Tieline",
            ),
        }
    }
}

/// Runs the reconcilers on a timer until the server stops, and once more then.
async fn upkeep(control: Arc<Control>, mut stopping: watch::Receiver<bool>) {
    loop {
        let stop = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => true,
            () = tokio::time::sleep(UPKEEP) => false,
        };
        if let Err(error) = control.instances_record().await {
            tracing::warn!(%error, "instance reports wait");
        }
        if stop {
            return;
        }
        if let Err(error) = control.feed_follow().await {
            tracing::warn!(%error, "the change feed cannot be followed");
        }
    }
}

/// Keeps the keys that sign tokens young, and records what clients failed to prove, the last of it when the server stops.
async fn tokens(control: Arc<Control>, mut stopping: watch::Receiver<bool>) {
    loop {
        let stop = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => true,
            () = tokio::time::sleep(TOKENS) => false,
        };
        if let Err(error) = control.client_failures_record(stop).await {
            tracing::error!(%error, "clients that did not prove themselves are not recorded");
        }
        if stop {
            return;
        }
        if let Err(error) = control.signing_key_reconcile().await {
            tracing::warn!(%error, "the keys that sign tokens stay as they are");
        }
    }
}

/// Plans again what changes left to be planned: at the start, after every change, and from time to time.
async fn replan(control: Arc<Control>, mut stopping: watch::Receiver<bool>) {
    let mut changes = control.changes();
    loop {
        changes.mark_unchanged();
        let done = tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            done = control.replans_reconcile() => done,
        };
        if let Err(error) = done {
            tracing::warn!(%error, "deployments wait to be planned again");
        }
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            _ = changes.changed() => {}
            () = tokio::time::sleep(REPLAN) => {}
        }
    }
}

/// Revokes former keys that nobody holds any more, or whose time is over.
async fn rotations(control: Arc<Control>, mut stopping: watch::Receiver<bool>) {
    loop {
        if let Err(error) = control.rotations_reconcile().await {
            tracing::warn!(%error, "former keys wait to be revoked");
        }
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(ROTATIONS) => {}
        }
    }
}

/// Forgets what nothing needs any more, from time to time.
async fn purge(control: Arc<Control>, mut stopping: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(PURGE) => {}
        }
        match control.purge().await {
            Ok(purged) => {
                let tieline_control::Purged { changes, answers, revocations, secrets } = purged;
                tracing::debug!(changes, answers, revocations, secrets, "forgot what nothing needs");
            }
            Err(error) => tracing::warn!(%error, "what nothing needs stays for another hour"),
        }
    }
}

/// A listener, and where it listens.
pub(crate) struct Bound {
    pub(crate) listener: TcpListener,
    pub(crate) address: SocketAddr,
}

/// Listens.
pub(crate) async fn bind(address: SocketAddr, flag: &str) -> Result<Bound, Failure> {
    let failed = |error: std::io::Error| {
        let hint = format!("stop what listens there, or give {flag} another address (port 0 takes a free one)");
        Failure::no(code!("address_in_use"), format!("{address} cannot be listened on: {error}"), hint)
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok(Bound { listener, address })
}

fn serve(
    tasks: &mut JoinSet<()>,
    listener: TcpListener,
    tls: Option<&TlsFiles>,
    router: Router,
    stopping: &watch::Receiver<bool>,
) -> Result<(), Failure> {
    let stopping = stopping.clone();
    match tls {
        Some(files) => tasks.spawn(server::serve(TlsListener::new(listener, files)?, router, stopping)),
        None => tasks.spawn(server::serve(listener, router, stopping)),
    };
    Ok(())
}

/// The gateway of this process.
fn gateway_over(table: &Arc<Table>, settings: &ServerSettings) -> Gateway {
    let log = settings.access_log.then(|| Box::new(std::io::stdout()) as Box<dyn std::io::Write + Send>);
    let limits = tieline_gateway::Settings { behind_proxy: settings.behind_proxy, ..Default::default() };
    Gateway::new(limits, Arc::clone(table), Arc::new(SystemClock), log)
}
