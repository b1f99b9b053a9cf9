//! Rotation of the keys that sign tokens. A key is published before it signs, and stays published until the last token
//! that it signed has expired: whoever remembers the published keys for a while refuses no token.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tieline_core::access_token::LIFETIMES;
use tieline_core::wire::oauth::{SigningKeyRotate, SigningKeyView};
use tieline_store::Transaction;
use tieline_store::oauth::SigningKeyRow;
use tieline_vault::seal::Sealer;
use tieline_vault::signing::SigningKey;

use super::signing::context;
use crate::{Actor, Control, Result, table, work};

/// How long a key is published before it signs: twice as long as others may remember the published keys.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);
/// How far clocks may differ.
const SKEW: SignedDuration = SignedDuration::from_mins(1);
/// A key that signed for so long is replaced without being asked.
const AGE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How a key takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overlap {
    /// It is published, then signs; the others are published on.
    Yes,
    /// It alone is published and signs.
    No,
}

impl Control {
    /// Makes another key to sign tokens with: with overlap, so that nobody notices, or at once, and then every token that
    /// was issued so far is refused.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn signing_key_rotate(&self, actor: &Actor, request: SigningKeyRotate) -> Result<Vec<SigningKeyView>> {
        actor.require_installation()?;
        let overlap = if request.now { Overlap::No } else { Overlap::Yes };
        let always = |_: &[SigningKeyRow], _: Timestamp| true;
        self.signing_key_replace(actor.label(), overlap, always).await?;
        let rows = self.store.read().await?.signing_keys().await?;
        Ok(rows.into_iter().map(view).collect())
    }

    /// Sees to it that there is a key of the algorithm that this server was started with.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn signing_key_begin(&self) -> Result<()> {
        let algorithm = self.settings.signing_algorithm;
        let other = |keys: &[SigningKeyRow], _| latest(keys).is_none_or(|key| key.algorithm != algorithm);
        let keys = self.store.read().await?.signing_keys().await?;
        if other(&keys, self.now()) { self.signing_key_replace("server", Overlap::Yes, other).await } else { Ok(()) }
    }

    /// Replaces a key that signed for long, and takes those out of publication whose last token has expired.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn signing_key_reconcile(&self) -> Result<()> {
        let keys = self.store.read().await?.signing_keys().await?;
        let old = |keys: &[SigningKeyRow], now: Timestamp| {
            latest(keys).is_none_or(|key| now.duration_since(key.signs_from) >= AGE)
        };
        let now = self.now();
        if old(&keys, now) {
            self.signing_key_replace("server", Overlap::Yes, old).await?;
        }
        for key in keys.iter().filter(|key| key.retires_at.is_some_and(|end| end <= now)) {
            let mut transaction = self.store.write().await?;
            transaction.installation_lock().await?;
            transaction.signing_key_delete(&key.kid).await?;
            self.signing_key_changed(transaction, "server", "signing_key_retire", &key.kid, json!({})).await?;
        }
        Ok(())
    }

    /// Makes a key that takes over, if it is still needed when everybody else waits.
    async fn signing_key_replace(
        &self,
        actor: &str,
        overlap: Overlap,
        needed: impl Fn(&[SigningKeyRow], Timestamp) -> bool,
    ) -> Result<()> {
        let algorithm = self.settings.signing_algorithm;
        let (key, private) = SigningKey::generate(algorithm)?;
        let mut transaction = self.store.write().await?;
        transaction.installation_lock().await?;
        let (keys, now) = (transaction.signing_keys().await?, self.now());
        if !needed(&keys, now) {
            return Ok(());
        }
        let signs = keys.iter().any(|key| key.signs_from <= now) && overlap == Overlap::Yes;
        let signs_from = if signs { now + AHEAD } else { now };
        let retires_at = signs_from + SignedDuration::from_secs(*LIFETIMES.end()) + SKEW;
        for former in &keys {
            // What has not begun to sign never will.
            if overlap == Overlap::No || former.signs_from > now {
                transaction.signing_key_delete(&former.kid).await?;
            } else if former.retires_at.is_none() {
                transaction.signing_key_retire(&former.kid, retires_at).await?;
            }
        }
        let sealed = self.sealer().seal(&context(key.kid()), &private)?.into_bytes();
        let (kid, jwk) = (key.kid().to_owned(), key.jwk().to_owned());
        let row = SigningKeyRow { kid, algorithm, jwk, sealed, created_at: now, signs_from, retires_at: None };
        transaction.signing_key_insert(&row).await?;
        let detail = json!({ "algorithm": algorithm, "signs_from": signs_from, "overlap": overlap == Overlap::Yes });
        self.signing_key_changed(transaction, actor, "signing_key_rotate", &row.kid, detail).await
    }

    async fn signing_key_changed(
        &self,
        mut transaction: Transaction,
        actor: &str,
        action: &str,
        kid: &str,
        detail: serde_json::Value,
    ) -> Result<()> {
        let at = self.now();
        work::audit(&mut transaction, "", actor, action, kid, detail, at).await?;
        let differences = self.own_differences(&mut transaction).await?;
        let number = transaction.change_insert("", action, kid, at).await?;
        table::record(&mut transaction, differences, number).await?;
        transaction.commit().await?;
        self.feed.announce("", number);
        self.await_applied(number).await;
        Ok(())
    }
}

/// Wraps the private keys under the current master key; answers how many.
///
/// # Errors
/// When the database fails, or one needs a master key that is not there.
pub(crate) async fn reseal(transaction: &mut Transaction, sealer: &Sealer) -> Result<i64> {
    transaction.installation_lock().await?;
    let mut resealed = 0;
    for row in transaction.signing_keys().await? {
        let sealed = tieline_core::secret::Sealed::from_bytes(row.sealed);
        if !sealer.is_current(&sealed) {
            let sealed = sealer.reseal(&context(&row.kid), &sealed)?;
            transaction.signing_key_rewrap(&row.kid, sealed.as_bytes()).await?;
            resealed += 1;
        }
    }
    Ok(resealed)
}

/// The key that signs last.
fn latest(keys: &[SigningKeyRow]) -> Option<&SigningKeyRow> {
    keys.iter().max_by_key(|key| key.signs_from)
}

fn view(row: SigningKeyRow) -> SigningKeyView {
    SigningKeyView { kid: row.kid, algorithm: row.algorithm, signs_from: row.signs_from, retires_at: row.retires_at }
}
