//! Looking at connections: those that a scope may use, and one with its values.

use serde_json::json;
use tieline_core::access::Permission;
use tieline_core::wire::connection::ConnectionView;

use super::find::Scope;
use super::show::Show;
use crate::{Actor, Control, Result};

impl Control {
    /// The connections that a scope may use: the organization's, and the given project's and component's.
    ///
    /// # Errors
    /// `project_not_found`, `component_not_found`, `scope_missing`.
    pub async fn connection_list(
        &self,
        actor: &Actor,
        organization: &str,
        scope: Scope<'_>,
    ) -> Result<Vec<ConnectionView>> {
        let mut work = self.read(actor, organization).await?;
        work.require(Permission::View, None)?;
        let (project, component) = work.scope(scope).await?;
        let (project, component) = (project.map(|project| project.id), component.map(|component| component.id));
        let usable = work.transaction.connections_usable(work.organization.id, project, component).await?;
        let mut views = Vec::with_capacity(usable.len());
        for connection in usable {
            views.push(work.show(&connection, Show::Status).await?.view);
        }
        Ok(views)
    }

    /// One connection, by its name in a scope or by its id. Sensitive values are masked; with `reveal` those are shown
    /// that the actor may read, and the audit says so.
    ///
    /// # Errors
    /// `connection_not_found`, and those of the scope.
    pub async fn connection_view(
        &self,
        actor: &Actor,
        organization: &str,
        connection: &str,
        scope: Scope<'_>,
        reveal: bool,
    ) -> Result<ConnectionView> {
        if !reveal {
            let mut work = self.read(actor, organization).await?;
            work.require(Permission::View, None)?;
            let connection = work.connection(connection, scope).await?;
            return Ok(work.show(&connection, Show::Masked).await?.view);
        }
        let mut work = self.write(actor, organization).await?;
        work.require(Permission::View, None)?;
        let connection = work.connection(connection, scope).await?;
        let shown = work.show(&connection, Show::Revealed).await?;
        if !shown.revealed.is_empty() {
            let detail = json!({ "name": connection.name, "environments": shown.revealed });
            work.finish_unchanged("connection_reveal", &connection.id.to_string(), detail).await?;
        }
        Ok(shown.view)
    }
}
