//! What can be measured, one room per table.

pub(crate) mod gateway;
pub(crate) mod pages;
pub(crate) mod propagation;
pub(crate) mod replan;
pub(crate) mod rotation;
pub(crate) mod routes;
pub(crate) mod run;
pub(crate) mod scale;
pub(crate) mod search;
pub(crate) mod token;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use tempfile::TempDir;

use crate::database::Database;
use crate::world::World;

/// What every measurement is told.
pub(crate) struct Bench {
    /// The release binary.
    pub(crate) binary: PathBuf,
    /// Connections in the small database.
    pub(crate) small: u64,
    /// Connections in the large database.
    pub(crate) large: u64,
    /// A PostgreSQL server.
    pub(crate) postgres: Option<String>,
    /// The folder in which `npm install oidc-provider` ran.
    pub(crate) modules: Option<PathBuf>,
    /// Whether only to show that all works.
    pub(crate) quick: bool,
}

impl Bench {
    /// So often each load is sent; what is compared takes turns.
    pub(crate) fn rounds(&self) -> usize {
        if self.quick { 1 } else { 3 }
    }

    /// How long a load lasts: whole seconds.
    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs(if self.quick { 1 } else { 4 })
    }

    /// A world on SQLite.
    pub(crate) fn world(&self) -> Result<World> {
        let folder = folder()?;
        let database = Database::sqlite(folder.path());
        World::make(&self.binary, folder, database)
    }

    /// A world on PostgreSQL; none without a server.
    pub(crate) fn world_on_postgres(&self) -> Result<Option<World>> {
        let Some(server) = &self.postgres else { return Ok(None) };
        let Some(database) = Database::postgres(server)? else { return Ok(None) };
        World::make(&self.binary, folder()?, database).map(Some)
    }
}

fn folder() -> Result<TempDir> {
    Ok(tempfile::Builder::new().prefix("tieline-bench-").tempdir()?)
}
