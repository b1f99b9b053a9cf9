//! Bearer tokens of the API, known by digest, and the row that ties a database to its master key.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tieline_core::id::{ComponentId, EnvironmentId, OrganizationId, ProjectId, TokenId};
use tieline_core::model::Role;

use crate::row::{Row, Value, json, optional, text};
use crate::{Result, Transaction};

/// A row of `token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// What people call it.
    pub name: String,
    /// SHA-256 of the token.
    pub digest: Vec<u8>,
    /// What its holder may do.
    pub role: Role,
    /// Where: the organization; none for the installation.
    pub organization_id: Option<OrganizationId>,
    /// Where: one project, for roles that are limited to it.
    pub project_id: Option<ProjectId>,
    /// Where: one component, for a runner.
    pub component_id: Option<ComponentId>,
    /// Where: one environment, for a runner.
    pub environment_id: Option<EnvironmentId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops being accepted.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// The row of `installation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// Which master key seals the values.
    pub key_fingerprint: String,
    /// The public addresses that the live snapshots were made with, by name.
    pub addresses: BTreeMap<String, String>,
    /// When the database was first used.
    pub created_at: Timestamp,
}

impl Token {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed("id")?,
            name: row.text("name")?,
            digest: row.bytes("digest")?,
            role: row.parsed("role")?,
            organization_id: row.optional_parsed("organization_id")?,
            project_id: row.optional_parsed("project_id")?,
            component_id: row.optional_parsed("component_id")?,
            environment_id: row.optional_parsed("environment_id")?,
            created_at: row.parsed("created_at")?,
            expires_at: row.optional_parsed("expires_at")?,
            revoked_at: row.optional_parsed("revoked_at")?,
        })
    }
}

/// Tokens.
impl Transaction {
    /// Records a token.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token_insert(&mut self, token: &Token) -> Result<()> {
        self.execute(
            "INSERT INTO token (id, name, digest, role, organization_id, project_id, component_id, environment_id,
                 created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            &[
                text(token.id),
                text(&token.name),
                Value::Bytes(token.digest.clone()),
                text(token.role),
                optional(token.organization_id),
                optional(token.project_id),
                optional(token.component_id),
                optional(token.environment_id),
                text(token.created_at),
                optional(token.expires_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// Finds a token by the digest of what was presented.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token_by_digest(&mut self, digest: &[u8]) -> Result<Option<Token>> {
        let row = self.row("SELECT * FROM token WHERE digest = $1", &[Value::Bytes(digest.to_vec())]).await?;
        row.as_ref().map(Token::read).transpose()
    }

    /// The token of an id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token_by_id(&mut self, id: TokenId) -> Result<Option<Token>> {
        let row = self.row("SELECT * FROM token WHERE id = $1", &[text(id)]).await?;
        row.as_ref().map(Token::read).transpose()
    }

    /// The tokens of an organization, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tokens(&mut self, organization: OrganizationId) -> Result<Vec<Token>> {
        let sql = "SELECT * FROM token WHERE organization_id = $1 ORDER BY created_at DESC, id";
        self.rows(sql, &[text(organization)]).await?.iter().map(Token::read).collect()
    }

    /// One page of the tokens of an organization, the latest first: those that were made before a token.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tokens_page(
        &mut self,
        organization: OrganizationId,
        before: Option<TokenId>,
        limit: i64,
    ) -> Result<Vec<Token>> {
        // Ids begin with the time.
        let sql = "SELECT * FROM token WHERE organization_id = $1 AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3";
        let before = before.map(|id| id.to_string()).unwrap_or_default();
        let values = [text(organization), text(before), Value::Integer(limit)];
        self.rows(sql, &values).await?.iter().map(Token::read).collect()
    }

    /// Every token with a role in the whole installation, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn installation_tokens(&mut self) -> Result<Vec<Token>> {
        let sql = "SELECT * FROM token WHERE organization_id IS NULL ORDER BY created_at, id";
        self.rows(sql, &[]).await?.iter().map(Token::read).collect()
    }

    /// Notes that a token is no longer accepted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token_revoke(&mut self, id: TokenId, at: Timestamp) -> Result<()> {
        let sql = "UPDATE token SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL";
        self.execute(sql, &[text(at), text(id)]).await?;
        Ok(())
    }

    /// Records that a token administers an organization that it made.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token_organization_insert(&mut self, token: TokenId, organization: OrganizationId) -> Result<()> {
        let sql = "INSERT INTO token_organization (token_id, organization_id) VALUES ($1, $2)";
        self.execute(sql, &[text(token), text(organization)]).await?;
        Ok(())
    }

    /// The organizations that a token made.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token_organizations(&mut self, token: TokenId) -> Result<Vec<OrganizationId>> {
        let sql = "SELECT organization_id FROM token_organization WHERE token_id = $1 ORDER BY organization_id";
        self.rows(sql, &[text(token)]).await?.iter().map(|row| row.parsed("organization_id")).collect()
    }
}

/// The installation.
impl Transaction {
    /// The installation's row; none before the first start.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn installation(&mut self) -> Result<Option<Installation>> {
        let row = self.row("SELECT * FROM installation WHERE id = 1", &[]).await?;
        row.map(|row| {
            Ok(Installation {
                key_fingerprint: row.text("key_fingerprint")?,
                addresses: row.json("addresses")?,
                created_at: row.parsed("created_at")?,
            })
        })
        .transpose()
    }

    /// Takes the installation's lock until the transaction ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn installation_lock(&mut self) -> Result<()> {
        self.execute("UPDATE installation SET created_at = created_at WHERE id = 1", &[]).await?;
        Ok(())
    }

    /// Records the installation's row.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn installation_save(&mut self, installation: &Installation) -> Result<()> {
        self.execute(
            "INSERT INTO installation (id, key_fingerprint, addresses, created_at) VALUES (1, $1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET key_fingerprint = excluded.key_fingerprint,
                 addresses = excluded.addresses",
            &[text(&installation.key_fingerprint), json(&installation.addresses)?, text(installation.created_at)],
        )
        .await?;
        Ok(())
    }
}
