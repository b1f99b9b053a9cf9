//! OAuth applications, their clients, and the many secrets and API keys that are live at a time. Secrets arrive sealed.

use jiff::Timestamp;
use tieline_core::id::{
    ApplicationId, ComponentId, ConnectionId, EnvironmentId, OrganizationId, ProjectId, RowId, SealedVersionId,
};
use uuid::Uuid;

use crate::row::{Row, Value, optional, text};
use crate::subscription::Subscriber;
use crate::{Error, Result, Transaction};

/// A row of `oauth_application`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// The organization that it belongs to.
    pub organization_id: OrganizationId,
    /// Whose it is.
    pub owner: ApplicationOwner,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Whose an application is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplicationOwner {
    /// The one connection that has it for itself.
    Connection(ConnectionId),
    /// The connections of a project share it.
    Project(ProjectId),
    /// The connections of a component share it.
    Component(ComponentId),
}

impl ApplicationOwner {
    /// What it is, in a word.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Connection(_) => "connection",
            Self::Project(_) => "project",
            Self::Component(_) => "component",
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(self) -> Uuid {
        match self {
            Self::Connection(id) => id.0,
            Self::Project(id) => id.0,
            Self::Component(id) => id.0,
        }
    }

    fn read(row: &Row) -> Result<Self> {
        match row.text("owner_kind")?.as_str() {
            "connection" => Ok(Self::Connection(row.parsed("owner_id")?)),
            "project" => Ok(Self::Project(row.parsed("owner_id")?)),
            "component" => Ok(Self::Component(row.parsed("owner_id")?)),
            _ => Err(Error::column("owner_kind", "connection, project or component")),
        }
    }
}

impl Application {
    pub(crate) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed("id")?,
            organization_id: row.parsed("organization_id")?,
            owner: ApplicationOwner::read(row)?,
            created_at: row.parsed("created_at")?,
        })
    }
}

/// A row of `sealed_version`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedVersion {
    /// Its id.
    pub id: SealedVersionId,
    /// The organization that it belongs to.
    pub organization_id: OrganizationId,
    /// What it is authenticated against.
    pub context: String,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stopped being accepted.
    pub revoked_at: Option<Timestamp>,
}

/// One secret of a client, or one API key: what it is known by and where its sealed value lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its row.
    pub id: RowId,
    /// Where its sealed value lies.
    pub sealed_version_id: SealedVersionId,
    /// SHA-256 of its value.
    pub digest: Vec<u8>,
    /// The one component that it is for, where the connection says so.
    pub holder: Option<ComponentId>,
    /// When it stops being accepted.
    pub not_after: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Key {
    pub(crate) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed("id")?,
            sealed_version_id: row.parsed("sealed_version_id")?,
            digest: row.bytes("digest")?,
            holder: row.optional_parsed("holder_component_id")?,
            not_after: row.optional_parsed("not_after")?,
            created_at: row.parsed("created_at")?,
        })
    }
}

