//! Deployments: the live ones, and the history.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tieline_core::id::{ComponentId, ConnectionId, DeploymentId, EnvironmentId, OrganizationId, ReleaseId};
use tieline_core::model::Degraded;

use crate::row::{Row, Value, json, text};
use crate::{Result, Transaction};

/// A row of `deployment`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Its id.
    pub id: DeploymentId,
    /// The organization that it belongs to.
    pub organization_id: OrganizationId,
    /// What is deployed.
    pub component_id: ComponentId,
    /// Where.
    pub environment_id: EnvironmentId,
    /// The major version.
    pub major: i64,
    /// The release.
    pub release_id: ReleaseId,
    /// The snapshot that it runs with.
    pub snapshot_id: String,
    /// When instances take a later snapshot, as `core::policy` writes it.
    pub policy: String,
    /// The addresses that were given, by endpoint name.
    pub addresses: BTreeMap<String, String>,
    /// Variables that are carried forward because they no longer resolve, by name.
    pub degraded: BTreeMap<String, Degraded>,
    /// `live`, `replaced` or `undeployed`.
    pub state: String,
    /// Counts the deployments of the organization.
    pub sequence: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stopped being live.
    pub ended_at: Option<Timestamp>,
}

impl Deployment {
    pub(crate) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed("id")?,
            organization_id: row.parsed("organization_id")?,
            component_id: row.parsed("component_id")?,
            environment_id: row.parsed("environment_id")?,
            major: row.integer("major")?,
            release_id: row.parsed("release_id")?,
            snapshot_id: row.text("snapshot_id")?,
            policy: row.text("policy")?,
            addresses: row.json("addresses")?,
            degraded: row.json("degraded")?,
            state: row.text("state")?,
            sequence: row.integer("sequence")?,
            created_at: row.parsed("created_at")?,
            ended_at: row.optional_parsed("ended_at")?,
        })
    }
}

pub(crate) const DEPLOYMENT_BY_ID: &str = "SELECT * FROM deployment WHERE id = $1";

/// Deployments.
impl Transaction {
    /// Records a live deployment; the one that it replaces is ended. Fills in its sequence.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployment_insert(&mut self, deployment: &mut Deployment) -> Result<()> {
        let sql = "UPDATE deployment SET state = 'replaced', ended_at = $1
             WHERE component_id = $2 AND environment_id = $3 AND major = $4 AND state = 'live' RETURNING id";
        let values = [
            text(deployment.created_at),
            text(deployment.component_id),
            text(deployment.environment_id),
            Value::Integer(deployment.major),
        ];
        for replaced in self.rows(sql, &values).await? {
            self.usage_end(&replaced.text("id")?).await?;
        }
        let sql = "SELECT COALESCE(MAX(sequence), 0) + 1 AS number FROM deployment WHERE component_id = $1";
        let row = self.row(sql, &[text(deployment.component_id)]).await?;
        deployment.sequence = row.map_or(Ok(1), |row| row.integer("number"))?;
        self.execute(
            "INSERT INTO deployment (id, organization_id, component_id, environment_id, major, release_id, snapshot_id,
                 policy, addresses, degraded, state, sequence, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'live', $11, $12)",
            &[
                text(deployment.id),
                text(deployment.organization_id),
                text(deployment.component_id),
                text(deployment.environment_id),
                Value::Integer(deployment.major),
                text(deployment.release_id),
                text(&deployment.snapshot_id),
                text(&deployment.policy),
                json(&deployment.addresses)?,
                json(&deployment.degraded)?,
                Value::Integer(deployment.sequence),
                text(deployment.created_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// Gives a live deployment another snapshot.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployment_repin(
        &mut self,
        id: DeploymentId,
        snapshot: &str,
        degraded: &BTreeMap<String, Degraded>,
    ) -> Result<()> {
        let values = [text(snapshot), json(degraded)?, text(id)];
        self.execute("UPDATE deployment SET snapshot_id = $1, degraded = $2 WHERE id = $3", &values).await?;
        Ok(())
    }

    /// Ends a live deployment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployment_end(&mut self, id: DeploymentId, at: Timestamp) -> Result<()> {
        let sql = "UPDATE deployment SET state = 'undeployed', ended_at = $1 WHERE id = $2 AND state = 'live'";
        self.execute(sql, &[text(at), text(id)]).await?;
        self.usage_end(&id.to_string()).await
    }

    /// The deployments of a component, in every environment, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployments_of_component(&mut self, component: ComponentId) -> Result<Vec<Deployment>> {
        let sql = "SELECT * FROM deployment WHERE component_id = $1 ORDER BY sequence DESC";
        self.rows(sql, &[text(component)]).await?.iter().map(Deployment::read).collect()
    }

    /// One page of the deployments of a component, in one environment or all, the latest first: those of before a
    /// sequence.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployments_page(
        &mut self,
        component: ComponentId,
        environment: Option<EnvironmentId>,
        before: i64,
        limit: i64,
    ) -> Result<Vec<Deployment>> {
        let sql = "SELECT * FROM deployment WHERE component_id = $1 AND ($2 = '' OR environment_id = $2)
             AND sequence < $3 ORDER BY sequence DESC LIMIT $4";
        let environment = environment.map(|id| id.to_string()).unwrap_or_default();
        let values = [text(component), text(environment), Value::Integer(before), Value::Integer(limit)];
        self.rows(sql, &values).await?.iter().map(Deployment::read).collect()
    }

    /// The deployment of the same component, environment and major before one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployment_before(&mut self, deployment: &Deployment) -> Result<Option<Deployment>> {
        let sql = "SELECT * FROM deployment WHERE component_id = $1 AND environment_id = $2 AND major = $3
             AND sequence < $4 ORDER BY sequence DESC LIMIT 1";
        let (component, environment) = (text(deployment.component_id), text(deployment.environment_id));
        let values = [component, environment, Value::Integer(deployment.major), Value::Integer(deployment.sequence)];
        self.row(sql, &values).await?.as_ref().map(Deployment::read).transpose()
    }

    /// The live deployments of a component in an environment, by major.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployments_live(
        &mut self,
        component: ComponentId,
        environment: EnvironmentId,
    ) -> Result<Vec<Deployment>> {
        let sql = "SELECT * FROM deployment WHERE component_id = $1 AND environment_id = $2 AND state = 'live'
             ORDER BY major";
        self.rows(sql, &[text(component), text(environment)]).await?.iter().map(Deployment::read).collect()
    }

    /// Every live deployment of an organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployments_live_of_organization(&mut self, organization: OrganizationId) -> Result<Vec<Deployment>> {
        let sql = "SELECT * FROM deployment WHERE organization_id = $1 AND state = 'live' ORDER BY sequence, id";
        self.rows(sql, &[text(organization)]).await?.iter().map(Deployment::read).collect()
    }

    /// Finds a deployment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployment_by_id(&mut self, id: DeploymentId) -> Result<Option<Deployment>> {
        let row = self.row(DEPLOYMENT_BY_ID, &[text(id)]).await?;
        row.as_ref().map(Deployment::read).transpose()
    }

    /// The live deployments whose descriptors refer to a connection.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployments_using_connection(&mut self, connection: ConnectionId) -> Result<Vec<Deployment>> {
        let sql = "SELECT deployment.* FROM deployment_connection
             JOIN deployment ON deployment.id = deployment_connection.deployment_id
             WHERE deployment_connection.connection_id = $1 AND deployment_connection.live
             ORDER BY deployment.sequence, deployment.id";
        self.rows(sql, &[text(connection)]).await?.iter().map(Deployment::read).collect()
    }
}
