//! Deployments as they are shown: one, and the history of a component.

use tieline_core::code;
use tieline_core::descriptor::model::Location;
use tieline_core::id::{ComponentId, DeploymentId};
use tieline_core::resolve::{Pinned, Plan, Planned};
use tieline_core::wire::Page;
use tieline_core::wire::plan::{DeploymentDetail, DeploymentProgress, DeploymentView, VariableChange};
use tieline_store::deployment::Deployment;

use super::plan::{Spot, variable};
use crate::page::{PageQuery, cursor, cursor_invalid, cut};
use crate::work::Work;
use crate::{Actor, Control, Error, Result};

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

impl Control {
    /// A deployment with the variables that it runs with, and how they differ from those of the one of its major before it
    /// there. Values of secrets are not among it.
    ///
    /// # Errors
    /// `project_not_found`, `component_not_found`, `deployment_not_found`.
    pub async fn deployment_view(
        &self,
        actor: &Actor,
        organization: &str,
        project: &str,
        component: &str,
        deployment: &str,
    ) -> Result<DeploymentDetail> {
        let mut work = self.read(actor, organization).await?;
        let (project, component) = work.component(project, component).await?;
        let missing = || {
            Error::not_found(
                code!("deployment_not_found"),
                format!("{} has no deployment {deployment}", component.handle),
                "see them with `tieline deployment list`",
            )
        };
        let found = work.deployment_named(component.id, deployment).await?.ok_or_else(missing)?;
        let environments = work.transaction.environments(work.organization.id).await?;
        let environment = environments.into_iter().find(|there| there.id == found.environment_id);
        let environment = environment.ok_or_else(missing)?;
        let mut view = work.deployment_view(&Spot { project, component, environment }, &found).await?;
        if found.state == "live" {
            view.progress = Some(work.deployment_progress(&found).await?);
        }
        let runs = work.pinned(&found).await?;
        let shown = |pinned: &Pinned| variable(pinned, found.degraded.get(&pinned.name).map(|why| why.reason.clone()));
        let variables = runs.iter().map(shown).collect();
        let before = work.transaction.deployment_before(&found).await?;
        let changes = match &before {
            Some(before) => changes(runs, &work.pinned(before).await?),
            None => Vec::new(),
        };
        Ok(DeploymentDetail {
            deployment: view,
            variables,
            before: before.map(|before| before.id.to_string()),
            changes,
        })
    }
}

/// How what runs differs from what ran before.
fn changes(runs: Vec<Pinned>, before: &[Pinned]) -> Vec<VariableChange> {
    let planned = |pinned| Planned { pinned, degraded: None, at: Location::default() };
    Plan { variables: runs.into_iter().map(planned).collect(), ..Plan::default() }.changes(before)
}

impl Work<'_> {
    /// The deployment of an id, if it is one of the component.
    pub(super) async fn deployment_named(&mut self, component: ComponentId, id: &str) -> Result<Option<Deployment>> {
        let Ok(id) = id.parse::<DeploymentId>() else { return Ok(None) };
        let found = self.transaction.deployment_by_id(id).await?;
        Ok(found.filter(|found| found.component_id == component))
    }

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
