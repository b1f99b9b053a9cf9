//! `deploy`: parse, plan, pin, list, subscribe, in one transaction: all of it, or nothing and every reason why.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use tieline_core::access::Permission;
use tieline_core::diagnostic::Diagnostic;
use tieline_core::id::{ConnectionId, DeploymentId, ReleaseId};
use tieline_core::model::{Level, Secrets};
use tieline_core::policy::Policy;
use tieline_core::resolve::Plan;
use tieline_core::wire::connection::ConnectionCreate;
use tieline_core::wire::plan::{DeployRequest, DeploymentView};
use tieline_store::connection::Connection;
use tieline_store::deployment::Deployment;
use tieline_store::release::Release;

use super::cause::as_problem;
use super::plan::{Manner, Spot, parse_version, view};
use super::source::{Prepared, digest, prepare};
use crate::work::Work;
use crate::{Actor, Control, Error, Result};

/// What is deployed, wherever it came from.
pub(super) struct Order {
    pub(super) prepared: Prepared,
    pub(super) major: i64,
    pub(super) version: String,
    pub(super) addresses: BTreeMap<String, String>,
    pub(super) policy: Policy,
    pub(super) allow_pending: bool,
    pub(super) create_connections: bool,
}

impl Control {
    /// Deploys a descriptor to an environment.
    ///
    /// # Errors
    /// [`Error::NotReady`] with every problem; `forbidden`, `component_never_deploys`, `version_invalid`.
    pub async fn deploy(
        &self,
        actor: &Actor,
        organization: &str,
        project: &str,
        component: &str,
        request: DeployRequest,
    ) -> Result<DeploymentView> {
        let mut work = self.write(actor, organization).await?;
        let spot = work.spot(project, component, &request.environment).await?;
        work.require_deploy(&spot)?;
        let (major, version) = parse_version(&request.version)?;
        let order = Order {
            prepared: prepare(request.source),
            major,
            version,
            addresses: request.addresses,
            policy: request.policy.unwrap_or_default(),
            allow_pending: request.allow_pending,
            create_connections: request.create_connections,
        };
        work.carry_out(&spot, order, "deploy", json!({})).await
    }
}

