//! Who may hand out which role, to a token or to a person: nobody more than they have.

use tieline_core::access::{Grant, Permission, Verdict};
use tieline_core::id::ProjectId;
use tieline_core::model::Role;
use tieline_store::tenancy::{Environment, Project};

use crate::Result;
use crate::work::Work;

/// Refuses to hand out what the actor does not have: a runner of a critical environment reads its secrets.
pub(crate) fn may_grant(
    work: &Work<'_>,
    role: Role,
    project: Option<&Project>,
    environment: Option<&Environment>,
) -> Result<()> {
    match role {
        Role::InstallationAdmin | Role::Gateway | Role::OrganizationAdmin | Role::ProjectAdmin => {
            work.require(Permission::AdministerOrganization, None)
        }
        Role::Viewer | Role::Developer | Role::Runner => {
            work.require(Permission::AdministerProject, project)?;
            let critical = environment.is_some_and(|environment| environment.critical);
            work.require(Permission::Secrets { critical }, project)
        }
    }
}

/// Whether the actor administers who has a role: those of a project belong to the project's admins too, but for its own admins.
pub(crate) fn administers(work: &Work<'_>, role: Role, project: Option<ProjectId>) -> bool {
    let needed = match role {
        Role::Viewer | Role::Developer | Role::Runner => Permission::AdministerProject,
        _ => Permission::AdministerOrganization,
    };
    work.verdict(needed, project) == Verdict::Allowed
}

/// The roles that the actor may hand out somewhere in the organization, the least first.
pub(crate) fn roles(work: &Work<'_>) -> Vec<Role> {
    const ROLES: [Role; 5] = [Role::Viewer, Role::Developer, Role::ProjectAdmin, Role::OrganizationAdmin, Role::Runner];
    let here = work.actor.grants.iter().filter(|grant| grant.organization == Some(work.organization.id));
    let places: Vec<_> = std::iter::once(None).chain(here.map(|grant| grant.project)).collect();
    ROLES.into_iter().filter(|role| places.iter().any(|place| administers(work, *role, *place))).collect()
}

/// Whether a role is one that people have in an organization, or in one project of it.
pub(crate) fn of_people(role: Role, in_project: bool) -> bool {
    match role {
        Role::Viewer | Role::Developer | Role::ProjectAdmin => true,
        Role::OrganizationAdmin => !in_project,
        Role::Runner | Role::Gateway | Role::InstallationAdmin => false,
    }
}

/// Refuses whoever administers neither the organization nor a project of it.
pub(crate) fn require_some_administration(work: &Work<'_>) -> Result<()> {
    let whole = work.require(Permission::AdministerOrganization, None);
    let here = |grant: &Grant| grant.organization == Some(work.organization.id) && grant.role >= Role::ProjectAdmin;
    if work.actor.grants.iter().any(here) { Ok(()) } else { whole }
}
