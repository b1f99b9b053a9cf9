//! Rotation of the master key, in steps of which each leaves an installation that starts: whatever kills the server, the
//! key file holds every key that some value still needs, and the next start goes on where this one ended.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde_json::json;
use tieline_core::code;
use tieline_core::id::OrganizationId;
use tieline_core::secret::Sealed;
use tieline_core::wire::access::{KeyRotate, KeyRotated};
use tieline_vault::keyring::{Keyring, KeyringError};
use tieline_vault::private_file::PrivateFileError;
use tieline_vault::seal::Sealer;

use crate::sealed::authenticated;
use crate::{Actor, Control, Error, Result, oauth, work};

/// Values that are wrapped anew in one transaction: short enough that nobody waits for it noticeably.
const BATCH: i64 = 200;

impl Control {
    /// Makes another master key and wraps every sealed value under it, while everything goes on. The former key stays
    /// in a file of its own, for older backups.
    ///
    /// # Errors
    /// `forbidden`, `key_rotation_shared`, `key_not_in_file`, `key_file_unusable`.
    pub async fn key_rotate(&self, actor: &Actor, request: KeyRotate) -> Result<KeyRotated> {
        actor.require_installation()?;
        if self.store.is_shared() && !request.only_server {
            return Err(Error::conflict(
                code!("key_rotation_shared"),
                "other servers may run on this database, and would go on sealing with the former key",
                "stop the other servers, rotate with --only-server, and start them with the rotated key file",
            ));
        }
        let Some(path) = &self.settings.key_file else {
            return Err(Error::conflict(
                code!("key_not_in_file"),
                "the master key came from the environment, where this server cannot put another",
                "start the server with the key in a file (--master-key) to rotate it",
            ));
        };
        let _alone = self.rotation.lock().await;
        let former = self.sealer();
        let kept = keep(&former, path, self)?;
        let text = former.keyring().text();
        let rotated = Keyring::parse(text.expose()).map_err(unusable)?.rotate(&*self.randomness);
        rotated.replace(path, &*self.randomness).map_err(unusable)?;
        let former_fingerprint = former.keyring().current().fingerprint().to_string();
        self.replace_sealer(rotated);
        settle(former).await;
        let resealed = self.finish_rotation_under(actor.label()).await?;
        Ok(KeyRotated {
            fingerprint: self.sealer().keyring().current().fingerprint().to_string(),
            former_fingerprint,
            former_key_file: kept.display().to_string(),
            resealed,
        })
    }

    /// Ends a rotation that was cut short; does nothing when there is none.
    ///
    /// # Errors
    /// When the database fails, or a value needs a key that is not there.
    pub async fn finish_rotation(&self) -> Result<()> {
        let _alone = self.rotation.lock().await;
        let sealer = self.sealer();
        let installation = self.store.read().await?.installation().await?;
        let current = sealer.keyring().current().fingerprint().to_string();
        if installation.is_some_and(|installation| installation.key_fingerprint != current) {
            // The former key was kept beside the file before the file was written.
            drop(sealer);
            self.finish_rotation_under("server").await?;
        }
        Ok(())
    }

    async fn finish_rotation_under(&self, actor: &str) -> Result<i64> {
        let mut resealed = 0;
        let organizations = self.store.read().await?.organizations().await?;
        for organization in organizations {
            resealed += self.reseal(organization.id).await?;
        }
        let sealer = self.sealer();
        let fingerprint = sealer.keyring().current().fingerprint().to_string();
        let mut transaction = self.store.write().await?;
        resealed += oauth::reseal(&mut transaction, &sealer).await?;
        if let Some(mut installation) = transaction.installation().await? {
            let detail = json!({ "from": installation.key_fingerprint, "to": fingerprint, "resealed": resealed });
            installation.key_fingerprint = fingerprint;
            transaction.installation_save(&installation).await?;
            work::audit(&mut transaction, "", actor, "key_rotate", "installation", detail, self.now()).await?;
        }
        let number = transaction.change_insert("", "key_rotate", "installation", self.now()).await?;
        transaction.commit().await?;
        self.feed.announce("", number);
        let alone = Keyring::parse(sealer.keyring().text().expose()).map_err(unusable)?.without_former();
        if let Some(path) = &self.settings.key_file {
            alone.replace(path, &*self.randomness).map_err(unusable)?;
            self.replace_sealer(alone);
        }
        Ok(resealed)
    }

    /// Wraps what an organization has sealed, under its lock: whoever sealed with the former key has committed by then.
    async fn reseal(&self, organization: OrganizationId) -> Result<i64> {
        let (sealer, mut resealed, mut after) = (self.sealer(), 0, String::new());
        loop {
            let mut transaction = self.store.write().await?;
            transaction.organization_lock(organization).await?;
            let versions = transaction.sealed_of_organization(organization, &after, BATCH).await?;
            let Some(last) = versions.last() else { return Ok(resealed) };
            after = last.id.to_string();
            for version in versions {
                let context = authenticated(&version);
                let sealed = Sealed::from_bytes(version.sealed);
                if !sealer.is_current(&sealed) {
                    let sealed = sealer.reseal(&context, &sealed)?;
                    transaction.sealed_rewrap(version.id, sealed.as_bytes()).await?;
                    resealed += 1;
                }
            }
            transaction.commit().await?;
        }
    }

    fn replace_sealer(&self, keyring: Keyring) {
        let sealer = Arc::new(Sealer::new(keyring, Arc::clone(&self.randomness)));
        *self.sealer.write().unwrap_or_else(PoisonError::into_inner) = sealer;
    }
}

/// Writes the keyring as it is into a file beside the key file, named after its current key.
fn keep(sealer: &Sealer, path: &Path, control: &Control) -> Result<PathBuf> {
    let fingerprint = sealer.keyring().current().fingerprint();
    let beside = path.with_file_name(format!("master-{fingerprint}.key"));
    match sealer.keyring().create(&beside, &*control.randomness) {
        // A rotation that was cut short kept it already.
        Ok(()) | Err(KeyringError::File(PrivateFileError::Exists(_))) => Ok(beside),
        Err(error) => Err(unusable(error)),
    }
}

/// Waits until no use case holds the former sealer any more.
async fn settle(former: Arc<Sealer>) {
    while Arc::strong_count(&former) > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn unusable(error: KeyringError) -> Error {
    Error::conflict(
        code!("key_file_unusable"),
        error.to_string(),
        "mend the folder of the key file, and try again; nothing is lost",
    )
}
