//! Releases, snapshots and deployments, and what a live deployment offers and uses.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value as Json;
use tieline_core::id::{
    ComponentId, ConnectionId, DeploymentId, EnvironmentId, InstanceId, OrganizationId, ReleaseId, SealedVersionId,
    ServiceId,
};

use crate::key::{SealedVersion, read_sealed};
use crate::row::{Row, Value, json, text};
use crate::{Result, Transaction};

/// A row of `release`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its id.
    pub id: ReleaseId,
    /// The component that it is of.
    pub component_id: ComponentId,
    /// Its version, as `v1.2`.
    pub version: String,
    /// The major of its version.
    pub major: i64,
    /// Hash of its content.
    pub digest: String,
    /// Descriptor and definitions, as `control` writes them (JSON).
    pub source: Json,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A row of `snapshot`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Hash of its content.
    pub id: String,
    /// The organization that it belongs to.
    pub organization_id: OrganizationId,
    /// The component that it is for.
    pub component_id: ComponentId,
    /// The environment that it is for.
    pub environment_id: EnvironmentId,
    /// The variables, as `control` writes them (JSON).
    pub variables: Json,
    /// When it was made.
    pub created_at: Timestamp,
}

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
    /// Variables that are carried forward because they no longer resolve: name → reason and since when.
    pub degraded: BTreeMap<String, String>,
    /// `live`, `replaced` or `undeployed`.
    pub state: String,
    /// Counts the deployments of the organization.
    pub sequence: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stopped being live.
    pub ended_at: Option<Timestamp>,
}

/// A row of `deployed_endpoint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployedEndpoint {
    /// The deployment that listens there.
    pub deployment_id: DeploymentId,
    /// The service that it offers.
    pub service_id: ServiceId,
    /// Where.
    pub environment_id: EnvironmentId,
    /// The endpoint's own address, without base path.
    pub address: String,
    /// The base path; empty for `/`.
    pub base_path: String,
}

impl Release {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed("id")?,
            component_id: row.parsed("component_id")?,
            version: row.text("version")?,
            major: row.integer("major")?,
            digest: row.text("digest")?,
            source: row.json("source")?,
            created_at: row.parsed("created_at")?,
        })
    }
}

impl Snapshot {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?,
            organization_id: row.parsed("organization_id")?,
            component_id: row.parsed("component_id")?,
            environment_id: row.parsed("environment_id")?,
            variables: row.json("variables")?,
            created_at: row.parsed("created_at")?,
        })
    }
}

impl Deployment {
    fn read(row: &Row) -> Result<Self> {
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

impl DeployedEndpoint {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            deployment_id: row.parsed("deployment_id")?,
            service_id: row.parsed("service_id")?,
            environment_id: row.parsed("environment_id")?,
            address: row.text("address")?,
            base_path: row.text("base_path")?,
        })
    }
}

/// Releases and snapshots.
impl Transaction {
    /// Records a release.
    ///
    /// # Errors
    /// [`crate::Error::Duplicate`] when the same content has the version.
    pub async fn release_insert(&mut self, release: &Release) -> Result<()> {
        self.execute(
            "INSERT INTO release (id, component_id, version, major, digest, source, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &[
                text(release.id),
                text(release.component_id),
                text(&release.version),
                Value::Integer(release.major),
                text(&release.digest),
                json(&release.source)?,
                text(release.created_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// Finds a release by its version and content.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release_by_digest(
        &mut self,
        component: ComponentId,
        version: &str,
        digest: &str,
    ) -> Result<Option<Release>> {
        let sql = "SELECT * FROM release WHERE component_id = $1 AND version = $2 AND digest = $3";
        let row = self.row(sql, &[text(component), text(version), text(digest)]).await?;
        row.as_ref().map(Release::read).transpose()
    }

    /// Finds a release by its id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release_by_id(&mut self, id: ReleaseId) -> Result<Option<Release>> {
        let row = self.row("SELECT * FROM release WHERE id = $1", &[text(id)]).await?;
        row.as_ref().map(Release::read).transpose()
    }

    /// Records a snapshot and the sealed versions that it refers to; one that is there already stays as it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn snapshot_insert(&mut self, snapshot: &Snapshot, secrets: &[SealedVersionId]) -> Result<()> {
        self.execute(
            "INSERT INTO snapshot (id, organization_id, component_id, environment_id, variables, created_at)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING",
            &[
                text(&snapshot.id),
                text(snapshot.organization_id),
                text(snapshot.component_id),
                text(snapshot.environment_id),
                json(&snapshot.variables)?,
                text(snapshot.created_at),
            ],
        )
        .await?;
        for secret in secrets {
            let sql = "INSERT INTO snapshot_secret (snapshot_id, sealed_version_id) VALUES ($1, $2)
                 ON CONFLICT (snapshot_id, sealed_version_id) DO NOTHING";
            self.execute(sql, &[text(&snapshot.id), text(secret)]).await?;
        }
        Ok(())
    }

