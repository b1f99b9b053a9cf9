//! Which live deployments are still to be planned again, because a value that they use may have changed. A mark is set in
//! the transaction of the change itself, so that none is lost whatever is cut short.

use jiff::Timestamp;
use tieline_core::id::{ConnectionId, DeploymentId, OrganizationId, ServiceId};

use crate::connection::CONNECTIONS_OF_DEPLOYMENT;
use crate::deployment::DEPLOYMENT_BY_ID;
use crate::release::{RELEASE_BY_ID, SNAPSHOT_BY_ID};
use crate::row::{Value, text};
use crate::tenancy::COMPONENT_BY_ID;
use crate::{Result, Transaction};

/// What is read of many deployments at once: the text, the text that asks the same of one, and the column that names it.
const FORESEEN: [(&str, &str, &str); 5] = [
    (
        "SELECT * FROM deployment WHERE id IN
             (SELECT deployment_id FROM replan WHERE organization_id = $1 AND due_at <= $2
             ORDER BY due_at DESC, running DESC, deployment_id LIMIT $3)",
        DEPLOYMENT_BY_ID,
        "id",
    ),
    (
        "SELECT * FROM component WHERE id IN (SELECT component_id FROM deployment WHERE id IN
             (SELECT deployment_id FROM replan WHERE organization_id = $1 AND due_at <= $2
             ORDER BY due_at DESC, running DESC, deployment_id LIMIT $3))",
        COMPONENT_BY_ID,
        "id",
    ),
    (
        "SELECT * FROM release WHERE id IN (SELECT release_id FROM deployment WHERE id IN
             (SELECT deployment_id FROM replan WHERE organization_id = $1 AND due_at <= $2
             ORDER BY due_at DESC, running DESC, deployment_id LIMIT $3))",
        RELEASE_BY_ID,
        "id",
    ),
    (
        "SELECT * FROM snapshot WHERE id IN (SELECT snapshot_id FROM deployment WHERE id IN
             (SELECT deployment_id FROM replan WHERE organization_id = $1 AND due_at <= $2
             ORDER BY due_at DESC, running DESC, deployment_id LIMIT $3))",
        SNAPSHOT_BY_ID,
        "id",
    ),
    (
        "SELECT connection.*, deployment_connection.deployment_id FROM deployment_connection
             JOIN connection ON connection.id = deployment_connection.connection_id
             WHERE connection.deleted_at IS NULL AND deployment_connection.deployment_id IN
             (SELECT deployment_id FROM replan WHERE organization_id = $1 AND due_at <= $2
             ORDER BY due_at DESC, running DESC, deployment_id LIMIT $3)
             ORDER BY connection.name_part, connection.id",
        CONNECTIONS_OF_DEPLOYMENT,
        "deployment_id",
    ),
];

/// Marks. What is marked already is due at once again.
impl Transaction {
    /// Marks the live deployments whose descriptors refer to a connection; `actor` is who changed something.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replan_connection(&mut self, connection: ConnectionId, actor: &str, at: Timestamp) -> Result<u64> {
        let sql = "INSERT INTO replan (deployment_id, organization_id, actor, due_at, running)
             SELECT deployment.id, deployment.organization_id, $2, $3,
                 EXISTS (SELECT 1 FROM instance WHERE instance.component_id = deployment.component_id
                     AND instance.environment_id = deployment.environment_id AND instance.major = deployment.major)
             FROM deployment_connection
             JOIN deployment ON deployment.id = deployment_connection.deployment_id
             WHERE deployment_connection.connection_id = $1 AND deployment_connection.live
             ON CONFLICT (deployment_id) DO UPDATE SET actor = excluded.actor, due_at = excluded.due_at,
                 running = excluded.running";
        self.execute(sql, &[text(connection), text(actor), text(at)]).await
    }

    /// As [`Transaction::replan_connection`], for every connection to a service.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replan_service(&mut self, service: ServiceId, actor: &str, at: Timestamp) -> Result<u64> {
        let sql = "INSERT INTO replan (deployment_id, organization_id, actor, due_at, running)
             SELECT DISTINCT deployment.id, deployment.organization_id, $2, $3,
                 EXISTS (SELECT 1 FROM instance WHERE instance.component_id = deployment.component_id
                     AND instance.environment_id = deployment.environment_id AND instance.major = deployment.major)
             FROM connection
             JOIN deployment_connection ON deployment_connection.connection_id = connection.id
             JOIN deployment ON deployment.id = deployment_connection.deployment_id
             WHERE connection.service_id = $1 AND deployment_connection.live
             ON CONFLICT (deployment_id) DO UPDATE SET actor = excluded.actor, due_at = excluded.due_at,
                 running = excluded.running";
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
        let sql = "INSERT INTO replan (deployment_id, organization_id, actor, due_at, running)
             SELECT id, organization_id, $2, $3,
                 EXISTS (SELECT 1 FROM instance WHERE instance.component_id = deployment.component_id
                     AND instance.environment_id = deployment.environment_id AND instance.major = deployment.major)
             FROM deployment WHERE organization_id = $1 AND state = 'live'
             ON CONFLICT (deployment_id) DO UPDATE SET actor = excluded.actor, due_at = excluded.due_at,
                 running = excluded.running";
        self.execute(sql, &[text(organization), text(actor), text(at)]).await
    }

    /// Takes up to `limit` marks of an organization that are due, the youngest first, and of one change those first that
    /// have instances: which deployments, and who changed something. They are gone with this transaction, and stay if it
    /// comes to nothing.
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
                 WHERE organization_id = $1 AND due_at <= $2
                 ORDER BY due_at DESC, running DESC, deployment_id LIMIT $3)
             RETURNING deployment_id, actor";
        let rows = self.rows(sql, &[text(organization), text(at), Value::Integer(limit)]).await?;
        rows.iter().map(|row| Ok((row.parsed("deployment_id")?, row.text("actor")?))).collect()
    }

    /// Reads, a query a table, what planning those deployments asks for one by one that [`Transaction::replans_take`]
    /// takes next: a round trip to PostgreSQL costs more than the answer. Nothing without [`Transaction::remember`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replans_foresee(&mut self, organization: OrganizationId, at: Timestamp, limit: i64) -> Result<()> {
        let values = [text(organization), text(at), Value::Integer(limit)];
        for (sql, question, key) in FORESEEN {
            self.foresee(sql, &values, question, key).await?;
        }
        Ok(())
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

    /// Whether a deployment is marked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replan_waits(&mut self, deployment: DeploymentId) -> Result<bool> {
        let sql = "SELECT due_at FROM replan WHERE deployment_id = $1";
        Ok(self.row(sql, &[text(deployment)]).await?.is_some())
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
        let sql =
            "INSERT INTO replan (deployment_id, organization_id, actor, due_at, running) VALUES ($1, $2, $3, $4, FALSE)
             ON CONFLICT (deployment_id) DO UPDATE SET actor = excluded.actor, due_at = excluded.due_at,
                 running = excluded.running";
        self.execute(sql, &[text(deployment), text(organization), text(actor), text(due)]).await?;
        Ok(())
    }
}
