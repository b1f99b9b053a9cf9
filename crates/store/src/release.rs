//! Releases, and the immutable snapshots that deployments run with.

use jiff::Timestamp;
use serde_json::Value as Json;
use tieline_core::id::{ComponentId, EnvironmentId, OrganizationId, ReleaseId, SealedVersionId};

use crate::key::{SealedVersion, read_sealed};
use crate::row::{Row, Value, json, text};
use crate::{Result, Transaction};

/// A row of `release`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its id.
    pub id: ReleaseId,
    /// The component that it is of.
    pub component_id: ComponentId,
    /// Its version, as `v1.2`.
    pub version: String,
    /// The major of its version.
    pub major: i64,
    /// Hash of its content.
    pub digest: String,
    /// Descriptor and definitions, as `control` writes them (JSON).
    pub source: Json,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A row of `snapshot`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Hash of its content.
    pub id: String,
    /// The organization that it belongs to.
    pub organization_id: OrganizationId,
    /// The component that it is for.
    pub component_id: ComponentId,
    /// The environment that it is for.
    pub environment_id: EnvironmentId,
    /// The variables, as `control` writes them (JSON).
    pub variables: Json,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Release {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed("id")?,
            component_id: row.parsed("component_id")?,
            version: row.text("version")?,
            major: row.integer("major")?,
            digest: row.text("digest")?,
            source: row.json("source")?,
            created_at: row.parsed("created_at")?,
        })
    }
}

impl Snapshot {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.text("id")?,
            organization_id: row.parsed("organization_id")?,
            component_id: row.parsed("component_id")?,
            environment_id: row.parsed("environment_id")?,
            variables: row.json("variables")?,
            created_at: row.parsed("created_at")?,
        })
    }
}

pub(crate) const RELEASE_BY_ID: &str = "SELECT * FROM release WHERE id = $1";
pub(crate) const SNAPSHOT_BY_ID: &str = "SELECT * FROM snapshot WHERE id = $1";

impl Transaction {
    /// Records a release.
    ///
    /// # Errors
    /// [`crate::Error::Duplicate`] when the same content has the version.
    pub async fn release_insert(&mut self, release: &Release) -> Result<()> {
        self.execute(
            "INSERT INTO release (id, component_id, version, major, digest, source, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &[
                text(release.id),
                text(release.component_id),
                text(&release.version),
                Value::Integer(release.major),
                text(&release.digest),
                json(&release.source)?,
                text(release.created_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// Finds a release by its version and content.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release_by_digest(
        &mut self,
        component: ComponentId,
        version: &str,
        digest: &str,
    ) -> Result<Option<Release>> {
        let sql = "SELECT * FROM release WHERE component_id = $1 AND version = $2 AND digest = $3";
        let row = self.row(sql, &[text(component), text(version), text(digest)]).await?;
        row.as_ref().map(Release::read).transpose()
    }

    /// Finds a release by its id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release_by_id(&mut self, id: ReleaseId) -> Result<Option<Release>> {
        let row = self.row(RELEASE_BY_ID, &[text(id)]).await?;
        row.as_ref().map(Release::read).transpose()
    }

    /// Records a snapshot and the sealed versions that it refers to; one that is there already stays as it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn snapshot_insert(&mut self, snapshot: &Snapshot, secrets: &[SealedVersionId]) -> Result<()> {
        self.execute(
            "INSERT INTO snapshot (id, organization_id, component_id, environment_id, variables, created_at)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING",
            &[
                text(&snapshot.id),
                text(snapshot.organization_id),
                text(snapshot.component_id),
                text(snapshot.environment_id),
                json(&snapshot.variables)?,
                text(snapshot.created_at),
            ],
        )
        .await?;
        for secret in secrets {
            let sql = "INSERT INTO snapshot_secret (snapshot_id, sealed_version_id) VALUES ($1, $2)
                 ON CONFLICT (snapshot_id, sealed_version_id) DO NOTHING";
            self.execute(sql, &[text(&snapshot.id), text(secret)]).await?;
        }
        Ok(())
    }

    /// Finds a snapshot.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn snapshot_by_id(&mut self, id: &str) -> Result<Option<Snapshot>> {
        let row = self.row(SNAPSHOT_BY_ID, &[text(id)]).await?;
        row.as_ref().map(Snapshot::read).transpose()
    }

    /// The sealed versions that a snapshot refers to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn snapshot_sealed(&mut self, id: &str) -> Result<Vec<SealedVersion>> {
        let sql = "SELECT sealed_version.* FROM snapshot_secret
             JOIN sealed_version ON sealed_version.id = snapshot_secret.sealed_version_id
             WHERE snapshot_secret.snapshot_id = $1";
        self.rows(sql, &[text(id)]).await?.iter().map(read_sealed).collect()
    }

    /// The sealed versions of a snapshot that are revoked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn snapshot_revoked(&mut self, id: &str) -> Result<Vec<SealedVersionId>> {
        let sql = "SELECT sealed_version.id FROM snapshot_secret
             JOIN sealed_version ON sealed_version.id = snapshot_secret.sealed_version_id
             WHERE snapshot_secret.snapshot_id = $1 AND sealed_version.revoked_at IS NOT NULL ORDER BY sealed_version.id";
        self.rows(sql, &[text(id)]).await?.iter().map(|row| row.parsed("id")).collect()
    }
}
