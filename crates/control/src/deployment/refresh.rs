//! What follows a change of values: each live deployment that uses them is planned again and, when anything differs, gets
//! a new snapshot, and an entry of the audit that says so. Nothing is ever taken away: what no longer resolves is carried forward and marked degraded.

use serde_json::json;
use tieline_core::id::{ConnectionId, ServiceId};
use tieline_store::deployment::Deployment;

use super::plan::{Manner, Spot};
use super::source::prepared_again;
use crate::work::Work;
use crate::{Error, Result};

impl Work<'_> {
    /// Plans the deployments anew that use a service.
    pub(crate) async fn refresh_service(&mut self, service: ServiceId) -> Result<()> {
        for deployment in self.transaction.deployments_using_service(service).await? {
            self.refresh(&deployment).await?;
        }
        Ok(())
    }

    /// Plans the deployments anew that use a connection.
    pub(crate) async fn refresh_connection(&mut self, connection: ConnectionId) -> Result<()> {
        for deployment in self.transaction.deployments_using_connection(connection).await? {
            self.refresh(&deployment).await?;
        }
        Ok(())
    }

    /// Plans one deployment anew.
    pub(crate) async fn refresh(&mut self, deployment: &Deployment) -> Result<()> {
        let gone = || Error::Inconsistent(format!("the component of the deployment {} is gone", deployment.id));
        let component = self.transaction.component_by_id(deployment.component_id).await?.ok_or_else(gone)?;
        let project = self.transaction.project_by_id(component.project_id).await?.ok_or_else(gone)?;
        let environments = self.transaction.environments(self.organization.id).await?;
        let environment = environments.into_iter().find(|found| found.id == deployment.environment_id);
        let spot = Spot { project, component, environment: environment.ok_or_else(gone)? };
        let release = self.release(deployment).await?;
        let prepared = prepared_again(&release.source)?;
        let manner = Manner { allow_pending: true, refresh: true };
        let plan = self.plan(&spot, &prepared, Some(deployment), manner).await?;
        let snapshot = self.pin(&spot, &plan).await?;
        let degraded = self.degraded(&plan, &deployment.degraded);
        if snapshot != deployment.snapshot_id || degraded != deployment.degraded {
            self.transaction.deployment_repin(deployment.id, &snapshot, &degraded).await?;
        }
        if snapshot != deployment.snapshot_id {
            let object = format!("{}/{}", spot.project.handle, spot.component.handle);
            let detail = json!({
                "environment": spot.environment.handle, "deployment": deployment.id,
                "from": deployment.snapshot_id, "to": snapshot,
            });
            self.audit("snapshot_repin", &object, detail).await?;
        }
        Ok(())
    }
}
