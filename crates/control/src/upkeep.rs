//! What a server does without being asked: reconcilers, which take no input and may run any number of times.

use serde_json::json;
use tieline_core::access::Grant;
use tieline_core::id::TokenId;
use tieline_core::model::Role;
use tieline_store::organization::Organization;
use tieline_store::session::Owner;
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

    /// Makes new snapshots where the live ones were made with other public addresses than this server has now: they are
    /// marked first, so that whatever is cut short goes on at the next start.
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
        for organization in organizations {
            let server = server_in(&organization);
            let mut work = self.write(&server, &organization.handle).await?;
            let marked = work.transaction.replan_organization(organization.id, server.label(), work.at).await?;
            if marked > 0 {
                work.finish("addresses_reconcile", &organization.handle, json!({ "deployments": marked })).await?;
            }
        }
        let mut transaction = self.store.write().await?;
        if let Some(mut installation) = transaction.installation().await? {
            installation.addresses = addresses;
            transaction.installation_save(&installation).await?;
        }
        transaction.commit().await?;
        self.replans_reconcile().await
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

impl std::ops::Add for Reconciled {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { done: self.done + other.done, failed: self.failed + other.failed }
    }
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
        owner: Owner::Token(TokenId(Uuid::nil())),
        label: "server".to_owned(),
        grants: vec![grant],
        installation_admin: false,
        until: None,
        repeat: None,
    }
}
