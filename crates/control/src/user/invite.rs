//! Inviting a person into an organization.

use serde_json::json;
use tieline_core::code;
use tieline_core::id::MembershipId;
use tieline_core::model::{InvitationPurpose, Role};
use tieline_core::wire::user::UserInvite;
use tieline_store::tenancy::Project;
use tieline_store::user::Membership;

use super::{InvitationLink, user_name};
use crate::grant::{administers, may_grant};
use crate::work::Work;
use crate::{Actor, Control, Error, Result};

impl Control {
    /// Gives a person a role that counts once they open the link and accept it. An account is made for a name that has none;
    /// the answer is the same for one that has. Inviting somebody anew who did not accept yet replaces role and link.
    ///
    /// # Errors
    /// `organization_not_found`, `forbidden`, `project_not_found`, `user_name_invalid`, `user_role_invalid`, `member_exists`.
    pub async fn user_invite(&self, actor: &Actor, organization: &str, request: UserInvite) -> Result<InvitationLink> {
        let mut work = self.write(actor, organization).await?;
        let project = place(&mut work, request.role, request.project.as_deref()).await?;
        may_grant(&work, request.role, project.as_ref(), None)?;
        let name = user_name(&request.name)?;
        work.transaction.installation_lock().await?;
        let user = self.user_of(&mut work.transaction, &name).await?;
        let project_id = project.as_ref().map(|project| project.id);
        let roles = work.transaction.memberships_in(user.id, work.organization.id).await?;
        let id = match roles.iter().find(|one| one.project_id == project_id) {
            Some(found) if found.accepted_at.is_some() || !administers(&work, found.role, project_id) => {
                return Err(Error::conflict(
                    code!("member_exists"),
                    format!("{} has a role here already", user.name),
                    "change it with `tieline user update`",
                ));
            }
            Some(found) => {
                work.transaction.membership_set_role(found.id, request.role).await?;
                found.id
            }
            None => {
                let membership = Membership {
                    id: MembershipId(self.new_id()),
                    user_id: user.id,
                    organization_id: work.organization.id,
                    project_id,
                    role: request.role,
                    created_at: work.at,
                    accepted_at: None,
                };
                work.transaction.membership_insert(&membership).await?;
                membership.id
            }
        };
        let (here, purpose) = (Some(work.organization.id), InvitationPurpose::Join);
        let link = self.invitation_make(&mut work.transaction, &user, purpose, here, Some(id)).await?;
        let detail = json!({
            "role": request.role, "project": project.map(|project| project.handle), "expires_at": link.expires_at,
        });
        work.finish("user_invite", &link.name, detail).await?;
        Ok(link)
    }
}

/// The project that a role of a person is limited to, if it is one that people have there.
pub(super) async fn place(work: &mut Work<'_>, role: Role, project: Option<&str>) -> Result<Option<Project>> {
    let wrong = |message: &str, hint: &str| Err(Error::invalid(code!("user_role_invalid"), message, hint));
    match (role, project) {
        (Role::Runner | Role::Gateway, _) => {
            wrong("the roles runner and gateway are for programs", "make a token for a program: `tieline token create`")
        }
        (Role::InstallationAdmin, _) => wrong(
            "the role installation-admin belongs to the installation, not to an organization",
            "give it without --organization, as an administrator of the installation",
        ),
        (Role::OrganizationAdmin, Some(_)) => wrong(
            "an organization admin is not limited to a project",
            "leave --project out, or give the role project-admin",
        ),
        (_, Some(project)) => Ok(Some(work.project(project).await?)),
        (_, None) => Ok(None),
    }
}
