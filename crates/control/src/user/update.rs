//! Another role for a member of an organization, and the end of one.

use serde_json::json;
use tieline_core::access::Permission;
use tieline_core::code;
use tieline_core::id::OrganizationId;
use tieline_core::model::{InvitationPurpose, Role};
use tieline_core::wire::access::TokenState;
use tieline_core::wire::user::UserUpdate;
use tieline_store::user::{Membership, User};

use super::invite::place;
use crate::grant::{administers, may_grant};
use crate::token::state;
use crate::work::Work;
use crate::{Actor, Control, Error, Result};

impl Control {
    /// Gives a member another role in the same place, from the next request on.
    ///
    /// # Errors
    /// `organization_not_found`, `forbidden`, `project_not_found`, `user_role_invalid`, `member_not_found`, `member_invited`,
    /// `member_last`.
    pub async fn user_update(&self, actor: &Actor, organization: &str, name: &str, request: UserUpdate) -> Result<()> {
        let mut work = self.write(actor, organization).await?;
        let project = place(&mut work, request.role, request.project.as_deref()).await?;
        may_grant(&work, request.role, project.as_ref(), None)?;
        let (user, found) = work.member(name, request.project.as_deref(), false).await?;
        if found.accepted_at.is_none() {
            // The link that was given out must not come to be worth more than it was.
            return Err(Error::conflict(
                code!("member_invited"),
                format!("{} has not accepted the role yet", user.name),
                "invite them anew with the other role: `tieline user invite`",
            ));
        }
        if request.role != Role::OrganizationAdmin {
            work.keep_an_administrator(&found).await?;
        }
        work.transaction.membership_set_role(found.id, request.role).await?;
        let detail = json!({ "role": request.role, "former_role": found.role, "project": request.project });
        work.finish("user_update", &user.name, detail).await
    }

    /// Ends the role of a member, or withdraws the invitation to it, from the next request on. Members may leave themselves.
    ///
    /// # Errors
    /// `organization_not_found`, `project_not_found`, `member_not_found`, `member_last`.
    pub async fn user_remove(
        &self,
        actor: &Actor,
        organization: &str,
        name: &str,
        project: Option<&str>,
    ) -> Result<()> {
        let mut work = self.write(actor, organization).await?;
        work.require(Permission::View, None)?;
        let (user, found) = work.member(name, project, true).await?;
        work.keep_an_administrator(&found).await?;
        work.transaction.membership_delete(found.id).await?;
        // Whoever is no member any more is no affair of who made a link for them here.
        let here = Some(work.organization.id);
        work.transaction.invitations_delete(user.id, InvitationPurpose::Password, here).await?;
        work.finish("user_remove", &user.name, json!({ "role": found.role, "project": project })).await
    }
}

impl Work<'_> {
    /// The role of somebody in a place, if the actor administers it, or if it is the actor's `own`.
    pub(super) async fn member(&mut self, name: &str, project: Option<&str>, own: bool) -> Result<(User, Membership)> {
        let project_id = match project {
            Some(handle) => Some(self.project(handle).await?.id),
            None => None,
        };
        if let Some(user) = self.transaction.user_by_name(name).await? {
            let roles = self.transaction.memberships_in(user.id, self.organization.id).await?;
            let mine = own && self.actor.user_id() == Some(user.id);
            let mut found = roles.into_iter().filter(|one| one.project_id == project_id);
            if let Some(found) = found.find(|one| mine || administers(self, one.role, project_id)) {
                return Ok((user, found));
            }
        }
        let place =
            project.map_or_else(|| "the whole organization".to_owned(), |project| format!("project {project:?}"));
        Err(Error::not_found(
            code!("member_not_found"),
            format!("{name:?} has no role in {place} that you administer"),
            "see those you administer with `tieline user list`; name the project of a role with --project",
        ))
    }

    /// Refuses to end the last role, of a person or a token, that administers the organization.
    async fn keep_an_administrator(&mut self, ending: &Membership) -> Result<()> {
        if ending.role != Role::OrganizationAdmin || ending.accepted_at.is_none() {
            return Ok(());
        }
        let here = self.organization.id;
        let people = self.transaction.memberships_that_administer(here).await?;
        if people.iter().any(|one| one.id != ending.id) || self.token_administers(here).await? {
            return Ok(());
        }
        Err(Error::conflict(
            code!("member_last"),
            "nobody else administers the organization: nobody could give anybody a role any more",
            "give the role organization-admin to somebody else first",
        ))
    }

    async fn token_administers(&mut self, organization: OrganizationId) -> Result<bool> {
        let own = self.transaction.tokens(organization).await?;
        let live = |token: &tieline_store::token::Token| state(token, self.at) == TokenState::Live;
        if own.iter().any(|token| token.role == Role::OrganizationAdmin && live(token)) {
            return Ok(true);
        }
        let makers = self.transaction.installation_tokens().await?;
        for token in makers.iter().filter(|token| live(token)) {
            if self.transaction.token_organizations(token.id).await?.contains(&organization) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
