//! A whole installation for one test: its own database, a fixed clock, an organization with one project.
//!
//! [`World::all`] gives one on SQLite and, where `TIELINE_TEST_POSTGRES` names a server, one on PostgreSQL in a
//! database of its own, which is dropped with the world.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tieline_control::{Actor, Control, Error, Refusal, Settings, SignInProvider, SnapshotQuery, StartError};
use tieline_core::clock::{Clock, FixedClock};
use tieline_core::id::{OrganizationId, TokenId};
use tieline_core::model::{ComponentType, Role, SigningAlgorithm};
use tieline_core::randomness::{Randomness, uuid_v4, uuid_v7};
use tieline_core::secret::{Digest, Secret};
use tieline_core::wire::tenancy::{ComponentCreate, OrganizationCreate, ProjectCreate};
use tieline_store::token::Token;
use tieline_store::{Location, Store};
use tieline_vault::keyring::Keyring;
use tieline_vault::system::SystemRandomness;

use crate::identity_provider::fake::FakeProvider;

/// The organization that every world has.
pub(crate) const ACME: &str = "acme";
/// The project that every world has.
pub(crate) const SHOP: &str = "shop";

/// One installation.
pub(crate) struct World {
    /// Its use cases.
    pub(crate) control: Control,
    /// Its rows, for what no use case makes yet.
    pub(crate) store: Store,
    /// The administrator of the installation and of [`ACME`].
    pub(crate) admin: Actor,
    token: Secret,
    /// Which database it runs on, for messages.
    pub(crate) database: &'static str,
    /// The identity provider that there is beside it.
    pub(crate) provider: Arc<FakeProvider>,
    clock: Arc<FixedClock>,
    randomness: Arc<SystemRandomness>,
    key: Secret,
    _folder: Option<tempfile::TempDir>,
    _database: Option<Database>,
}

impl World {
    /// A world on every database at hand.
    pub(crate) async fn all() -> Vec<World> {
        let mut worlds = vec![Self::sqlite().await];
        match std::env::var("TIELINE_TEST_POSTGRES") {
            Ok(server) => worlds.push(Self::postgres(&server).await),
            Err(_) if std::env::var("TIELINE_REQUIRE_SERVICES").as_deref() == Ok("1") => {
                panic!("TIELINE_REQUIRE_SERVICES=1, and TIELINE_TEST_POSTGRES names no server")
            }
            Err(_) => {}
        }
        worlds
    }

