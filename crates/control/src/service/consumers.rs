//! Who uses a service, for those who own it.

use tieline_core::wire::service::ServiceConsumers;

use crate::{Actor, Control, Result};

impl Control {
    /// Who uses a service, through whichever connection. Consumers in projects that the actor may not see are counted.
    /// A reference without project means `project`.
    ///
    /// # Errors
    /// `forbidden`, `service_not_found`, `reference_invalid`, `reference_incomplete`, `project_not_found`.
    pub async fn service_consumers(
        &self,
        actor: &Actor,
        organization: &str,
        reference: &str,
        project: Option<&str>,
    ) -> Result<ServiceConsumers> {
        let mut work = self.read(actor, organization).await?;
        let own = work.own_project(project).await?;
        let service = work.service_find(reference, own.as_ref()).await?;
        work.require_owner(&service).await?;
        let found = work.consumers_of_service(service.id).await?;
        let hidden = found.iter().filter(|consumer| consumer.view.is_none()).count();
        let consumers = found.into_iter().filter_map(|consumer| consumer.view).collect();
        Ok(ServiceConsumers { consumers, hidden })
    }
}
