//! The end of secrets: superseded ones, and what is left of them and of revoked ones when nothing needs them any more.
//!
//! A snapshot needs them while a deployment, be it of long ago, or an instance refers to it: one can be rolled back to, the
//! other runs with it.

use jiff::Timestamp;
use tieline_core::id::{OrganizationId, SealedVersionId};

use crate::row::{Value, text};
use crate::{Result, Transaction};

impl Transaction {
    /// A sealed value stands in no registration any more. It is not revoked: whoever holds it may go on using it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sealed_supersede(&mut self, id: SealedVersionId, at: Timestamp) -> Result<()> {
        let sql = "UPDATE sealed_version SET superseded_at = $1 WHERE id = $2 AND superseded_at IS NULL";
        self.execute(sql, &[text(at), text(id)]).await?;
        Ok(())
    }

    /// Up to `limit` revoked or superseded values of an organization after an id, in order of ids, that no live key and no
    /// snapshot needs. What entries refer to is theirs to say.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sealed_abandoned(
        &mut self,
        organization: OrganizationId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<SealedVersionId>> {
        let sql = "SELECT id FROM sealed_version WHERE organization_id = $1 AND id > $2
             AND (revoked_at IS NOT NULL OR superseded_at IS NOT NULL)
             AND NOT EXISTS (SELECT 1 FROM snapshot_secret
                 JOIN deployment ON deployment.snapshot_id = snapshot_secret.snapshot_id
                 WHERE snapshot_secret.sealed_version_id = sealed_version.id)
             AND NOT EXISTS (SELECT 1 FROM snapshot_secret
                 JOIN instance ON instance.snapshot_id = snapshot_secret.snapshot_id
                 WHERE snapshot_secret.sealed_version_id = sealed_version.id)
             AND NOT EXISTS (SELECT 1 FROM client_secret
                 WHERE sealed_version_id = sealed_version.id AND state = 'live')
             AND NOT EXISTS (SELECT 1 FROM api_key WHERE sealed_version_id = sealed_version.id AND state = 'live')
             ORDER BY id LIMIT $3";
        let values = [text(organization), text(after), Value::Integer(limit)];
        self.rows(sql, &values).await?.iter().map(|row| row.parsed("id")).collect()
    }

    /// Forgets a sealed value for good, with the revoked keys and the snapshots that refer to it.
    ///
    /// # Errors
    /// [`crate::Error::Referenced`] while a deployment, an instance or a key needs it.
    pub async fn sealed_delete(&mut self, id: SealedVersionId) -> Result<()> {
        let sql = "SELECT snapshot_id FROM snapshot_secret WHERE sealed_version_id = $1";
        for row in self.rows(sql, &[text(id)]).await? {
            let snapshot = row.text("snapshot_id")?;
            for sql in ["DELETE FROM snapshot_secret WHERE snapshot_id = $1", "DELETE FROM snapshot WHERE id = $1"] {
                self.execute(sql, &[text(&snapshot)]).await?;
            }
        }
        for sql in [
            "DELETE FROM client_secret WHERE sealed_version_id = $1 AND state = 'revoked'",
            "DELETE FROM api_key WHERE sealed_version_id = $1 AND state = 'revoked'",
            "DELETE FROM sealed_version WHERE id = $1",
        ] {
            self.execute(sql, &[text(id)]).await?;
        }
        Ok(())
    }
}
