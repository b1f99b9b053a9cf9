//! Who uses which connection where, with what a picture of it needs: live deployments, and external consumers.

use std::collections::BTreeMap;

use tieline_core::id::{ConnectionId, EnvironmentId, OrganizationId, ProjectId, ServiceId};
use tieline_core::model::{AccessMode, ComponentType, Degraded, Level, Scheme, ServiceType};

use crate::row::{Row, Value, json, text};
use crate::service::Entry;
use crate::{Result, Transaction};

/// A connection that a component uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionUse {
    /// The consumer's project.
    pub project_id: ProjectId,
    /// Its handle.
    pub project: String,
    /// The consumer's handle.
    pub component: String,
    /// What the consumer is.
    pub component_type: ComponentType,
    /// Where it uses it; none for an external consumer without a subscription.
    pub environment_id: Option<EnvironmentId>,
    /// The version deployed there; none for an external consumer.
    pub version: Option<String>,
    /// The variables that are carried forward there, by name.
    pub degraded: BTreeMap<String, Degraded>,
    /// The variables of the snapshot, as `control` writes them (JSON), if any is carried forward.
    pub variables: serde_json::Value,
    /// The connection.
    pub connection_id: ConnectionId,
    /// Its name.
    pub connection: String,
    /// Where it lives.
    pub level: Level,
    /// How it calls an internal service.
    pub access_mode: Option<AccessMode>,
    /// How it proves who calls.
    pub scheme: Option<Scheme>,
    /// Environment handle → name of the entry, or handle of the provider's environment.
    pub mapping: BTreeMap<String, String>,
    /// What it leads to.
    pub service_id: ServiceId,
    /// How that is referred to.
    pub service: String,
    /// What it is.
    pub service_type: ServiceType,
    /// Its kind.
    pub kind: String,
    /// The project that it belongs to.
    pub service_project_id: Option<ProjectId>,
    /// Handle of that project.
    pub service_project: Option<String>,
    /// The component that offers it, and what that is.
    pub provider: Option<(String, ComponentType)>,
    /// Where live deployments offer it.
    pub offered: Vec<EnvironmentId>,
}

impl ConnectionUse {
    fn read(row: &Row) -> Result<Self> {
        let offered = row.optional_text("offered")?.unwrap_or_default();
        let environment = |id: &str| id.parse().map_err(|_| crate::Error::column("offered", "ids"));
        let provider = row.optional_text("provider")?;
        Ok(Self {
            project_id: row.parsed("project_id")?,
            project: row.text("project")?,
            component: row.text("component")?,
            component_type: row.parsed("component_type")?,
            environment_id: row.optional_parsed("environment_id")?,
            version: row.optional_text("version")?,
            degraded: row.json("degraded")?,
            variables: row.json("variables")?,
            connection_id: row.parsed("connection_id")?,
            connection: row.text("connection")?,
            level: row.parsed("level")?,
            access_mode: row.optional_parsed("access_mode")?,
            scheme: row.optional_parsed("scheme")?,
            mapping: row.json("mapping")?,
            service_id: row.parsed("service_id")?,
            service: row.text("service")?,
            service_type: row.parsed("service_type")?,
            kind: row.text("kind")?,
            service_project_id: row.optional_parsed("service_project_id")?,
            service_project: row.optional_text("service_project")?,
            provider: match provider {
                Some(handle) => Some((handle, row.parsed("provider_type")?)),
                None => None,
            },
            offered: offered.split(',').filter(|id| !id.is_empty()).map(environment).collect::<Result<_>>()?,
        })
    }
}

/// Which uses are asked for; all that is given must hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UseFilter {
    /// Only where the consumer or the provider belongs to this project.
    pub project: Option<ProjectId>,
    /// Only where the consumer runs in this environment.
    pub environment: Option<EnvironmentId>,
}

impl UseFilter {
    fn values(&self, organization: OrganizationId, limit: i64) -> [Value; 4] {
        let id = |id: Option<String>| Value::Text(id.unwrap_or_default());
        let (project, environment) = (self.project.map(|id| id.to_string()), self.environment.map(|id| id.to_string()));
        [text(organization), id(project), id(environment), Value::Integer(limit)]
    }
}

