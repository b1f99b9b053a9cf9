//! Pinning: the immutable, content-hashed snapshot of a plan, and the deployment that points at it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use tieline_core::id::{ConnectionId, SealedVersionId};
use tieline_core::model::{Degraded, PinnedValue};
use tieline_core::resolve::{Pinned, Plan};
use tieline_core::secret::Digest;
use tieline_store::deployment::Deployment;
use tieline_store::release::Snapshot;

use super::plan::Spot;
use crate::work::Work;
use crate::{Error, Result};

impl Work<'_> {
    /// Records the snapshot of a plan; equal content is the same snapshot.
    pub(super) async fn pin(&mut self, spot: &Spot, plan: &Plan) -> Result<String> {
        if let Some(unminted) = plan.unminted.first() {
            return Err(Error::Inconsistent(format!("the secret of {} was not minted", unminted.name)));
        }
        let variables: Vec<&Pinned> = plan.variables.iter().map(|planned| &planned.pinned).collect();
        let variables = json!(variables);
        let content = json!([spot.component.id, spot.environment.id, variables]);
        let id = Digest::of(&content.to_string()).to_string();
        let secrets: BTreeSet<SealedVersionId> = plan
            .variables
            .iter()
            .filter_map(|planned| match planned.pinned.value {
                PinnedValue::Sealed(id) => Some(id),
                PinnedValue::Plain(_) => None,
            })
            .collect();
        let snapshot = Snapshot {
            id: id.clone(),
            organization_id: self.organization.id,
            component_id: spot.component.id,
            environment_id: spot.environment.id,
            variables,
            created_at: self.at,
        };
        self.transaction.snapshot_insert(&snapshot, &secrets.into_iter().collect::<Vec<_>>()).await?;
        Ok(id)
    }

    /// What a plan carries forward, with the reason and since when; what was degraded before keeps its beginning.
    pub(super) fn degraded(&self, plan: &Plan, before: &BTreeMap<String, Degraded>) -> BTreeMap<String, Degraded> {
        let entry = |planned: &tieline_core::resolve::Planned| {
            let reason = planned.degraded.clone()?;
            let name = &planned.pinned.name;
            let since = before.get(name).map_or(self.at, |before| before.since);
            Some((name.clone(), Degraded { since, reason }))
        };
        plan.variables.iter().filter_map(entry).collect()
    }

    /// Brings the subscriptions of connections in line with what live deployments and external consumers use: derived,
    /// so that none outlives its reference.
    pub(crate) async fn subscribe(&mut self, connections: &BTreeSet<ConnectionId>) -> Result<()> {
        let environments = self.transaction.environments(self.organization.id).await?;
        for id in connections {
            // Who holds a connection that was deleted keeps its subscription, and nobody else does.
            let Some(connection) = self.transaction.connection_held_by_id(*id).await? else { continue };
            let Some(service) = self.transaction.service_by_id(connection.service_id).await? else { continue };
            if service.component_id.is_none() || self.subscribe_if_external(&connection, &service).await? {
                continue;
            }
            let users = self.transaction.deployments_using_connection(*id).await?;
            let mut changed = false;
            for environment in &environments {
                let used = users.iter().any(|deployment| deployment.environment_id == environment.id);
                let provider = self.provider_environment(&connection, environment).await?;
                changed |= match provider.filter(|_| used) {
                    Some(provider) => {
                        let at = self.at;
                        self.transaction.subscription_save(*id, environment.id, service.id, provider.id, at).await?
                    }
                    None => self.transaction.subscription_delete(*id, environment.id).await?,
                };
            }
            if changed {
                self.touch_connection(&connection);
            }
        }
        Ok(())
    }

    /// The connections that a deployment uses, as a set to be reconciled.
    pub(super) async fn used_by(&mut self, deployment: &Deployment) -> Result<BTreeSet<ConnectionId>> {
        Ok(self.transaction.deployment_connections(deployment.id).await?.into_iter().collect())
    }
}
