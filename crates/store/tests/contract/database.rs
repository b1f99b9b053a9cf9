//! The databases of one test: a SQLite file and, where `TIELINE_TEST_POSTGRES` names a server, a database on it.

use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tieline_core::id::{OrganizationId, ProjectId};
use tieline_store::organization::Organization;
use tieline_store::tenancy::Project;
use tieline_store::{Location, Store};
use tokio::task::JoinSet;
use uuid::Uuid;

/// One database, gone with the test.
pub(crate) struct Database {
    /// The store over it.
    pub(crate) store: Store,
    /// Its address for sqlx.
    pub(crate) url: String,
    /// Whether it is PostgreSQL.
    pub(crate) postgres: bool,
    server: Option<(String, String)>,
    _folder: tempfile::TempDir,
}

impl Database {
    /// Every database at hand. With `TIELINE_REQUIRE_SERVICES=1` a missing PostgreSQL fails the test.
    pub(crate) async fn all() -> Vec<Self> {
        let mut all = vec![Self::sqlite().await];
        match std::env::var("TIELINE_TEST_POSTGRES") {
            Ok(server) => all.push(Self::postgres(server).await),
            Err(_) => {
                let required = std::env::var("TIELINE_REQUIRE_SERVICES").is_ok_and(|value| value == "1");
                assert!(!required, "TIELINE_REQUIRE_SERVICES=1, and TIELINE_TEST_POSTGRES names no server");
            }
        }
        all
    }

    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("tieline.db");
        let url = format!("sqlite:{}", path.display());
        let store = Store::open(&Location::Sqlite(path)).await.expect("SQLite");
        Self { store, url, postgres: false, server: None, _folder: folder }
    }

    async fn postgres(server: String) -> Self {
        let (name, url) = Self::empty(&server).await;
        let store = Store::open(&Location::Postgres(url.clone())).await.expect("PostgreSQL");
        let folder = tempfile::tempdir().expect("a folder");
        Self { store, url, postgres: true, server: Some((server, name)), _folder: folder }
    }

    /// A database on a server without any table: its name and address.
    async fn empty(server: &str) -> (String, String) {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("tieline_store_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        run(server, format!("CREATE DATABASE {name}")).await;
        let (base, query) = server.split_once('?').unwrap_or((server, ""));
        let base = base.rsplit_once('/').map_or(base, |(base, _)| base);
        let url = format!("{base}/{name}{}{query}", if query.is_empty() { "" } else { "?" });
        (name, url)
    }

    /// Removes what was made on a server.
    pub(crate) async fn drop(self) {
        self.store.close().await;
        if let Some((server, name)) = &self.server {
            run(server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_servers_may_be_the_first() {
    let Ok(server) = std::env::var("TIELINE_TEST_POSTGRES") else { return };
    let (name, url) = Database::empty(&server).await;
    let open = |_| {
        let url = url.clone();
        async move { Store::open(&Location::Postgres(url)).await }
    };
    for store in (0..5).map(open).collect::<JoinSet<_>>().join_all().await {
        store.expect("none fails for having met another").close().await;
    }
    run(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

async fn run(server: &str, sql: String) {
    let mut connection = PgConnection::connect(server).await.expect("PostgreSQL");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("the statement");
}

#[tokio::test]
async fn what_is_remembered_is_read_once() {
    for database in Database::all().await {
        let organization = OrganizationId(Uuid::from_u128(1));
        let project = |handle: &str, id: u128| Project {
            id: ProjectId(Uuid::from_u128(id)),
            organization_id: organization,
            handle: handle.to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        let mut transaction = database.store.write().await.expect("a write");
        let made = Organization {
            id: organization,
            handle: "acme".to_owned(),
            variable_prefix: "CHOREO".to_owned(),
            token_lifetime: 900,
            revision: 1,
            created_at: Timestamp::UNIX_EPOCH,
        };
        transaction.organization_insert(&made).await.expect("an organization");
        let mut found = Vec::new();
        for (handle, id, remembers) in [("one", 1, false), ("two", 2, false), ("three", 3, true), ("four", 4, true)] {
            if remembers {
                transaction.remember();
            }
            transaction.project_insert(&project(handle, id)).await.expect("a project");
            found.push(transaction.projects(organization).await.expect("projects").len());
        }
        assert_eq!(found, [1, 2, 3, 3], "{}", database.url);
        drop(transaction);
        database.drop().await;
    }
}
