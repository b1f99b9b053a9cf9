//! What an organization holds: environments, projects and components.

use jiff::Timestamp;
use tieline_core::id::{ComponentId, EnvironmentId, OrganizationId, ProjectId};
use tieline_core::model::ComponentType;

use crate::row::{Row, Value, json, text};
use crate::{Result, Transaction};

pub(crate) const COMPONENT_BY_ID: &str = "SELECT * FROM component WHERE id = $1";

/// A row of `environment`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its id.
    pub id: EnvironmentId,
    /// The organization that it belongs to.
    pub organization_id: OrganizationId,
    /// Its handle, as written.
    pub handle: String,
    /// Its place in the order of promotion, from 1.
    pub position: i64,
    /// Whether its secrets are readable only by its runners and organization admins.
    pub critical: bool,
    /// The networks (CIDR) that endpoints may listen in; empty for the default rule.
    pub allowed_addresses: Vec<String>,
    /// Counts its changes.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A row of `project`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// The organization that it belongs to.
    pub organization_id: OrganizationId,
    /// Its handle, as written.
    pub handle: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A row of `component`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Its id.
    pub id: ComponentId,
    /// The organization that it belongs to.
    pub organization_id: OrganizationId,
    /// The project that it belongs to.
    pub project_id: ProjectId,
    /// Its handle, as written.
    pub handle: String,
    /// What it is.
    pub component_type: ComponentType,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Environment {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed("id")?,
            organization_id: row.parsed("organization_id")?,
            handle: row.text("handle")?,
            position: row.integer("position")?,
            critical: row.boolean("critical")?,
            allowed_addresses: row.json("allowed_addresses")?,
            revision: row.integer("revision")?,
            created_at: row.parsed("created_at")?,
        })
    }
}

impl Project {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed("id")?,
            organization_id: row.parsed("organization_id")?,
            handle: row.text("handle")?,
            created_at: row.parsed("created_at")?,
        })
    }
}

impl Component {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed("id")?,
            organization_id: row.parsed("organization_id")?,
            project_id: row.parsed("project_id")?,
            handle: row.text("handle")?,
            component_type: row.parsed("type")?,
            created_at: row.parsed("created_at")?,
        })
    }
}