    /// A world on SQLite.
    pub(crate) async fn sqlite() -> World {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("tieline.db"));
        Self::open("SQLite", &location, Some(folder), None).await
    }

    async fn postgres(server: &str) -> World {
        let database = Database::create(server).await;
        let location = Location::Postgres(database.url());
        Self::open("PostgreSQL", &location, None, Some(database)).await
    }

    async fn open(
        database: &'static str,
        location: &Location,
        folder: Option<tempfile::TempDir>,
        made: Option<Database>,
    ) -> World {
        let store = Store::open(location).await.unwrap();
        let clock = Arc::new(FixedClock::at("2026-01-01T00:00:00Z".parse().unwrap()));
        let randomness = Arc::new(SystemRandomness);
        let mut token = None;
        let keep = |secret: &Secret| {
            token = Some(secret.clone());
            Ok::<(), Failed>(())
        };
        let keyring = Keyring::generate(&*randomness);
        let (key, settings) = (keyring.text(), settings("http://127.0.0.1:7071"));
        let provider = Arc::new(FakeProvider::default());
        let (time, random) = (clock.clone(), randomness.clone());
        let opened = Control::open(store.clone(), keyring, time, random, provider.clone(), settings, keep).await;
        let control = opened.unwrap_or_else(|Failed(error)| panic!("{error}"));
        control.signing_key_begin().await.unwrap();
        let token = token.unwrap();
        let maker = control.authenticate(&token).await.unwrap();
        control.organization_create(&maker, OrganizationCreate { handle: ACME.to_owned() }).await.unwrap();
        let admin = control.authenticate(&token).await.unwrap();
        control.project_create(&admin, ACME, ProjectCreate { handle: SHOP.to_owned() }).await.unwrap();
        World {
            control,
            store,
            admin,
            token,
            database,
            provider,
            clock,
            randomness,
            key,
            _folder: folder,
            _database: made,
        }
    }

    /// Another server on the same database, with its internal gateway at this address.
    pub(crate) async fn another_server(&self, gateway_internal_url: &str) -> Control {
        self.server(settings(gateway_internal_url)).await
    }

    /// Another server on the same database, by whose provider people sign in.
    pub(crate) async fn server_with_sign_in(&self, provider: SignInProvider) -> Control {
        let settings = settings("http://127.0.0.1:7071");
        self.server(Settings { sign_in_provider: Some(provider), ..settings }).await
    }

    async fn server(&self, settings: Settings) -> Control {
        let keyring = Keyring::parse(self.key.expose()).unwrap();
        let (clock, randomness) = (self.clock.clone(), self.randomness.clone());
        let provider = self.provider.clone();
        let keep = |_: &Secret| Ok::<(), Failed>(());
        let opened = Control::open(self.store.clone(), keyring, clock, randomness, provider, settings, keep);
        opened.await.unwrap_or_else(|Failed(error)| panic!("{error}"))
    }

    /// Somebody with a role in [`ACME`], limited to a project if one is given.
    pub(crate) async fn actor(&self, role: Role, project: Option<&str>) -> Actor {
        self.actor_in(ACME, role, project).await
    }

    async fn actor_in(&self, organization: &str, role: Role, project: Option<&str>) -> Actor {
        let mut transaction = self.store.write().await.unwrap();
        let organization = transaction.organization_by_handle(organization).await.unwrap().unwrap().id;
        let project = match project {
            Some(handle) => Some(transaction.project_by_handle(organization, handle).await.unwrap().unwrap().id),
            None => None,
        };
        let id = TokenId(self.id());
        let secret = Secret::new(format!("token {id}"));
        let token = Token {
            id,
            name: role.to_string(),
            digest: Digest::of(secret.expose()).as_bytes().to_vec(),
            role,
            organization_id: Some(organization),
            project_id: project,
            component_id: None,
            environment_id: None,
            created_at: self.clock.now(),
            expires_at: None,
            revoked_at: None,
        };
        transaction.token_insert(&token).await.unwrap();
        transaction.commit().await.unwrap();
        self.control.authenticate(&secret).await.unwrap()
    }

    /// The administrator with the organizations that were made meanwhile.
    pub(crate) async fn admin_again(&self) -> Actor {
        self.control.authenticate(&self.token).await.unwrap()
    }

    /// The administrator of another organization, who has no right in [`ACME`].
    pub(crate) async fn stranger(&self, organization: &str) -> Actor {
        let request = OrganizationCreate { handle: organization.to_owned() };
        self.control.organization_create(&self.admin, request).await.unwrap();
        self.actor_in(organization, Role::OrganizationAdmin, None).await
    }

    /// Makes a component in [`SHOP`].
    pub(crate) async fn component(&self, handle: &str, component_type: ComponentType) {
        let request = ComponentCreate { handle: handle.to_owned(), component_type };
        self.control.component_create(&self.admin, ACME, SHOP, request).await.unwrap();
    }

    /// Connects a component of [`SHOP`] to a service, at component level.
    pub(crate) async fn connect(&self, component: &str, name: &str, reference: &str) {
        let request = serde_json::from_value(json!({
            "name": name, "service": reference, "level": "component", "project": SHOP, "component": component,
        }));
        self.control.connection_create(&self.admin, ACME, request.unwrap()).await.unwrap();
    }

    /// Deploys a component of [`SHOP`] whose descriptor refers to a connection.
    pub(crate) async fn deploy(&self, component: &str, environment: &str, connection: &str, reference: &str) {
        let text = format!(
            "schemaVersion: 1.2\ndependencies:\n  connectionReferences:\n    \
             - name: {connection}\n      resourceRef: {reference}\n"
        );
        let request = serde_json::from_value(json!({
            "environment": environment, "version": "v1.0",
            "source": { "file": ".choreo/component.yaml", "text": text },
        }));
        self.control.deploy(&self.admin, ACME, SHOP, component, request.unwrap()).await.unwrap();
    }

    /// The variables of a component's live snapshot, in clear.
    pub(crate) async fn variables(&self, component: &str, environment: &str) -> BTreeMap<String, String> {
        let query = SnapshotQuery {
            organization: ACME.to_owned(),
            project: SHOP.to_owned(),
            component: component.to_owned(),
            environment: environment.to_owned(),
            version: None,
        };
        self.control.snapshot_fetch(&self.admin, &query, None).await.unwrap().variables
    }

    /// The id of [`ACME`].
    pub(crate) async fn organization(&self) -> OrganizationId {
        self.store.read().await.unwrap().organization_by_handle(ACME).await.unwrap().unwrap().id
    }

    /// The actions in [`ACME`]'s audit, in order.
    pub(crate) async fn audited(&self) -> Vec<String> {
        let organization = self.organization().await.to_string();
        let entries = self.store.read().await.unwrap().audit_after(&organization, 0, 1000).await.unwrap();
        entries.into_iter().map(|entry| entry.action).collect()
    }

    /// What time it is.
    pub(crate) fn at(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: SignedDuration) {
        self.clock.advance_seconds(time.as_secs());
    }

    fn id(&self) -> uuid::Uuid {
        let randomness: &dyn Randomness = &*self.randomness;
        uuid_v7(&*self.clock, randomness)
    }
}

fn settings(gateway_internal_url: &str) -> Settings {
    Settings {
        public_url: "http://127.0.0.1:7070".to_owned(),
        gateway_internal_url: gateway_internal_url.to_owned(),
        gateway_external_url: "http://127.0.0.1:7072".to_owned(),
        allow_loopback: false,
        listeners: vec!["127.0.0.1:7070".parse().unwrap()],
        key_file: None,
        signing_algorithm: SigningAlgorithm::Es256,
        sign_in_provider: None,
    }
}

/// The refusal of a use case that must not succeed.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

/// What opening a world failed of; `Control::open` takes any error that a failed start can become.
struct Failed(StartError);

impl From<StartError> for Failed {
    fn from(error: StartError) -> Self {
        Self(error)
    }
}

/// A database of one test on a PostgreSQL server, dropped when the test ends, also when it fails.
struct Database {
    server: String,
    name: String,
}

impl Database {
    async fn create(server: &str) -> Self {
        let name = format!("tieline_test_{}", uuid_v4(&SystemRandomness).simple());
        let database = Self { server: server.to_owned(), name };
        database.run(format!("CREATE DATABASE {} TEMPLATE template0", database.name)).await.unwrap();
        database
    }

    fn url(&self) -> String {
        let (address, query) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let (server, _) = address.rsplit_once('/').unwrap();
        format!("{server}/{}?{query}", self.name)
    }

    async fn run(&self, sql: String) -> sqlx::Result<()> {
        let mut connection = PgConnection::connect(&self.server).await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await?;
        Ok(())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let dropping = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            // Forced, because the test's runtime waits here and cannot close its own connections meanwhile.
            runtime.block_on(self.run(format!("DROP DATABASE {} WITH (FORCE)", self.name)))
        };
        // A runtime cannot wait inside another one: the drop has a thread of its own.
        let _ = std::thread::scope(|scope| scope.spawn(dropping).join());
    }
}
