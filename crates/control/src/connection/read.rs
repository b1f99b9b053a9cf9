//! Looking at connections: those that a scope may use, and one with its values.

use serde_json::json;
use tieline_core::access::Permission;
use tieline_core::id::ConnectionId;
use tieline_core::name::variable_part;
use tieline_core::wire::Page;
use tieline_core::wire::connection::ConnectionView;

use super::find::Scope;
use super::show::Show;
use crate::page::{PageQuery, cursor, cursor_invalid, cut};
use crate::{Actor, Control, Result};

impl Control {
    /// One page of the connections that a scope may use: the organization's, and the given project's and component's,
    /// in this order and by name.
    ///
    /// # Errors
    /// `project_not_found`, `component_not_found`, `scope_missing`, `cursor_invalid`.
    pub async fn connection_list(
        &self,
        actor: &Actor,
        organization: &str,
        scope: Scope<'_>,
        page: &PageQuery,
    ) -> Result<Page<ConnectionView>> {
        let mut work = self.read(actor, organization).await?;
        work.require(Permission::View, None)?;
        let (project, component) = work.scope(scope).await?;
        let (project, component) = (project.map(|project| project.id), component.map(|component| component.id));
        let after = match page.after()? {
            Some([level, part, id]) => Some((
                level.parse().map_err(|_| cursor_invalid())?,
                part,
                id.parse::<ConnectionId>().map_err(|_| cursor_invalid())?,
            )),
            None => None,
        };
        let (organization, limit) = (work.organization.id, page.limit());
        let found = work.transaction.connections_usable_page(organization, project, component, after, limit + 1);
        let mut usable = found.await?;
        let next = cut(&mut usable, limit, |last| {
            cursor(&[&last.level.to_string(), &variable_part(&last.name), &last.id.to_string()])
        });
        let mut views = Vec::with_capacity(usable.len());
        for connection in usable {
            views.push(work.show(&connection, Show::Status).await?.view);
        }
        Ok(Page { items: views, next })
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
