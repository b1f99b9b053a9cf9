//! Deriving the whole table anew: what a version of Tieline does at its first start on a database whose table another
//! version derived.

use serde_json::json;
use tieline_core::randomness::{Randomness, uuid_v4};

use super::Scope;
use crate::upkeep::server_in;
use crate::work::Work;
use crate::{Control, Result};

/// Counts the ways in which entries are derived: another number derives all of them anew.
const FORMAT: &str = "2";

/// Rows that are looked at together.
const BATCH: i64 = 500;

/// A generation of change numbers, whose table is derived by this version.
pub(crate) fn first_generation(randomness: &dyn Randomness) -> String {
    format!("{FORMAT}-{}", uuid_v4(randomness))
}

impl Control {
    /// Derives the gateway's table anew when another version of Tieline derived it; answers how many entries differed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn table_reconcile(&self) -> Result<usize> {
        let generation = self.store.read().await?.change_generation().await?;
        if generation.split_once('-').is_some_and(|(format, _)| format == FORMAT) {
            return Ok(0);
        }
        let differed = self.table_rebuild().await?;
        let mut transaction = self.store.write().await?;
        transaction.change_generation_set(&first_generation(&*self.randomness)).await?;
        transaction.commit().await?;
        Ok(differed)
    }

    /// Derives the gateway's table anew; answers how many entries differed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn table_rebuild(&self) -> Result<usize> {
        let organizations = self.store.read().await?.organizations().await?;
        let mut differed = 0;
        for organization in organizations {
            let server = server_in(&organization);
            let mut work = self.write(&server, &organization.handle).await?;
            work.touch_everything().await?;
            let differences = work.table_differences().await?;
            if differences.is_empty() {
                continue;
            }
            differed += differences.len();
            let detail = json!({ "entries": differences.len() });
            work.finish_with(differences, "table_rebuild", &organization.handle, detail).await?;
        }
        Ok(differed)
    }
}

impl Work<'_> {
    /// Everything that has entries, or might have.
    async fn touch_everything(&mut self) -> Result<()> {
        let organization = self.organization.id;
        self.touch_issuer();
        let mut after = String::new();
        loop {
            let scopes = self.transaction.table_scopes(&organization.to_string(), &after, BATCH).await?;
            let Some(last) = scopes.last() else { break };
            after.clone_from(last);
            for scope in scopes {
                self.touched.insert(scope.parse::<Scope>()?);
            }
        }
        for environment in self.transaction.environments(organization).await? {
            for service in self.transaction.services_deployed_in(environment.id).await? {
                self.touch_service(service);
            }
        }
        for revocation in self.transaction.revocations(organization, self.at.as_second()).await? {
            self.touch_revocation(&revocation.id);
        }
        let mut after = String::new();
        loop {
            let connections = self.transaction.connections_proving(organization, &after, BATCH).await?;
            let Some(last) = connections.last() else { return Ok(()) };
            after = last.id.to_string();
            for connection in &connections {
                self.touch_connection(connection);
            }
        }
    }
}
