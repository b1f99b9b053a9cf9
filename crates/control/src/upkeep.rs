//! What a server does without being asked: reconcilers, which take no input and may run any number of times.

use serde_json::json;
use tieline_core::access::Grant;
use tieline_core::id::TokenId;
use tieline_core::model::Role;
use tieline_store::deployment::Deployment;
use tieline_store::organization::Organization;
use uuid::Uuid;

use crate::{Actor, Control, Result};

impl Control {
    /// Follows the changes that were committed: by other servers on the same database, and by use cases that were broken
    /// off before they could announce theirs.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn feed_follow(&self) -> Result<()> {
        let read = self.feed.read();
        let changes = self.store.read().await?.changes_after(read).await?;
        self.feed.follow(read, &changes);
        Ok(())
    }

    /// Makes new snapshots where the live ones were made with other public addresses than this server has now. What
    /// cannot be planned anew keeps its snapshot, is logged and counted, and is tried again at the next start.
    ///
    /// # Errors
    /// When the database fails as a whole.
    pub async fn addresses_reconcile(&self) -> Result<Reconciled> {
        let addresses = self.settings.addresses();
        let mut transaction = self.store.read().await?;
        let installation = transaction.installation().await?;
        if installation.is_none_or(|installation| installation.addresses == addresses) {
            return Ok(Reconciled::default());
        }
        let organizations = transaction.organizations().await?;
        drop(transaction);
        let mut status = Reconciled::default();
        for organization in organizations {
            if let Err(error) = self.replan(&organization, &mut status).await {
                tracing::error!(organization = organization.handle, %error, "its deployments keep their snapshots");
                status.failed += 1;
            }
        }
        if status.failed > 0 {
            return Ok(status);
        }
        let mut transaction = self.store.write().await?;
        if let Some(mut installation) = transaction.installation().await? {
            installation.addresses = addresses;
            transaction.installation_save(&installation).await?;
        }
        transaction.commit().await?;
        Ok(status)
    }

    /// All of an organization in one transaction, which is quick; one by one when one of them cannot be read.
    async fn replan(&self, organization: &Organization, status: &mut Reconciled) -> Result<()> {
        let server = server_in(organization);
        let mut transaction = self.store.read().await?;
        let live = transaction.deployments_live_of_organization(organization.id).await?;
        drop(transaction);
        if live.is_empty() {
            return Ok(());
        }
        if self.replan_these(&server, organization, &live).await.is_ok() {
            status.done += live.len();
            return Ok(());
        }
        for deployment in &live {
            match self.replan_these(&server, organization, std::slice::from_ref(deployment)).await {
                Ok(()) => status.done += 1,
                Err(error) => {
                    let (organization, deployment) = (&organization.handle, deployment.id);
                    tracing::error!(organization, %deployment, %error, "it keeps its snapshot");
                    status.failed += 1;
                }
            }
        }
        Ok(())
    }

    async fn replan_these(&self, server: &Actor, organization: &Organization, those: &[Deployment]) -> Result<()> {
        let mut work = self.write(server, &organization.handle).await?;
        let mut count = 0;
        for listed in those {
            // What ended or changed since it was listed is read again under the lock.
            let live = work.transaction.deployments_live(listed.component_id, listed.environment_id).await?;
            if let Some(deployment) = live.iter().find(|found| found.id == listed.id) {
                work.refresh(deployment).await?;
                count += 1;
            }
        }
        work.finish("addresses_reconcile", &organization.handle, json!({ "deployments": count })).await
    }
}

/// What a reconciler did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reconciled {
    /// How many things are as they should be.
    pub done: usize,
    /// How many could not be brought there, and stay as they were.
    pub failed: usize,
}

/// The server itself, as an actor in one organization.
pub(crate) fn server_in(organization: &Organization) -> Actor {
    let grant = Grant {
        role: Role::OrganizationAdmin,
        organization: Some(organization.id),
        project: None,
        component: None,
        environment: None,
    };
    Actor {
        token: TokenId(Uuid::nil()),
        label: "server".to_owned(),
        grants: vec![grant],
        installation_admin: false,
        repeat: None,
    }
}
