//! The identity provider as it is shown, to everybody in the organization.

use std::collections::BTreeSet;

use serde_json::Value;
use tieline_core::access::Permission;
use tieline_core::code;
use tieline_core::identity_provider::algorithm;
use tieline_core::wire::identity_provider::{IdentityProviderClients, IdentityProviderKey, IdentityProviderView};
use tieline_store::identity_provider::IdentityProvider;

use crate::work::Work;
use crate::{Actor, Control, Error, Result};

impl Control {
    /// Shows the identity provider of an organization.
    ///
    /// # Errors
    /// `organization_not_found`, `identity_provider_not_found`.
    pub async fn identity_provider_view(&self, actor: &Actor, organization: &str) -> Result<IdentityProviderView> {
        let mut work = self.read(actor, organization).await?;
        work.require(Permission::View, None)?;
        let provider = work.identity_provider_there().await?;
        work.identity_provider_shown(&provider).await
    }
}

impl Work<'_> {
    pub(super) async fn identity_provider_there(&mut self) -> Result<IdentityProvider> {
        let organization = &self.organization.handle;
        let missing = Error::not_found(
            code!("identity_provider_not_found"),
            format!("the organization {organization:?} has no identity provider of its own: Tieline issues its tokens"),
            "set one with `tieline identity-provider set --issuer URL`",
        );
        self.identity_provider().await?.ok_or(missing)
    }

    pub(super) async fn identity_provider_shown(
        &mut self,
        provider: &IdentityProvider,
    ) -> Result<IdentityProviderView> {
        let count = self.transaction.registrations_count(self.organization.id).await?;
        let number = |count: i64| usize::try_from(count).unwrap_or_default();
        let key = |key: &Value| {
            let kid = key.get("kid").and_then(Value::as_str).map(str::to_owned);
            Some(IdentityProviderKey { kid, algorithm: algorithm(key)?.to_owned() })
        };
        let keys: Vec<_> = provider.keys.iter().filter_map(key).collect();
        let algorithms: BTreeSet<_> = keys.iter().map(|key| key.algorithm.clone()).collect();
        Ok(IdentityProviderView {
            organization: self.organization.handle.clone(),
            issuer: provider.issuer.clone(),
            audience: provider.audience.clone(),
            token_endpoint: provider.metadata.token_endpoint.clone(),
            registration_endpoint: provider.metadata.registration_endpoint.clone(),
            jwks_uri: provider.metadata.jwks_uri.clone(),
            client_authentication: provider.metadata.proof.as_str().to_owned(),
            registration_token: provider.registration_token_id.is_some(),
            algorithms: algorithms.into_iter().collect(),
            keys,
            checked_at: provider.checked_at,
            failure: provider.failure.clone(),
            clients: IdentityProviderClients {
                registered: number(count.registered),
                pending: number(count.pending),
                ending: number(count.ending),
            },
            created_at: provider.created_at,
        })
    }
}