impl Work<'_> {
    /// Who may deploy: developers, and in critical environments administrators of the project.
    pub(super) fn require_deploy(&self, spot: &Spot) -> Result<()> {
        let permission = if spot.environment.critical { Permission::AdministerProject } else { Permission::Develop };
        self.require(permission, Some(&spot.project))?;
        spot.refuse_external()
    }

    /// Carries out a deployment or promotion, to the end.
    pub(super) async fn carry_out(
        mut self,
        spot: &Spot,
        order: Order,
        action: &str,
        mut detail: serde_json::Value,
    ) -> Result<DeploymentView> {
        let previous = self.transaction.deployments_live(spot.component.id, spot.environment.id).await?;
        let previous = previous.into_iter().find(|deployment| deployment.major == order.major);
        let manner = Manner { allow_pending: order.allow_pending, refresh: false };

        let mut problems = Vec::new();
        let addresses = self
            .endpoint_addresses(&order.prepared.descriptor, &order.addresses, &spot.environment, &mut problems)
            .await?;
        self.coming = Some(spot.coming(&order.prepared.descriptor, Some(order.major), &addresses));
        self.listing_problems(spot, &order.prepared, (order.major, &order.version), &mut problems).await?;
        let made = if order.create_connections {
            self.make_missing(spot, &order.prepared, previous.as_ref(), manner, &mut problems).await?
        } else {
            Vec::new()
        };
        let referred = self.connections_referred(&spot.component, &order.prepared.descriptor).await?;
        self.ensure_own_keys(spot, &referred).await?;
        let plan = self.plan(spot, &order.prepared, previous.as_ref(), manner).await?;
        self.refuse_unready(spot, &order.prepared, &plan, problems)?;

        let release = self.release_of(spot, &order).await?;
        let mut deployment = self.deployment_of(spot, &order, &plan, &release, previous.as_ref()).await?;
        self.transaction.deployment_insert(&mut deployment).await?;
        let services = self.list_endpoints(spot, &order.prepared, &deployment, &order.version, &addresses).await?;
        let mut touched: BTreeSet<ConnectionId> = plan.uses.iter().copied().collect();
        for id in &plan.uses {
            self.transaction.deployment_connection_insert(deployment.id, *id).await?;
        }
        if let Some(previous) = &previous {
            let before = self.used_by(previous).await?;
            self.component_keys_retire(spot.component.id, spot.environment.id, &before).await?;
            touched.extend(before);
        }
        self.subscribe(&touched).await?;
        self.connections_purge().await?;
        for service in &services {
            self.subscribe_external_consumers(service).await?;
            self.refresh_service(service.id).await?;
        }
        let mut answer = self.deployment_view(spot, &deployment).await?;
        answer.warnings = order.prepared.warnings.iter().chain(&plan.warnings).cloned().collect();
        let object = format!("{}/{}", spot.project.handle, spot.component.handle);
        if let Some(detail) = detail.as_object_mut() {
            detail.insert("environment".into(), json!(spot.environment.handle));
            detail.insert("version".into(), json!(order.version));
            detail.insert("deployment".into(), json!(deployment.id));
            detail.insert("snapshot".into(), json!(deployment.snapshot_id));
            detail.insert("connections_made".into(), json!(made));
        }
        self.finish(action, &object, detail).await?;
        Ok(answer)
    }

    /// Makes the connections that the descriptor refers to and that are not there, at component level.
    async fn make_missing(
        &mut self,
        spot: &Spot,
        prepared: &Prepared,
        previous: Option<&Deployment>,
        manner: Manner,
        problems: &mut Vec<Diagnostic>,
    ) -> Result<Vec<String>> {
        let missing = self.plan(spot, prepared, previous, manner).await?.missing;
        let mut made = Vec::new();
        for missing in missing {
            let request = ConnectionCreate {
                name: missing.name.clone(),
                service: missing.service,
                level: Some(Level::Component),
                project: Some(spot.project.handle.clone()),
                component: Some(spot.component.handle.clone()),
                access_mode: missing.access_mode,
                authentication_scheme: None,
                mapping: BTreeMap::new(),
                description: String::new(),
                id: missing.id,
                own_application: false,
                secrets: None,
            };
            match self.connection_make(request).await {
                Ok(connection) => made.push(connection.name),
                Err(error) => problems.push(as_problem(error)?),
            }
        }
        Ok(made)
    }

    /// A connection that gives each component a secret of its own gives this one its own before it is resolved.
    pub(super) async fn ensure_own_keys(&mut self, spot: &Spot, connections: &[Connection]) -> Result<()> {
        for connection in connections.iter().filter(|connection| connection.secrets == Secrets::PerComponent) {
            self.ensure_component_keys(connection, &spot.environment, &spot.component).await?;
        }
        Ok(())
    }

    fn refuse_unready(&self, spot: &Spot, prepared: &Prepared, plan: &Plan, problems: Vec<Diagnostic>) -> Result<()> {
        let mut view = view(spot, prepared, plan);
        view.problems.extend(problems);
        view.ready = view.problems.is_empty();
        if view.ready { Ok(()) } else { Err(Error::NotReady(Box::new(view))) }
    }

    async fn release_of(&mut self, spot: &Spot, order: &Order) -> Result<Release> {
        let digest = digest(&order.prepared.source);
        let found = self.transaction.release_by_digest(spot.component.id, &order.version, &digest).await?;
        if let Some(release) = found {
            return Ok(release);
        }
        let release = Release {
            id: ReleaseId(self.control.new_id()),
            component_id: spot.component.id,
            version: order.version.clone(),
            major: order.major,
            digest,
            source: json!(order.prepared.source),
            created_at: self.at,
        };
        self.transaction.release_insert(&release).await?;
        Ok(release)
    }

    async fn deployment_of(
        &mut self,
        spot: &Spot,
        order: &Order,
        plan: &Plan,
        release: &Release,
        previous: Option<&Deployment>,
    ) -> Result<Deployment> {
        let nothing = BTreeMap::new();
        let before = previous.map_or(&nothing, |previous| &previous.degraded);
        Ok(Deployment {
            id: DeploymentId(self.control.new_id()),
            organization_id: self.organization.id,
            component_id: spot.component.id,
            environment_id: spot.environment.id,
            major: order.major,
            release_id: release.id,
            snapshot_id: self.pin(spot, plan).await?,
            policy: order.policy.to_string(),
            addresses: order.addresses.clone(),
            degraded: self.degraded(plan, before),
            state: "live".to_owned(),
            sequence: 0,
            created_at: self.at,
            ended_at: None,
        })
    }
}
