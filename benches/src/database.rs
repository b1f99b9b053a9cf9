//! A database that is filled from outside, faster than any API could. Statements are texts that both databases
//! understand; where the two differ, the caller asks [`Database::bytes`].

use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Result};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection};

/// Where the data of one measurement lives.
pub(crate) enum Database {
    /// A file.
    Sqlite(std::path::PathBuf),
    /// A database of its own, dropped in the end.
    Postgres {
        /// The server's maintenance database.
        server: String,
        /// The database's name.
        name: String,
    },
}

impl Database {
    /// A SQLite file in a folder.
    pub(crate) fn sqlite(folder: &Path) -> Self {
        Self::Sqlite(folder.join("tieline.db"))
    }

    /// A new database on a PostgreSQL server; none when the server does not answer.
    pub(crate) fn postgres(server: &str) -> Result<Option<Self>> {
        let name = format!("tieline_bench_{}", std::process::id());
        let database = Self::Postgres { server: server.to_owned(), name: name.clone() };
        if postgres(server, &["SELECT 1".to_owned()]).is_err() {
            return Ok(None);
        }
        postgres(server, &[format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")])?;
        Ok(Some(database))
    }

    /// What people call it.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres { .. } => "PostgreSQL",
        }
    }

    /// As `--database` wants it.
    pub(crate) fn url(&self) -> Result<String> {
        match self {
            Self::Sqlite(path) => Ok(format!("sqlite:{}", path.display())),
            Self::Postgres { server, name } => {
                let (base, _) = server.rsplit_once('/').context("the address of PostgreSQL names no database")?;
                Ok(format!("{base}/{name}"))
            }
        }
    }

    /// Bytes, given in hexadecimal, as a literal.
    pub(crate) fn bytes(&self, hexadecimal: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("X'{hexadecimal}'"),
            Self::Postgres { .. } => format!("'\\x{hexadecimal}'::bytea"),
        }
    }

    /// The one number that a query answers.
    pub(crate) fn number(&self, sql: &'static str) -> Result<i64> {
        runtime()?.block_on(async {
            Ok(match self {
                Self::Sqlite(path) => {
                    let options = SqliteConnectOptions::new().filename(path).read_only(true);
                    let mut connection = SqliteConnection::connect_with(&options).await?;
                    sqlx::query_scalar(sql).fetch_one(&mut connection).await?
                }
                Self::Postgres { .. } => {
                    let options = PgConnectOptions::from_str(&self.url()?)?;
                    let mut connection = PgConnection::connect_with(&options).await?;
                    sqlx::query_scalar(sql).fetch_one(&mut connection).await?
                }
            })
        })
    }

    /// Runs statements in one transaction, and brings the database's statistics up to date.
    pub(crate) fn fill(&self, statements: Vec<String>) -> Result<()> {
        match self {
            Self::Sqlite(path) => {
                let mut statements = statements;
                statements.insert(0, "BEGIN".to_owned());
                statements.push("COMMIT".to_owned());
                runtime()?.block_on(async {
                    let options = SqliteConnectOptions::new().filename(path).pragma("cache_size", "-500000");
                    let mut connection = SqliteConnection::connect_with(&options).await?;
                    for statement in statements {
                        execute_sqlite(&mut connection, statement).await?;
                    }
                    connection.close().await?;
                    Ok(())
                })
            }
            Self::Postgres { .. } => {
                let mut statements = statements;
                statements.insert(0, "BEGIN".to_owned());
                statements.extend(["COMMIT".to_owned(), "VACUUM ANALYZE".to_owned()]);
                postgres(&self.url()?, &statements)
            }
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Postgres { server, name } = self {
            // A database that stays behind is dropped by the next measurement of the same process id.
            let _ = postgres(server, &[format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")]);
        }
    }
}

async fn execute_sqlite(connection: &mut SqliteConnection, statement: String) -> Result<()> {
    let shown: String = statement.chars().take(200).collect();
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.with_context(|| shown)?;
    Ok(())
}

fn postgres(url: &str, statements: &[String]) -> Result<()> {
    runtime()?.block_on(async {
        let mut connection = PgConnection::connect_with(&PgConnectOptions::from_str(url)?).await?;
        for statement in statements {
            let shown: String = statement.chars().take(200).collect();
            sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&mut connection).await.with_context(|| shown)?;
        }
        connection.close().await?;
        Ok(())
    })
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}
