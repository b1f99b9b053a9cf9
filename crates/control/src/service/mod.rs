//! The marketplace: what can be connected to, how it is registered, found, shown, offered and withdrawn.
//!
//! Internal services are listed by deployments; nothing here makes one.

pub(crate) mod assignment;
mod consumers;
mod delete;
mod draft;
mod entries;
pub(crate) mod find;
mod list;
mod outline;
pub(crate) mod parameters;
mod publish;
mod reach;
mod register;
mod resource;
mod standing;
pub(crate) mod text;
mod update;
mod view;

pub(crate) use entries::sealed_in;
pub(crate) use outline::OUTLINES;

use tieline_core::access::Permission;
use tieline_store::service::Service;
use tieline_store::tenancy::Project;

use crate::Result;
use crate::work::Work;

impl Work<'_> {
    /// The project of a service, if it has one.
    async fn project_of(&mut self, service: &Service) -> Result<Option<Project>> {
        Ok(match service.project_id {
            Some(id) => self.transaction.project_by_id(id).await?,
            None => None,
        })
    }

    /// Refuses unless the actor may change a service: developers those that their project provides, administrators
    /// what was registered for their project or the organization.
    async fn require_owner(&mut self, service: &Service) -> Result<()> {
        let project = self.project_of(service).await?;
        let permission = match (service.component_id, &project) {
            (Some(_), _) => Permission::Develop,
            (None, Some(_)) => Permission::AdministerProject,
            (None, None) => Permission::AdministerOrganization,
        };
        self.require(permission, project.as_ref())
    }

    /// Whether the actor may change a service.
    async fn is_owner(&mut self, service: &Service) -> bool {
        self.require_owner(service).await.is_ok()
    }
}
