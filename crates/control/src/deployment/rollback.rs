//! `rollback`: pins an older release again, with the values that it ran with.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use tieline_core::code;
use tieline_core::id::{ConnectionId, DeploymentId};
use tieline_core::resolve::{Pinned, Plan};
use tieline_core::wire::plan::{DeploymentView, RollbackRequest};
use tieline_store::deployment::Deployment;

use super::plan::{Manner, Spot, view};
use super::source::prepared_again;
use crate::work::Work;
use crate::{Actor, Control, Error, Result};

impl Control {
    /// Goes back to an older deployment: its release with its snapshot's values, not newly resolved ones.
    ///
    /// # Errors
    /// `forbidden`, `not_deployed`, `deployment_not_found`, `values_revoked` with the variables whose secrets are no
    /// longer accepted; [`Error::NotReady`] when an endpoint that is in use would be taken away, or an address is no longer
    /// allowed.
    pub async fn rollback(
        &self,
        actor: &Actor,
        organization: &str,
        project: &str,
        component: &str,
        request: RollbackRequest,
    ) -> Result<DeploymentView> {
        let mut work = self.write(actor, organization).await?;
        let spot = work.spot(project, component, &request.environment).await?;
        work.require_deploy(&spot)?;
        let target = work.rollback_target(&spot, &request).await?;
        let mut touched: BTreeSet<ConnectionId> = work.used_by(&target).await?;
        let mut uses = Vec::new();
        for id in &touched {
            uses.extend(work.transaction.connection_by_id(*id).await?);
        }
        work.ensure_own_keys(&spot, &uses).await?;
        work.refuse_revoked(&target).await?;
        let release = work.release(&target).await?;
        let prepared = prepared_again(&release.source)?;
        let addresses = work.addresses_of(&target).await?;
        let mut problems = Vec::new();
        work.endpoint_addresses(&prepared.descriptor, &addresses, &spot.environment, &mut problems).await?;
        work.listing_problems(&spot, &prepared, (target.major, &release.version), &mut problems).await?;
        if !problems.is_empty() {
            let view = view(&spot, &prepared, &Plan { problems, ..Plan::default() });
            return Err(Error::NotReady(Box::new(view)));
        }
        work.coming = Some(spot.coming(&prepared.descriptor, Some(target.major), &addresses));
        let live = work.transaction.deployments_live(spot.component.id, spot.environment.id).await?;
        let live = live.into_iter().find(|deployment| deployment.major == target.major);
        let before = match &live {
            Some(live) => work.used_by(live).await?,
            None => BTreeSet::new(),
        };
        touched.extend(&before);
        // The values are those of then; which of them nothing provides today is looked at today.
        let manner = Manner { allow_pending: true, refresh: true };
        let today = work.plan(&spot, &prepared, Some(&target), manner).await?;
        let degraded = work.degraded(&today, &target.degraded);
        let mut deployment = Deployment {
            degraded,
            id: DeploymentId(self.new_id()),
            policy: live.map_or(target.policy.clone(), |live| live.policy),
            state: "live".to_owned(),
            created_at: work.at,
            ended_at: None,
            ..target.clone()
        };
        work.transaction.deployment_insert(&mut deployment).await?;
        let services = work.list_endpoints(&spot, &prepared, &deployment, &release.version, &addresses).await?;
        for id in work.transaction.deployment_connections(target.id).await? {
            work.transaction.deployment_connection_insert(deployment.id, id).await?;
        }
        work.component_keys_retire(spot.component.id, spot.environment.id, &before).await?;
        work.subscribe(&touched).await?;
        work.connections_purge().await?;
        for service in &services {
            work.subscribe_external_consumers(service).await?;
            work.refresh_service(service.id).await?;
        }
        // Its own endpoints may have changed its own values.
        let deployment = work.deployment_again(deployment.id).await?;
        let answer = work.deployment_view(&spot, &deployment).await?;
        let object = format!("{}/{}", spot.project.handle, spot.component.handle);
        let detail = json!({
            "environment": spot.environment.handle, "to": target.id, "deployment": deployment.id,
            "version": release.version, "snapshot": deployment.snapshot_id,
        });
        work.finish("rollback", &object, detail).await?;
        Ok(answer)
    }
}

impl Work<'_> {
    /// The deployment that is named, or the one before the live one.
    async fn rollback_target(&mut self, spot: &Spot, request: &RollbackRequest) -> Result<Deployment> {
        if let Some(id) = &request.to {
            let found = self.deployment_named(spot.component.id, id).await?;
            return found.filter(|found| found.environment_id == spot.environment.id).ok_or_else(|| {
                Error::not_found(
                    code!("deployment_not_found"),
                    format!("{} has no deployment {id} in {}", spot.component.handle, spot.environment.handle),
                    "see them with `tieline deployment list`",
                )
            });
        }
        let live = self.live(spot, request.version.as_deref()).await?;
        self.transaction.deployment_before(&live).await?.ok_or_else(|| {
            Error::not_found(
                code!("deployment_not_found"),
                format!("{} has no earlier deployment in {}", spot.component.handle, spot.environment.handle),
                "see them with `tieline deployment list`",
            )
        })
    }

    /// Where the endpoints of a deployment listened.
    async fn addresses_of(&mut self, deployment: &Deployment) -> Result<BTreeMap<String, String>> {
        let mut addresses = BTreeMap::new();
        for endpoint in self.transaction.deployed_endpoints_of_deployment(deployment.id).await? {
            let service = self.transaction.service_by_id(endpoint.service_id).await?;
            if let Some(name) = service.and_then(|service| service.endpoint).map(|endpoint| endpoint.name) {
                addresses.insert(name, endpoint.address);
            }
        }
        Ok(addresses)
    }

    async fn refuse_revoked(&mut self, target: &Deployment) -> Result<()> {
        // What is being rotated out would be revoked under it.
        let mut revoked = self.transaction.snapshot_revoked(&target.snapshot_id).await?;
        revoked.extend(self.transaction.snapshot_retiring(&target.snapshot_id).await?);
        if revoked.is_empty() {
            return Ok(());
        }
        let pinned = self.pinned(target).await?;
        let is_revoked = |pinned: &&Pinned| match pinned.value {
            tieline_core::model::PinnedValue::Sealed(id) => revoked.contains(&id),
            tieline_core::model::PinnedValue::Plain(_) => false,
        };
        let names: Vec<_> = pinned.iter().filter(is_revoked).map(|pinned| pinned.name.as_str()).collect();
        Err(Error::conflict(
            code!("values_revoked"),
            format!("values of that snapshot have been revoked or rotated since: {}", names.join(", ")),
            "deploy the older version again instead: it resolves the present values",
        ))
    }
}
