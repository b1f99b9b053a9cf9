//! The two databases behind one door: the only module, beside `search`, that knows which one is open.
//!
//! Every query is one text that both databases understand, with `$1` parameters. SQLite writes begin IMMEDIATE through
//! one writer connection and reads use a pool that is opened read-only; on PostgreSQL both come from one pool.

use std::collections::HashMap;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool};

use crate::record::AuditEntry;
use crate::row::{Row, Value};
use crate::{Error, Result};

/// Where the data lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file, made when missing.
    Sqlite(PathBuf),
    /// A PostgreSQL database, as `postgres://user@host/database`.
    Postgres(String),
}

impl Location {
    /// Reads `sqlite:PATH` or `postgres://…`.
    ///
    /// # Errors
    /// [`Error::Location`] for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if !path.is_empty() {
                return Ok(Self::Sqlite(PathBuf::from(path)));
            }
        } else if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        // The text may hold a password: it is not repeated.
        Err(Error::Location)
    }
}

/// An open database.
#[derive(Debug, Clone)]
pub struct Store {
    pools: Pools,
}

#[derive(Debug, Clone)]
enum Pools {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres(PgPool),
}

/// Which database is open; only [`crate::search`] may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// One transaction. Dropping it without [`Transaction::commit`] rolls it back.
pub struct Transaction {
    inner: Inner,
    remembered: Option<HashMap<Question, Vec<Row>>>,
    /// The last audit entry that it wrote: the next of that chain follows it.
    pub(crate) audited: Option<AuditEntry>,
}

