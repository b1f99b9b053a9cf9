//! What deployments offer and use: where their endpoints listen, the connections that they refer to, and which runners
//! hold which snapshot.

use jiff::Timestamp;
use tieline_core::endpoint::{EndpointType, Visibility};
use tieline_core::id::{ComponentId, ConnectionId, DeploymentId, EnvironmentId, InstanceId, ProjectId, ServiceId};
use tieline_core::route_table::ScopedOperation;

use crate::connection::Connection;
use crate::deployment::Deployment;
use crate::row::{Row, Value, json, text};
use crate::{Error, Result, Transaction};

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
    /// What it speaks.
    pub kind: EndpointType,
    /// Who may reach it.
    pub visibilities: Vec<Visibility>,
    /// The operations that ask for scopes.
    pub operations: Vec<ScopedOperation>,
}

impl DeployedEndpoint {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            deployment_id: row.parsed("deployment_id")?,
            service_id: row.parsed("service_id")?,
            environment_id: row.parsed("environment_id")?,
            address: row.text("address")?,
            base_path: row.text("base_path")?,
            kind: EndpointType::parse(&row.text("type")?).ok_or_else(|| Error::column("type", "an endpoint type"))?,
            visibilities: row.json("visibilities")?,
            operations: row.json("operations")?,
        })
    }
}

/// A live deployment whose descriptor refers to a connection to a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceUse {
    /// The connection.
    pub connection_id: ConnectionId,
    /// Where the deployment is.
    pub environment_id: EnvironmentId,
    /// What is deployed.
    pub component_id: ComponentId,
    /// Its handle.
    pub component: String,
    /// Its project.
    pub project_id: ProjectId,
    /// The project's handle.
    pub project: String,
    /// Which version.
    pub version: String,
}

impl ServiceUse {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            connection_id: row.parsed("connection_id")?,
            environment_id: row.parsed("environment_id")?,
            component_id: row.parsed("component_id")?,
            component: row.text("component")?,
            project_id: row.parsed("project_id")?,
            project: row.text("project")?,
            version: row.text("version")?,
        })
    }
}

/// What a deployment offers and uses.
impl Transaction {
    /// The live deployments whose descriptors refer to a connection to a service, by connection and deployment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn uses_of_service(&mut self, service: ServiceId) -> Result<Vec<ServiceUse>> {
        let sql = "SELECT connection.id AS connection_id, deployment.environment_id, deployment.component_id,
                 component.handle AS component, component.project_id, project.handle AS project, release.version
             FROM connection
             JOIN deployment_connection ON deployment_connection.connection_id = connection.id
                 AND deployment_connection.live
             JOIN deployment ON deployment.id = deployment_connection.deployment_id
             JOIN component ON component.id = deployment.component_id
             JOIN project ON project.id = component.project_id
             JOIN release ON release.id = deployment.release_id
             WHERE connection.service_id = $1 AND connection.deleted_at IS NULL
             ORDER BY connection.name_part, connection.id, deployment.sequence, deployment.id";
        self.rows(sql, &[text(service)]).await?.iter().map(ServiceUse::read).collect()
    }

    /// The connections of external consumers to a service.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn external_connections_of_service(&mut self, service: ServiceId) -> Result<Vec<Connection>> {
        let sql = "SELECT connection.* FROM connection JOIN component ON component.id = connection.component_id
             WHERE connection.service_id = $1 AND connection.deleted_at IS NULL
                 AND component.type = 'external-consumer'
             ORDER BY connection.name_part, connection.id";
        self.rows(sql, &[text(service)]).await?.iter().map(Connection::read).collect()
    }

    /// Records where a live deployment offers a service.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployed_endpoint_insert(&mut self, endpoint: &DeployedEndpoint) -> Result<()> {
        self.execute(
            "INSERT INTO deployed_endpoint (deployment_id, service_id, environment_id, address, base_path, type,
                 visibilities, operations, live) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, TRUE)",
            &[
                text(endpoint.deployment_id),
                text(endpoint.service_id),
                text(endpoint.environment_id),
                text(&endpoint.address),
                text(&endpoint.base_path),
                text(endpoint.kind.as_str()),
                json(&endpoint.visibilities)?,
                json(&endpoint.operations)?,
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
        let sql = "SELECT * FROM deployed_endpoint WHERE service_id = $1 AND live ORDER BY environment_id";
        self.rows(sql, &[text(service)]).await?.iter().map(DeployedEndpoint::read).collect()
    }

    /// The services that live deployments offer in an environment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn services_deployed_in(&mut self, environment: EnvironmentId) -> Result<Vec<ServiceId>> {
        let sql = "SELECT service_id FROM deployed_endpoint WHERE environment_id = $1 AND live ORDER BY service_id";
        self.rows(sql, &[text(environment)]).await?.iter().map(|row| row.parsed("service_id")).collect()
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

    /// Records that a live deployment's descriptor refers to a connection.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployment_connection_insert(
        &mut self,
        deployment: DeploymentId,
        connection: ConnectionId,
    ) -> Result<()> {
        let sql = "INSERT INTO deployment_connection (deployment_id, connection_id, live) VALUES ($1, $2, TRUE)
             ON CONFLICT (deployment_id, connection_id) DO NOTHING";
        self.execute(sql, &[text(deployment), text(connection)]).await?;
        Ok(())
    }

    /// What a deployment offers and uses is history from here on, as it is itself; it is not planned again.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn usage_end(&mut self, deployment: &str) -> Result<()> {
        for sql in [
            "UPDATE deployed_endpoint SET live = FALSE WHERE deployment_id = $1",
            "UPDATE deployment_connection SET live = FALSE WHERE deployment_id = $1",
            "DELETE FROM replan WHERE deployment_id = $1",
        ] {
            self.execute(sql, &[text(deployment)]).await?;
        }
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

