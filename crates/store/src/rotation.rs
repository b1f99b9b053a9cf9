//! Client secrets and API keys on their way out: which ones retire, who still holds them, and their end.

use jiff::Timestamp;
use tieline_core::id::{ApplicationId, ComponentId, ConnectionId, EnvironmentId, OrganizationId, SealedVersionId};

use crate::deployment::Deployment;
use crate::key::Key;
use crate::row::{Row, Value, optional, text};
use crate::{Result, Transaction};

/// Whose a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issued {
    /// A secret of a client.
    ClientSecret {
        /// The client id.
        client: String,
        /// The client's application.
        application: ApplicationId,
    },
    /// An API key.
    ApiKey {
        /// The connection.
        connection: ConnectionId,
    },
}

/// A live client secret or API key, with whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Whose it is.
    pub issued: Issued,
    /// The environment of those who present it.
    pub environment_id: EnvironmentId,
    /// The secret.
    pub key: Key,
}

/// Instances of a component and major that hold a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The component.
    pub component_id: ComponentId,
    /// The major.
    pub major: i64,
    /// How many there are.
    pub instances: i64,
}

impl Credential {
    fn of_client(row: &Row) -> Result<Self> {
        let issued =
            Issued::ClientSecret { client: row.text("client_id")?, application: row.parsed("application_id")? };
        Ok(Self { issued, environment_id: row.parsed("environment_id")?, key: Key::read(row)? })
    }

    fn api_key(row: &Row) -> Result<Self> {
        let issued = Issued::ApiKey { connection: row.parsed("connection_id")? };
        Ok(Self { issued, environment_id: row.parsed("environment_id")?, key: Key::read(row)? })
    }
}

/// Those that retire.
impl Transaction {
    /// Says until when a secret is accepted; none for no end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn credential_retire(&mut self, credential: &Credential, not_after: Option<Timestamp>) -> Result<()> {
        let sql = match credential.issued {
            Issued::ClientSecret { .. } => "UPDATE client_secret SET not_after = $1 WHERE id = $2",
            Issued::ApiKey { .. } => "UPDATE api_key SET not_after = $1 WHERE id = $2",
        };
        self.execute(sql, &[optional(not_after), text(credential.key.id)]).await?;
        Ok(())
    }

    /// Revokes a secret, and its sealed version.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn credential_revoke(&mut self, credential: &Credential, at: Timestamp) -> Result<()> {
        let sql = match credential.issued {
            Issued::ClientSecret { .. } => "UPDATE client_secret SET state = 'revoked' WHERE id = $1",
            Issued::ApiKey { .. } => "UPDATE api_key SET state = 'revoked' WHERE id = $1",
        };
        self.execute(sql, &[text(credential.key.id)]).await?;
        let sql = "UPDATE sealed_version SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL";
        self.execute(sql, &[text(at), text(credential.key.sealed_version_id)]).await?;
        Ok(())
    }

    /// The next organization, in the order of ids, in which a live secret retires.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retiring_next(&mut self, after: &str) -> Result<Option<OrganizationId>> {
        let mut found: Vec<OrganizationId> = Vec::new();
        for sql in [
            "SELECT MIN(environment.organization_id) AS organization_id FROM client_secret
             JOIN oauth_client ON oauth_client.id = client_secret.client_id
             JOIN environment ON environment.id = oauth_client.environment_id
             WHERE client_secret.state = 'live' AND client_secret.not_after > '' AND environment.organization_id > $1",
            "SELECT MIN(environment.organization_id) AS organization_id FROM api_key
             JOIN environment ON environment.id = api_key.environment_id
             WHERE api_key.state = 'live' AND api_key.not_after > '' AND environment.organization_id > $1",
        ] {
            if let Some(row) = self.row(sql, &[text(after)]).await? {
                found.extend(row.optional_parsed::<OrganizationId>("organization_id")?);
            }
        }
        found.sort_by_key(ToString::to_string);
        Ok(found.into_iter().next())
    }

    /// The live secrets and API keys of an organization that retire.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn credentials_retiring(&mut self, organization: OrganizationId) -> Result<Vec<Credential>> {
        let sql = "SELECT client_secret.*, oauth_client.application_id, oauth_client.environment_id FROM client_secret
             JOIN oauth_client ON oauth_client.id = client_secret.client_id
             JOIN environment ON environment.id = oauth_client.environment_id
             WHERE client_secret.state = 'live' AND client_secret.not_after > '' AND environment.organization_id = $1
             ORDER BY client_secret.id";
        let rows = self.rows(sql, &[text(organization)]).await?;
        let mut found: Vec<_> = rows.iter().map(Credential::of_client).collect::<Result<_>>()?;
        let sql = "SELECT api_key.* FROM api_key JOIN environment ON environment.id = api_key.environment_id
             WHERE api_key.state = 'live' AND api_key.not_after > '' AND environment.organization_id = $1
             ORDER BY api_key.id";
        for row in self.rows(sql, &[text(organization)]).await? {
            found.push(Credential::api_key(&row)?);
        }
        Ok(found)
    }
}

