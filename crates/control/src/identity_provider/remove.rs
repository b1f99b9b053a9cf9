//! `identity-provider remove`: the organization's tokens come from Tieline's own token service again.

use serde_json::json;
use tieline_core::access::Permission;

use crate::{Actor, Control, Result};

impl Control {
    /// Removes the identity provider of an organization. Clients that are still to be deleted there are deleted.
    ///
    /// # Errors
    /// `forbidden`, `identity_provider_not_found`, `identity_provider_fixed`.
    pub async fn identity_provider_remove(&self, actor: &Actor, organization: &str) -> Result<()> {
        let mut work = self.write(actor, organization).await?;
        work.require(Permission::AdministerOrganization, None)?;
        let provider = work.identity_provider_there().await?;
        work.refuse_applications(&format!("the organization cannot turn from {}", provider.issuer)).await?;
        let (id, at) = (work.organization.id, work.at);
        work.transaction.identity_provider_delete(id).await?;
        if let Some(token) = provider.registration_token_id {
            work.transaction.sealed_supersede(token, at).await?;
        }
        work.touch_issuer();
        work.finish("identity_provider_remove", &provider.issuer, json!({})).await
    }
}
