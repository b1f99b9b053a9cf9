//! The clients that identity providers have, or are to have, or are to delete. What is done about them, and when, is the
//! caller's to know.

use jiff::Timestamp;
use tieline_core::id::{ApplicationId, OrganizationId, RowId, SealedVersionId};

use crate::row::{Row, Value, optional, text};
use crate::{Result, Transaction};

/// A row of `client_registration`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Its id.
    pub id: RowId,
    /// The organization.
    pub organization_id: OrganizationId,
    /// The client of an application that it is for; none when nobody needs it any more.
    pub client_id: Option<String>,
    /// How it is called at the provider.
    pub name: String,
    /// Its client id at the provider; none before it is registered.
    pub registered_id: Option<String>,
    /// Where it is deleted.
    pub management_uri: Option<String>,
    /// The token for that, sealed.
    pub management_token_id: Option<SealedVersionId>,
    /// Since when the provider is asked for it; none while it is not.
    pub begun_at: Option<Timestamp>,
    /// How often the provider was asked in vain.
    pub attempts: i64,
    /// When something is to be done about it; none when nothing is.
    pub due_at: Option<Timestamp>,
    /// Why the provider was asked in vain.
    pub failure: Option<String>,
    /// When it was first wanted.
    pub created_at: Timestamp,
}

/// How many there are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RegistrationCount {
    /// Those that the provider has.
    pub registered: i64,
    /// Those that it is to have.
    pub pending: i64,
    /// Those that it is to delete.
    pub ending: i64,
}

impl Registration {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed("id")?,
            organization_id: row.parsed("organization_id")?,
            client_id: row.optional_text("client_id")?,
            name: row.text("name")?,
            registered_id: row.optional_text("registered_id")?,
            management_uri: row.optional_text("management_uri")?,
            management_token_id: row.optional_parsed("management_token_id")?,
            begun_at: row.optional_parsed("begun_at")?,
            attempts: row.integer("attempts")?,
            due_at: row.optional_parsed("due_at")?,
            failure: row.optional_text("failure")?,
            created_at: row.parsed("created_at")?,
        })
    }
}

impl Transaction {
    /// Records a registration that is wanted.
    ///
    /// # Errors
    /// [`crate::Error::Duplicate`] when the client has one.
    pub async fn registration_insert(&mut self, registration: &Registration) -> Result<()> {
        self.execute(
            "INSERT INTO client_registration (id, organization_id, client_id, name, registered_id, management_uri,
                 management_token_id, begun_at, attempts, due_at, failure, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            &[
                text(registration.id),
                text(registration.organization_id),
                optional(registration.client_id.as_ref()),
                text(&registration.name),
                optional(registration.registered_id.as_ref()),
                optional(registration.management_uri.as_ref()),
                optional(registration.management_token_id),
                optional(registration.begun_at),
                Value::Integer(registration.attempts),
                optional(registration.due_at),
                optional(registration.failure.as_ref()),
                text(registration.created_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// Records what became of a registration.
    ///
    /// # Errors
    /// [`crate::Error::Duplicate`] when another one of the organization has its client id at the provider.
    pub async fn registration_update(&mut self, registration: &Registration) -> Result<()> {
        self.execute(
            "UPDATE client_registration SET registered_id = $1, management_uri = $2, management_token_id = $3,
                 begun_at = $4, attempts = $5, due_at = $6, failure = $7 WHERE id = $8",
            &[
                optional(registration.registered_id.as_ref()),
                optional(registration.management_uri.as_ref()),
                optional(registration.management_token_id),
                optional(registration.begun_at),
                Value::Integer(registration.attempts),
                optional(registration.due_at),
                optional(registration.failure.as_ref()),
                text(registration.id),
            ],
        )
        .await?;
        Ok(())
    }

    /// Forgets a registration.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn registration_delete(&mut self, id: RowId) -> Result<()> {
        self.execute("DELETE FROM client_registration WHERE id = $1", &[text(id)]).await?;
        Ok(())
    }

    /// Finds a registration.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn registration_by_id(&mut self, id: RowId) -> Result<Option<Registration>> {
        let row = self.row("SELECT * FROM client_registration WHERE id = $1", &[text(id)]).await?;
        row.as_ref().map(Registration::read).transpose()
    }

    /// The registration of a client; none for a client of Tieline's own token service.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn registration_of_client(&mut self, client: &str) -> Result<Option<Registration>> {
        let row = self.row("SELECT * FROM client_registration WHERE client_id = $1", &[text(client)]).await?;
        row.as_ref().map(Registration::read).transpose()
    }

    /// How many clients of an application are to be registered, and their provider was not asked yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn registrations_untried(&mut self, application: ApplicationId) -> Result<i64> {
        let sql = "SELECT COUNT(*) AS untried FROM oauth_client
             JOIN client_registration ON client_registration.client_id = oauth_client.id
             WHERE oauth_client.application_id = $1 AND client_registration.registered_id IS NULL
                 AND client_registration.attempts = 0";
        let row = self.row(sql, &[text(application)]).await?;
        row.map_or(Ok(0), |row| row.integer("untried"))
    }