/// Sealed versions.
impl Transaction {
    /// Records a sealed value.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sealed_insert(&mut self, version: &SealedVersion) -> Result<()> {
        self.execute(
            "INSERT INTO sealed_version (id, organization_id, context, sealed, created_at) VALUES ($1, $2, $3, $4, $5)",
            &[
                text(version.id),
                text(version.organization_id),
                text(&version.context),
                Value::Bytes(version.sealed.clone()),
                text(version.created_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// Finds a sealed value.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sealed_by_id(&mut self, id: SealedVersionId) -> Result<Option<SealedVersion>> {
        let row = self.row("SELECT * FROM sealed_version WHERE id = $1", &[text(id)]).await?;
        row.map(|row| read_sealed(&row)).transpose()
    }

    /// Up to `limit` sealed values of an organization after an id, in order of ids: for wrapping all of them anew.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sealed_of_organization(
        &mut self,
        organization: OrganizationId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<SealedVersion>> {
        let sql = "SELECT * FROM sealed_version WHERE organization_id = $1 AND id > $2 ORDER BY id LIMIT $3";
        let values = [text(organization), text(after), Value::Integer(limit)];
        self.rows(sql, &values).await?.iter().map(read_sealed).collect()
    }

    /// Replaces the wrapping of a sealed value.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sealed_rewrap(&mut self, id: SealedVersionId, sealed: &[u8]) -> Result<()> {
        let values = [Value::Bytes(sealed.to_vec()), text(id)];
        self.execute("UPDATE sealed_version SET sealed = $1 WHERE id = $2", &values).await?;
        Ok(())
    }
}

/// Applications and clients.
impl Transaction {
    /// Records an application.
    ///
    /// # Errors
    /// [`crate::Error::Duplicate`] when the owner has one.
    pub async fn application_insert(&mut self, application: &Application) -> Result<()> {
        self.execute(
            "INSERT INTO oauth_application (id, organization_id, owner_kind, owner_id, created_at)
             VALUES ($1, $2, $3, $4, $5)",
            &[
                text(application.id),
                text(application.organization_id),
                text(application.owner.kind()),
                text(application.owner.id()),
                text(application.created_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// Finds the application of an owner.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn application_by_owner(&mut self, owner: ApplicationOwner) -> Result<Option<Application>> {
        let sql = "SELECT * FROM oauth_application WHERE owner_kind = $1 AND owner_id = $2";
        self.row(sql, &[text(owner.kind()), text(owner.id())]).await?.as_ref().map(Application::read).transpose()
    }

    /// Finds an application.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn application_by_id(&mut self, id: ApplicationId) -> Result<Option<Application>> {
        let row = self.row("SELECT * FROM oauth_application WHERE id = $1", &[text(id)]).await?;
        row.as_ref().map(Application::read).transpose()
    }

    /// The application of a client.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn application_of_client(&mut self, client: &str) -> Result<Option<ApplicationId>> {
        let row = self.row("SELECT application_id FROM oauth_client WHERE id = $1", &[text(client)]).await?;
        row.map(|row| row.parsed("application_id")).transpose()
    }

    /// Revokes the secrets of an application, and forgets it with its clients. The sealed versions stay, revoked, for the
    /// snapshots that refer to them; what an identity provider has of it is to be deleted there.
    ///
    /// # Errors
    /// [`crate::Error::Referenced`] while a connection uses it.
    pub async fn application_delete(&mut self, id: ApplicationId, at: Timestamp) -> Result<()> {
        self.execute(
            "UPDATE sealed_version SET revoked_at = $1 WHERE revoked_at IS NULL AND id IN
                 (SELECT sealed_version_id FROM client_secret WHERE client_id IN
                     (SELECT id FROM oauth_client WHERE application_id = $2))",
            &[text(at), text(id)],
        )
        .await?;
        self.execute(
            "DELETE FROM client_secret WHERE client_id IN (SELECT id FROM oauth_client WHERE application_id = $1)",
            &[text(id)],
        )
        .await?;
        let sql = "UPDATE client_registration SET client_id = NULL, attempts = 0, failure = NULL,
                 due_at = CASE WHEN begun_at IS NULL THEN created_at ELSE due_at END
             WHERE client_id IN (SELECT id FROM oauth_client WHERE application_id = $1)";
        self.execute(sql, &[text(id)]).await?;
        self.execute("DELETE FROM oauth_client WHERE application_id = $1", &[text(id)]).await?;
        self.execute("DELETE FROM oauth_application WHERE id = $1", &[text(id)]).await?;
        self.decisions_forget(&Subscriber::Application(id)).await
    }

    /// Records the client of an application in an environment.
    ///
    /// # Errors
    /// [`crate::Error::Duplicate`] when there is one.
    pub async fn client_insert(
        &mut self,
        client: &str,
        application: ApplicationId,
        environment: EnvironmentId,
        at: Timestamp,
    ) -> Result<()> {
        let values = [text(client), text(application), text(environment), text(at)];
        let sql = "INSERT INTO oauth_client (id, application_id, environment_id, created_at) VALUES ($1, $2, $3, $4)";
        self.execute(sql, &values).await?;
        Ok(())
    }

    /// The client id of an application in an environment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn client_id(
        &mut self,
        application: ApplicationId,
        environment: EnvironmentId,
    ) -> Result<Option<String>> {
        let sql = "SELECT id FROM oauth_client WHERE application_id = $1 AND environment_id = $2";
        self.row(sql, &[text(application), text(environment)]).await?.map(|row| row.text("id")).transpose()
    }
}

/// Secrets and API keys.
impl Transaction {
    /// Records a secret of a client.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn client_secret_insert(&mut self, client: &str, key: &Key) -> Result<()> {
        self.execute(
            "INSERT INTO client_secret (id, client_id, sealed_version_id, digest, holder_component_id, not_after,
                 state, created_at) VALUES ($1, $2, $3, $4, $5, $6, 'live', $7)",
            &[
                text(key.id),
                text(client),
                text(key.sealed_version_id),
                Value::Bytes(key.digest.clone()),
                optional(key.holder),
                optional(key.not_after),
                text(key.created_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// The live secrets of a client: those that do not retire first, then the youngest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn client_secrets(&mut self, client: &str) -> Result<Vec<Key>> {
        let sql = "SELECT * FROM client_secret WHERE client_id = $1 AND state = 'live'
             ORDER BY CASE WHEN not_after IS NULL THEN 0 ELSE 1 END, created_at DESC, id DESC";
        self.rows(sql, &[text(client)]).await?.iter().map(Key::read).collect()
    }

    /// Records an API key of a connection in an environment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn api_key_insert(
        &mut self,
        connection: ConnectionId,
        environment: EnvironmentId,
        key: &Key,
    ) -> Result<()> {
        self.execute(
            "INSERT INTO api_key (id, connection_id, environment_id, sealed_version_id, digest,
                 holder_component_id, not_after, state, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'live', $8)",
            &[
                text(key.id),
                text(connection),
                text(environment),
                text(key.sealed_version_id),
                Value::Bytes(key.digest.clone()),
                optional(key.holder),
                optional(key.not_after),
                text(key.created_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// The live API keys of a connection in an environment: those that do not retire first, then the youngest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn api_keys(&mut self, connection: ConnectionId, environment: EnvironmentId) -> Result<Vec<Key>> {
        let sql = "SELECT * FROM api_key WHERE connection_id = $1 AND environment_id = $2 AND state = 'live'
             ORDER BY CASE WHEN not_after IS NULL THEN 0 ELSE 1 END, created_at DESC, id DESC";
        self.rows(sql, &[text(connection), text(environment)]).await?.iter().map(Key::read).collect()
    }
}

pub(crate) fn read_sealed(row: &Row) -> Result<SealedVersion> {
    Ok(SealedVersion {
        id: row.parsed("id")?,
        organization_id: row.parsed("organization_id")?,
        context: row.text("context")?,
        sealed: row.bytes("sealed")?,
        created_at: row.parsed("created_at")?,
        revoked_at: row.optional_parsed("revoked_at")?,
    })
}
