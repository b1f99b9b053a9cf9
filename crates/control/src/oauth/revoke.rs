//! Revoking a token before it expires, and what is revoked.

use jiff::SignedDuration;
use serde_json::json;
use tieline_core::id::OrganizationId;
use tieline_core::route_table::RevocationEntry;
use tieline_store::Transaction;
use tieline_store::oauth::Revocation;

use super::{ClientProof, OAuthError, OAuthRefusal};
use crate::{Actor, Control, Result};

/// Revocations of a client that pass at once, for the instances of a large component that stop together, and how often one passes
/// in the long run: each is a write, and counts with every gateway until its token would have expired. That is at most 1200
/// that count with tokens of 15 minutes.
pub(crate) const REVOCATIONS: (i32, SignedDuration) = (300, SignedDuration::from_secs(1));

impl Control {
    /// Takes a token of a client out of use. One that counts no more, or never did, is as the client wants it.
    ///
    /// # Errors
    /// `invalid_client`; `unauthorized_client` for a token of another client; [`OAuthError::Busy`] when the client revokes
    /// more in a short time than its share: the token counts on.
    pub async fn access_token_revoke(&self, proof: &ClientProof, token: &str) -> std::result::Result<(), OAuthError> {
        let (known, _) = self.client_authenticate(proof).await?;
        let Some(claims) = self.access_token_claims(token).await? else { return Ok(()) };
        if claims.client_id != known.client.id {
            return Err(OAuthRefusal::UnauthorizedClient.because("the token was issued to another client"));
        }
        if self.is_revoked(&claims).await? {
            return Ok(());
        }
        // Before the organization's lock is waited for: who revokes too much keeps nobody else waiting.
        let description = "this client revokes too many tokens; the token counts on, try again later";
        self.revocations.take(&known.client.id, self.now()).map_err(|after| OAuthError::Busy { description, after })?;
        let actor = Actor::client(&known.client);
        let mut work = self.write(&actor, &known.client.organization).await?;
        if work.transaction.revocation_by_id(&claims.jti).await?.is_some() {
            return Ok(());
        }
        let organization_id = known.client.organization_id;
        let revocation = Revocation { id: claims.jti, organization_id, until: claims.exp };
        work.transaction.revocation_save(&revocation).await?;
        work.touch_revocation(&revocation.id);
        let detail = json!({ "client": known.client.id, "until": revocation.until });
        Ok(work.finish("access_token_revoke", &revocation.id, detail).await?)
    }
}

/// What of an organization is revoked and would count otherwise, for gateways.
///
/// # Errors
/// When the database fails.
pub async fn revocation_entries(
    transaction: &mut Transaction,
    organization: OrganizationId,
    at: jiff::Timestamp,
) -> Result<Vec<RevocationEntry>> {
    let found = transaction.revocations(organization, at.as_second()).await?;
    Ok(found.into_iter().map(|Revocation { id, until, .. }| RevocationEntry { id, until }).collect())
}