    /// The registration that has a client id at the provider of an organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn registration_by_registered(
        &mut self,
        organization: OrganizationId,
        registered: &str,
    ) -> Result<Option<Registration>> {
        let sql = "SELECT * FROM client_registration WHERE organization_id = $1 AND registered_id = $2";
        let row = self.row(sql, &[text(organization), text(registered)]).await?;
        row.as_ref().map(Registration::read).transpose()
    }

    /// The next organization, in the order of ids, with a registration about which something is to be done at a time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn registering_next(&mut self, after: &str, at: Timestamp) -> Result<Option<OrganizationId>> {
        let sql = "SELECT MIN(organization_id) AS organization_id FROM client_registration
             WHERE organization_id > $1 AND due_at <= $2";
        let row = self.row(sql, &[text(after), text(at)]).await?;
        row.map_or(Ok(None), |row| row.optional_parsed("organization_id"))
    }

    /// Up to `limit` registrations of an organization about which something is to be done at a time, the longest due first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn registrations_due(
        &mut self,
        organization: OrganizationId,
        at: Timestamp,
        limit: i64,
    ) -> Result<Vec<Registration>> {
        let sql = "SELECT * FROM client_registration WHERE organization_id = $1 AND due_at <= $2
             ORDER BY due_at, id LIMIT $3";
        let values = [text(organization), text(at), Value::Integer(limit)];
        self.rows(sql, &values).await?.iter().map(Registration::read).collect()
    }

    /// Makes what waits for another try due at a time; what a provider is being asked for is left alone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn registrations_hasten(&mut self, organization: OrganizationId, at: Timestamp) -> Result<()> {
        let sql = "UPDATE client_registration SET due_at = $1
             WHERE organization_id = $2 AND due_at > $1 AND begun_at IS NULL";
        self.execute(sql, &[text(at), text(organization)]).await?;
        Ok(())
    }

    /// How many registrations of an organization there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn registrations_count(&mut self, organization: OrganizationId) -> Result<RegistrationCount> {
        let sql =
            "SELECT COUNT(CASE WHEN client_id IS NOT NULL AND registered_id IS NOT NULL THEN 1 END) AS registered,
                 COUNT(CASE WHEN client_id IS NOT NULL AND registered_id IS NULL THEN 1 END) AS pending,
                 COUNT(CASE WHEN client_id IS NULL THEN 1 END) AS ending
             FROM client_registration WHERE organization_id = $1";
        let Some(row) = self.row(sql, &[text(organization)]).await? else { return Ok(RegistrationCount::default()) };
        Ok(RegistrationCount {
            registered: row.integer("registered")?,
            pending: row.integer("pending")?,
            ending: row.integer("ending")?,
        })
    }
}
