//! All SQL of Tieline, for SQLite and PostgreSQL. It records and finds; it decides nothing and never sees a plaintext
//! secret: what is sealed arrives as bytes and leaves as bytes.

pub mod application;
pub mod backup;
pub mod connection;
pub mod db;
pub mod deployment;
pub mod ending;
pub mod graph;
pub mod identity_provider;
pub mod invitation;
pub mod key;
pub mod listener;
mod migration;
pub mod oauth;
pub mod organization;
pub mod own_token;
pub mod record;
pub mod registration;
pub mod release;
pub mod replan;
pub mod rotation;
pub mod route_table;
pub mod row;
pub mod search;
pub mod service;
pub mod session;
pub mod subscription;
pub mod tenancy;
pub mod token;
pub mod usage;
pub mod user;

pub use db::{Location, Store, Transaction};

/// What a query of this crate returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the database did not do it. "Not found" is no error: it is `Ok(None)`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The location is neither `sqlite:PATH` nor `postgres://…`.
    #[error("the database is given as sqlite:PATH or postgres://USER@HOST/DATABASE")]
    Location,
    /// Another row has the same name; the constraint decides races that the use case could not see.
    #[error("another entry of the same name exists")]
    Duplicate,
    /// A row is still referred to.
    #[error("the entry is still in use")]
    Referenced,
    /// The schema was made by a later version.
    #[error("the database has schema {found}; this version of Tieline knows {known}: start the version that made it")]
    TooNew {
        /// The database's schema version.
        found: i64,
        /// The latest schema that this program knows.
        known: i64,
    },
    /// A column holds what this program does not understand.
    #[error("column {column} is not {expected}")]
    Column {
        /// Its name.
        column: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A value could not be written as JSON.
    #[error(transparent)]
    Json(serde_json::Error),
    /// A query failed.
    #[error("query failed: {error}: {sql}")]
    Query {
        /// The query's text, which never holds values.
        sql: &'static str,
        /// What the database said.
        error: sqlx::Error,
    },
    /// The database could not be reached.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Error {
    fn query(sql: &'static str, error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(database) if database.is_unique_violation() => Self::Duplicate,
            Some(database) if database.is_foreign_key_violation() => Self::Referenced,
            _ => Self::Query { sql, error },
        }
    }

    fn column(column: &str, expected: &'static str) -> Self {
        Self::Column { column: column.to_owned(), expected }
    }
}
