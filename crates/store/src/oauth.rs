//! What the token service keeps: signing keys, revocations, and what it asks about a client. Private keys arrive sealed.

use jiff::Timestamp;
use tieline_core::id::{ApplicationId, EnvironmentId, OrganizationId, ServiceId};
use tieline_core::model::SigningAlgorithm;

use crate::row::{Row, Value, optional, text};
use crate::{Result, Transaction};

/// A row of `signing_key`. It is published as long as it is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKeyRow {
    /// Its name: the thumbprint of the public half.
    pub kid: String,
    /// How it signs.
    pub algorithm: SigningAlgorithm,
    /// The public half (JWK, JSON text).
    pub jwk: String,
    /// The private half, sealed.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs: of those that do, the latest.
    pub signs_from: Timestamp,
    /// When the last token that it signed has expired; none while it is to sign.
    pub retires_at: Option<Timestamp>,
}

/// A row of `token_revocation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// The `jti` of a token, or the id of a client secret.
    pub id: String,
    /// The organization.
    pub organization_id: OrganizationId,
    /// When the last token that it concerns expires, in seconds since 1970.
    pub until: i64,
}

/// A client, with what its tokens say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The client id.
    pub id: String,
    /// Its application.
    pub application_id: ApplicationId,
    /// Its organization.
    pub organization_id: OrganizationId,
    /// The organization's handle.
    pub organization: String,
    /// How long the organization's tokens live, in seconds.
    pub token_lifetime: i64,
    /// Its environment.
    pub environment_id: EnvironmentId,
    /// The environment's handle.
    pub environment: String,
}

/// Signing keys.
impl Transaction {
    /// Records a key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn signing_key_insert(&mut self, key: &SigningKeyRow) -> Result<()> {
        self.execute(
            "INSERT INTO signing_key (kid, algorithm, jwk, sealed, created_at, signs_from, retires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &[
                text(&key.kid),
                text(key.algorithm),
                text(&key.jwk),
                Value::Bytes(key.sealed.clone()),
                text(key.created_at),
                text(key.signs_from),
                optional(key.retires_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// Every key, in the order in which they sign.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn signing_keys(&mut self) -> Result<Vec<SigningKeyRow>> {
        let rows = self.rows("SELECT * FROM signing_key ORDER BY signs_from, kid", &[]).await?;
        let read = |row: &Row| {
            Ok(SigningKeyRow {
                kid: row.text("kid")?,
                algorithm: row.parsed("algorithm")?,
                jwk: row.text("jwk")?,
                sealed: row.bytes("sealed")?,
                created_at: row.parsed("created_at")?,
                signs_from: row.parsed("signs_from")?,
                retires_at: row.optional_parsed("retires_at")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Notes when a key retires.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn signing_key_retire(&mut self, kid: &str, at: Timestamp) -> Result<()> {
        self.execute("UPDATE signing_key SET retires_at = $1 WHERE kid = $2", &[text(at), text(kid)]).await?;
        Ok(())
    }

    /// Replaces the wrapping of a key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn signing_key_rewrap(&mut self, kid: &str, sealed: &[u8]) -> Result<()> {
        let values = [Value::Bytes(sealed.to_vec()), text(kid)];
        self.execute("UPDATE signing_key SET sealed = $1 WHERE kid = $2", &values).await?;
        Ok(())
    }

    /// Forgets a key: it is published no more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn signing_key_delete(&mut self, kid: &str) -> Result<()> {
        self.execute("DELETE FROM signing_key WHERE kid = $1", &[text(kid)]).await?;
        Ok(())
    }
}

/// Revocations.
impl Transaction {
    /// Records that a token, or every token of a client secret, counts no more; once is enough.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revocation_save(&mut self, revocation: &Revocation) -> Result<()> {
        let values = [text(&revocation.id), text(revocation.organization_id), Value::Integer(revocation.until)];
        self.execute(
            "INSERT INTO token_revocation (id, organization_id, valid_until) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET valid_until = excluded.valid_until
             WHERE token_revocation.valid_until < excluded.valid_until",
            &values,
        )
        .await?;
        Ok(())
    }

    /// The revocations of an organization that still matter at a time (seconds since 1970).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revocations(&mut self, organization: OrganizationId, at: i64) -> Result<Vec<Revocation>> {
        let sql = "SELECT * FROM token_revocation WHERE organization_id = $1 AND valid_until > $2 ORDER BY id";
        self.rows(sql, &[text(organization), Value::Integer(at)]).await?.iter().map(read_revocation).collect()
    }

    /// The revocation of an id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revocation_by_id(&mut self, id: &str) -> Result<Option<Revocation>> {
        let row = self.row("SELECT * FROM token_revocation WHERE id = $1", &[text(id)]).await?;
        row.as_ref().map(read_revocation).transpose()
    }

    /// Forgets the revocations that matter no more at a time (seconds since 1970); answers how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revocations_forget(&mut self, at: i64) -> Result<u64> {
        self.execute("DELETE FROM token_revocation WHERE valid_until <= $1", &[Value::Integer(at)]).await
    }
}

/// Clients.
impl Transaction {
    /// Finds a client of the token service; those of an identity provider are its own.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn client_by_id(&mut self, client: &str) -> Result<Option<Client>> {
        let sql = "SELECT c.id, c.application_id, c.environment_id, e.handle AS environment, e.organization_id,
                 o.handle AS organization, o.token_lifetime
             FROM oauth_client c JOIN environment e ON e.id = c.environment_id
                 JOIN organization o ON o.id = e.organization_id
             WHERE c.id = $1 AND NOT EXISTS (SELECT 1 FROM client_registration r WHERE r.client_id = c.id)";
        let row = self.row(sql, &[text(client)]).await?;
        row.map(|row| {
            Ok(Client {
                id: row.text("id")?,
                application_id: row.parsed("application_id")?,
                organization_id: row.parsed("organization_id")?,
                organization: row.text("organization")?,
                token_lifetime: row.integer("token_lifetime")?,
                environment_id: row.parsed("environment_id")?,
                environment: row.text("environment")?,
            })
        })
        .transpose()
    }

    /// The services with an OpenAPI definition to which the connections of an application lead, each with the revision
    /// that it has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn services_of_application(&mut self, application: ApplicationId) -> Result<Vec<(ServiceId, i64)>> {
        let sql = "SELECT id, revision FROM service WHERE definition_kind IN ('openapi2', 'openapi3')
             AND id IN (SELECT service_id FROM connection WHERE application_id = $1) ORDER BY id";
        let rows = self.rows(sql, &[text(application)]).await?;
        rows.iter().map(|row| Ok((row.parsed("id")?, row.integer("revision")?))).collect()
    }

    /// The definition of a service, if it has one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn service_definition(&mut self, service: ServiceId) -> Result<Option<String>> {
        let row = self.row("SELECT definition FROM service WHERE id = $1", &[text(service)]).await?;
        row.map_or(Ok(None), |row| row.optional_text("definition"))
    }
}

fn read_revocation(row: &Row) -> Result<Revocation> {
    Ok(Revocation {
        id: row.text("id")?,
        organization_id: row.parsed("organization_id")?,
        until: row.integer("valid_until")?,
    })
}
