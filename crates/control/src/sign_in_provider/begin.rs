//! The question to the provider: the browser is sent there, and keeps what it comes back with.

use form_urlencoded::Serializer;
use tieline_core::secret::Secret;

use super::find::AGE;
use crate::{Control, Result};

/// Where a browser is sent, and what it keeps meanwhile.
#[derive(Debug)]
pub struct SignInQuestion {
    /// The provider's address, with the question.
    pub url: String,
    /// What the browser shows when it comes back.
    pub attempt: Secret,
}

impl Control {
    /// Begins to sign somebody in by the provider, who comes back to `redirect_uri`, and then goes to `next`. Who joins presents
    /// the address that they were given.
    ///
    /// # Errors
    /// `sign_in_provider_missing`, `sign_in_provider_unavailable`.
    pub async fn sign_in_begin(
        &self,
        redirect_uri: &str,
        next: &str,
        invitation: Option<&Secret>,
    ) -> Result<SignInQuestion> {
        let (provider, _turn) = self.sign_in_provider()?;
        let found = self.sign_in_provider_found(provider, AGE).await?;
        let (attempt, kept) = self.attempt_begin(&provider.issuer, next, invitation)?;
        let endpoint = &found.metadata.authorization_endpoint;
        // An endpoint may have a query of its own (RFC 6749, section 3.1).
        let (endpoint, own) = endpoint.split_once('?').unwrap_or((endpoint, ""));
        let start = if own.is_empty() { format!("{endpoint}?") } else { format!("{endpoint}?{own}&") };
        let begin = start.len();
        let url = Serializer::for_suffix(start, begin)
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", "openid email profile")
            .append_pair("state", &attempt.state())
            .append_pair("nonce", &attempt.nonce())
            .append_pair("code_challenge", &attempt.challenge())
            .append_pair("code_challenge_method", "S256")
            .finish();
        Ok(SignInQuestion { url, attempt: kept })
    }
}
