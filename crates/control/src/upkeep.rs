//! What a server does without being asked: reconcilers, which take no input and may run any number of times.

use serde_json::json;
use tieline_core::access::Grant;
use tieline_core::id::TokenId;
use tieline_core::model::Role;
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
        let number = self.store.read().await?.change_number().await?;
        self.announce(number);
        Ok(())
    }

    /// Makes new snapshots where the live ones were made with other public addresses than this server has now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn addresses_reconcile(&self) -> Result<()> {
        let addresses = self.settings.addresses();
        let mut transaction = self.store.read().await?;
        let installation = transaction.installation().await?;
        if installation.is_none_or(|installation| installation.addresses == addresses) {
            return Ok(());
        }
        let organizations = transaction.organizations().await?;
        drop(transaction);
        for organization in organizations {
            self.replan(&organization).await?;
        }
        let mut transaction = self.store.write().await?;
        if let Some(mut installation) = transaction.installation().await? {
            installation.addresses = addresses;
            transaction.installation_save(&installation).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn replan(&self, organization: &Organization) -> Result<()> {
        let server = server_in(organization);
        let mut work = self.write(&server, &organization.handle).await?;
        let live = work.transaction.deployments_live_of_organization(organization.id).await?;
        if live.is_empty() {
            return Ok(());
        }
        for deployment in &live {
            work.refresh(deployment).await?;
        }
        work.finish("addresses_reconcile", &organization.handle, json!({ "deployments": live.len() })).await
    }
}

/// The server itself, as an actor in one organization.
fn server_in(organization: &Organization) -> Actor {
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
