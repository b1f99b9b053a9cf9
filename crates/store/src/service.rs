//! Marketplace entries, and the endpoints or credentials of those that are registered.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tieline_core::endpoint::Visibility;
use tieline_core::id::{ComponentId, EntryId, EnvironmentId, OrganizationId, ProjectId, ServiceId};
use tieline_core::model::{Parameter, PinnedValue, Scheme, ServiceEndpoint, ServiceType};

use crate::row::{Row, Value, json, optional, text};
use crate::{Result, Transaction};

/// A row of `service`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// The organization that it belongs to.
    pub organization_id: OrganizationId,
    /// The provider's project, or the one project that it is registered for; none for the whole organization.
    pub project_id: Option<ProjectId>,
    /// The provider, for an internal service.
    pub component_id: Option<ComponentId>,
    /// What it is.
    pub service_type: ServiceType,
    /// Its kind: `service`, `third-party`, or the name of a resource kind.
    pub kind: String,
    /// How it is referred to, in the canonical form.
    pub reference: String,
    /// What people call it.
    pub name: String,
    /// The major version that it stands for.
    pub major: i64,
    /// The latest version of that major.
    pub version: String,
    /// One line about it.
    pub summary: String,
    /// A page about it (Markdown).
    pub overview: String,
    /// A related document (Markdown).
    pub document: String,
    /// Free words to find it by.
    pub labels: Vec<String>,
    /// Categories to filter by.
    pub categories: Vec<String>,
    /// The type of its definition, as `core::definition` names it; empty without one.
    pub definition_kind: String,
    /// Its API definition.
    pub definition: Option<String>,
    /// The parameters that were registered; empty for internal services, whose parameters follow from the scheme.
    pub parameters: Vec<Parameter>,
    /// The schemes that it enables, for an internal service.
    pub schemes: Vec<Scheme>,
    /// Whether its owners approve each subscription, for an internal service.
    pub approval: bool,
    /// Who may reach it, for an internal service.
    pub visibilities: Vec<Visibility>,
    /// The endpoint that it stands for, for an internal service.
    pub endpoint: Option<ServiceEndpoint>,
    /// Whether its owners offer it.
    pub published: bool,
    /// Whether the marketplace shows it: published, and complete (a registered service with all values in one entry).
    pub listed: bool,
    /// Counts its changes.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A row of `service_entry`: an endpoint of a third-party service, or a credential of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: EntryId,
    /// The service that it belongs to.
    pub service_id: ServiceId,
    /// Its name, unique in the service.
    pub name: String,
    /// Where connections may use it.
    pub environments: Vec<EnvironmentId>,
    /// Its value for each key that has one (`ServiceURL` included).
    pub values: BTreeMap<String, PinnedValue>,
}

impl Service {
    pub(crate) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed("id")?,
            organization_id: row.parsed("organization_id")?,
            project_id: row.optional_parsed("project_id")?,
            component_id: row.optional_parsed("component_id")?,
            service_type: row.parsed("type")?,
            kind: row.text("kind")?,
            reference: row.text("reference")?,
            name: row.text("name")?,
            major: row.integer("major")?,
            version: row.text("version")?,
            summary: row.text("summary")?,
            overview: row.text("overview")?,
            document: row.text("document")?,
            labels: row.json("labels")?,
            categories: row.json("categories")?,
            definition_kind: row.text("definition_kind")?,
            definition: row.optional_text("definition")?,
            parameters: row.json("parameters")?,
            schemes: row.json("schemes")?,
            approval: row.boolean("approval")?,
            visibilities: row.json("visibilities")?,
            endpoint: row.optional_text("endpoint")?.map(|_| row.json("endpoint")).transpose()?,
            published: row.boolean("published")?,
            listed: row.boolean("listed")?,
            revision: row.integer("revision")?,
            created_at: row.parsed("created_at")?,
            updated_at: row.parsed("updated_at")?,
        })
    }

    fn values(&self) -> Result<Vec<Value>> {
        Ok(vec![
            text(self.id),
            text(self.organization_id),
            optional(self.project_id),
            optional(self.component_id),
            text(self.service_type),
            text(&self.kind),
            text(&self.reference),
            text(self.reference.to_ascii_lowercase()),
            text(&self.name),
            Value::Integer(self.major),
            text(&self.version),
            text(&self.summary),
            text(&self.overview),
            text(&self.document),
            json(&self.labels)?,
            json(&self.categories)?,
            text(&self.definition_kind),
            optional(self.definition.as_ref()),
            json(&self.parameters)?,
            json(&self.schemes)?,
            Value::Boolean(self.approval),
            json(&self.visibilities)?,
            self.endpoint.as_ref().map_or(Ok(Value::Null), json)?,
            Value::Boolean(self.published),
            Value::Boolean(self.listed),
            text(self.created_at),
            text(self.updated_at),
        ])
    }
}

impl Entry {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed("id")?,
            service_id: row.parsed("service_id")?,
            name: row.text("name")?,
            environments: row.json("environments")?,
            values: row.json("entry_values")?,
        })
    }
}

