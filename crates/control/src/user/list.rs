//! The people of an organization.

use std::collections::BTreeMap;

use tieline_core::id::ProjectId;
use tieline_core::wire::Page;
use tieline_core::wire::user::MemberView;
use tieline_store::user::{Membership, User};

use super::member_state;
use crate::grant::{administers, require_some_administration};
use crate::page::{PageQuery, cursor, cut};
use crate::{Actor, Control, Result};

impl Control {
    /// One page of the people whose roles the actor could have given, by name, each with every such role: all of an
    /// organization, or those in the projects that it administers.
    ///
    /// # Errors
    /// `organization_not_found`, `cursor_invalid`, `forbidden` for who administers nothing here.
    pub async fn user_list(&self, actor: &Actor, organization: &str, page: &PageQuery) -> Result<Page<MemberView>> {
        let mut work = self.read(actor, organization).await?;
        require_some_administration(&work)?;
        let (here, limit) = (work.organization.id, page.limit());
        let after = page.after::<1>()?.map(|[name]| name).unwrap_or_default();
        let mut users = work.transaction.members_page(here, &after, limit + 1).await?;
        let next = cut(&mut users, limit, |last| cursor(&[&last.name]));
        let projects = work.transaction.projects(here).await?;
        let projects = projects.into_iter().map(|project| (project.id, project.handle)).collect();
        let mut items = Vec::new();
        for user in users {
            let mut roles = work.transaction.memberships_in(user.id, here).await?;
            roles.retain(|one| administers(&work, one.role, one.project_id));
            items.extend(roles.iter().map(|one| view(&user, one, &projects)));
        }
        Ok(Page { items, next })
    }
}

fn view(user: &User, membership: &Membership, projects: &BTreeMap<ProjectId, String>) -> MemberView {
    MemberView {
        name: user.name.clone(),
        role: membership.role,
        project: membership.project_id.and_then(|id| projects.get(&id).cloned()),
        state: member_state(user, membership.accepted_at.is_some()),
        created_at: membership.created_at,
        accepted_at: membership.accepted_at,
    }
}