/// Environments.
impl Transaction {
    /// Records an environment; those at its position and after move up by one.
    ///
    /// # Errors
    /// [`crate::Error::Duplicate`] when the handle is taken.
    pub async fn environment_insert(&mut self, environment: &Environment) -> Result<()> {
        self.execute(
            "UPDATE environment SET position = position + 1 WHERE organization_id = $1 AND position >= $2",
            &[text(environment.organization_id), Value::Integer(environment.position)],
        )
        .await?;
        self.execute(
            "INSERT INTO environment (id, organization_id, handle, handle_folded, position, critical,
                 allowed_addresses, revision, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8)",
            &[
                text(environment.id),
                text(environment.organization_id),
                text(&environment.handle),
                text(environment.handle.to_ascii_lowercase()),
                Value::Integer(environment.position),
                Value::Boolean(environment.critical),
                json(&environment.allowed_addresses)?,
                text(environment.created_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// Records what may change of an environment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn environment_update(&mut self, environment: &Environment) -> Result<()> {
        self.execute(
            "UPDATE environment SET critical = $1, allowed_addresses = $2, revision = revision + 1 WHERE id = $3",
            &[Value::Boolean(environment.critical), json(&environment.allowed_addresses)?, text(environment.id)],
        )
        .await?;
        Ok(())
    }

    /// Forgets an environment with the history of its deployments, its keys and its runners' tokens. That nothing uses it
    /// any more is the caller's to know.
    ///
    /// # Errors
    /// [`crate::Error::Referenced`] while anything else refers to it.
    pub async fn environment_delete(&mut self, id: EnvironmentId) -> Result<()> {
        const HISTORY: [&str; 13] = [
            "DELETE FROM instance WHERE environment_id = $1",
            "DELETE FROM deployed_endpoint WHERE environment_id = $1",
            "DELETE FROM deployment_connection WHERE deployment_id IN (SELECT id FROM deployment WHERE environment_id = $1)",
            "DELETE FROM deployment WHERE environment_id = $1",
            "DELETE FROM snapshot_secret WHERE snapshot_id IN (SELECT id FROM snapshot WHERE environment_id = $1)",
            "DELETE FROM snapshot WHERE environment_id = $1",
            "DELETE FROM subscription WHERE environment_id = $1 OR provider_environment_id = $1",
            "DELETE FROM subscription_decision WHERE environment_id = $1",
            "DELETE FROM api_key WHERE environment_id = $1",
            "DELETE FROM client_secret WHERE client_id IN (SELECT id FROM oauth_client WHERE environment_id = $1)",
            "UPDATE client_registration SET client_id = NULL, attempts = 0, failure = NULL,
                 due_at = CASE WHEN begun_at IS NULL THEN created_at ELSE due_at END
             WHERE client_id IN (SELECT id FROM oauth_client WHERE environment_id = $1)",
            "DELETE FROM oauth_client WHERE environment_id = $1",
            "DELETE FROM token WHERE environment_id = $1",
        ];
        for sql in HISTORY {
            self.execute(sql, &[text(id)]).await?;
        }
        self.execute("DELETE FROM environment WHERE id = $1", &[text(id)]).await?;
        Ok(())
    }

    /// The environments of an organization, in the order of promotion.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn environments(&mut self, organization: OrganizationId) -> Result<Vec<Environment>> {
        let sql = "SELECT * FROM environment WHERE organization_id = $1 ORDER BY position";
        self.rows(sql, &[text(organization)]).await?.iter().map(Environment::read).collect()
    }

    /// Finds an environment by its handle, ignoring case.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn environment_by_handle(
        &mut self,
        organization: OrganizationId,
        handle: &str,
    ) -> Result<Option<Environment>> {
        let sql = "SELECT * FROM environment WHERE organization_id = $1 AND handle_folded = $2";
        let row = self.row(sql, &[text(organization), text(handle.to_ascii_lowercase())]).await?;
        row.as_ref().map(Environment::read).transpose()
    }
}

