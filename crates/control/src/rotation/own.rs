//! Keys that one component alone holds: they end with its use of them.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use tieline_core::id::{ComponentId, ConnectionId, EnvironmentId};
use tieline_core::model::Secrets;
use tieline_store::rotation::{Credential, Issued};

use super::rotate::DEADLINE;
use crate::Result;
use crate::work::Work;

impl Work<'_> {
    /// Revokes what a component alone held and none of its live deployments uses: what its undeployment and its deletion
    /// ask once they took effect.
    pub(crate) async fn component_keys_end(
        &mut self,
        component: ComponentId,
        environment: Option<EnvironmentId>,
    ) -> Result<()> {
        for (credential, _) in self.own_keys_unused(component, environment).await? {
            self.credential_end(&credential).await?;
        }
        Ok(())
    }

    /// Lets those keys retire that a component alone holds and used until now, and that none of its live deployments uses:
    /// what a deployment asks once it took effect. As after a rotation, they are accepted until no instance holds them.
    pub(crate) async fn component_keys_retire(
        &mut self,
        component: ComponentId,
        environment: EnvironmentId,
        used: &BTreeSet<ConnectionId>,
    ) -> Result<()> {
        let until = self.at + SignedDuration::from_secs(DEADLINE);
        for (credential, connections) in self.own_keys_unused(component, Some(environment)).await? {
            if credential.key.not_after.is_none() && connections.iter().any(|id| used.contains(id)) {
                self.transaction.credential_retire(&credential, Some(until)).await?;
            }
        }
        Ok(())
    }

    /// What a component alone holds and none of its live deployments uses, with the connections that it is for.
    async fn own_keys_unused(
        &mut self,
        component: ComponentId,
        environment: Option<EnvironmentId>,
    ) -> Result<Vec<(Credential, Vec<ConnectionId>)>> {
        let mut unused = Vec::new();
        for credential in self.transaction.credentials_of_component(component, environment).await? {
            let mut used = BTreeSet::new();
            for live in self.transaction.deployments_live(component, credential.environment_id).await? {
                used.extend(self.transaction.deployment_connections(live.id).await?);
            }
            let connections = match credential.issued {
                Issued::ApiKey { connection } => vec![connection],
                Issued::ClientSecret { application, .. } => {
                    let mut sharing = self.transaction.connections_of_application(application).await?;
                    sharing.retain(|connection| connection.secrets == Secrets::PerComponent);
                    sharing.into_iter().map(|connection| connection.id).collect()
                }
            };
            if !connections.iter().any(|id| used.contains(id)) {
                unused.push((credential, connections));
            }
        }
        Ok(unused)
    }
}
