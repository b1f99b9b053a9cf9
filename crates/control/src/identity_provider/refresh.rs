//! The keys of identity providers, as they publish them: another key counts, and one that they take back counts no more.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tieline_core::id::OrganizationId;
use tieline_core::identity_provider::{Fault, public_keys};

use crate::upkeep::{Reconciled, server_in};
use crate::{Control, Result};

/// How old the keys of a provider may be: that long a key that it took back is accepted on.
const AGE: SignedDuration = SignedDuration::from_secs(30);
/// How many providers are asked at a time, so that one that does not answer holds up no other.
const AT_ONCE: usize = 32;

impl Control {
    /// Asks every identity provider for its keys whose keys are old. One that does not answer keeps those that it had.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn identity_providers_reconcile(&self) -> Result<Reconciled> {
        let before = self.now().checked_sub(AGE).unwrap_or(Timestamp::MIN);
        let due = self.store.read().await?.identity_providers_due(before).await?;
        let asked = stream::iter(due.into_iter().map(|organization| self.provider_refresh(organization)));
        let count = |sum: Reconciled, well| match well {
            true => Reconciled { done: sum.done + 1, ..sum },
            false => Reconciled { failed: sum.failed + 1, ..sum },
        };
        asked.buffer_unordered(AT_ONCE).try_fold(Reconciled::default(), async |sum, well| Ok(count(sum, well))).await
    }

    async fn provider_refresh(&self, organization: OrganizationId) -> Result<bool> {
        let mut transaction = self.store.read().await?;
        let provider = transaction.identity_provider(organization).await?;
        let found = transaction.organization_by_id(organization).await?;
        drop(transaction);
        let (Some(provider), Some(organization)) = (provider, found) else { return Ok(true) };
        let answer = self.provider_document(provider.metadata.jwks_uri.clone()).await?;
        let keys = answer.and_then(|document| read(&document));

        let server = server_in(&organization);
        let mut work = self.write(&server, &organization.handle).await?;
        let asked = provider.metadata.jwks_uri;
        let present = work.identity_provider().await?.filter(|present| present.metadata.jwks_uri == asked);
        let Some(mut present) = present else { return Ok(true) };
        present.checked_at = work.at;
        let (keys, failure) = match keys {
            Ok(keys) => (keys, None),
            Err(fault) => (present.keys.clone(), Some(fault.to_string())),
        };
        let (differ, well) = (keys != present.keys, failure.is_none());
        if let Some(failure) = &failure
            && present.failure.is_none()
        {
            let (issuer, organization) = (&present.issuer, &organization.handle);
            tracing::warn!(organization, issuer, failure, "an identity provider does not tell its keys");
        }
        (present.keys, present.failure) = (keys, failure);
        work.transaction.identity_provider_save(&present).await?;
        if !differ {
            work.transaction.commit().await?;
            return Ok(well);
        }
        work.touch_issuer();
        let kids: Vec<_> = present.keys.iter().map(|key| key.get("kid")).collect();
        let detail = json!({ "keys": kids });
        work.finish("identity_provider_refresh", &present.issuer, detail).await?;
        Ok(well)
    }
}

fn read(document: &Value) -> std::result::Result<Vec<Value>, Fault> {
    public_keys(document).ok_or_else(|| Fault::Strange("what is at its jwks_uri is no JWK set".to_owned()))
}
