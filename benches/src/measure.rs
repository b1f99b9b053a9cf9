//! What can be measured, one room per table.

pub(crate) mod gateway;
pub(crate) mod propagation;
pub(crate) mod replan;
pub(crate) mod rotation;
pub(crate) mod routes;
pub(crate) mod run;
pub(crate) mod scale;
pub(crate) mod search;
pub(crate) mod token;

use std::path::PathBuf;

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
}

impl Bench {
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
