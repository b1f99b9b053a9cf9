//! Delivery: the live snapshot's values in clear, to the runners of a component and to people who may read its secrets.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tieline_core::access::{Permission, is_runner};
use tieline_core::id::{ComponentId, EnvironmentId, InstanceId, SealedVersionId};
use tieline_core::model::PinnedValue;
use tieline_core::resolve::Pinned;
use tieline_core::secret::{Digest, Sealed};
use tieline_core::wire::plan::SnapshotValues;
use tieline_store::deployment::Deployment;
use tieline_store::key::SealedVersion;
use uuid::Uuid;

use super::plan::{Spot, parse_version};
use crate::sealed::authenticated;
use crate::work::Work;
use crate::{Actor, Control, Error, Result};

/// Which snapshot is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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

impl SnapshotQuery {
    /// What is asked for, in whichever spelling: handles differ ignoring case, and of a version only the major counts.
    fn question(&self) -> Self {
        let major = |version: &String| {
            parse_version(version).map_or_else(|_| version.clone(), |(major, _)| format!("v{major}"))
        };
        Self {
            organization: self.organization.to_ascii_lowercase(),
            project: self.project.to_ascii_lowercase(),
            component: self.component.to_ascii_lowercase(),
            environment: self.environment.to_ascii_lowercase(),
            version: self.version.as_ref().map(major),
        }
    }
}

/// For how long an instance that reports nothing counts: a watching runner reports every day.
const INSTANCE_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A live snapshot as it is delivered: everything but the opening of its secrets.
pub(crate) struct Delivered {
    /// Tells it from what a later deployment, snapshot or policy makes of it.
    revision: String,
    spot: Spot,
    /// Whether it goes to a runner of the place, and not to a person.
    runner: bool,
    live: Deployment,
    pinned: Vec<Pinned>,
    sealed: BTreeMap<SealedVersionId, SealedVersion>,
}

/// What a runner holds.
pub(crate) struct Report {
    component: ComponentId,
    environment: EnvironmentId,
    major: i64,
    /// None when it has ended.
    snapshot: Option<String>,
    at: Timestamp,
}

impl Control {
    /// The values of the live snapshot, for a process that starts with them. A fetch by a runner, or for a process that
    /// says which it is, is an instance report; anybody's but a runner's is audited. `instance` tells the processes of one
    /// token apart.
    ///
    /// # Errors
    /// `forbidden`, `not_deployed`, `several_majors_live`, and "not found" for what the actor may not see.
    pub async fn snapshot_fetch(
        &self,
        actor: &Actor,
        query: &SnapshotQuery,
        instance: Option<&str>,
    ) -> Result<SnapshotValues> {
        let delivered = self.delivered(actor, query).await?;
        let values = self.handed_out(actor, query, &delivered).await?;
        if delivered.runner || instance.is_some() {
            self.report(actor, &delivered, instance, Some(&delivered.live.snapshot_id));
        }
        Ok(values)
    }

    /// As [`Control::snapshot_fetch`], for a process that goes on with what it holds for now: it reports that itself.
    ///
    /// # Errors
    /// As [`Control::snapshot_fetch`].
    pub async fn snapshot_follow(&self, actor: &Actor, query: &SnapshotQuery) -> Result<SnapshotValues> {
        let delivered = self.delivered(actor, query).await?;
        self.handed_out(actor, query, &delivered).await
    }

    /// Notes which snapshot a process runs with; an empty one says that it has ended.
    ///
    /// # Errors
    /// As [`Control::snapshot_fetch`].
    pub async fn instance_report(
        &self,
        actor: &Actor,
        query: &SnapshotQuery,
        instance: &str,
        running: &str,
    ) -> Result<()> {
        let delivered = self.delivered(actor, query).await?;
        self.report(actor, &delivered, Some(instance), Some(running).filter(|running| !running.is_empty()));
        Ok(())
    }

    async fn handed_out(&self, actor: &Actor, query: &SnapshotQuery, delivered: &Delivered) -> Result<SnapshotValues> {
        let values = self.opened(delivered)?;
        if !delivered.runner {
            let work = self.write(actor, &query.organization).await?;
            let object = format!("{}/{}", delivered.spot.project.handle, delivered.spot.component.handle);
            let detail = json!({
                "environment": delivered.spot.environment.handle, "snapshot": delivered.live.snapshot_id,
                "variables": values.variables.keys().collect::<Vec<_>>(),
            });
            work.finish_unchanged("variables", &object, detail).await?;
        }
        Ok(values)
    }

    /// The revision of the live snapshot, for whoever may fetch it: what a watching runner compares.
    ///
    /// # Errors
    /// As [`Control::snapshot_fetch`].
    pub async fn snapshot_revision(&self, actor: &Actor, query: &SnapshotQuery) -> Result<String> {
        Ok(self.delivered(actor, query).await?.revision.clone())
    }

