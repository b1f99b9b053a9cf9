//! Deployments as they are shown: one, and the history of a component.

use tieline_core::wire::Page;
use tieline_core::wire::plan::{DeploymentProgress, DeploymentView};
use tieline_store::deployment::Deployment;

use super::plan::Spot;
use crate::page::{PageQuery, cursor, cursor_invalid, cut};
use crate::work::Work;
use crate::{Actor, Control, Result};

impl Control {
    /// One page of the deployments of a component, the latest first: all of them, or those of one environment.
    ///
    /// # Errors
    /// `project_not_found`, `component_not_found`, `environment_not_found`, `cursor_invalid`.
    pub async fn deployment_list(
        &self,
        actor: &Actor,
        organization: &str,
        project: &str,
        component: &str,
        environment: Option<&str>,
        page: &PageQuery,
    ) -> Result<Page<DeploymentView>> {
        let mut work = self.read(actor, organization).await?;
        let (project, component) = work.component(project, component).await?;
        let only = match environment {
            Some(handle) => Some(work.environment(handle).await?.id),
            None => None,
        };
        let environments = work.transaction.environments(work.organization.id).await?;
        let before = match page.after()? {
            Some([sequence]) => sequence.parse().map_err(|_| cursor_invalid())?,
            None => i64::MAX,
        };
        let limit = page.limit();
        let mut deployments = work.transaction.deployments_page(component.id, only, before, limit + 1).await?;
        let next = cut(&mut deployments, limit, |last| cursor(&[&last.sequence.to_string()]));
        let mut views = Vec::new();
        for deployment in deployments {
            if let Some(environment) = environments.iter().find(|found| found.id == deployment.environment_id) {
                let spot =
                    Spot { project: project.clone(), component: component.clone(), environment: environment.clone() };
                views.push(work.deployment_view(&spot, &deployment).await?);
            }
        }
        Ok(Page { items: views, next })
    }

    /// The live deployments of a component, or those in one environment, in the order of promotion: one for each environment
    /// and major.
    ///
    /// # Errors
    /// `project_not_found`, `component_not_found`, `environment_not_found`.
    pub async fn deployment_live_list(
        &self,
        actor: &Actor,
        organization: &str,
        project: &str,
        component: &str,
        environment: Option<&str>,
    ) -> Result<Vec<DeploymentView>> {
        let mut work = self.read(actor, organization).await?;
        let (project, component) = work.component(project, component).await?;
        let mut environments = match environment {
            Some(handle) => vec![work.environment(handle).await?],
            None => work.transaction.environments(work.organization.id).await?,
        };
        environments.sort_by_key(|environment| environment.position);
        let mut views = Vec::new();
        for environment in environments {
            let spot = Spot { project: project.clone(), component: component.clone(), environment };
            for deployment in work.transaction.deployments_live(spot.component.id, spot.environment.id).await? {
                let mut view = work.deployment_view(&spot, &deployment).await?;
                view.progress = Some(work.deployment_progress(&deployment).await?);
                views.push(view);
            }
        }
        Ok(views)
    }
}

impl Work<'_> {
    async fn deployment_progress(&mut self, deployment: &Deployment) -> Result<DeploymentProgress> {
        let (current, former) = self.transaction.instances_of_deployment(deployment).await?;
        let number = |count: i64| usize::try_from(count).unwrap_or_default();
        let planning = self.transaction.replan_waits(deployment.id).await?;
        Ok(DeploymentProgress { planning, current: number(current), former: number(former) })
    }

    pub(super) async fn deployment_view(&mut self, spot: &Spot, deployment: &Deployment) -> Result<DeploymentView> {
        let release = self.release(deployment).await?;
        let mut services = Vec::new();
        for endpoint in self.transaction.deployed_endpoints_of_deployment(deployment.id).await? {
            services
                .extend(self.transaction.service_by_id(endpoint.service_id).await?.map(|service| service.reference));
        }
        services.sort_unstable();
        Ok(DeploymentView {
            deployment: deployment.id.to_string(),
            component: spot.component.handle.clone(),
            environment: spot.environment.handle.clone(),
            version: release.version,
            snapshot: deployment.snapshot_id.clone(),
            services,
            state: deployment.state.clone(),
            policy: deployment.policy.clone(),
            progress: None,
            degraded: deployment.degraded.clone(),
            warnings: Vec::new(),
            created_at: deployment.created_at,
        })
    }
}
