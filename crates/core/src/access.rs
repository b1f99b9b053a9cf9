//! Who may do what: roles, what each permits, and where. A table and one pure decision; `control` asks it before every
//! operation.

use crate::id::{ComponentId, EnvironmentId, OrganizationId, ProjectId};
use crate::model::Role;

/// A role at a place. `project` limits a role to one project; `component` and `environment` are a runner's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What it permits.
    pub role: Role,
    /// Where; none only for the installation.
    pub organization: Option<OrganizationId>,
    /// The one project, or none for the whole organization.
    pub project: Option<ProjectId>,
    /// The one component of a runner.
    pub component: Option<ComponentId>,
    /// The one environment of a runner.
    pub environment: Option<EnvironmentId>,
}

/// What an operation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// See things, without secrets.
    View,
    /// Make components, connect them, and deploy where it is not critical.
    Develop,
    /// Register third-party services of a project, deploy to critical environments, force a deletion.
    AdministerProject,
    /// Environments, organization-level connections, resources, tokens, audit, settings.
    AdministerOrganization,
    /// Read secrets, or deploy, in an environment.
    Secrets {
        /// Whether the environment is critical.
        critical: bool,
    },
}

/// Where an operation happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The organization.
    pub organization: OrganizationId,
    /// The project; none for what belongs to the whole organization.
    pub project: Option<ProjectId>,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Allowed,
    /// No, and the asker may know that the thing exists.
    Forbidden,
    /// No, and for the asker the thing does not exist.
    Hidden,
}

/// Decides whether a holder of `grants` may do something at a place.
#[must_use]
pub fn decide(grants: &[Grant], permission: Permission, place: Place) -> Verdict {
    let here = grants.iter().filter(|grant| reaches(grant, place));
    if here.clone().any(|grant| grant.role >= needed(permission)) {
        return Verdict::Allowed;
    }
    if here.clone().any(|grant| grant.role >= Role::Viewer) || sees_catalogue(grants, place) {
        return if permission == Permission::View { Verdict::Allowed } else { Verdict::Forbidden };
    }
    Verdict::Hidden
}

/// Whether a holder of `grants` is the runner of a component in an environment.
#[must_use]
pub fn is_runner(grants: &[Grant], component: ComponentId, environment: EnvironmentId) -> bool {
    grants.iter().any(|grant| {
        grant.role == Role::Runner && grant.component == Some(component) && grant.environment == Some(environment)
    })
}

/// The least role that permits it.
fn needed(permission: Permission) -> Role {
    match permission {
        Permission::View => Role::Viewer,
        Permission::Develop | Permission::Secrets { critical: false } => Role::Developer,
        Permission::AdministerProject => Role::ProjectAdmin,
        Permission::AdministerOrganization | Permission::Secrets { critical: true } => Role::OrganizationAdmin,
    }
}

/// A role counts where it was given: in its organization, and when it is limited to a project, in that project alone.
/// The installation's administrator has no part in organizations that others made.
fn reaches(grant: &Grant, place: Place) -> bool {
    grant.organization == Some(place.organization) && (grant.project.is_none() || grant.project == place.project)
}

/// Whoever works in one project of an organization also sees what belongs to the whole of it: environments, catalogue.
fn sees_catalogue(grants: &[Grant], place: Place) -> bool {
    place.project.is_none()
        && grants.iter().any(|grant| grant.organization == Some(place.organization) && grant.role >= Role::Viewer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::randomness::{FixedRandomness, uuid_v4};

    #[test]
    fn roles_permit_what_the_table_says() {
        let random = FixedRandomness::seeded(1);
        let organization = OrganizationId(uuid_v4(&random));
        let (project, other) = (ProjectId(uuid_v4(&random)), ProjectId(uuid_v4(&random)));
        let grant = |role, project| Grant {
            role,
            organization: Some(organization),
            project,
            component: None,
            environment: None,
        };
        let critical = Permission::Secrets { critical: true };
        let ordinary = Permission::Secrets { critical: false };
        for (role, limited, permission, at, expect) in [
            (Role::Viewer, None, Permission::View, Some(project), Verdict::Allowed),
            (Role::Viewer, None, Permission::Develop, Some(project), Verdict::Forbidden),
            (Role::Viewer, None, ordinary, Some(project), Verdict::Forbidden),
            (Role::Developer, Some(project), Permission::Develop, Some(project), Verdict::Allowed),
            (Role::Developer, Some(project), Permission::Develop, Some(other), Verdict::Hidden),
            (Role::Developer, Some(project), Permission::View, None, Verdict::Allowed),
            (Role::Developer, Some(project), Permission::AdministerOrganization, None, Verdict::Forbidden),
            (Role::Developer, Some(project), ordinary, Some(project), Verdict::Allowed),
            (Role::Developer, None, critical, Some(project), Verdict::Forbidden),
            (Role::ProjectAdmin, Some(project), critical, Some(project), Verdict::Forbidden),
            (Role::ProjectAdmin, Some(project), Permission::AdministerProject, Some(project), Verdict::Allowed),
            (Role::OrganizationAdmin, None, critical, Some(project), Verdict::Allowed),
            (Role::Runner, None, Permission::View, Some(project), Verdict::Hidden),
        ] {
            let place = Place { organization, project: at };
            assert_eq!(decide(&[grant(role, limited)], permission, place), expect, "{role} {permission:?} {at:?}");
        }
        let elsewhere = Place { organization: OrganizationId(uuid_v4(&random)), project: None };
        let admin = grant(Role::OrganizationAdmin, None);
        assert_eq!(decide(&[admin], Permission::View, elsewhere), Verdict::Hidden);
    }
}