    /// Finds a snapshot.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn snapshot_by_id(&mut self, id: &str) -> Result<Option<Snapshot>> {
        let row = self.row("SELECT * FROM snapshot WHERE id = $1", &[text(id)]).await?;
        row.as_ref().map(Snapshot::read).transpose()
    }

    /// The sealed versions that a snapshot refers to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn snapshot_sealed(&mut self, id: &str) -> Result<Vec<SealedVersion>> {
        let sql = "SELECT sealed_version.* FROM snapshot_secret
             JOIN sealed_version ON sealed_version.id = snapshot_secret.sealed_version_id
             WHERE snapshot_secret.snapshot_id = $1";
        self.rows(sql, &[text(id)]).await?.iter().map(read_sealed).collect()
    }

    /// The sealed versions of a snapshot that are revoked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn snapshot_revoked(&mut self, id: &str) -> Result<Vec<SealedVersionId>> {
        let sql = "SELECT sealed_version.id FROM snapshot_secret
             JOIN sealed_version ON sealed_version.id = snapshot_secret.sealed_version_id
             WHERE snapshot_secret.snapshot_id = $1 AND sealed_version.revoked_at IS NOT NULL ORDER BY sealed_version.id";
        self.rows(sql, &[text(id)]).await?.iter().map(|row| row.parsed("id")).collect()
    }
}

/// Deployments.
impl Transaction {
    /// Records a live deployment; the one that it replaces is ended. Fills in its sequence.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployment_insert(&mut self, deployment: &mut Deployment) -> Result<()> {
        self.execute(
            "UPDATE deployment SET state = 'replaced', ended_at = $1
             WHERE component_id = $2 AND environment_id = $3 AND major = $4 AND state = 'live'",
            &[
                text(deployment.created_at),
                text(deployment.component_id),
                text(deployment.environment_id),
                Value::Integer(deployment.major),
            ],
        )
        .await?;
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
        degraded: &BTreeMap<String, String>,
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
        Ok(())
    }

    /// The deployments of a component, in every environment, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployments_of_component(&mut self, component: ComponentId) -> Result<Vec<Deployment>> {
        let sql = "SELECT * FROM deployment WHERE component_id = $1 ORDER BY sequence DESC";
        self.rows(sql, &[text(component)]).await?.iter().map(Deployment::read).collect()
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
        let row = self.row("SELECT * FROM deployment WHERE id = $1", &[text(id)]).await?;
        row.as_ref().map(Deployment::read).transpose()
    }

    /// The live deployments whose descriptors refer to a connection.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployments_using_connection(&mut self, connection: ConnectionId) -> Result<Vec<Deployment>> {
        let sql = "SELECT deployment.* FROM deployment_connection
             JOIN deployment ON deployment.id = deployment_connection.deployment_id
             WHERE deployment_connection.connection_id = $1 AND deployment.state = 'live'
             ORDER BY deployment.sequence, deployment.id";
        self.rows(sql, &[text(connection)]).await?.iter().map(Deployment::read).collect()
    }

    /// The live deployments whose descriptors refer to a connection to a service.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployments_using_service(&mut self, service: ServiceId) -> Result<Vec<Deployment>> {
        let sql = "SELECT DISTINCT deployment.* FROM connection
             JOIN deployment_connection ON deployment_connection.connection_id = connection.id
             JOIN deployment ON deployment.id = deployment_connection.deployment_id
             WHERE connection.service_id = $1 AND deployment.state = 'live' ORDER BY deployment.sequence, deployment.id";
        self.rows(sql, &[text(service)]).await?.iter().map(Deployment::read).collect()
    }
}

