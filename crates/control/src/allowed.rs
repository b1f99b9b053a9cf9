//! What somebody may do in a place, for whoever offers them only what would be done. Each use case decides for itself all
//! the same.

use tieline_core::access::{Permission, Verdict};
use tieline_core::wire::tenancy::EnvironmentView;

use crate::grant::require_some_administration;
use crate::{Actor, Control, Result};

/// What an actor may do in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Allowed {
    /// Make components, connect them, and deploy where it is not critical.
    pub develop: bool,
    /// Register third-party services of a project, approve subscriptions, deploy to critical environments.
    pub administer_project: bool,
    /// Projects, environments, organization-level connections, resources, tokens, audit, settings.
    pub administer_organization: bool,
    /// Hand out roles: in the organization, or in a project of it.
    pub hand_out_roles: bool,
}

impl Allowed {
    /// Whether it includes to deploy to an environment.
    #[must_use]
    pub fn deploy(&self, environment: &EnvironmentView) -> bool {
        if environment.critical { self.administer_project } else { self.develop }
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
        Ok(Allowed {
            develop: may(Permission::Develop, project),
            administer_project: may(Permission::AdministerProject, project),
            administer_organization: may(Permission::AdministerOrganization, None),
            hand_out_roles: require_some_administration(&work).is_ok(),
        })
    }
}
