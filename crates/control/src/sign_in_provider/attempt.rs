//! What the browser keeps between the question to the provider and its answer: sealed, so that it says nothing and cannot be
//! made up, and for a few minutes only. The answer is taken from the browser alone that asked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tieline_core::secret::{Digest, Sealed, Secret};
use tieline_vault::token::new_token;

use crate::{Control, Result};

/// How long somebody may take to sign in at the provider: a second factor must be found first.
const LONGEST: SignedDuration = SignedDuration::from_mins(10);

/// An attempt to sign in. Everything that the provider is told of it is derived from its secret, each by a name of its own.
#[derive(Serialize, Deserialize)]
pub(super) struct Attempt {
    secret: String,
    /// Where to go then.
    pub(super) next: String,
    /// The address by which somebody joins who has no account yet.
    invitation: Option<String>,
    expires_at: Timestamp,
}

impl Attempt {
    /// What comes back with the answer, and shows that it is one to this attempt.
    pub(super) fn state(&self) -> String {
        self.derive("state")
    }

    /// What the ID token repeats.
    pub(super) fn nonce(&self) -> String {
        self.derive("nonce")
    }

    /// What shows the provider that whoever asked is who exchanges the code (RFC 7636, section 4.1): 43 characters.
    pub(super) fn verifier(&self) -> Secret {
        Secret::new(self.derive("verifier"))
    }

    /// What the provider compares it with, by `S256`.
    pub(super) fn challenge(&self) -> String {
        Digest::of(self.verifier().expose()).to_string()
    }

    /// The secret of the address by which somebody joins.
    pub(super) fn invitation(&self) -> Option<Secret> {
        self.invitation.as_ref().map(Secret::new)
    }

    fn derive(&self, what: &str) -> String {
        Digest::of(&format!("sign-in {what}\n{}", self.secret)).to_string()
    }
}

impl Control {
    /// A new attempt, and what the browser keeps of it: base64url.
    pub(super) fn attempt_begin(
        &self,
        issuer: &str,
        next: &str,
        invitation: Option<&Secret>,
    ) -> Result<(Attempt, Secret)> {
        let (secret, _) = new_token("attempt", &*self.randomness);
        let end = self.now().checked_add(LONGEST).unwrap_or(Timestamp::MAX);
        let attempt = Attempt {
            secret: secret.expose().to_owned(),
            next: next.to_owned(),
            invitation: invitation.map(|invitation| invitation.expose().to_owned()),
            expires_at: end,
        };
        let text = serde_json::to_string(&attempt).map_err(|error| crate::Error::Inconsistent(error.to_string()))?;
        let sealed = self.sealer().seal(&context(issuer), &Secret::new(text))?;
        Ok((attempt, Secret::new(URL_SAFE_NO_PAD.encode(sealed.as_bytes()))))
    }

    /// The attempt that a browser kept, while it may go on.
    pub(super) fn attempt_open(&self, issuer: &str, kept: &Secret) -> Option<Attempt> {
        let sealed = Sealed::from_bytes(URL_SAFE_NO_PAD.decode(kept.expose()).ok()?);
        let text = self.sealer().open(&context(issuer), &sealed).ok()?;
        let attempt: Attempt = serde_json::from_str(text.expose()).ok()?;
        (self.now() < attempt.expires_at).then_some(attempt)
    }
}

/// An attempt at one provider is none at another.
fn context(issuer: &str) -> Vec<u8> {
    format!("sign-in attempt/{issuer}").into_bytes()
}
