//! Cutting one component off: the keys that it alone holds are revoked, and everybody else's go on.

use serde_json::json;
use tieline_core::wire::rotation::{ConnectionKeysChanged, ConnectionRevoke};

use crate::connection::Scope;
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