/// Instances.
impl Transaction {
    /// Records which snapshot a runner holds; nothing when it is none of its component and environment, or gone with them,
    /// or when a later report is there already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn instance_save(
        &mut self,
        id: InstanceId,
        place: (ComponentId, EnvironmentId),
        major: i64,
        snapshot: &str,
        at: Timestamp,
    ) -> Result<()> {
        self.execute(
            "INSERT INTO instance (id, organization_id, component_id, environment_id, major, snapshot_id, reported_at)
             SELECT $1, organization_id, component_id, environment_id, $2, id, $3 FROM snapshot
             WHERE id = $4 AND component_id = $5 AND environment_id = $6
             ON CONFLICT (id) DO UPDATE SET snapshot_id = excluded.snapshot_id, reported_at = excluded.reported_at
             WHERE instance.reported_at <= excluded.reported_at",
            &[text(id), Value::Integer(major), text(at), text(snapshot), text(place.0), text(place.1)],
        )
        .await?;
        Ok(())
    }

    /// Forgets an instance that ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn instance_delete(&mut self, id: InstanceId) -> Result<()> {
        self.execute("DELETE FROM instance WHERE id = $1", &[text(id)]).await?;
        Ok(())
    }

    /// The instances of a component with the snapshots that they hold, by id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn instances_of_component(&mut self, component: ComponentId) -> Result<Vec<(InstanceId, String)>> {
        let sql = "SELECT id, snapshot_id FROM instance WHERE component_id = $1 ORDER BY id";
        let rows = self.rows(sql, &[text(component)]).await?;
        rows.iter().map(|row| Ok((row.parsed("id")?, row.text("snapshot_id")?))).collect()
    }

    /// How many instances of a deployment's component, environment and major run with its snapshot, and how many with
    /// another one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn instances_of_deployment(&mut self, deployment: &Deployment) -> Result<(i64, i64)> {
        let sql = "SELECT COUNT(CASE WHEN snapshot_id = $1 THEN 1 END) AS current,
                 COUNT(CASE WHEN snapshot_id <> $1 THEN 1 END) AS former
             FROM instance WHERE component_id = $2 AND environment_id = $3 AND major = $4";
        let (component, environment) = (text(deployment.component_id), text(deployment.environment_id));
        let values = [text(&deployment.snapshot_id), component, environment, Value::Integer(deployment.major)];
        let row = self.row(sql, &values).await?;
        row.map_or(Ok((0, 0)), |row| Ok((row.integer("current")?, row.integer("former")?)))
    }

    /// Forgets the instances that have reported nothing since.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn instances_forget(&mut self, before: Timestamp) -> Result<()> {
        self.execute("DELETE FROM instance WHERE reported_at < $1", &[text(before)]).await?;
        Ok(())
    }
}