/// The graph.
impl Transaction {
    /// The connections that the descriptors of live deployments refer to, by deployment and connection; at most so many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn uses_of_deployments(
        &mut self,
        organization: OrganizationId,
        filter: UseFilter,
        limit: i64,
    ) -> Result<Vec<ConnectionUse>> {
        let sql = "SELECT component.project_id, project.handle AS project, component.handle AS component,
                 component.type AS component_type, deployment.environment_id, release.version, deployment.degraded,
                 CASE WHEN length(deployment.degraded) > 2 THEN snapshot.variables ELSE '[]' END AS variables,
                 connection.id AS connection_id, connection.name AS connection, connection.level,
                 connection.access_mode, connection.scheme, connection.mapping, service.id AS service_id,
                 service.reference AS service, service.type AS service_type, service.kind,
                 service.project_id AS service_project_id, provider_project.handle AS service_project,
                 provider.handle AS provider, provider.type AS provider_type,
                 (SELECT string_agg(there.environment_id, ',') FROM deployed_endpoint there
                     WHERE there.service_id = service.id AND there.live) AS offered
             FROM deployment
             JOIN deployment_connection ON deployment_connection.deployment_id = deployment.id
             JOIN connection ON connection.id = deployment_connection.connection_id
             JOIN service ON service.id = connection.service_id
             JOIN component ON component.id = deployment.component_id
             JOIN project ON project.id = component.project_id
             JOIN release ON release.id = deployment.release_id
             JOIN snapshot ON snapshot.id = deployment.snapshot_id
             LEFT JOIN component provider ON provider.id = service.component_id
             LEFT JOIN project provider_project ON provider_project.id = service.project_id
             WHERE deployment.organization_id = $1 AND deployment.state = 'live'
                 AND ($2 = '' OR component.project_id = $2 OR service.project_id = $2)
                 AND ($3 = '' OR deployment.environment_id = $3)
             ORDER BY deployment.id, deployment_connection.connection_id LIMIT $4";
        let rows = self.rows(sql, &filter.values(organization, limit)).await?;
        rows.iter().map(ConnectionUse::read).collect()
    }

    /// The connections of external consumers with the environments of their subscriptions, by component, connection and
    /// environment; at most so many. One without a subscription is there once, without an environment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn uses_of_external_consumers(
        &mut self,
        organization: OrganizationId,
        filter: UseFilter,
        limit: i64,
    ) -> Result<Vec<ConnectionUse>> {
        let sql = "SELECT component.project_id, project.handle AS project, component.handle AS component,
                 component.type AS component_type, subscription.environment_id, NULL AS version,
                 $5 AS degraded, '[]' AS variables, connection.id AS connection_id,
                 connection.name AS connection, connection.level, connection.access_mode, connection.scheme,
                 connection.mapping, service.id AS service_id, service.reference AS service,
                 service.type AS service_type, service.kind, service.project_id AS service_project_id,
                 provider_project.handle AS service_project, provider.handle AS provider,
                 provider.type AS provider_type,
                 (SELECT string_agg(there.environment_id, ',') FROM deployed_endpoint there
                     WHERE there.service_id = service.id AND there.live) AS offered
             FROM component
             JOIN connection ON connection.component_id = component.id AND connection.deleted_at IS NULL
             JOIN service ON service.id = connection.service_id
             JOIN project ON project.id = component.project_id
             LEFT JOIN component provider ON provider.id = service.component_id
             LEFT JOIN project provider_project ON provider_project.id = service.project_id
             LEFT JOIN subscription ON subscription.connection_id = connection.id
             WHERE component.organization_id = $1 AND component.type = 'external-consumer'
                 AND ($2 = '' OR component.project_id = $2 OR service.project_id = $2)
                 AND ($3 = '' OR subscription.environment_id IS NULL OR subscription.environment_id = $3)
             ORDER BY component.id, connection.id, subscription.environment_id LIMIT $4";
        let [organization, project, environment, limit] = filter.values(organization, limit);
        let nothing = json(&BTreeMap::<String, Degraded>::new())?;
        let rows = self.rows(sql, &[organization, project, environment, limit, nothing]).await?;
        rows.iter().map(ConnectionUse::read).collect()
    }

    /// The endpoints and credentials of an organization's registered services, without their values, by service and name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entries_assigned(&mut self, organization: OrganizationId) -> Result<Vec<Entry>> {
        let sql = "SELECT service_entry.id, service_entry.service_id, service_entry.name, service_entry.environments
             FROM service JOIN service_entry ON service_entry.service_id = service.id
             WHERE service.organization_id = $1 AND service.component_id IS NULL
             ORDER BY service_entry.service_id, service_entry.name";
        let read = |row: &Row| {
            Ok(Entry {
                id: row.parsed("id")?,
                service_id: row.parsed("service_id")?,
                name: row.text("name")?,
                environments: row.json("environments")?,
                values: BTreeMap::new(),
            })
        };
        self.rows(sql, &[text(organization)]).await?.iter().map(read).collect()
    }
}
