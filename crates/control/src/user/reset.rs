//! A way back for a member who lost their password.

use serde_json::json;
use tieline_core::access::Permission;
use tieline_core::code;
use tieline_core::model::InvitationPurpose;

use super::{InvitationLink, require_no_provider, rights_elsewhere};
use crate::{Actor, Control, Error, Result};

impl Control {
    /// Makes a link with which a member sets another password. Whoever is given it can sign in as the member: it is refused
    /// for one with rights beyond the organization, and the link is worth nothing once they have some.
    ///
    /// # Errors
    /// `organization_not_found`, `forbidden`, `member_not_found`, `user_of_provider`, `user_rights_elsewhere`.
    pub async fn user_reset(&self, actor: &Actor, organization: &str, name: &str) -> Result<InvitationLink> {
        let mut work = self.write(actor, organization).await?;
        work.require(Permission::AdministerOrganization, None)?;
        let here = work.organization.id;
        let missing = || {
            Error::not_found(
                code!("member_not_found"),
                format!("{name:?} is no member of the organization"),
                "see its members with `tieline user list`; who has not joined yet is invited anew",
            )
        };
        work.transaction.installation_lock().await?;
        let user = work.transaction.user_by_name(name).await?.ok_or_else(missing)?;
        let roles = work.transaction.memberships_in(user.id, here).await?;
        if !roles.iter().any(|one| one.accepted_at.is_some()) {
            return Err(missing());
        }
        require_no_provider(&user)?;
        if rights_elsewhere(&mut work.transaction, &user, Some(here)).await? {
            return Err(Error::forbidden(
                code!("user_rights_elsewhere"),
                format!("{} has rights beyond this organization", user.name),
                "ask an administrator of the installation: `tieline user reset NAME --installation`",
            ));
        }
        let purpose = InvitationPurpose::Password;
        let link = self.invitation_make(&mut work.transaction, &user, purpose, Some(here), None).await?;
        work.finish("user_reset", &user.name, json!({ "expires_at": link.expires_at })).await?;
        Ok(link)
    }
}
