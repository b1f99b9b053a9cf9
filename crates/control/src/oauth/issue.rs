//! Issuing tokens: `client_credentials`, and nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use tieline_core::access_token::Claims;
use tieline_core::wire::oauth::AccessToken;

use super::client::KnownClient;
use super::{ClientProof, OAuthError, OAuthRefusal};
use crate::{Control, Error};

impl Control {
    /// Issues a token to a client that proves itself. With `scope` the token has these scopes; without, all that the
    /// client may have.
    ///
    /// # Errors
    /// `unsupported_grant_type`, `invalid_client`, `invalid_scope`.
    pub async fn access_token_issue(
        &self,
        proof: &ClientProof,
        grant_type: &str,
        scope: Option<&str>,
    ) -> Result<AccessToken, OAuthError> {
        if grant_type != "client_credentials" {
            let description = "grant_type must be client_credentials: there are no others here";
            return Err(OAuthRefusal::UnsupportedGrantType.because(description));
        }
        let (known, secret) = self.client_authenticate(proof).await?;
        let scope = granted(&known, scope)?;
        let keys = self.signing_keys().await?;
        let now = self.now();
        let key = keys.signer(now).ok_or_else(|| Error::Inconsistent("there is no key to sign with".to_owned()))?;
        let (iat, expires_in) = (now.as_second(), known.client.token_lifetime);
        let claims = Claims {
            iss: self.settings.public_url.clone(),
            sub: known.client.id.clone(),
            client_id: known.client.id.clone(),
            aud: known.audience.clone(),
            exp: iat + expires_in,
            iat,
            jti: self.new_id().to_string(),
            scope,
            organization: known.client.organization.clone(),
            environment: known.client.environment.clone(),
            component: secret.holder,
            secret: secret.id,
        };
        let payload = serde_json::to_vec(&claims).map_err(|error| Error::Inconsistent(error.to_string()))?;
        let access_token = key.sign(&payload).map_err(Error::Signing)?;
        Ok(AccessToken { access_token, token_type: "Bearer".to_owned(), expires_in, scope: claims.scope })
    }
}

/// The scopes of a token: those asked for, each once, if the client may have all of them.
fn granted(known: &Arc<KnownClient>, asked: Option<&str>) -> Result<Option<String>, OAuthError> {
    let scopes: BTreeSet<&str> = match asked {
        Some(asked) => asked.split(' ').filter(|scope| !scope.is_empty()).collect(),
        None => known.scopes.iter().map(String::as_str).collect(),
    };
    if let Some(unknown) = scopes.iter().find(|scope| !known.scopes.contains(**scope)) {
        let unknown: String = unknown.chars().take(100).collect();
        let description = match known.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ") {
            none if none.is_empty() => format!("no service of this client declares scopes: ask without {unknown}"),
            known => format!("this client cannot have the scope {unknown}; it can have: {known}"),
        };
        return Err(OAuthRefusal::InvalidScope.because(description));
    }
    let scopes: Vec<_> = scopes.into_iter().collect();
    Ok(Some(scopes.join(" ")).filter(|scopes| !scopes.is_empty()))
}
