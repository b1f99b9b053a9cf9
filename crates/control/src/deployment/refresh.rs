//! What follows a change of values: each live deployment that uses them is planned again and, when anything differs, gets
//! a new snapshot, and an entry of the audit that says so. Nothing is ever taken away: what no longer resolves is carried forward and marked degraded.
//!
//! A change marks them all in its own transaction and plans the first few itself; a reconciler plans the others.

use jiff::SignedDuration;
use serde_json::json;
use tieline_core::id::{ConnectionId, DeploymentId, OrganizationId, ServiceId};

use super::plan::{Manner, Spot};
use super::source::prepared_again;
use crate::upkeep::{Reconciled, server_in};
use crate::work::{Work, audit};
use crate::{Control, Error, Result};

/// So many deployments a change plans again itself, so that nearly always all is done when it is answered: a few
/// milliseconds on either database.
const AT_ONCE: i64 = 50;

/// So many the reconciler plans again in one transaction: the organization's lock is held for no longer than a request
/// waits unnoticed, and commits cost little of the whole.
const BATCH: i64 = 100;

/// What cannot be planned again is tried again after this, or as soon as another value changes.
const AGAIN: SignedDuration = SignedDuration::from_mins(5);

impl Control {
    /// Plans again what changes left to be planned, a batch of one organization after the other. Whoever takes an
    /// organization's lock goes on where the last one ended, so that any number of servers may do this at once, and any
    /// of them be killed. What cannot be planned again keeps its snapshot, is logged and counted, and is due later.
    ///
    /// # Errors
    /// When the database fails as a whole; what is left stays marked.
    pub async fn replans_reconcile(&self) -> Result<Reconciled> {
        let (mut status, mut after) = (Reconciled::default(), String::new());
        loop {
            let next = self.store.read().await?.replan_next(&after, self.now()).await?;
            match next {
                Some(organization) => {
                    self.replan_batch(organization, &mut status).await?;
                    after = organization.to_string();
                }
                None if after.is_empty() => return Ok(status),
                None => after.clear(),
            }
        }
    }

    /// A batch of an organization, in one transaction.
    async fn replan_batch(&self, organization: OrganizationId, status: &mut Reconciled) -> Result<()> {
        let found = self.store.read().await?.organization_by_id(organization).await?;
        let Some(organization) = found else { return Ok(()) };
        let server = server_in(&organization);
        let mut work = self.write(&server, &organization.handle).await?;
        work.transaction.remember();
        work.transaction.replans_foresee(organization.id, work.at, BATCH).await?;
        let mut changed = false;
        for (deployment, actor) in work.transaction.replans_take(organization.id, work.at, BATCH).await? {
            match work.refresh_marked(deployment, &actor).await? {
                Replanned::Failed => status.failed += 1,
                outcome => {
                    status.done += 1;
                    changed |= outcome == Replanned::Changed;
                }
            }
        }
        work.finish_replans(changed).await
    }
}

/// What became of a deployment that was to be planned again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Replanned {
    /// It is as it was.
    Same,
    /// It has another snapshot, or other variables are carried forward.
    Changed,
    /// It cannot be planned, and is due later.
    Failed,
}

impl Work<'_> {
    /// Plans the deployments anew that use a service: the first few at once, the others soon.
    pub(crate) async fn refresh_service(&mut self, service: ServiceId) -> Result<()> {
        self.transaction.replan_service(service, &self.actor.label, self.at).await?;
        self.refresh_first().await
    }

    /// Plans the deployments anew that use a connection: the first few at once, the others soon.
    pub(crate) async fn refresh_connection(&mut self, connection: ConnectionId) -> Result<()> {
        self.transaction.replan_connection(connection, &self.actor.label, self.at).await?;
        self.refresh_first().await
    }

    /// Plans the first few of what is marked. What comes first is what was marked last.
    async fn refresh_first(&mut self) -> Result<()> {
        let due = self.transaction.replans_take(self.organization.id, self.at, AT_ONCE - self.replanned).await?;
        for (deployment, actor) in due {
            self.refresh_marked(deployment, &actor).await?;
            self.replanned += 1;
        }
        Ok(())
    }

    /// Plans a deployment anew whose mark was taken. One that cannot be read stops no other.
    async fn refresh_marked(&mut self, deployment: DeploymentId, actor: &str) -> Result<Replanned> {
        match self.refresh(deployment, actor).await {
            Ok(true) => Ok(Replanned::Changed),
            Ok(false) => Ok(Replanned::Same),
            Err(error) if of_itself(&error) => {
                let organization = &self.organization.handle;
                tracing::error!(organization, %deployment, %error, "it keeps its snapshot");
                let due = self.at + AGAIN;
                self.transaction.replan_later(deployment, self.organization.id, actor, due).await?;
                Ok(Replanned::Failed)
            }
            Err(error) => Err(error),
        }
    }

    /// Plans a deployment anew. Whether anything differs from what it was.
    async fn refresh(&mut self, id: DeploymentId, actor: &str) -> Result<bool> {
        let deployment = &self.deployment_again(id).await?;
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
        if snapshot == deployment.snapshot_id && degraded == deployment.degraded {
            return Ok(false);
        }
        self.transaction.deployment_repin(deployment.id, &snapshot, &degraded).await?;
        if snapshot != deployment.snapshot_id {
            let organization = self.organization.id.to_string();
            let object = format!("{}/{}", spot.project.handle, spot.component.handle);
            let detail = json!({
                "environment": spot.environment.handle, "deployment": deployment.id,
                "from": deployment.snapshot_id, "to": snapshot,
            });
            let at = self.at;
            audit(&mut self.transaction, &organization, actor, "snapshot_repin", &object, detail, at).await?;
        }
        Ok(true)
    }

    /// Makes a batch durable. Each snapshot has its audit entry; together they are one change, if there is any.
    async fn finish_replans(mut self, changed: bool) -> Result<()> {
        if !changed {
            return Ok(self.transaction.commit().await?);
        }
        let organization = self.organization.id.to_string();
        let object = &self.organization.handle;
        let number = self.transaction.change_insert(&organization, "snapshot_repin", object, self.at).await?;
        self.transaction.commit().await?;
        self.control.feed.announce(&organization, number);
        Ok(())
    }
}

/// Whether an error is of what was read, and not of the database: a transaction goes on after it.
fn of_itself(error: &Error) -> bool {
    use tieline_store::Error as Store;
    !matches!(error, Error::Store(Store::Query { .. } | Store::Database(_) | Store::Duplicate | Store::Referenced))
}
