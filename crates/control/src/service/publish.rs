//! Offering a service in the marketplace and withdrawing it. Withdrawing stops new connections and breaks none.

use serde_json::json;
use tieline_core::wire::service::ServiceView;
use tieline_store::service::Service;

use super::assignment::is_complete;
use super::parameters::connection_parameters;
use crate::work::Work;
use crate::{Actor, Control, Result};

impl Control {
    /// Offers a service to new connections again.
    ///
    /// # Errors
    /// `service_not_found`, `forbidden`, `changed_meanwhile`.
    pub async fn service_publish(
        &self,
        actor: &Actor,
        organization: &str,
        reference: &str,
        project: Option<&str>,
        expected: Option<i64>,
    ) -> Result<ServiceView> {
        self.set_published(actor, organization, reference, project, (true, expected)).await
    }

    /// Takes a service out of the marketplace. Existing connections go on.
    ///
    /// # Errors
    /// `service_not_found`, `forbidden`, `changed_meanwhile`.
    pub async fn service_unpublish(
        &self,
        actor: &Actor,
        organization: &str,
        reference: &str,
        project: Option<&str>,
        expected: Option<i64>,
    ) -> Result<ServiceView> {
        self.set_published(actor, organization, reference, project, (false, expected)).await
    }

    async fn set_published(
        &self,
        actor: &Actor,
        organization: &str,
        reference: &str,
        project: Option<&str>,
        (published, expected): (bool, Option<i64>),
    ) -> Result<ServiceView> {
        let mut work = self.write(actor, organization).await?;
        let own = work.own_project(project).await?;
        let mut service = work.service_find(reference, own.as_ref()).await?;
        work.require_owner(&service).await?;
        work.expect_revision(expected, service.revision)?;
        service.published = published;
        service.listed = published && work.is_offered(&service).await?;
        service.updated_at = work.at;
        service.revision = work.transaction.service_save(&service).await?;
        let view = work.service_detailed(&service).await?;
        let action = if published { "service_publish" } else { "service_unpublish" };
        work.finish(action, &service.reference, json!({ "listed": service.listed })).await?;
        Ok(view)
    }
}

impl Work<'_> {
    /// Whether there is anything to connect to: an entry with all values, or a live deployment.
    async fn is_offered(&mut self, service: &Service) -> Result<bool> {
        if service.component_id.is_some() {
            return Ok(!self.transaction.deployed_endpoints_of_service(service.id).await?.is_empty());
        }
        let keys = connection_parameters(service, None, None);
        Ok(self.transaction.entries(service.id).await?.iter().any(|entry| is_complete(entry, &keys)))
    }
}