/// Services.
impl Transaction {
    /// Records a service, or all that may change of one of the same id, and counts the change.
    ///
    /// # Errors
    /// [`crate::Error::Duplicate`] when another service has the reference.
    pub async fn service_save(&mut self, service: &Service) -> Result<i64> {
        let row = self
            .row(
                "INSERT INTO service (id, organization_id, project_id, component_id, type, kind, reference,
                 reference_folded, name, major, version, summary, overview, document, labels, categories,
                 definition_kind, definition, parameters, schemes, approval, visibilities, endpoint, published, listed,
                 created_at, updated_at, revision)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                 $22, $23, $24, $25, $26, $27, 1)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = excluded.version,
                 summary = excluded.summary, overview = excluded.overview, document = excluded.document,
                 labels = excluded.labels, categories = excluded.categories,
                 definition_kind = excluded.definition_kind, definition = excluded.definition,
                 parameters = excluded.parameters, schemes = excluded.schemes, approval = excluded.approval,
                 visibilities = excluded.visibilities, endpoint = excluded.endpoint,
                 published = excluded.published, listed = excluded.listed, updated_at = excluded.updated_at,
                 revision = service.revision + 1
             RETURNING revision",
                &service.values()?,
            )
            .await?;
        self.search_index(service).await?;
        row.map_or(Ok(1), |row| row.integer("revision"))
    }

    /// Forgets a service with its entries and what was decided about its subscribers.
    ///
    /// # Errors
    /// [`crate::Error::Referenced`] while a connection or deployment refers to it.
    pub async fn service_delete(&mut self, id: ServiceId) -> Result<()> {
        self.search_remove(id).await?;
        self.execute("DELETE FROM service_entry WHERE service_id = $1", &[text(id)]).await?;
        self.execute("DELETE FROM subscription_decision WHERE service_id = $1", &[text(id)]).await?;
        self.execute("DELETE FROM service WHERE id = $1", &[text(id)]).await?;
        Ok(())
    }

    /// Finds a service by its id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn service_by_id(&mut self, id: ServiceId) -> Result<Option<Service>> {
        let row = self.row("SELECT * FROM service WHERE id = $1", &[text(id)]).await?;
        row.as_ref().map(Service::read).transpose()
    }

    /// Finds a service by its canonical reference, ignoring case.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn service_by_reference(
        &mut self,
        organization: OrganizationId,
        reference: &str,
    ) -> Result<Option<Service>> {
        let sql = "SELECT * FROM service WHERE organization_id = $1 AND reference_folded = $2";
        let row = self.row(sql, &[text(organization), text(reference.to_ascii_lowercase())]).await?;
        row.as_ref().map(Service::read).transpose()
    }

    /// The services of a component, of every major version, by reference.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn services_of_provider(&mut self, component: ComponentId) -> Result<Vec<Service>> {
        let sql = "SELECT * FROM service WHERE component_id = $1 ORDER BY reference_folded";
        self.rows(sql, &[text(component)]).await?.iter().map(Service::read).collect()
    }

    /// Every entry of an organization, by service and name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entries_of_organization(&mut self, organization: OrganizationId) -> Result<Vec<Entry>> {
        let sql = "SELECT service_entry.* FROM service_entry JOIN service ON service.id = service_entry.service_id
             WHERE service.organization_id = $1 ORDER BY service_entry.service_id, service_entry.name";
        self.rows(sql, &[text(organization)]).await?.iter().map(Entry::read).collect()
    }

    /// The services of one component's major version, listed or not, by reference.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn services_of_component(&mut self, component: ComponentId, major: i64) -> Result<Vec<Service>> {
        let sql = "SELECT * FROM service WHERE component_id = $1 AND major = $2 ORDER BY reference_folded";
        self.rows(sql, &[text(component), Value::Integer(major)]).await?.iter().map(Service::read).collect()
    }
}

/// Entries.
impl Transaction {
    /// Records an entry, or all that may change of one of the same id.
    ///
    /// # Errors
    /// [`crate::Error::Duplicate`] when the name is taken in the service.
    pub async fn entry_save(&mut self, entry: &Entry) -> Result<()> {
        self.execute(
            "INSERT INTO service_entry (id, service_id, name, environments, entry_values) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, environments = excluded.environments,
                 entry_values = excluded.entry_values",
            &[
                text(entry.id),
                text(entry.service_id),
                text(&entry.name),
                json(&entry.environments)?,
                json(&entry.values)?,
            ],
        )
        .await?;
        Ok(())
    }

    /// Forgets an entry.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entry_delete(&mut self, id: EntryId) -> Result<()> {
        self.execute("DELETE FROM service_entry WHERE id = $1", &[text(id)]).await?;
        Ok(())
    }

    /// The entries of a service, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn entries(&mut self, service: ServiceId) -> Result<Vec<Entry>> {
        let sql = "SELECT * FROM service_entry WHERE service_id = $1 ORDER BY name";
        self.rows(sql, &[text(service)]).await?.iter().map(Entry::read).collect()
    }
}
