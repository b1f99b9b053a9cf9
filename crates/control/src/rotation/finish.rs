//! The end of a rotation: the former keys are revoked as soon as nobody holds them, and at their deadline.

use jiff::SignedDuration;
use serde_json::json;
use tieline_core::id::OrganizationId;
use tieline_store::rotation::{Credential, Issued};

use crate::upkeep::{Reconciled, server_in};
use crate::work::Work;
use crate::{Control, Result};

/// After so long every server has noticed a rotation, and recorded what it had delivered before: only then is it known who
/// holds what. Servers notice changes and record reports ten times a second.
const SETTLED: SignedDuration = SignedDuration::from_secs(3);

impl Control {
    /// Revokes former keys whose deadline has passed or that nobody holds: no live deployment's snapshot, and no instance.
    /// What is judged is read anew each time, so that any number of servers may do this, and any of them be killed.
    ///
    /// # Errors
    /// When the database fails; what is left is looked at the next time.
    pub async fn rotations_reconcile(&self) -> Result<Reconciled> {
        self.instances_record().await?;
        let (mut status, mut after) = (Reconciled::default(), String::new());
        loop {
            let next = self.store.read().await?.retiring_next(&after).await?;
            let Some(organization) = next else { return Ok(status) };
            after = organization.to_string();
            status.done += self.rotations_finish(organization).await?;
        }
    }

    /// Most of the time nothing is over, and nobody needs to wait for that: it is looked at first, then again under the
    /// organization's lock.
    async fn rotations_finish(&self, organization: OrganizationId) -> Result<usize> {
        let found = self.store.read().await?.organization_by_id(organization).await?;
        let Some(organization) = found else { return Ok(0) };
        let server = server_in(&organization);
        let mut looking = self.read(&server, &organization.handle).await?;
        if looking.credentials_over().await?.is_empty() {
            return Ok(0);
        }
        drop(looking);
        let mut work = self.write(&server, &organization.handle).await?;
        let over = work.credentials_over().await?;
        let (mut secrets, mut keys) = (Vec::new(), Vec::new());
        for credential in &over {
            work.credential_end(credential).await?;
            match &credential.issued {
                Issued::ClientSecret { client, .. } => secrets.push(json!({ "client": client })),
                Issued::ApiKey { connection } => keys.push(json!({ "connection": connection })),
            }
        }
        if !over.is_empty() {
            let detail = json!({ "client_secrets": secrets, "api_keys": keys });
            work.finish("rotation_finish", &organization.handle, detail).await?;
        }
        Ok(over.len())
    }
}

impl Work<'_> {
    async fn credentials_over(&mut self) -> Result<Vec<Credential>> {
        let mut over = Vec::new();
        for credential in self.transaction.credentials_retiring(self.organization.id).await? {
            if self.is_over(&credential).await? {
                over.push(credential);
            }
        }
        Ok(over)
    }

    async fn is_over(&mut self, credential: &Credential) -> Result<bool> {
        if credential.key.not_after.is_some_and(|end| end <= self.at) {
            return Ok(true);
        }
        let settled = self.given_until(credential).await?.is_some_and(|since| self.at >= since + SETTLED);
        let sealed = credential.key.sealed_version_id;
        Ok(settled
            && self.transaction.deployments_holding(sealed).await?.is_empty()
            && self.transaction.instances_holding(sealed).await?.is_empty()
            && self.external_holder(credential).await?.is_none())
    }
}