/// Who holds them.
impl Transaction {
    /// The live deployments with a snapshot that refers to a sealed version.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deployments_holding(&mut self, id: SealedVersionId) -> Result<Vec<Deployment>> {
        let sql = "SELECT deployment.* FROM snapshot_secret
             JOIN deployment ON deployment.snapshot_id = snapshot_secret.snapshot_id
             WHERE snapshot_secret.sealed_version_id = $1 AND deployment.state = 'live'
             ORDER BY deployment.sequence, deployment.id";
        self.rows(sql, &[text(id)]).await?.iter().map(Deployment::read).collect()
    }

    /// The sealed versions of a snapshot that are being rotated out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn snapshot_retiring(&mut self, snapshot: &str) -> Result<Vec<SealedVersionId>> {
        let sql = "SELECT client_secret.sealed_version_id FROM snapshot_secret
             JOIN client_secret ON client_secret.sealed_version_id = snapshot_secret.sealed_version_id
             WHERE snapshot_secret.snapshot_id = $1 AND client_secret.not_after IS NOT NULL
             UNION SELECT api_key.sealed_version_id FROM snapshot_secret
             JOIN api_key ON api_key.sealed_version_id = snapshot_secret.sealed_version_id
             WHERE snapshot_secret.snapshot_id = $1 AND api_key.not_after IS NOT NULL";
        self.rows(sql, &[text(snapshot)]).await?.iter().map(|row| row.parsed("sealed_version_id")).collect()
    }

    /// The instances that run with a snapshot that refers to a sealed version, by component and major.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn instances_holding(&mut self, id: SealedVersionId) -> Result<Vec<Holding>> {
        let sql = "SELECT instance.component_id, instance.major, COUNT(*) AS instances FROM snapshot_secret
             JOIN instance ON instance.snapshot_id = snapshot_secret.snapshot_id
             WHERE snapshot_secret.sealed_version_id = $1
             GROUP BY instance.component_id, instance.major ORDER BY instance.component_id, instance.major";
        let read = |row: &Row| {
            let (component_id, major) = (row.parsed("component_id")?, row.integer("major")?);
            Ok(Holding { component_id, major, instances: row.integer("instances")? })
        };
        self.rows(sql, &[text(id)]).await?.iter().map(read).collect()
    }

    /// The live secrets and API keys that one component alone holds, in one environment or all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn credentials_of_component(
        &mut self,
        component: ComponentId,
        environment: Option<EnvironmentId>,
    ) -> Result<Vec<Credential>> {
        let environment = environment.map(|id| id.to_string()).unwrap_or_default();
        let values = [text(component), Value::Text(environment)];
        let sql = "SELECT client_secret.*, oauth_client.application_id, oauth_client.environment_id FROM client_secret
             JOIN oauth_client ON oauth_client.id = client_secret.client_id
             WHERE client_secret.holder_component_id = $1 AND client_secret.state = 'live'
             AND ($2 = '' OR oauth_client.environment_id = $2) ORDER BY client_secret.id";
        let rows = self.rows(sql, &values).await?;
        let mut found: Vec<_> = rows.iter().map(Credential::of_client).collect::<Result<_>>()?;
        let sql = "SELECT * FROM api_key WHERE holder_component_id = $1 AND state = 'live'
             AND ($2 = '' OR environment_id = $2) ORDER BY id";
        for row in self.rows(sql, &values).await? {
            found.push(Credential::api_key(&row)?);
        }
        Ok(found)
    }
}
