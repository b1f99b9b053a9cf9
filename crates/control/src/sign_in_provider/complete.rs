//! The answer of the provider: it must be to the question of this browser, and come from whom it was put to.

use std::net::IpAddr;

use serde::Deserialize;
use tieline_core::code;
use tieline_core::identity_provider::sign_in::Identity;
use tieline_core::secret::Secret;

use super::attempt::Attempt;
use super::find::AGE;
use super::{SignInProvider, unconfirmed};
use crate::failures::{Failing, network};
use crate::{Control, Error, Kind, Refusal, Result};

/// How much of what came back is repeated to people.
const REPEATED: usize = 200;

/// What the browser comes back with (RFC 6749, section 4.1.2; RFC 9207, section 2).
#[derive(Debug, Default, Deserialize)]
pub struct ProviderAnswer {
    /// What is exchanged for tokens.
    pub code: Option<Secret>,
    /// What the question held.
    pub state: Option<Secret>,
    /// Who answers.
    pub iss: Option<String>,
    /// Why there is no code, as a word.
    pub error: Option<String>,
    /// The same, for people.
    pub error_description: Option<String>,
}

/// Somebody who signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// The secret of their session.
    pub session: Secret,
    /// Where they wanted to go.
    pub next: String,
}

impl Control {
    /// Signs in whom the provider names. `kept` is what the browser kept of [`Control::sign_in_begin`], and `redirect_uri` is
    /// what was given there. Whom the provider signed in and who is not let in is counted for the audit, with the `address` of
    /// the browser.
    ///
    /// # Errors
    /// `sign_in_provider_missing`, `sign_in_provider_unavailable`, `sign_in_busy`, `sign_in_attempt_invalid`, `sign_in_unconfirmed`,
    /// `sign_in_email_unverified`, `sign_in_uninvited`, `sign_in_account_taken`, `sign_in_account_disabled`,
    /// `invitation_invalid`.
    pub async fn sign_in_complete(
        &self,
        redirect_uri: &str,
        kept: Option<&Secret>,
        answer: ProviderAnswer,
        address: IpAddr,
    ) -> Result<SignedIn> {
        let (provider, _turn) = self.sign_in_provider()?;
        let attempt = kept.and_then(|kept| self.attempt_open(&provider.issuer, kept));
        let own = |attempt: &Attempt| answer.state == Some(Secret::new(attempt.state()));
        let attempt = attempt.filter(own).ok_or_else(attempt_invalid)?;
        let network = network(address);
        self.sign_ins.answers.take(&network, self.now()).map_err(|after| {
            let message = "too many answers of the sign-in provider came from this network";
            Error::busy(code!("sign_in_busy"), message, format!("try again in {} s", after.as_secs() + 1))
        })?;
        let found = self.sign_in_provider_found(provider, AGE).await?;
        // RFC 9207, section 2.4: an answer of another provider is none to this question.
        if answer.iss.as_ref().map_or(found.metadata.names_itself, |issuer| *issuer != provider.issuer) {
            return Err(attempt_invalid());
        }
        let code = answer.code.as_ref().filter(|_| answer.error.is_none());
        let code = code.ok_or_else(|| said_no(provider, &answer))?;
        let tokens = self.code_exchange(provider, redirect_uri, &attempt, code).await?;
        let identity = self.identity(provider, &attempt, &tokens).await?;
        let named = words(&identity);
        let session = self.sign_in_person(provider, identity, tokens, attempt.invitation().as_ref()).await;
        if let Err(Error::Refused(refusal)) = &session
            && refusal.kind == Kind::Forbidden
        {
            self.failures.note(Failing::AtProvider(refusal.code), Some(&named), None, address, self.now());
        }
        let session = session?;
        self.sign_ins.answers.give_back(&network);
        Ok(SignedIn { session, next: attempt.next })
    }
}

/// What administrators know somebody by whom the provider names.
fn words(identity: &Identity) -> String {
    identity.email.as_ref().map_or_else(|| identity.subject.clone(), |email| email.address.clone())
}

fn attempt_invalid() -> Error {
    Error::Refused(Refusal {
        kind: Kind::Unauthenticated,
        code: code!("sign_in_attempt_invalid"),
        message: "this answer of the sign-in provider is to no question that this browser put in the last ten minutes"
            .into(),
        hint: "begin again".into(),
        path: None,
    })
}

/// The provider let nobody in. Its own words are for people.
fn said_no(provider: &SignInProvider, answer: &ProviderAnswer) -> Error {
    let words = [answer.error.as_deref(), answer.error_description.as_deref()];
    let words = words.into_iter().flatten().collect::<Vec<_>>().join(": ");
    let words: String = words.chars().filter(|c| !c.is_control() && *c != '`').take(REPEATED).collect();
    let said = if words.is_empty() { String::new() } else { format!(": {words}") };
    unconfirmed(format!("{} did not sign you in{said}", provider.name))
}
