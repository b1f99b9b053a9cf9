//! Forgetting what nothing needs any more. It runs by itself, takes no input, and may run any number of times, on several
//! servers at once.

use jiff::SignedDuration;
use tieline_core::id::OrganizationId;

use crate::service::sealed_in;
use crate::{Control, Result};

/// How long a numbered change is kept: whoever follows the feed and was away longer reads everything anew.
const CHANGES_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long the answer to a creation is kept: a client that tries again does so sooner.
const ANSWERS_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Rows that are forgotten in one transaction: short enough that nobody waits for it noticeably.
const BATCH: i64 = 500;

/// What a run forgot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Purged {
    /// Changes of the feed.
    pub changes: u64,
    /// Answers kept for repeated creations.
    pub answers: u64,
    /// Revocations of tokens that have expired.
    pub revocations: u64,
    /// Sessions of the console and sign-in links that have ended.
    pub sessions: u64,
    /// Secrets that were revoked, or superseded.
    pub secrets: u64,
}

impl Control {
    /// Forgets changes older than seven days (never the last) with what they took out of the gateway's table, answers older
    /// than a day, revocations of tokens that have expired, sessions that have ended, and revoked and superseded secrets that no key,
    /// no entry, and no snapshot of a deployment or instance needs, with the snapshots that nothing needs.
    ///
    /// # Errors
    /// When the database fails; what was forgotten until then stays forgotten.
    pub async fn purge(&self) -> Result<Purged> {
        let mut purged = Purged::default();
        let now = self.now();
        if let Ok(before) = now.checked_sub(CHANGES_KEPT) {
            loop {
                let mut transaction = self.store.write().await?;
                let forgotten = transaction.changes_forget(before, BATCH).await?;
                transaction.commit().await?;
                purged.changes += forgotten;
                if forgotten < BATCH.unsigned_abs() {
                    break;
                }
            }
            let mut transaction = self.store.write().await?;
            transaction.table_forget().await?;
            transaction.commit().await?;
        }
        if let Ok(before) = now.checked_sub(ANSWERS_KEPT) {
            let mut transaction = self.store.write().await?;
            purged.answers = transaction.idempotency_forget(before).await?;
            transaction.commit().await?;
        }
        let mut transaction = self.store.write().await?;
        // Gateways forget them by themselves.
        transaction.table_forget_revocations(now.as_second()).await?;
        purged.revocations = transaction.revocations_forget(now.as_second()).await?;
        purged.sessions = transaction.sign_in_forget(now).await?;
        transaction.own_tokens_forget(now).await?;
        transaction.commit().await?;
        let organizations = self.store.read().await?.organizations().await?;
        for organization in organizations {
            purged.secrets += self.purge_secrets(organization.id).await?;
        }
        Ok(purged)
    }

    /// Under the organization's lock: nobody begins to refer to a secret while it is looked at.
    async fn purge_secrets(&self, organization: OrganizationId) -> Result<u64> {
        let (mut forgotten, mut after) = (0, String::new());
        // Most of the time there is nothing, and nobody needs to wait for that.
        if self.store.read().await?.sealed_abandoned(organization, &after, 1).await?.is_empty() {
            return Ok(0);
        }
        loop {
            let mut transaction = self.store.write().await?;
            transaction.organization_lock(organization).await?;
            let abandoned = transaction.sealed_abandoned(organization, &after, BATCH).await?;
            let Some(last) = abandoned.last() else { return Ok(forgotten) };
            after = last.to_string();
            let entries = transaction.entries_of_organization(organization).await?;
            let referred = sealed_in(&entries);
            for id in abandoned.iter().filter(|id| !referred.contains(id)) {
                transaction.sealed_delete(*id).await?;
                forgotten += 1;
            }
            transaction.commit().await?;
        }
    }
}
