//! Connections: who may refer to them and what they lead to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tieline_core::id::{ApplicationId, ComponentId, ConnectionId, DeploymentId, OrganizationId, ProjectId, ServiceId};
use tieline_core::model::{AccessMode, Level, Scheme, Secrets};
use tieline_core::name::variable_part;

use crate::row::{Row, Value, json, optional, text};
use crate::subscription::Subscriber;
use crate::{Result, Transaction};

pub(crate) const CONNECTIONS_OF_DEPLOYMENT: &str = "SELECT connection.* FROM deployment_connection
     JOIN connection ON connection.id = deployment_connection.connection_id
     WHERE deployment_connection.deployment_id = $1 AND connection.deleted_at IS NULL
     ORDER BY connection.name_part, connection.id";

/// A row of `connection`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its id, which files carry.
    pub id: ConnectionId,
    /// The organization that it belongs to.
    pub organization_id: OrganizationId,
    /// Its project, at project and component level.
    pub project_id: Option<ProjectId>,
    /// Its component, at component level.
    pub component_id: Option<ComponentId>,
    /// Where it lives.
    pub level: Level,
    /// Its name; never changes.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it leads to.
    pub service_id: ServiceId,
    /// How it calls an internal service; none for others.
    pub access_mode: Option<AccessMode>,
    /// How it proves who calls an internal service; none for others.
    pub scheme: Option<Scheme>,
    /// Whose secret it injects.
    pub secrets: Secrets,
    /// The OAuth application of an OAuth2 connection.
    pub application_id: Option<ApplicationId>,
    /// Environment handle → name of the entry (or, for an internal service, handle of the provider's environment).
    pub mapping: BTreeMap<String, String>,
    /// Counts its changes.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Connection {
    pub(crate) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed("id")?,
            organization_id: row.parsed("organization_id")?,
            project_id: row.optional_parsed("project_id")?,
            component_id: row.optional_parsed("component_id")?,
            level: row.parsed("level")?,
            name: row.text("name")?,
            description: row.text("description")?,
            service_id: row.parsed("service_id")?,
            access_mode: row.optional_parsed("access_mode")?,
            scheme: row.optional_parsed("scheme")?,
            secrets: row.parsed("secrets")?,
            application_id: row.optional_parsed("application_id")?,
            mapping: row.json("mapping")?,
            revision: row.integer("revision")?,
            created_at: row.parsed("created_at")?,
            updated_at: row.parsed("updated_at")?,
        })
    }
}

