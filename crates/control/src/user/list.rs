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
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut after = page.after::<1>()?.map(|[name]| name).unwrap_or_default();
        let mut seen = Vec::new();
        // Whoever administers one project alone passes over the people of the others, and is not told where.
        loop {
            let found = work.transaction.members_page(here, &after, limit + 1).await?;
            let last = found.len() <= most;
            after = found.last().map(|user| user.name.clone()).unwrap_or(after);
            for user in found {
                let mut roles = work.transaction.memberships_in(user.id, here).await?;
                roles.retain(|one| administers(&work, one.role, one.project_id));
                if !roles.is_empty() {
                    seen.push((user, roles));
                }
            }
            if last || seen.len() > most {
                break;
            }
        }
        let next = cut(&mut seen, limit, |(last, _)| cursor(&[&last.name]));
        let projects = work.transaction.projects(here).await?;
        let projects = projects.into_iter().map(|project| (project.id, project.handle)).collect();
        let views = |(user, roles): &(User, Vec<Membership>)| {
            roles.iter().map(|one| view(user, one, &projects)).collect::<Vec<_>>()
        };
        let items = seen.iter().flat_map(views).collect();
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
