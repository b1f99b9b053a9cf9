//! The question to the provider: the browser is sent there, and keeps what it comes back with.

use form_urlencoded::Serializer;
use tieline_core::secret::Secret;

use super::find::AGE;
use crate::{Control, Result};

/// How somebody wants to sign in.
#[derive(Debug, Clone, Copy, Default)]
pub struct SignInWish<'a> {
    /// Where the provider sends them back to.
    pub redirect_uri: &'a str,
    /// Where they want to go then.
    pub next: &'a str,
    /// The secret of the address by which they join.
    pub invitation: Option<&'a Secret>,
    /// Whether the provider asks who they are although it knows them: they may be somebody else there.
    pub anew: bool,
}

/// Where a browser is sent, and what it keeps meanwhile.
#[derive(Debug)]
pub struct SignInQuestion {
    /// The provider's address, with the question.
    pub url: String,
    /// What the browser shows when it comes back.
    pub attempt: Secret,
}

impl Control {
    /// Begins to sign somebody in by the provider.
    ///
    /// # Errors
    /// `sign_in_provider_missing`, `sign_in_provider_unavailable`, `sign_in_busy`.
    pub async fn sign_in_begin(&self, wish: SignInWish<'_>) -> Result<SignInQuestion> {
        let (provider, _turn) = self.sign_in_provider()?;
        let found = self.sign_in_provider_found(provider, AGE).await?;
        let (attempt, kept) = self.attempt_begin(&provider.issuer, wish.next, wish.invitation)?;
        let endpoint = &found.metadata.authorization_endpoint;
        // An endpoint may have a query of its own (RFC 6749, section 3.1).
        let (endpoint, own) = endpoint.split_once('?').unwrap_or((endpoint, ""));
        let start = if own.is_empty() { format!("{endpoint}?") } else { format!("{endpoint}?{own}&") };
        let begin = start.len();
        let mut url = Serializer::for_suffix(start, begin);
        url.append_pair("response_type", "code")
            .append_pair("client_id", &provider.client_id)
            .append_pair("redirect_uri", wish.redirect_uri)
            .append_pair("scope", "openid email profile")
            .append_pair("state", &attempt.state())
            .append_pair("nonce", &attempt.nonce())
            .append_pair("code_challenge", &attempt.challenge())
            .append_pair("code_challenge_method", "S256");
        if wish.anew {
            url.append_pair("prompt", "login");
        }
        Ok(SignInQuestion { url: url.finish(), attempt: kept })
    }
}
