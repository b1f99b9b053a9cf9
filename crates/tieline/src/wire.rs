//! The one place that constructs the world: database, keys, use cases, listeners and tasks, in the order in which they
//! need each other.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tieline_control::{Control, FirstStart, Settings, StartError};
use tieline_core::code;
use tieline_core::secret::Secret;
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
use crate::server::{self, ServerSettings, TlsFiles, TlsListener, upkeep};

/// How long requests under way may take to finish when the server stops.
const DRAIN: Duration = Duration::from_secs(10);

/// A running server.
pub(crate) struct Server {
    file: ServerFile,
    data: PathBuf,
    store: Store,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    requests: TaskTracker,
    sign_in: Option<String>,
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
            sign_in_provider: settings.sign_in_provider.clone(),
        };
        let file = ServerFile {
            url: bound(&api),
            gateway_internal: bound(&internal),
            gateway_external: bound(&external),
            pid: std::process::id(),
        };
        let mut first_admin = None;
        let keep = |token: &Secret| {
            first_admin = Some(token.clone());
            server::keep_admin_token(&settings.data, token, &SystemRandomness)
        };
        let control = Control::open::<Failure>(
            store.clone(),
            keyring,
            Arc::new(SystemClock),
            randomness,
            Arc::new(server::HttpProviderClient),
            control_settings,
            keep,
        )
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
        upkeep::begin(&mut tasks, &control, &stopping);
        let tls = settings.tls.as_ref();
        serve(&mut tasks, api.listener, tls, tieline_web::router(app), &stopping)?;
        listen::serve(&mut tasks, &gateway, (internal.listener, Side::Internal), tls, &stopping)?;
        listen::serve(&mut tasks, &gateway, (external.listener, Side::External), tls, &stopping)?;
        server::write_server_file(&settings.data, &file)?;
        let sign_in = match first_admin {
            Some(token) if std::io::stderr().is_terminal() => Some(first_sign_in(&control, &token).await?),
            _ => None,
        };
        Ok(Self { file, data: settings.data.clone(), store, stop, tasks, requests, sign_in })
    }

    /// The API's address.
    pub(crate) fn url(&self) -> &str {
        &self.file.url
    }

    /// A one-time sign-in link of the console, when somebody looks at the first start of a database.
    pub(crate) fn sign_in(&self) -> Option<&str> {
        self.sign_in.as_deref()
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

/// A sign-in link for the administrator that the first start made.
async fn first_sign_in(control: &Control, token: &Secret) -> Result<String, Failure> {
    let actor = control.authenticate(token).await?;
    let link = control.login_link_create(&actor).await?;
    Ok(tieline_web::sign_in_address(&control.settings().public_url, &link.secret))
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
