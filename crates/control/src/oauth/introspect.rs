//! What is known about a token, for whoever belongs to the organization of its client.

use tieline_core::access::{Permission, Place, Verdict, decide};
use tieline_core::access_token::Claims;
use tieline_core::wire::oauth::Introspection;
use tokio::time::Instant;

use super::client::KnownClient;
use super::{ClientProof, OAuthError};
use crate::{Actor, Control};

/// Who asks about a token.
#[derive(Debug, Clone)]
pub enum Asker {
    /// A client.
    Client(ClientProof),
    /// The holder of a token of the API.
    Actor(Actor),
}

impl Control {
    /// Says whether a token counts, and what it says. One that the asker may not see does not count, as far as the asker
    /// is told.
    ///
    /// # Errors
    /// `invalid_client`.
    pub async fn access_token_introspect(&self, asker: &Asker, token: &str) -> Result<Introspection, OAuthError> {
        let organization = match asker {
            Asker::Client(proof) => Some(self.client_authenticate(proof).await?.0.client.organization_id),
            Asker::Actor(_) => None,
        };
        let Some(claims) = self.access_token_claims(token).await? else { return Ok(Introspection::default()) };
        let asked = Instant::now();
        let lives = |known: &KnownClient| known.secrets.iter().any(|secret| secret.id == claims.secret);
        let known = match self.client_known(&claims.client_id).await? {
            Some(known) if !lives(&known) => self.client_known_after(known, asked).await?,
            known => known,
        };
        let Some(known) = known else { return Ok(Introspection::default()) };
        let visible = match asker {
            Asker::Client(_) => organization == Some(known.client.organization_id),
            Asker::Actor(actor) => {
                let place = Place { organization: known.client.organization_id, project: None };
                decide(&actor.grants, Permission::View, place) == Verdict::Allowed
            }
        };
        if !visible || !lives(&known) || self.is_revoked(&claims).await? {
            return Ok(Introspection::default());
        }
        Ok(Introspection { active: true, token_type: Some("Bearer".to_owned()), claims: Some(claims) })
    }

    /// The claims of a token that this server signed and that has not expired; whether it was revoked is not asked.
    pub(super) async fn access_token_claims(&self, token: &str) -> Result<Option<Claims>, OAuthError> {
        let payload = self.signing_keys().await?.payload(token);
        let claims: Option<Claims> = payload.and_then(|payload| serde_json::from_slice(&payload).ok());
        let now = self.now().as_second();
        Ok(claims.filter(|claims| claims.exp > now && claims.iss == self.settings.public_url))
    }

    pub(super) async fn is_revoked(&self, claims: &Claims) -> Result<bool, OAuthError> {
        let mut transaction = self.store.read().await?;
        let by_token = transaction.revocation_by_id(&claims.jti).await?;
        Ok(by_token.is_some() || transaction.revocation_by_id(&claims.secret.to_string()).await?.is_some())
    }
}
