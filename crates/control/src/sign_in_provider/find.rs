//! What the provider is: its metadata and keys, asked for when somebody signs in, and kept for a while.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tieline_core::address::is_loopback;
use tieline_core::identity_provider::sign_in::{Metadata, metadata};
use tieline_core::identity_provider::{Reach, discovery, issuer_of, public_keys};

use super::{SignInProvider, unavailable};
use crate::{Control, Error, Refusal, Result};

/// Metadata and keys that are older are asked for anew.
pub(super) const AGE: SignedDuration = SignedDuration::from_hours(1);
/// However they are needed, they are not asked for more often: neither for keys that nobody knows, nor while the provider is
/// away.
pub(super) const PAUSE: SignedDuration = SignedDuration::from_secs(10);

/// What was found.
pub(super) struct Found {
    pub(super) metadata: Metadata,
    pub(super) keys: Vec<Value>,
}

/// What was found, or why nothing was, and when.
pub(super) struct Kept {
    at: Timestamp,
    found: std::result::Result<Arc<Found>, Refusal>,
}

impl Control {
    /// What the provider is; asked for anew when what is known is older than `age`. One asks, and others wait for it.
    pub(super) async fn sign_in_provider_found(
        &self,
        provider: &SignInProvider,
        age: SignedDuration,
    ) -> Result<Arc<Found>> {
        let mut kept = self.sign_ins.kept.lock().await;
        if let Some(kept) = &*kept
            && self.now().duration_since(kept.at) < if kept.found.is_ok() { age } else { PAUSE }
        {
            return kept.found.clone().map_err(Error::Refused);
        }
        let found = match self.sign_in_provider_ask(provider).await? {
            Ok(found) => Ok(Arc::new(found)),
            Err(why) => {
                tracing::warn!(issuer = provider.issuer, why, "nobody can sign in by the identity provider");
                Err(unavailable(format!("{} cannot be asked at the moment", provider.name)))
            }
        };
        *kept = Some(Kept { at: self.now(), found: found.clone() });
        found.map_err(Error::Refused)
    }

    /// Which addresses the provider may have. Who starts the server names it: one on loopback is meant to be there.
    pub(super) async fn sign_in_provider_reach(&self, provider: &SignInProvider) -> Result<Reach> {
        let reach = self.provider_reach().await?;
        Ok(Reach { loopback: reach.loopback || is_loopback(&provider.issuer), ..reach })
    }

    async fn sign_in_provider_ask(&self, provider: &SignInProvider) -> Result<std::result::Result<Found, String>> {
        let reach = self.sign_in_provider_reach(provider).await?;
        let issuer = provider.issuer.clone();
        let asked = self.provider_ask(move |client| {
            let [_, url] = discovery(&issuer);
            let document = client.document(&url, None, &reach)?;
            if issuer_of(&document) != Some(&issuer) {
                return Ok(Err(format!("{url} names another issuer: {}", document["issuer"])));
            }
            let metadata = match metadata(&document) {
                Ok(metadata) => metadata,
                Err(missing) => return Ok(Err(format!("it lacks {}", missing.join("; ")))),
            };
            let keys = public_keys(&client.document(&metadata.jwks_uri, None, &reach)?).unwrap_or_default();
            if keys.is_empty() {
                return Ok(Err("it publishes no key by which tokens are signed with ES256, EdDSA or RS256".to_owned()));
            }
            Ok(Ok(Found { metadata, keys }))
        });
        Ok(asked.await?.unwrap_or_else(|fault| Err(fault.to_string())))
    }
}
