//! Cutting one component off: the keys that it alone holds are revoked, and everybody else's go on.

use std::collections::BTreeSet;

use serde_json::json;
use tieline_core::id::{ComponentId, EnvironmentId};
use tieline_core::wire::rotation::{ConnectionKeysChanged, ConnectionRevoke};
use tieline_store::rotation::Issued;

use crate::connection::Scope;
use crate::work::Work;
use crate::{Actor, Control, Result};

impl Control {
    /// Revokes the keys that one component alone holds under a connection with a secret per component, with the tokens
    /// that they got. Nothing mints others but the component's next deployment.
    ///
    /// # Errors
    /// `connection_not_found`, `component_not_found`, `forbidden`, `secrets_shared`, `not_rotatable`.
    pub async fn connection_revoke(
        &self,
        actor: &Actor,
        organization: &str,
        connection: &str,
        scope: Scope<'_>,
        request: ConnectionRevoke,
    ) -> Result<ConnectionKeysChanged> {
        let mut work = self.write(actor, organization).await?;
        let connection = work.connection(connection, scope).await?;
        let project = work.place_of(&connection).await?.0;
        let environments = work.require_keys(&connection, project.as_ref(), &request.environments).await?;
        let sets = work.key_sets_of(&connection, &environments, scope, Some(&request.component)).await?;
        let touched = work.touched_by(&connection, &sets).await?;
        for credential in sets.iter().flat_map(|set| &set.credentials) {
            work.credential_end(credential).await?;
        }
        let detail = json!({ "component": request.component });
        work.keys_changed(&connection, &sets, touched, "connection_revoke", detail).await
    }
}

impl Work<'_> {
    /// Revokes what a component alone held and none of its live deployments uses: what its undeployment and its deletion
    /// ask once they took effect.
    pub(crate) async fn component_keys_end(
        &mut self,
        component: ComponentId,
        environment: Option<EnvironmentId>,
    ) -> Result<()> {
        for credential in self.transaction.credentials_of_component(component, environment).await? {
            let mut used = BTreeSet::new();
            for live in self.transaction.deployments_live(component, credential.environment_id).await? {
                used.extend(self.transaction.deployment_connections(live.id).await?);
            }
            let uses = match credential.issued {
                Issued::ApiKey { connection } => used.contains(&connection),
                Issued::ClientSecret { application, .. } => {
                    let sharing = self.transaction.connections_of_application(application).await?;
                    sharing.iter().any(|connection| used.contains(&connection.id))
                }
            };
            if !uses {
                self.credential_end(&credential).await?;
            }
        }
        Ok(())
    }
}
