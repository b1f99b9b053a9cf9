//! Deleting a connection, and revoking the keys of deleted ones when nobody holds them any more.

use serde_json::json;
use tieline_core::access::Permission;
use tieline_core::code;
use tieline_core::wire::connection::ConsumerView;
use tieline_store::connection::Connection;

use super::find::Scope;
use crate::consumers::in_use;
use crate::work::Work;
use crate::{Actor, Control, Result};

/// What happens to those who use a connection that is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// While anybody uses it, it is not deleted.
    No,
    /// Nothing new can use it; those that run keep its values until their snapshots are replaced.
    KeepHeld,
    /// Its keys are revoked at once, whomever that breaks.
    RevokeNow,
}

impl From<bool> for Force {
    fn from(force: bool) -> Self {
        if force { Self::KeepHeld } else { Self::No }
    }
}

impl Control {
    /// Deletes a connection. While components use it this needs force. Returns its consumers: with
    /// [`Force::RevokeNow`], whom it breaks.
    ///
    /// # Errors
    /// `connection_not_found`, `forbidden`, `changed_meanwhile`, `connection_in_use`.
    pub async fn connection_delete(
        &self,
        actor: &Actor,
        organization: &str,
        connection: &str,
        scope: Scope<'_>,
        force: impl Into<Force>,
        expected: Option<i64>,
    ) -> Result<Vec<ConsumerView>> {
        let force = force.into();
        let mut work = self.write(actor, organization).await?;
        let connection = work.connection(connection, scope).await?;
        let project = work.place_of(&connection).await?.0;
        work.require_connect(connection.level, project.as_ref())?;
        work.expect_revision(expected, connection.revision)?;
        let consumers = work.consumers_of_connection(&connection).await?;
        if !consumers.is_empty() {
            if force == Force::No {
                return Err(in_use(
                    code!("connection_in_use"),
                    &format!("the connection {:?}", connection.name),
                    &consumers,
                    "take it out of their descriptors and deploy them first; or delete it with --force: who runs keeps \
                     its values until the next deployment",
                ));
            }
            if let Some(project) = &project {
                work.require(Permission::AdministerProject, Some(project))?;
            }
        }
        let at = work.at;
        work.transaction.connection_withdraw(connection.id, at).await?;
        work.connections_purge().await?;
        work.refresh_connection(connection.id).await?;
        if force == Force::RevokeNow {
            work.connection_forget(&connection).await?;
        }
        let consumers: Vec<_> = consumers.into_iter().filter_map(|consumer| consumer.view).collect();
        let detail = json!({ "name": connection.name, "force": force != Force::No,
            "revoke_now": force == Force::RevokeNow, "consumers": consumers });
        work.finish("connection_delete", &connection.id.to_string(), detail).await?;
        Ok(consumers)
    }
}

impl Work<'_> {
    /// Revokes and forgets what was deleted while deployments held it, and is held no more: what every deployment,
    /// rollback and undeployment asks after it took effect. An OAuth application goes with its last connection.
    pub(crate) async fn connections_purge(&mut self) -> Result<()> {
        for connection in self.transaction.connections_unheld(self.organization.id).await? {
            self.connection_forget(&connection).await?;
        }
        Ok(())
    }

    /// Revokes and forgets a connection, whoever holds it.
    pub(crate) async fn connection_forget(&mut self, connection: &Connection) -> Result<()> {
        let at = self.at;
        self.touch_connection(connection);
        self.transaction.connection_revoke(connection.id, at).await?;
        self.transaction.connection_delete(connection.id).await?;
        let Some(application) = connection.application_id else { return Ok(()) };
        if self.transaction.connections_of_application(application).await?.is_empty() {
            self.transaction.application_delete(application, at).await?;
        }
        Ok(())
    }
}
