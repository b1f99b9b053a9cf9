//! External consumers never deploy: their subscriptions come with their connections, wherever the provider is deployed.

use tieline_core::model::{ComponentType, ServiceType};
use tieline_store::connection::Connection;
use tieline_store::service::Service;

use crate::Result;
use crate::work::Work;

impl Work<'_> {
    /// Subscribes the external consumers of a service where it is deployed: what a deployment of the provider asks.
    /// An undeployed provider leaves its consumers as they are; only another mapping takes a subscription away.
    pub(crate) async fn subscribe_external_consumers(&mut self, service: &Service) -> Result<()> {
        for connection in self.transaction.connections_of_service(service.id).await? {
            self.subscribe_if_external(&connection, service).await?;
        }
        Ok(())
    }

    /// Subscribes a connection where its service is deployed, if it is an external consumer's; answers whether it is.
    pub(crate) async fn subscribe_if_external(&mut self, connection: &Connection, service: &Service) -> Result<bool> {
        let Some(component) = connection.component_id else { return Ok(false) };
        let component = self.transaction.component_by_id(component).await?;
        let external = component.is_some_and(|found| found.component_type == ComponentType::ExternalConsumer);
        if !external || service.service_type != ServiceType::Internal {
            return Ok(external);
        }
        let deployed = self.transaction.deployed_endpoints_of_service(service.id).await?;
        let mut changed = false;
        for environment in self.transaction.environments(self.organization.id).await? {
            let provider = self.provider_environment(connection, &environment).await?;
            let (id, here, at) = (connection.id, environment.id, self.at);
            changed |= match provider {
                Some(there) if deployed.iter().any(|at| at.environment_id == there.id) => {
                    self.transaction.subscription_save(id, here, service.id, there.id, at).await?
                }
                Some(there) => self.transaction.subscription_delete_other(id, here, there.id).await?,
                None => self.transaction.subscription_delete(id, here).await?,
            };
        }
        if changed {
            self.touch_connection(connection);
        }
        Ok(true)
    }
}
