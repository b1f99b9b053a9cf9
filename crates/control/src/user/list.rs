//! The people of an organization.

use std::collections::BTreeMap;

use tieline_core::id::ProjectId;
use tieline_core::wire::Page;
use tieline_core::wire::user::MemberView;
use tieline_store::user::Member;

use super::member_state;
use crate::grant::{administers, require_some_administration};
use crate::page::{PageQuery, cursor, cut};
use crate::{Actor, Control, Result};

impl Control {
    /// One page of the roles that the actor could have given, by name of the person: all of an organization, or those in the
    /// projects that it administers.
    ///
    /// # Errors
    /// `organization_not_found`, `cursor_invalid`, `forbidden` for who administers nothing here.
    pub async fn user_list(&self, actor: &Actor, organization: &str, page: &PageQuery) -> Result<Page<MemberView>> {
        let mut work = self.read(actor, organization).await?;
        require_some_administration(&work)?;
        let (here, limit) = (work.organization.id, page.limit());
        let full = usize::try_from(limit).unwrap_or(usize::MAX);
        let [mut name, mut id] = page.after::<2>()?.unwrap_or_default();
        let mut members = Vec::new();
        // Whoever administers one project alone passes over the people of the others.
        loop {
            let mut found = work.transaction.members_page(here, (&name, &id), limit + 1).await?;
            let last = found.len() <= full;
            if let Some(member) = found.last() {
                (name, id) = (member.name.clone(), member.membership.id.to_string());
            }
            found.retain(|one| administers(&work, one.membership.role, one.membership.project_id));
            members.append(&mut found);
            if last || members.len() > full {
                break;
            }
        }
        let next = cut(&mut members, limit, |last| cursor(&[&last.name, &last.membership.id.to_string()]));
        let projects = work.transaction.projects(here).await?;
        let projects = projects.into_iter().map(|project| (project.id, project.handle)).collect();
        Ok(Page { items: members.into_iter().map(|member| view(member, &projects)).collect(), next })
    }
}

fn view(member: Member, projects: &BTreeMap<ProjectId, String>) -> MemberView {
    let Member { name, disabled_at, membership } = member;
    MemberView {
        name,
        role: membership.role,
        project: membership.project_id.and_then(|id| projects.get(&id).cloned()),
        state: member_state(disabled_at.is_some(), membership.accepted_at.is_some()),
        created_at: membership.created_at,
        accepted_at: membership.accepted_at,
    }
}
