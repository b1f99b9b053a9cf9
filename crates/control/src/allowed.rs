//! What somebody may do in a place, for whoever offers them only what would be done. Each use case decides for itself all
//! the same.

use tieline_core::access::{Permission, Verdict};
use tieline_core::model::Role;
use tieline_core::wire::tenancy::EnvironmentView;

use crate::grant::{of_people, require_some_administration, roles};
use crate::{Actor, Control, Result};

/// What an actor may do in a place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Allowed {
    /// Make components, connect them, and deploy where it is not critical.
    pub develop: bool,
    /// Connect what is here: components of the project, or the organization as a whole.
    pub connect: bool,
    /// Register third-party services here.
    pub register_third_party: bool,
    /// Register resources, which belong to the organization.
    pub register_resources: bool,
    /// Register third-party services of a project, approve subscriptions, deploy to critical environments.
    pub administer_project: bool,
    /// Projects, environments, organization-level connections, resources, tokens, audit, settings.
    pub administer_organization: bool,
    /// Hand out roles: in the organization, or in a project of it.
    pub hand_out_roles: bool,
    /// Those that may be handed out somewhere in the organization: to tokens, and all but runner to people.
    pub roles: Vec<Role>,
}

impl Allowed {
    /// Whether it includes to deploy to an environment.
    #[must_use]
    pub fn deploy(&self, environment: &EnvironmentView) -> bool {
        if environment.critical { self.administer_project } else { self.develop }
    }

    /// The roles that a person may be given: in the whole organization, or in one project.
    #[must_use]
    pub fn roles_of_people(&self, in_project: bool) -> Vec<Role> {
        self.roles.iter().copied().filter(|role| of_people(*role, in_project)).collect()
    }
}

impl Control {
    /// What an actor may do in a project, or in the organization as a whole.
    ///
    /// # Errors
    /// `organization_not_found`, `project_not_found`.
    pub async fn allowed(&self, actor: &Actor, organization: &str, project: Option<&str>) -> Result<Allowed> {
        let mut work = self.read(actor, organization).await?;
        work.require(Permission::View, None)?;
        let project = match project {
            Some(handle) => Some(work.project(handle).await?.id),
            None => None,
        };
        let may = |permission, project| work.verdict(permission, project) == Verdict::Allowed;
        let develop = may(Permission::Develop, project);
        let administer_project = may(Permission::AdministerProject, project);
        let administer_organization = may(Permission::AdministerOrganization, None);
        let here = |in_project, organization_wide| if project.is_some() { in_project } else { organization_wide };
        Ok(Allowed {
            develop,
            connect: here(develop, administer_organization),
            register_third_party: here(administer_project, administer_organization),
            register_resources: administer_organization,
            administer_project,
            administer_organization,
            hand_out_roles: require_some_administration(&work).is_ok(),
            roles: roles(&work),
        })
    }
}