impl Transaction {
    /// Records a new connection. An id is chosen by whoever adopts it from files, and organizations do not wait for each
    /// other: the row that is there first stays as it is, whosever it is.
    ///
    /// # Errors
    /// [`crate::Error::Duplicate`] when the id is taken.
    pub async fn connection_insert(&mut self, connection: &Connection) -> Result<()> {
        // A conflict that raised an error would end the transaction on PostgreSQL.
        let inserted = self
            .execute(
                "INSERT INTO connection (id, organization_id, project_id, component_id, level, name, name_part,
                     description, service_id, access_mode, scheme, secrets, application_id, mapping, created_at,
                     updated_at, revision)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1)
                 ON CONFLICT (id) DO NOTHING",
                &[
                    text(connection.id),
                    text(connection.organization_id),
                    optional(connection.project_id),
                    optional(connection.component_id),
                    text(connection.level),
                    text(&connection.name),
                    text(variable_part(&connection.name)),
                    text(&connection.description),
                    text(connection.service_id),
                    optional(connection.access_mode),
                    optional(connection.scheme),
                    text(connection.secrets),
                    optional(connection.application_id),
                    json(&connection.mapping)?,
                    text(connection.created_at),
                    text(connection.updated_at),
                ],
            )
            .await?;
        if inserted == 0 { Err(crate::Error::Duplicate) } else { Ok(()) }
    }

    /// Records what may change of a connection: its description and mapping.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connection_update(&mut self, connection: &Connection) -> Result<()> {
        let sql = "UPDATE connection SET description = $1, mapping = $2, updated_at = $3, revision = revision + 1
             WHERE id = $4 AND organization_id = $5";
        let values = [
            text(&connection.description),
            json(&connection.mapping)?,
            text(connection.updated_at),
            text(connection.id),
            text(connection.organization_id),
        ];
        self.execute(sql, &values).await?;
        Ok(())
    }

    /// Takes a connection out of use: no query of connections finds it any more, but its keys and subscriptions stay for
    /// the deployments that hold them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connection_withdraw(&mut self, id: ConnectionId, at: Timestamp) -> Result<()> {
        let sql = "UPDATE connection SET deleted_at = $1 WHERE id = $2 AND deleted_at IS NULL";
        self.execute(sql, &[text(at), text(id)]).await?;
        Ok(())
    }

    /// Revokes the API keys of a connection. The sealed versions stay, revoked, for the snapshots that refer to them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connection_revoke(&mut self, id: ConnectionId, at: Timestamp) -> Result<()> {
        let sql = "UPDATE sealed_version SET revoked_at = $1 WHERE revoked_at IS NULL AND id IN
             (SELECT sealed_version_id FROM api_key WHERE connection_id = $2)";
        self.execute(sql, &[text(at), text(id)]).await?;
        Ok(())
    }

    /// Forgets a connection with its keys and subscriptions. Sealed versions stay while a snapshot refers to them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connection_delete(&mut self, id: ConnectionId) -> Result<()> {
        self.execute("DELETE FROM subscription WHERE connection_id = $1", &[text(id)]).await?;
        self.execute("DELETE FROM api_key WHERE connection_id = $1", &[text(id)]).await?;
        self.decisions_forget(&Subscriber::Connection(id)).await?;
        self.execute("DELETE FROM connection WHERE id = $1", &[text(id)]).await?;
        Ok(())
    }

    /// The connections of an organization that are out of use and that no live deployment holds any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connections_unheld(&mut self, organization: OrganizationId) -> Result<Vec<Connection>> {
        let sql = "SELECT * FROM connection WHERE organization_id = $1 AND deleted_at IS NOT NULL AND NOT EXISTS
             (SELECT 1 FROM deployment_connection
                 WHERE deployment_connection.connection_id = connection.id AND deployment_connection.live)
             ORDER BY id";
        self.rows(sql, &[text(organization)]).await?.iter().map(Connection::read).collect()
    }

    /// Whether an id is taken, be it by a connection that is out of use.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connection_id_taken(&mut self, id: ConnectionId) -> Result<bool> {
        Ok(self.row("SELECT id FROM connection WHERE id = $1", &[text(id)]).await?.is_some())
    }

    /// Finds a connection by its id, anywhere.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connection_by_id(&mut self, id: ConnectionId) -> Result<Option<Connection>> {
        let row = self.row("SELECT * FROM connection WHERE id = $1 AND deleted_at IS NULL", &[text(id)]).await?;
        row.as_ref().map(Connection::read).transpose()
    }

    /// As [`Transaction::connection_by_id`], also one that is out of use.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connection_held_by_id(&mut self, id: ConnectionId) -> Result<Option<Connection>> {
        let row = self.row("SELECT * FROM connection WHERE id = $1", &[text(id)]).await?;
        row.as_ref().map(Connection::read).transpose()
    }

    /// One page of the connections that a component may refer to, or a scope may use: the organization's, and the given
    /// project's and component's, by level (organization first) and name; those after a level, a normalised name and an
    /// id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connections_usable_page(
        &mut self,
        organization: OrganizationId,
        project: Option<ProjectId>,
        component: Option<ComponentId>,
        after: Option<(Level, String, ConnectionId)>,
        limit: i64,
    ) -> Result<Vec<Connection>> {
        // A statement for each level: each reads on from its place in an index, and no further than its limit.
        let levels = [
            (
                Level::Organization,
                Some(organization.to_string()),
                "SELECT * FROM connection WHERE organization_id = $1 AND level = 'organization' AND deleted_at IS NULL
                     AND (name_part, id) > ($2, $3) ORDER BY name_part, id LIMIT $4",
            ),
            (
                Level::Project,
                project.map(|id| id.to_string()),
                "SELECT * FROM connection WHERE project_id = $1 AND level = 'project' AND deleted_at IS NULL
                     AND (name_part, id) > ($2, $3) ORDER BY name_part, id LIMIT $4",
            ),
            (
                Level::Component,
                component.map(|id| id.to_string()),
                "SELECT * FROM connection WHERE component_id = $1 AND level = 'component' AND deleted_at IS NULL
                     AND (name_part, id) > ($2, $3) ORDER BY name_part, id LIMIT $4",
            ),
        ];
        let mut found = Vec::new();
        for (level, owner, sql) in levels {
            let Some(owner) = owner else { continue };
            let (part, id) = match &after {
                Some((passed, ..)) if *passed > level => continue,
                Some((at, part, id)) if *at == level => (part.clone(), id.to_string()),
                _ => (String::new(), String::new()),
            };
            let left = limit - i64::try_from(found.len()).unwrap_or(limit);
            if left <= 0 {
                break;
            }
            let values = [text(owner), text(part), text(id), Value::Integer(left)];
            for row in self.rows(sql, &values).await? {
                found.push(Connection::read(&row)?);
            }
        }
        Ok(found)
    }

    /// Every connection whose variables could meet those of a connection of this name at this place. The place: at
    /// organization level all of the organization, at project level the organization's and all of the project, at
    /// component level the organization's, the project's and the component's. The name: the same after normalisation,
    /// or one followed by `_` begins the other.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connections_meeting(
        &mut self,
        organization: OrganizationId,
        project: Option<ProjectId>,
        component: Option<ComponentId>,
        name: &str,
    ) -> Result<Vec<Connection>> {
        let part = variable_part(name);
        let place = |id: Option<String>| text(id.unwrap_or_default());
        let values = |from: &str, to: &str| {
            let (project, component) = (project.map(|id| id.to_string()), component.map(|id| id.to_string()));
            [text(organization), place(project), place(component), text(from), text(to)]
        };
        let sql = "SELECT * FROM connection
             WHERE organization_id = $1 AND name_part >= $4 AND name_part <= $5 AND deleted_at IS NULL
             AND ($2 = '' OR level = 'organization'
                 OR (project_id = $2 AND ($3 = '' OR level = 'project' OR component_id = $3)))
             ORDER BY name_part, id";
        // In the order of bytes, all that begins with `_` comes before a backtick, which no name holds.
        let mut rows = self.rows(sql, &values(&format!("{part}_"), &format!("{part}`"))).await?;
        for head in part.match_indices('_').map(|(end, _)| &part[..end]).chain([part.as_str()]) {
            rows.extend(self.rows(sql, &values(head, head)).await?);
        }
        rows.iter().map(Connection::read).collect()
    }

    /// The connections whose names normalise to `part` and that a component may refer to, or a scope may use; those of
    /// the organization first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connections_named(
        &mut self,
        organization: OrganizationId,
        project: Option<ProjectId>,
        component: Option<ComponentId>,
        part: &str,
    ) -> Result<Vec<Connection>> {
        let sql = "SELECT * FROM connection
                 WHERE organization_id = $1 AND level = 'organization' AND name_part = $2 AND deleted_at IS NULL
             UNION ALL SELECT * FROM connection
                 WHERE project_id = $3 AND level = 'project' AND name_part = $2 AND deleted_at IS NULL
             UNION ALL SELECT * FROM connection
                 WHERE component_id = $4 AND level = 'component' AND name_part = $2 AND deleted_at IS NULL
             ORDER BY id";
        let values = [text(organization), text(part), optional(project), optional(component)];
        let mut found: Vec<_> = self.rows(sql, &values).await?.iter().map(Connection::read).collect::<Result<_>>()?;
        found.sort_by_key(|connection| connection.level);
        Ok(found)
    }

    /// The connections that a deployment's descriptor refers to, but for those that are out of use.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connections_of_deployment(&mut self, deployment: DeploymentId) -> Result<Vec<Connection>> {
        self.rows(CONNECTIONS_OF_DEPLOYMENT, &[text(deployment)]).await?.iter().map(Connection::read).collect()
    }

    /// The connections that lead to a service.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connections_of_service(&mut self, service: ServiceId) -> Result<Vec<Connection>> {
        let sql = "SELECT * FROM connection WHERE service_id = $1 AND deleted_at IS NULL ORDER BY name_part, id";
        self.rows(sql, &[text(service)]).await?.iter().map(Connection::read).collect()
    }

    /// How many connections lead to a service.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connection_count_of_service(&mut self, service: ServiceId) -> Result<i64> {
        let sql = "SELECT COUNT(*) AS number FROM connection WHERE service_id = $1 AND deleted_at IS NULL";
        let row = self.row(sql, &[text(service)]).await?;
        row.map_or(Ok(0), |row| row.integer("number"))
    }

    /// The connections that lead to a service, also those that are out of use.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connections_holding_service(&mut self, service: ServiceId) -> Result<Vec<Connection>> {
        let sql = "SELECT * FROM connection WHERE service_id = $1 ORDER BY name_part, id";
        self.rows(sql, &[text(service)]).await?.iter().map(Connection::read).collect()
    }

    /// The connections that use an OAuth application, also those that are out of use.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connections_of_application(&mut self, application: ApplicationId) -> Result<Vec<Connection>> {
        let sql = "SELECT * FROM connection WHERE application_id = $1 ORDER BY name_part, id";
        self.rows(sql, &[text(application)]).await?.iter().map(Connection::read).collect()
    }

    /// The connections at a component's or project's own level, whatever their names: what goes with its owner.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connections_of_component(&mut self, component: ComponentId) -> Result<Vec<Connection>> {
        let sql = "SELECT * FROM connection WHERE component_id = $1 AND deleted_at IS NULL ORDER BY name_part, id";
        self.rows(sql, &[text(component)]).await?.iter().map(Connection::read).collect()
    }

    /// The connections of an organization that call services through a gateway with a proof of who calls: those for which
    /// keys are minted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connections_with_keys(&mut self, organization: OrganizationId) -> Result<Vec<Connection>> {
        let sql = "SELECT * FROM connection WHERE organization_id = $1 AND deleted_at IS NULL
             AND access_mode IN ('organization', 'public') AND scheme IN ('oauth2', 'api-key') ORDER BY name_part, id";
        self.rows(sql, &[text(organization)]).await?.iter().map(Connection::read).collect()
    }

    /// Every connection of an organization, by level and name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connections_of_organization(&mut self, organization: OrganizationId) -> Result<Vec<Connection>> {
        let sql = "SELECT * FROM connection WHERE organization_id = $1 AND deleted_at IS NULL ORDER BY name_part, id";
        self.rows(sql, &[text(organization)]).await?.iter().map(Connection::read).collect()
    }
}