/// A text with its values.
type Question = (&'static str, Vec<Value>);

/// Tables whose rows are the same throughout a transaction that remembers what it read.
const REMEMBERED: [&str; 15] = [
    "environment",
    "project",
    "component",
    "service",
    "service_entry",
    "connection",
    "release",
    "oauth_client",
    "identity_provider",
    "client_registration",
    "client_secret",
    "api_key",
    "deployed_endpoint",
    "subscription",
    "subscription_decision",
];

enum Inner {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

/// A query of one database with its values bound; a macro, because sqlx's types differ per database.
macro_rules! bind {
    ($database:ty, $sql:expr, $values:expr) => {{
        let mut query = sqlx::query::<$database>($sql);
        for value in $values {
            query = match value {
                Value::Text(text) => query.bind(text.as_str()),
                Value::Integer(number) => query.bind(*number),
                Value::Boolean(truth) => query.bind(*truth),
                Value::Bytes(bytes) => query.bind(bytes.as_slice()),
                Value::Null => query.bind(None::<String>),
            };
        }
        query
    }};
}

impl Store {
    /// Opens the database, makes it when it is a SQLite file that is missing, and brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be reached, or was made by a later version of Tieline.
    pub async fn open(location: &Location) -> Result<Self> {
        let pools = match location {
            Location::Sqlite(path) => open_sqlite(path).await?,
            Location::Postgres(url) => open_postgres(url).await?,
        };
        let store = Self { pools };
        crate::migration::run(&store).await?;
        Ok(store)
    }

    /// Begins a transaction that reads one consistent state.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn read(&self) -> Result<Transaction> {
        let inner = match &self.pools {
            Pools::Sqlite { readers, .. } => Inner::Sqlite(readers.begin().await?),
            Pools::Postgres(pool) => {
                Inner::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        };
        Ok(Transaction { inner, remembered: None, audited: None })
    }

    /// Begins a transaction that writes.
    ///
    /// # Errors
    /// When the database cannot be reached or the writer stays busy.
    pub async fn write(&self) -> Result<Transaction> {
        let inner = match &self.pools {
            Pools::Sqlite { writer, .. } => Inner::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Postgres(pool) => {
                // Said in full: a connection whose `BEGIN` nobody waited for any more comes back with that transaction
                // open, be it one that only reads, and takes over what stands here.
                Inner::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE").await?)
            }
        };
        Ok(Transaction { inner, remembered: None, audited: None })
    }

    /// Whether other servers may write to the same database.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.pools, Pools::Postgres(_))
    }

    /// Closes every connection, after those in use have finished.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

impl Transaction {
    /// Makes everything done in it durable.
    ///
    /// # Errors
    /// When the database refuses; nothing is changed then.
    pub async fn commit(self) -> Result<()> {
        match self.inner {
            Inner::Sqlite(transaction) => transaction.commit().await?,
            Inner::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }

    pub(crate) fn backend(&self) -> Backend {
        match self.inner {
            Inner::Sqlite(_) => Backend::Sqlite,
            Inner::Postgres(_) => Backend::Postgres,
        }
    }

    /// From here on what was read of the catalogue is not read again: for a transaction that looks at the same things many
    /// times and changes none of them.
    pub fn remember(&mut self) {
        self.remembered.get_or_insert_default();
    }

    /// All rows of a query.
    pub(crate) async fn rows(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>> {
        let Some(remembered) = &mut self.remembered else { return self.fetch(sql, values).await };
        // Of the statements of SQL that are used, only one that reads begins so.
        let read = sql.split_once(" FROM ").filter(|_| sql.starts_with('S'));
        let table = read.and_then(|(_, rest)| rest.split(' ').next());
        let lasting = table.is_some_and(|table| REMEMBERED.contains(&table));
        let question = (sql, values.to_vec());
        // What is foreseen of other tables may be changed by whoever asked for it: it is answered once.
        let known = if lasting { remembered.get(&question).cloned() } else { remembered.remove(&question) };
        if let Some(rows) = known {
            return Ok(rows);
        }
        let rows = self.fetch(sql, values).await?;
        if lasting && let Some(remembered) = &mut self.remembered {
            remembered.insert(question, rows.clone());
        }
        Ok(rows)
    }

    /// Asks at once what will be asked one by one: the rows of `sql` become the answers to `question`, whose one value
    /// stands in the column `key`. Nothing for a transaction that does not remember.
    pub(crate) async fn foresee(
        &mut self,
        sql: &'static str,
        values: &[Value],
        question: &'static str,
        key: &str,
    ) -> Result<()> {
        if self.remembered.is_none() {
            return Ok(());
        }
        let mut answers: HashMap<Question, Vec<Row>> = HashMap::new();
        for row in self.fetch(sql, values).await? {
            answers.entry((question, vec![Value::Text(row.text(key)?)])).or_default().push(row);
        }
        self.remembered.get_or_insert_default().extend(answers);
        Ok(())
    }

    async fn fetch(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>> {
        match &mut self.inner {
            Inner::Sqlite(transaction) => {
                let query = bind!(Sqlite, sql, values);
                let rows = query.fetch_all(&mut **transaction).await.map_err(|error| Error::query(sql, error))?;
                rows.iter().map(Row::from_sqlite).collect()
            }
            Inner::Postgres(transaction) => {
                let query = bind!(Postgres, sql, values);
                let rows = query.fetch_all(&mut **transaction).await.map_err(|error| Error::query(sql, error))?;
                rows.iter().map(Row::from_postgres).collect()
            }
        }
    }

    /// The first row of a query, if there is one.
    pub(crate) async fn row(&mut self, sql: &'static str, values: &[Value]) -> Result<Option<Row>> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// Runs a statement; returns the number of rows that it touched.
    pub(crate) async fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64> {
        match &mut self.inner {
            Inner::Sqlite(transaction) => {
                let query = bind!(Sqlite, sql, values);
                let done = query.execute(&mut **transaction).await.map_err(|error| Error::query(sql, error))?;
                Ok(done.rows_affected())
            }
            Inner::Postgres(transaction) => {
                let query = bind!(Postgres, sql, values);
                let done = query.execute(&mut **transaction).await.map_err(|error| Error::query(sql, error))?;
                Ok(done.rows_affected())
            }
        }
    }

    /// Runs a script of several statements without parameters.
    pub(crate) async fn script(&mut self, sql: &'static str) -> Result<()> {
        match &mut self.inner {
            Inner::Sqlite(transaction) => {
                sqlx::raw_sql(sql).execute(&mut **transaction).await.map_err(|error| Error::query(sql, error))?;
            }
            Inner::Postgres(transaction) => {
                sqlx::raw_sql(sql).execute(&mut **transaction).await.map_err(|error| Error::query(sql, error))?;
            }
        }
        Ok(())
    }
}

async fn open_sqlite(path: &Path) -> Result<Pools> {
    // Only its owner reads the database; SQLite gives its journal files the same mode.
    let file = std::fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    file.map_err(sqlx::Error::Io)?;
    // WAL lets readers go on while one writes; FULL makes every commit survive a power cut.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10))
        .pragma("cache_size", "-8000");
    let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(4)
        .connect_with(options.create_if_missing(false).read_only(true))
        .await?;
    Ok(Pools::Sqlite { writer, readers })
}

async fn open_postgres(url: &str) -> Result<Pools> {
    let options = PgConnectOptions::from_str(url).map_err(|_| Error::Location)?.application_name("tieline");
    let pool =
        PgPoolOptions::new().max_connections(16).acquire_timeout(Duration::from_secs(10)).connect_with(options).await?;
    Ok(Pools::Postgres(pool))
}
