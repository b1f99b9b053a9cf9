//! Delivery: the live snapshot's values in clear, to the runners of a component and to people who may read its secrets.

use std::collections::BTreeMap;

use serde_json::json;
use tieline_core::access::{Permission, is_runner};
use tieline_core::id::InstanceId;
use tieline_core::model::PinnedValue;
use tieline_core::resolve::Pinned;
use tieline_core::secret::{Digest, Secret};
use tieline_core::wire::plan::SnapshotValues;
use tieline_store::deployment::Deployment;
use tieline_vault::seal::Sealer;
use uuid::Uuid;

use super::plan::Spot;
use crate::work::Work;
use crate::{Actor, Control, Error, Result};

/// Which snapshot is asked for.
#[derive(Debug, Clone)]
pub struct SnapshotQuery {
    /// The organization's handle.
    pub organization: String,
    /// The project's handle.
    pub project: String,
    /// The component's handle.
    pub component: String,
    /// The environment's handle.
    pub environment: String,
    /// `vN`, when several majors are live.
    pub version: Option<String>,
}

impl Control {
    /// The values of the live snapshot. A runner's fetch is an instance report; anybody else's is audited.
    ///
    /// # Errors
    /// `forbidden`, `not_deployed`, `several_majors_live`, and "not found" for what the actor may not see.
    pub async fn snapshot_fetch(&self, actor: &Actor, query: &SnapshotQuery) -> Result<SnapshotValues> {
        let mut work = self.write(actor, &query.organization).await?;
        let (spot, runner) = work.deliverable(query).await?;
        let live = work.live(&spot, query.version.as_deref()).await?;
        let values = work.values_of(&live).await?;
        if runner {
            // A process that was exec'd reports no end, so the token and the place stand for it.
            let place = format!("{} {} {} {}", actor.token, spot.component.id, spot.environment.id, live.major);
            let (id, at) = (InstanceId(stable_id(&place)), work.at);
            work.transaction.instance_save(id, &live, &live.snapshot_id, at).await?;
            work.transaction.commit().await?;
        } else {
            let object = format!("{}/{}", spot.project.handle, spot.component.handle);
            let detail = json!({
                "environment": spot.environment.handle, "snapshot": live.snapshot_id,
                "variables": values.variables.keys().collect::<Vec<_>>(),
            });
            work.finish("variables", &object, detail).await?;
        }
        Ok(values)
    }

    /// The id of the live snapshot, for whoever may fetch it: what a watching runner compares.
    ///
    /// # Errors
    /// As [`Control::snapshot_fetch`].
    pub async fn snapshot_current(&self, actor: &Actor, query: &SnapshotQuery) -> Result<String> {
        let mut work = self.read(actor, &query.organization).await?;
        let (spot, _) = work.deliverable(query).await?;
        Ok(work.live(&spot, query.version.as_deref()).await?.snapshot_id)
    }
}

impl Work<'_> {
    /// Where a snapshot is delivered, if the actor may have it, and whether as the runner of the place.
    async fn deliverable(&mut self, query: &SnapshotQuery) -> Result<(Spot, bool)> {
        let spot = self.spot_for_delivery(query).await?;
        let runner = is_runner(&self.actor.grants, spot.component.id, spot.environment.id);
        if !runner {
            let critical = spot.environment.critical;
            self.require(Permission::View, Some(&spot.project))?;
            self.require(Permission::Secrets { critical }, Some(&spot.project))?;
        }
        Ok((spot, runner))
    }

    /// As `spot`, but a runner sees its own place although it sees nothing else.
    async fn spot_for_delivery(&mut self, query: &SnapshotQuery) -> Result<Spot> {
        let own = self.actor.grants.iter().find_map(|grant| grant.component.zip(grant.environment));
        if let Some((component, _)) = own
            && let Some(component) = self.transaction.component_by_id(component).await?
            && component.handle.eq_ignore_ascii_case(&query.component)
            && let Some(project) = self.transaction.project_by_id(component.project_id).await?
            && project.handle.eq_ignore_ascii_case(&query.project)
        {
            let environment = self.environment(&query.environment).await?;
            return Ok(Spot { project, component, environment });
        }
        self.spot(&query.project, &query.component, &query.environment).await
    }

    async fn values_of(&mut self, live: &Deployment) -> Result<SnapshotValues> {
        let pinned = self.pinned(live).await?;
        let mut sealed = BTreeMap::new();
        for version in self.transaction.snapshot_sealed(&live.snapshot_id).await? {
            sealed.insert(version.id, version);
        }
        let sealer = self.control.sealer();
        let open = |pinned: &Pinned| -> Result<String> {
            match &pinned.value {
                PinnedValue::Plain(value) => Ok(value.clone()),
                PinnedValue::Sealed(id) => {
                    let version = sealed
                        .get(id)
                        .ok_or_else(|| Error::Inconsistent(format!("the sealed version {id} is gone")))?;
                    Ok(opened(&sealer, &version.context, &version.sealed)?.expose().to_owned())
                }
            }
        };
        let variables = pinned.iter().map(|pinned| Ok((pinned.name.clone(), open(pinned)?)));
        Ok(SnapshotValues {
            snapshot: live.snapshot_id.clone(),
            version: format!("v{}", live.major),
            policy: live.policy.clone(),
            variables: variables.collect::<Result<_>>()?,
        })
    }
}

fn opened(sealer: &Sealer, context: &str, sealed: &[u8]) -> Result<Secret> {
    let sealed = tieline_core::secret::Sealed::from_bytes(sealed.to_vec());
    Ok(sealer.open(context.as_bytes(), &sealed)?)
}

/// The same id for the same text.
fn stable_id(text: &str) -> Uuid {
    let digest = Digest::of(text);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
