//! What somebody may do with a connection, for whoever offers them only what would be done. Each use case decides for itself
//! all the same.

use tieline_core::access::{Permission, Verdict};
use tieline_core::model::{Level, Scheme};

use super::find::Scope;
use crate::{Actor, Control, Result};

/// What an actor may do with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConnectionAllowed {
    /// Change it, and delete it while nobody uses it.
    pub change: bool,
    /// Delete it although somebody uses it.
    pub force: bool,
    /// Rotate its keys: it has keys that Tieline minted.
    pub rotate: bool,
    /// Read its secrets in one environment at least.
    pub reveal: bool,
}

impl Control {
    /// What an actor may do with a connection.
    ///
    /// # Errors
    /// `connection_not_found`, and those of the scope.
    pub async fn connection_allowed(
        &self,
        actor: &Actor,
        organization: &str,
        connection: &str,
        scope: Scope<'_>,
    ) -> Result<ConnectionAllowed> {
        let mut work = self.read(actor, organization).await?;
        work.require(Permission::View, None)?;
        let connection = work.connection(connection, scope).await?;
        let project = work.place_of(&connection).await?.0;
        let may = |permission| work.verdict(permission, connection.project_id) == Verdict::Allowed;
        let change = work.require_connect(connection.level, project.as_ref()).is_ok();
        let reads = [false, true].map(|critical| may(Permission::Secrets { critical }));
        let force = change && (connection.level == Level::Organization || may(Permission::AdministerProject));
        let environments = work.transaction.environments(work.organization.id).await?;
        Ok(ConnectionAllowed {
            change,
            force,
            rotate: change && matches!(connection.scheme, Some(Scheme::OAuth2 | Scheme::ApiKey)),
            reveal: environments.iter().any(|environment| reads[usize::from(environment.critical)]),
        })
    }
}
