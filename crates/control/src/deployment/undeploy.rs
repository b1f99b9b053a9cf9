//! `undeploy`: takes a component out of an environment. Its consumers keep the values that they have.

use serde_json::json;
use tieline_core::wire::plan::DeploymentView;

use crate::{Actor, Control, Result};

impl Control {
    /// Takes the live deployment of a component out, and revokes the keys that it alone held. The marketplace stands for what is left: an
    /// endpoint that is deployed nowhere any more is no longer listed.
    ///
    /// # Errors
    /// `forbidden`, `not_deployed`, `several_majors_live`.
    pub async fn undeploy(
        &self,
        actor: &Actor,
        organization: &str,
        project: &str,
        component: &str,
        environment: &str,
        version: Option<&str>,
    ) -> Result<DeploymentView> {
        let mut work = self.write(actor, organization).await?;
        let spot = work.spot(project, component, environment).await?;
        work.require_deploy(&spot)?;
        let live = work.live(&spot, version).await?;
        let offered = work.transaction.deployed_endpoints_of_deployment(live.id).await?;
        let used = work.used_by(&live).await?;
        let at = work.at;
        work.transaction.deployment_end(live.id, at).await?;
        work.component_keys_end(spot.component.id, Some(spot.environment.id)).await?;
        work.subscribe(&used).await?;
        work.connections_purge().await?;
        work.list_major(&spot, live.major).await?;
        for endpoint in offered {
            work.refresh_service(endpoint.service_id).await?;
        }
        let ended =
            tieline_store::deployment::Deployment { state: "undeployed".to_owned(), ended_at: Some(at), ..live };
        let answer = work.deployment_view(&spot, &ended).await?;
        let object = format!("{}/{}", spot.project.handle, spot.component.handle);
        let detail = json!({ "environment": spot.environment.handle, "deployment": ended.id });
        work.finish("undeploy", &object, detail).await?;
        Ok(answer)
    }
}
