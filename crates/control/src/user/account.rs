//! Who somebody is, to themselves.

use serde_json::json;
use tieline_core::wire::user::{AccountView, RoleView};

use crate::actor::Known;
use crate::session::{chain, lock};
use crate::{Actor, Control, Result};

impl Control {
    /// Who the actor is, and what they may do where.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account_view(&self, actor: &Actor) -> Result<AccountView> {
        let mut transaction = self.store.read().await?;
        let user = match actor.user_id() {
            Some(id) => transaction.user_by_id(id).await?,
            None => None,
        };
        let mut roles = Vec::new();
        for grant in &actor.grants {
            let Some(organization) = grant.organization else { continue };
            let Some(organization) = transaction.organization_by_id(organization).await? else { continue };
            let project = match grant.project {
                Some(id) => transaction.project_by_id(id).await?.map(|project| project.handle),
                None => None,
            };
            roles.push(RoleView { organization: organization.handle, project, role: grant.role });
        }
        Ok(AccountView {
            label: actor.label.clone(),
            name: user.as_ref().map(|user| user.name.clone()),
            installation_admin: actor.installation_admin,
            password: user.as_ref().is_some_and(|user| user.password.is_some()),
            issuer: user.and_then(|user| user.identity).map(|identity| identity.issuer),
            roles,
        })
    }

    /// Ends every session of the console that acts as the actor, everywhere.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_out_everywhere(&self, actor: &Actor) -> Result<()> {
        let mut transaction = self.store.write().await?;
        let known = Known::of_owner(&mut transaction, actor.owner, self.now()).await?;
        lock(&mut transaction, known.organization).await?;
        let ended = transaction.sessions_delete(actor.owner).await?;
        let (chain, action) = (chain(known.organization), "sign_out_everywhere");
        self.audit_signing_in(&mut transaction, actor, known.organization, action, json!({ "sessions": ended }))
            .await?;
        let number = transaction.change_insert(&chain, action, actor.label(), self.now()).await?;
        transaction.commit().await?;
        self.feed.announce(&chain, number);
        Ok(())
    }
}
