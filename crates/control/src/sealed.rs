//! Secrets on their way to and from the database: sealed here, stored as versions, opened only where they are delivered.
//! The only module, beside key rotation, in which a stored secret becomes plaintext.

use tieline_core::id::SealedVersionId;
use tieline_core::model::PinnedValue;
use tieline_core::secret::{Sealed, Secret};
use tieline_store::key::SealedVersion;

use crate::work::Work;
use crate::{Error, Result};

impl Work<'_> {
    /// Seals a secret for what it belongs to, as `entry/<id>/<key>`, and records it as a version of its own.
    pub(crate) async fn seal_value(&mut self, context: &str, secret: &Secret) -> Result<SealedVersionId> {
        let mut version = SealedVersion {
            id: SealedVersionId(self.control.new_id()),
            organization_id: self.organization.id,
            context: context.to_owned(),
            sealed: Vec::new(),
            created_at: self.at,
            revoked_at: None,
        };
        version.sealed = self.control.sealer().seal(&authenticated(&version), secret)?.into_bytes();
        self.transaction.sealed_insert(&version).await?;
        Ok(version.id)
    }

    /// Opens a sealed version of this organization.
    pub(crate) async fn open_value(&mut self, id: SealedVersionId) -> Result<Secret> {
        let found = self.transaction.sealed_by_id(id).await?;
        let version = found
            .filter(|version| version.organization_id == self.organization.id)
            .ok_or_else(|| Error::Inconsistent(format!("the sealed version {id} is missing")))?;
        Ok(self.control.sealer().open(&authenticated(&version), &Sealed::from_bytes(version.sealed))?)
    }

    /// The version of a secret that replaces `previous`: the same one when the secret did not change, so that nothing
    /// is delivered anew.
    pub(crate) async fn seal_changed(
        &mut self,
        context: &str,
        secret: &Secret,
        previous: Option<&PinnedValue>,
    ) -> Result<SealedVersionId> {
        if let Some(PinnedValue::Sealed(id)) = previous
            && self.open_value(*id).await? == *secret
        {
            return Ok(*id);
        }
        self.seal_value(context, secret).await
    }
}

/// What the bytes of a version are authenticated against: whose row they stand in, and what they belong to. The context
/// alone is a column beside them, and could be copied with them into another row or another organization.
pub(crate) fn authenticated(version: &SealedVersion) -> Vec<u8> {
    format!("{}/{}/{}", version.organization_id, version.id, version.context).into_bytes()
}
