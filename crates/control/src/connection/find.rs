//! From a name or an id to the connection that it means, for whom may see it, and what changing it needs.

use tieline_core::access::{Permission, Verdict};
use tieline_core::code;
use tieline_core::id::ConnectionId;
use tieline_core::model::Level;
use tieline_core::name::variable_part;
use tieline_store::connection::Connection;
use tieline_store::tenancy::{Component, Project};

use crate::work::Work;
use crate::{Error, Result};

/// Where somebody stands: the project and component whose connections a name may mean beside the organization's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scope<'a> {
    /// The project's handle.
    pub project: Option<&'a str>,
    /// The component's handle; it needs the project.
    pub component: Option<&'a str>,
}

impl Work<'_> {
    /// The project and component of a scope, if the actor may see them.
    pub(crate) async fn scope(&mut self, scope: Scope<'_>) -> Result<(Option<Project>, Option<Component>)> {
        match (scope.project, scope.component) {
            (Some(project), Some(component)) => {
                let (project, component) = self.component(project, component).await?;
                Ok((Some(project), Some(component)))
            }
            (Some(project), None) => Ok((Some(self.project(project).await?), None)),
            (None, None) => Ok((None, None)),
            (None, Some(component)) => Err(Error::invalid(
                code!("scope_missing"),
                format!("the component {component:?} is given without its project"),
                "give --project too",
            )),
        }
    }

    /// The connection of a name in a scope, or of an id anywhere in the organization.
    pub(crate) async fn connection(&mut self, wanted: &str, scope: Scope<'_>) -> Result<Connection> {
        if let Ok(id) = wanted.parse::<ConnectionId>()
            && let Some(connection) = self.connection_of_id(id).await?
        {
            return Ok(connection);
        }
        let (project, component) = self.scope(scope).await?;
        let (project, component) = (project.map(|project| project.id), component.map(|component| component.id));
        let part = variable_part(wanted);
        let named = self.transaction.connections_named(self.organization.id, project, component, &part).await?;
        named.into_iter().next().ok_or_else(|| {
            let at = match (scope.project, scope.component) {
                (Some(project), Some(component)) => format!("for the component {project}/{component}"),
                (Some(project), None) => format!("for the project {project}"),
                _ => "at organization level".to_owned(),
            };
            Error::not_found(
                code!("connection_not_found"),
                format!("there is no connection {wanted:?} {at}"),
                "see those of a scope with `tieline connection list [--project P [--component C]]`, or give the id",
            )
        })
    }

    /// The connection of an id, if it is of this organization and the actor may see its place.
    pub(crate) async fn connection_of_id(&mut self, id: ConnectionId) -> Result<Option<Connection>> {
        let found = self.transaction.connection_by_id(id).await?;
        Ok(found.filter(|connection| {
            connection.organization_id == self.organization.id
                && self.verdict(Permission::View, connection.project_id) == Verdict::Allowed
        }))
    }

    /// Refuses unless the actor may make or change connections at a level.
    pub(crate) fn require_connect(&self, level: Level, project: Option<&Project>) -> Result<()> {
        match level {
            Level::Organization => self.require(Permission::AdministerOrganization, None),
            Level::Project | Level::Component => self.require(Permission::Develop, project),
        }
    }

    /// The handles of a connection's project and component, in this order.
    pub(crate) async fn place_of(&mut self, connection: &Connection) -> Result<(Option<Project>, Option<Component>)> {
        let project = match connection.project_id {
            Some(id) => self.transaction.project_by_id(id).await?,
            None => None,
        };
        let component = match connection.component_id {
            Some(id) => self.transaction.component_by_id(id).await?,
            None => None,
        };
        Ok((project, component))
    }
}
