//! The code that somebody came back with becomes tokens (RFC 6749, section 4.1.3), and the ID token says who it is.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::{Serializer, byte_serialize};
use serde::Deserialize;
use tieline_core::identity_provider::id_token::{self, Expected, Flaw};
use tieline_core::identity_provider::sign_in::{Identity, user_info};
use tieline_core::identity_provider::{Fault, Proof};
use tieline_core::secret::Secret;
use tieline_vault::public_key::verifies;

use super::attempt::Attempt;
use super::find::{AGE, Found, PAUSE};
use super::{SignInProvider, unavailable, unconfirmed};
use crate::{Control, Error, Result};

/// What the provider answers.
#[derive(Deserialize)]
pub(super) struct Tokens {
    id_token: Secret,
    access_token: Option<Secret>,
}

impl Control {
    /// Exchanges a code. The provider takes it once.
    pub(super) async fn code_exchange(
        &self,
        provider: &SignInProvider,
        redirect_uri: &str,
        attempt: &Attempt,
        code: &Secret,
    ) -> Result<Tokens> {
        let found = self.sign_in_provider_found(provider, AGE).await?;
        let reach = self.sign_in_provider_reach(provider).await?;
        let (proof, form) = question(provider, &found, redirect_uri, attempt, code);
        let asked = self
            .provider_ask(move |client| client.exchange(&found.metadata.token_endpoint, proof.as_ref(), &form, &reach));
        let answer = asked.await?.map_err(|fault| refused(provider, &fault))?;
        serde_json::from_str(answer.expose()).map_err(|_| {
            tracing::warn!(issuer = provider.issuer, "the token endpoint answers without an ID token");
            unconfirmed(format!("{} does not say who signed in", provider.name))
        })
    }

    /// Whom the ID token is about. Keys are asked for again when it is signed by one that nobody knows.
    pub(super) async fn identity(
        &self,
        provider: &SignInProvider,
        attempt: &Attempt,
        tokens: &Tokens,
    ) -> Result<Identity> {
        let nonce = attempt.nonce();
        let expected = Expected {
            issuer: &provider.issuer,
            client_id: &provider.client_id,
            nonce: &nonce,
            now: self.now().as_second(),
        };
        let read = |found: &Found| id_token::identity(tokens.id_token.expose(), &found.keys, &expected, verifies);
        let mut identity = read(&*self.sign_in_provider_found(provider, AGE).await?);
        if identity == Err(Flaw::KeyUnknown) {
            identity = read(&*self.sign_in_provider_found(provider, PAUSE).await?);
        }
        identity.map_err(|flaw| {
            tracing::warn!(issuer = provider.issuer, %flaw, "an ID token is refused");
            unconfirmed(format!("what {} says of who signed in cannot be believed", provider.name))
        })
    }

    /// What else the provider says of somebody whose ID token has no e-mail address; the same when it says nothing.
    pub(super) async fn identity_completed(
        &self,
        provider: &SignInProvider,
        tokens: Tokens,
        identity: Identity,
    ) -> Result<Identity> {
        let found: Arc<Found> = self.sign_in_provider_found(provider, AGE).await?;
        let endpoint = found.metadata.userinfo_endpoint.clone();
        let Some((endpoint, token)) = endpoint.zip(tokens.access_token).filter(|_| identity.email.is_none()) else {
            return Ok(identity);
        };
        let reach = self.sign_in_provider_reach(provider).await?;
        let asked = self.provider_ask(move |client| client.document(&endpoint, Some(&token), &reach));
        let document = asked.await?.map_err(|fault| refused(provider, &fault))?;
        Ok(user_info(document, &identity.subject).unwrap_or(identity))
    }
}

/// What is asked at the token endpoint: how Tieline proves itself where that is a header, and the form.
fn question(
    provider: &SignInProvider,
    found: &Found,
    redirect_uri: &str,
    attempt: &Attempt,
    code: &Secret,
) -> (Option<Secret>, Secret) {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code.expose())
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("code_verifier", attempt.verifier().expose());
    let (id, secret) = (&provider.client_id, provider.client_secret.expose());
    let proof = match found.metadata.proof {
        // Both are encoded as in a form first (RFC 6749, section 2.3.1).
        Proof::Basic => {
            let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let pair = Secret::new(format!("{}:{}", encoded(id), encoded(secret)));
            Some(Secret::new(format!("Basic {}", STANDARD.encode(pair.expose()))))
        }
        Proof::Body => {
            form.append_pair("client_id", id).append_pair("client_secret", secret);
            None
        }
    };
    (proof, Secret::new(form.finish()))
}

fn refused(provider: &SignInProvider, fault: &Fault) -> Error {
    tracing::warn!(issuer = provider.issuer, %fault, "the identity provider does not confirm a sign-in");
    match fault {
        Fault::Denied(_) => unconfirmed(format!("{} did not confirm this sign-in", provider.name)),
        _ => Error::Refused(unavailable(format!("{} cannot be asked at the moment", provider.name))),
    }
}
