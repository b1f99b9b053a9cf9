//! Organizations, and the lock that orders the writes of each.

use jiff::Timestamp;
use tieline_core::id::OrganizationId;

use crate::row::{Row, Value, text};
use crate::{Result, Transaction};

/// A row of `organization`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its handle, as written.
    pub handle: String,
    /// The first part of variable names.
    pub variable_prefix: String,
    /// How long its access tokens live, in seconds.
    pub token_lifetime: i64,
    /// Counts the changes of its settings.
    pub revision: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Organization {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed("id")?,
            handle: row.text("handle")?,
            variable_prefix: row.text("variable_prefix")?,
            token_lifetime: row.integer("token_lifetime")?,
            revision: row.integer("revision")?,
            created_at: row.parsed("created_at")?,
        })
    }
}

impl Transaction {
    /// Records an organization.
    ///
    /// # Errors
    /// [`crate::Error::Duplicate`] when the handle is taken.
    pub async fn organization_insert(&mut self, organization: &Organization) -> Result<()> {
        self.execute(
            "INSERT INTO organization (id, handle, handle_folded, variable_prefix, token_lifetime, revision, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &[
                text(organization.id),
                text(&organization.handle),
                text(organization.handle.to_ascii_lowercase()),
                text(&organization.variable_prefix),
                Value::Integer(organization.token_lifetime),
                Value::Integer(organization.revision),
                text(organization.created_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// Finds an organization by its handle, ignoring case.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn organization_by_handle(&mut self, handle: &str) -> Result<Option<Organization>> {
        let row = self
            .row("SELECT * FROM organization WHERE handle_folded = $1", &[text(handle.to_ascii_lowercase())])
            .await?;
        row.as_ref().map(Organization::read).transpose()
    }

    /// Finds an organization by its id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn organization_by_id(&mut self, id: OrganizationId) -> Result<Option<Organization>> {
        let row = self.row("SELECT * FROM organization WHERE id = $1", &[text(id)]).await?;
        row.as_ref().map(Organization::read).transpose()
    }

    /// Every organization, by handle.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn organizations(&mut self) -> Result<Vec<Organization>> {
        let rows = self.rows("SELECT * FROM organization ORDER BY handle_folded", &[]).await?;
        rows.iter().map(Organization::read).collect()
    }

    /// How many organizations there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn organization_count(&mut self) -> Result<i64> {
        let row = self.row("SELECT COUNT(*) AS number FROM organization", &[]).await?;
        row.map_or(Ok(0), |row| row.integer("number"))
    }

    /// Takes the organization's lock until the transaction ends, so that what is decided from its rows stays true, and
    /// answers the organization as it is under the lock. Writing the row, even unchanged, is what takes it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn organization_lock(&mut self, id: OrganizationId) -> Result<Option<Organization>> {
        let sql = "UPDATE organization SET revision = revision WHERE id = $1 RETURNING *";
        self.row(sql, &[text(id)]).await?.as_ref().map(Organization::read).transpose()
    }

    /// Records the settings of an organization, and counts the change.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn organization_update(&mut self, organization: &Organization) -> Result<()> {
        let sql = "UPDATE organization SET variable_prefix = $1, token_lifetime = $2, revision = revision + 1
             WHERE id = $3";
        let lifetime = Value::Integer(organization.token_lifetime);
        self.execute(sql, &[text(&organization.variable_prefix), lifetime, text(organization.id)]).await?;
        Ok(())
    }
}