    /// Records which runners took which snapshots since the last time. What is gone meanwhile is passed over.
    ///
    /// # Errors
    /// When the database fails; the reports are kept for the next time.
    pub async fn instances_record(&self) -> Result<()> {
        let reports = std::mem::take(&mut *self.reports.lock().unwrap_or_else(PoisonError::into_inner));
        if reports.is_empty() {
            return Ok(());
        }
        let recorded = async {
            let mut transaction = self.store.write().await?;
            for (id, report) in &reports {
                let place = (report.component, report.environment);
                match &report.snapshot {
                    Some(snapshot) => {
                        transaction.instance_save(*id, place, report.major, snapshot, report.at).await?;
                    }
                    None => transaction.instance_delete(*id).await?,
                }
            }
            transaction.instances_forget(self.now() - INSTANCE_KEPT).await?;
            transaction.commit().await
        };
        if let Err(error) = recorded.await {
            let mut waiting = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
            for (id, report) in reports {
                waiting.entry(id).or_insert(report);
            }
            return Err(error.into());
        }
        Ok(())
    }

    async fn delivered(&self, actor: &Actor, query: &SnapshotQuery) -> Result<Arc<Delivered>> {
        let question = (actor.owner, query.question());
        let number = self.feed.number();
        if let Some(delivered) = self.delivered.recall(&question, &self.feed) {
            return Ok(delivered);
        }
        let mut work = self.read(actor, &query.organization).await?;
        let (spot, runner) = work.deliverable(query).await?;
        let live = work.live(&spot, query.version.as_deref()).await?;
        let pinned = work.pinned(&live).await?;
        let sealed = work.transaction.snapshot_sealed(&live.snapshot_id).await?;
        let sealed = sealed.into_iter().map(|version| (version.id, version)).collect();
        let revision = Digest::of(&json!([live.id, live.snapshot_id, live.policy]).to_string()).to_string();
        let delivered = Arc::new(Delivered { revision, spot, runner, live, pinned, sealed });
        let organization = Some(delivered.live.organization_id);
        self.delivered.keep(question, &self.feed, number, organization, Arc::clone(&delivered));
        Ok(delivered)
    }

    fn opened(&self, delivered: &Delivered) -> Result<SnapshotValues> {
        let sealer = self.sealer();
        let open = |pinned: &Pinned| -> Result<String> {
            match &pinned.value {
                PinnedValue::Plain(value) => Ok(value.clone()),
                PinnedValue::Sealed(id) => {
                    let missing = || Error::Inconsistent(format!("the sealed version {id} is gone"));
                    let version = delivered.sealed.get(id).ok_or_else(missing)?;
                    let sealed = Sealed::from_bytes(version.sealed.clone());
                    Ok(sealer.open(&authenticated(version), &sealed)?.expose().to_owned())
                }
            }
        };
        let variables = delivered.pinned.iter().map(|pinned| Ok((pinned.name.clone(), open(pinned)?)));
        Ok(SnapshotValues {
            snapshot: delivered.live.snapshot_id.clone(),
            revision: delivered.revision.clone(),
            version: format!("v{}", delivered.live.major),
            policy: delivered.live.policy.clone(),
            variables: variables.collect::<Result<_>>()?,
        })
    }

    /// Notes what a runner holds. A process that was exec'd reports no end: what it named itself stands for it,
    /// or else its token and place, until the next fetch.
    fn report(&self, actor: &Actor, delivered: &Delivered, instance: Option<&str>, snapshot: Option<&str>) {
        let (spot, live) = (&delivered.spot, &delivered.live);
        let (component, environment) = (spot.component.id, spot.environment.id);
        // The token and place are always part of it, so that nobody reports in another's name.
        let named = instance.unwrap_or_default();
        let instance = format!("{} {component} {environment} {} {named}", actor.owner.id(), live.major);
        let (major, snapshot) = (live.major, snapshot.map(str::to_owned));
        let report = Report { component, environment, major, snapshot, at: self.now() };
        let mut reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        reports.insert(InstanceId(stable_id(&instance)), report);
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
        if let Some((component, place)) = own
            && let Some(component) = self.transaction.component_by_id(component).await?
            && component.handle.eq_ignore_ascii_case(&query.component)
            && let Some(project) = self.transaction.project_by_id(component.project_id).await?
            && project.handle.eq_ignore_ascii_case(&query.project)
        {
            // A runner of one environment does not learn which others there are.
            let organization = self.organization.id;
            let environment = self.transaction.environment_by_handle(organization, &query.environment).await?;
            if let Some(environment) = environment.filter(|environment| environment.id == place) {
                return Ok(Spot { project, component, environment });
            }
        }
        self.spot(&query.project, &query.component, &query.environment).await
    }
}

/// The same id for the same text.
fn stable_id(text: &str) -> Uuid {
    let digest = Digest::of(text);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_the_same_in_every_spelling() {
        let query = |organization: &str, version: Option<&str>| SnapshotQuery {
            organization: organization.to_owned(),
            project: "Shop".to_owned(),
            component: "orders".to_owned(),
            environment: "DEVELOPMENT".to_owned(),
            version: version.map(str::to_owned),
        };
        for (organization, version, expect) in [
            ("ACME", Some("v1"), true),
            ("acme", Some("v1.7"), true),
            ("acme", Some("v2"), false),
            ("acme", None, false),
            ("ac", Some("v1"), false),
        ] {
            let same = query(organization, version).question() == query("Acme", Some("v1.0")).question();
            assert_eq!(same, expect, "{organization} {version:?}");
        }
    }
}