/// Projects.
impl Transaction {
    /// Records a project.
    ///
    /// # Errors
    /// [`crate::Error::Duplicate`] when the handle is taken.
    pub async fn project_insert(&mut self, project: &Project) -> Result<()> {
        self.execute(
            "INSERT INTO project (id, organization_id, handle, handle_folded, created_at) VALUES ($1, $2, $3, $4, $5)",
            &[
                text(project.id),
                text(project.organization_id),
                text(&project.handle),
                text(project.handle.to_ascii_lowercase()),
                text(project.created_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// The projects of an organization, by handle.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn projects(&mut self, organization: OrganizationId) -> Result<Vec<Project>> {
        let sql = "SELECT * FROM project WHERE organization_id = $1 ORDER BY handle_folded";
        self.rows(sql, &[text(organization)]).await?.iter().map(Project::read).collect()
    }

    /// Finds a project by its handle, ignoring case.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn project_by_handle(&mut self, organization: OrganizationId, handle: &str) -> Result<Option<Project>> {
        let sql = "SELECT * FROM project WHERE organization_id = $1 AND handle_folded = $2";
        let row = self.row(sql, &[text(organization), text(handle.to_ascii_lowercase())]).await?;
        row.as_ref().map(Project::read).transpose()
    }

    /// Finds a project by its id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn project_by_id(&mut self, id: ProjectId) -> Result<Option<Project>> {
        let row = self.row("SELECT * FROM project WHERE id = $1", &[text(id)]).await?;
        row.as_ref().map(Project::read).transpose()
    }

    /// Forgets a project with the tokens and the roles of people that were limited to it.
    ///
    /// # Errors
    /// [`crate::Error::Referenced`] while anything else refers to it.
    pub async fn project_delete(&mut self, id: ProjectId) -> Result<()> {
        for sql in [
            "DELETE FROM token WHERE project_id = $1",
            "DELETE FROM invitation WHERE membership_id IN (SELECT id FROM membership WHERE project_id = $1)",
            "DELETE FROM membership WHERE project_id = $1",
            "DELETE FROM project WHERE id = $1",
        ] {
            self.execute(sql, &[text(id)]).await?;
        }
        Ok(())
    }
}

/// Components.
impl Transaction {
    /// Records a component.
    ///
    /// # Errors
    /// [`crate::Error::Duplicate`] when the handle is taken in its project.
    pub async fn component_insert(&mut self, component: &Component) -> Result<()> {
        self.execute(
            "INSERT INTO component (id, organization_id, project_id, handle, handle_folded, type, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &[
                text(component.id),
                text(component.organization_id),
                text(component.project_id),
                text(&component.handle),
                text(component.handle.to_ascii_lowercase()),
                text(component.component_type),
                text(component.created_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// The components of a project, by handle.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn components(&mut self, project: ProjectId) -> Result<Vec<Component>> {
        let sql = "SELECT * FROM component WHERE project_id = $1 ORDER BY handle_folded";
        self.rows(sql, &[text(project)]).await?.iter().map(Component::read).collect()
    }

    /// The components of an organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn components_of_organization(&mut self, organization: OrganizationId) -> Result<Vec<Component>> {
        let sql = "SELECT * FROM component WHERE organization_id = $1 ORDER BY id";
        self.rows(sql, &[text(organization)]).await?.iter().map(Component::read).collect()
    }

    /// Finds a component by its handle, ignoring case.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn component_by_handle(&mut self, project: ProjectId, handle: &str) -> Result<Option<Component>> {
        let sql = "SELECT * FROM component WHERE project_id = $1 AND handle_folded = $2";
        let row = self.row(sql, &[text(project), text(handle.to_ascii_lowercase())]).await?;
        row.as_ref().map(Component::read).transpose()
    }

    /// Finds a component by its id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn component_by_id(&mut self, id: ComponentId) -> Result<Option<Component>> {
        let row = self.row(COMPONENT_BY_ID, &[text(id)]).await?;
        row.as_ref().map(Component::read).transpose()
    }

    /// Forgets the history of a component's deployments, the keys that only it held and its runners' tokens. That nothing
    /// of it is live any more is the caller's to know.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn component_history_delete(&mut self, id: ComponentId) -> Result<()> {
        const HISTORY: [&str; 10] = [
            "DELETE FROM instance WHERE component_id = $1",
            "DELETE FROM deployed_endpoint WHERE deployment_id IN (SELECT id FROM deployment WHERE component_id = $1)",
            "DELETE FROM deployment_connection WHERE deployment_id IN (SELECT id FROM deployment WHERE component_id = $1)",
            "DELETE FROM deployment WHERE component_id = $1",
            "DELETE FROM snapshot_secret WHERE snapshot_id IN (SELECT id FROM snapshot WHERE component_id = $1)",
            "DELETE FROM snapshot WHERE component_id = $1",
            "DELETE FROM release WHERE component_id = $1",
            "DELETE FROM api_key WHERE holder_component_id = $1",
            "DELETE FROM client_secret WHERE holder_component_id = $1",
            "DELETE FROM token WHERE component_id = $1",
        ];
        for sql in HISTORY {
            self.execute(sql, &[text(id)]).await?;
        }
        Ok(())
    }

    /// Forgets a component.
    ///
    /// # Errors
    /// [`crate::Error::Referenced`] while anything refers to it.
    pub async fn component_delete(&mut self, id: ComponentId) -> Result<()> {
        self.execute("DELETE FROM component WHERE id = $1", &[text(id)]).await?;
        Ok(())
    }
}