/// What a deployment offers and uses.
impl Transaction {
    /// Records where a deployment offers a service.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployed_endpoint_insert(&mut self, endpoint: &DeployedEndpoint) -> Result<()> {
        self.execute(
            "INSERT INTO deployed_endpoint (deployment_id, service_id, environment_id, address, base_path)
             VALUES ($1, $2, $3, $4, $5)",
            &[
                text(endpoint.deployment_id),
                text(endpoint.service_id),
                text(endpoint.environment_id),
                text(&endpoint.address),
                text(&endpoint.base_path),
            ],
        )
        .await?;
        Ok(())
    }

    /// Where a service is offered by live deployments, in every environment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployed_endpoints_of_service(&mut self, service: ServiceId) -> Result<Vec<DeployedEndpoint>> {
        let sql = "SELECT deployed_endpoint.* FROM deployed_endpoint
             JOIN deployment ON deployment.id = deployed_endpoint.deployment_id
             WHERE deployed_endpoint.service_id = $1 AND deployment.state = 'live' ORDER BY deployed_endpoint.environment_id";
        self.rows(sql, &[text(service)]).await?.iter().map(DeployedEndpoint::read).collect()
    }

    /// What a deployment offers.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployed_endpoints_of_deployment(
        &mut self,
        deployment: DeploymentId,
    ) -> Result<Vec<DeployedEndpoint>> {
        let sql = "SELECT * FROM deployed_endpoint WHERE deployment_id = $1 ORDER BY service_id";
        self.rows(sql, &[text(deployment)]).await?.iter().map(DeployedEndpoint::read).collect()
    }

    /// Records that a deployment's descriptor refers to a connection.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployment_connection_insert(
        &mut self,
        deployment: DeploymentId,
        connection: ConnectionId,
    ) -> Result<()> {
        let sql = "INSERT INTO deployment_connection (deployment_id, connection_id) VALUES ($1, $2)
             ON CONFLICT (deployment_id, connection_id) DO NOTHING";
        self.execute(sql, &[text(deployment), text(connection)]).await?;
        Ok(())
    }

    /// The connections that a deployment's descriptor refers to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployment_connections(&mut self, deployment: DeploymentId) -> Result<Vec<ConnectionId>> {
        let sql = "SELECT connection_id FROM deployment_connection WHERE deployment_id = $1 ORDER BY connection_id";
        self.rows(sql, &[text(deployment)]).await?.iter().map(|row| row.parsed("connection_id")).collect()
    }
}

/// Subscriptions and instances.
impl Transaction {
    /// Records that a connection's keys of an environment may call a service in the provider's environment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscription_save(
        &mut self,
        connection: ConnectionId,
        environment: EnvironmentId,
        service: ServiceId,
        provider_environment: EnvironmentId,
        at: Timestamp,
    ) -> Result<()> {
        self.execute(
            "INSERT INTO subscription (connection_id, environment_id, service_id, provider_environment_id, created_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (connection_id, environment_id)
                 DO UPDATE SET provider_environment_id = excluded.provider_environment_id",
            &[text(connection), text(environment), text(service), text(provider_environment), text(at)],
        )
        .await?;
        Ok(())
    }

    /// Forgets the subscription of a connection in an environment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscription_delete(&mut self, connection: ConnectionId, environment: EnvironmentId) -> Result<()> {
        let sql = "DELETE FROM subscription WHERE connection_id = $1 AND environment_id = $2";
        self.execute(sql, &[text(connection), text(environment)]).await?;
        Ok(())
    }

    /// The environments in which a connection has a subscription.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscription_environments(&mut self, connection: ConnectionId) -> Result<Vec<EnvironmentId>> {
        let sql = "SELECT environment_id FROM subscription WHERE connection_id = $1 ORDER BY environment_id";
        self.rows(sql, &[text(connection)]).await?.iter().map(|row| row.parsed("environment_id")).collect()
    }

    /// Records which snapshot a runner took.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn instance_save(
        &mut self,
        id: InstanceId,
        deployment: &Deployment,
        snapshot: &str,
        at: Timestamp,
    ) -> Result<()> {
        self.execute(
            "INSERT INTO instance (id, organization_id, component_id, environment_id, major, snapshot_id, reported_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (id) DO UPDATE SET snapshot_id = excluded.snapshot_id, reported_at = excluded.reported_at",
            &[
                text(id),
                text(deployment.organization_id),
                text(deployment.component_id),
                text(deployment.environment_id),
                Value::Integer(deployment.major),
                text(snapshot),
                text(at),
            ],
        )
        .await?;
        Ok(())
    }
}
