//! Which live deployments are still to be planned again, because a value that they use may have changed. A mark is set in
//! the transaction of the change itself, so that none is lost whatever is cut short.

use jiff::Timestamp;
use tieline_core::id::{ConnectionId, DeploymentId, OrganizationId, ServiceId};

use crate::row::{Value, text};
use crate::{Result, Transaction};

/// Marks. What is marked already is due at once again.
impl Transaction {
    /// Marks the live deployments whose descriptors refer to a connection; `actor` is who changed something.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replan_connection(&mut self, connection: ConnectionId, actor: &str, at: Timestamp) -> Result<u64> {
        let sql = "INSERT INTO replan (deployment_id, organization_id, actor, due_at)
             SELECT deployment.id, deployment.organization_id, $2, $3 FROM deployment_connection
             JOIN deployment ON deployment.id = deployment_connection.deployment_id
             WHERE deployment_connection.connection_id = $1 AND deployment_connection.live
             ON CONFLICT (deployment_id) DO UPDATE SET actor = excluded.actor, due_at = excluded.due_at";
        self.execute(sql, &[text(connection), text(actor), text(at)]).await
    }

    /// As [`Transaction::replan_connection`], for every connection to a service.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replan_service(&mut self, service: ServiceId, actor: &str, at: Timestamp) -> Result<u64> {
        let sql = "INSERT INTO replan (deployment_id, organization_id, actor, due_at)
             SELECT DISTINCT deployment.id, deployment.organization_id, $2, $3 FROM connection
             JOIN deployment_connection ON deployment_connection.connection_id = connection.id
             JOIN deployment ON deployment.id = deployment_connection.deployment_id
             WHERE connection.service_id = $1 AND deployment_connection.live
             ON CONFLICT (deployment_id) DO UPDATE SET actor = excluded.actor, due_at = excluded.due_at";
        self.execute(sql, &[text(service), text(actor), text(at)]).await
    }

    /// As [`Transaction::replan_connection`], for everything that is live in an organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replan_organization(
        &mut self,
        organization: OrganizationId,
        actor: &str,
        at: Timestamp,
    ) -> Result<u64> {
        let sql = "INSERT INTO replan (deployment_id, organization_id, actor, due_at)
             SELECT id, organization_id, $2, $3 FROM deployment WHERE organization_id = $1 AND state = 'live'
             ON CONFLICT (deployment_id) DO UPDATE SET actor = excluded.actor, due_at = excluded.due_at";
        self.execute(sql, &[text(organization), text(actor), text(at)]).await
    }

    /// Takes up to `limit` marks of an organization that are due, the youngest first: which deployments, and who changed
    /// something. They are gone with this transaction, and stay if it comes to nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replans_take(
        &mut self,
        organization: OrganizationId,
        at: Timestamp,
        limit: i64,
    ) -> Result<Vec<(DeploymentId, String)>> {
        let sql = "DELETE FROM replan WHERE deployment_id IN (SELECT deployment_id FROM replan
                 WHERE organization_id = $1 AND due_at <= $2 ORDER BY due_at DESC, deployment_id LIMIT $3)
             RETURNING deployment_id, actor";
        let rows = self.rows(sql, &[text(organization), text(at), Value::Integer(limit)]).await?;
        rows.iter().map(|row| Ok((row.parsed("deployment_id")?, row.text("actor")?))).collect()
    }

    /// The next organization, in the order of ids, in which something is due.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replan_next(&mut self, after: &str, at: Timestamp) -> Result<Option<OrganizationId>> {
        let sql = "SELECT organization_id FROM replan WHERE organization_id > $1 AND due_at <= $2
             ORDER BY organization_id LIMIT 1";
        let row = self.row(sql, &[text(after), text(at)]).await?;
        row.map(|row| row.parsed("organization_id")).transpose()
    }

    /// Marks a deployment, to be planned again from a time on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replan_later(
        &mut self,
        deployment: DeploymentId,
        organization: OrganizationId,
        actor: &str,
        due: Timestamp,
    ) -> Result<()> {
        let sql = "INSERT INTO replan (deployment_id, organization_id, actor, due_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (deployment_id) DO UPDATE SET actor = excluded.actor, due_at = excluded.due_at";
        self.execute(sql, &[text(deployment), text(organization), text(actor), text(due)]).await?;
        Ok(())
    }
}
