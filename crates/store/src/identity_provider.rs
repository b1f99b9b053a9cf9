//! The identity providers of organizations that have their own. The token to register clients with arrives sealed.

use jiff::Timestamp;
use serde_json::Value as Json;
use tieline_core::id::{OrganizationId, SealedVersionId};
use tieline_core::identity_provider::Metadata;

use crate::connection::Connection;
use crate::row::{Row, Value, json, optional, text};
use crate::{Result, Transaction};

/// A row of `identity_provider`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProvider {
    /// The organization.
    pub organization_id: OrganizationId,
    /// Its issuer.
    pub issuer: String,
    /// The audience that its tokens must name; none for any.
    pub audience: Option<String>,
    /// The initial access token, sealed.
    pub registration_token_id: Option<SealedVersionId>,
    /// What its metadata says.
    pub metadata: Metadata,
    /// Its public keys.
    pub keys: Vec<Json>,
    /// When they were asked for last.
    pub checked_at: Timestamp,
    /// Why they were not told then.
    pub failure: Option<String>,
    /// When it was set.
    pub created_at: Timestamp,
}

impl IdentityProvider {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            organization_id: row.parsed("organization_id")?,
            issuer: row.text("issuer")?,
            audience: row.optional_text("audience")?,
            registration_token_id: row.optional_parsed("registration_token_id")?,
            metadata: row.json("metadata")?,
            keys: row.json("keys")?,
            checked_at: row.parsed("checked_at")?,
            failure: row.optional_text("failure")?,
            created_at: row.parsed("created_at")?,
        })
    }
}

impl Transaction {
    /// The identity provider of an organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn identity_provider(&mut self, organization: OrganizationId) -> Result<Option<IdentityProvider>> {
        let row = self.row("SELECT * FROM identity_provider WHERE organization_id = $1", &[text(organization)]).await?;
        row.as_ref().map(IdentityProvider::read).transpose()
    }

    /// Records the identity provider of an organization, in place of what was recorded.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn identity_provider_save(&mut self, provider: &IdentityProvider) -> Result<()> {
        self.execute(
            "INSERT INTO identity_provider (organization_id, issuer, audience, registration_token_id, metadata, keys,
                 checked_at, failure, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (organization_id) DO UPDATE SET issuer = excluded.issuer, audience = excluded.audience,
                 registration_token_id = excluded.registration_token_id, metadata = excluded.metadata,
                 keys = excluded.keys, checked_at = excluded.checked_at, failure = excluded.failure",
            &[
                text(provider.organization_id),
                text(&provider.issuer),
                optional(provider.audience.as_ref()),
                optional(provider.registration_token_id),
                json(&provider.metadata)?,
                json(&provider.keys)?,
                text(provider.checked_at),
                optional(provider.failure.as_ref()),
                text(provider.created_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// Forgets the identity provider of an organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn identity_provider_delete(&mut self, organization: OrganizationId) -> Result<()> {
        self.execute("DELETE FROM identity_provider WHERE organization_id = $1", &[text(organization)]).await?;
        Ok(())
    }

    /// The organizations whose identity provider was asked for its keys before a time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn identity_providers_due(&mut self, before: Timestamp) -> Result<Vec<OrganizationId>> {
        let sql = "SELECT organization_id FROM identity_provider WHERE checked_at < $1 ORDER BY organization_id";
        self.rows(sql, &[text(before)]).await?.iter().map(|row| row.parsed("organization_id")).collect()
    }

    /// Up to `limit` connections of an organization that have an OAuth application, also those that are out of use.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connections_with_application(
        &mut self,
        organization: OrganizationId,
        limit: i64,
    ) -> Result<Vec<Connection>> {
        let sql = "SELECT connection.* FROM oauth_application
             JOIN connection ON connection.application_id = oauth_application.id
             WHERE oauth_application.organization_id = $1 ORDER BY oauth_application.id, connection.id LIMIT $2";
        let rows = self.rows(sql, &[text(organization), Value::Integer(limit)]).await?;
        rows.iter().map(Connection::read).collect()
    }
}
