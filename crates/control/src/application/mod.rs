//! OAuth applications as they are shown, to whoever may see the connections that use them: never a secret's value.

mod show;
mod view;

use tieline_core::model::Level;
use tieline_store::connection::Connection;
use tieline_store::key::Application;
use tieline_store::tenancy::{Component, Project};

use crate::Result;
use crate::work::Work;

/// Whose an application is.
pub(crate) struct Owner {
    pub(crate) level: Level,
    pub(crate) project: Option<Project>,
    pub(crate) component: Option<Component>,
    /// The one connection that has it for itself.
    pub(crate) connection: Option<Connection>,
}

impl Owner {
    /// What people call it.
    pub(crate) fn name(self) -> String {
        match (self.connection, self.project, self.component) {
            (Some(connection), ..) => connection.name,
            (None, Some(project), Some(component)) => format!("{}/{}", project.handle, component.handle),
            (None, project, _) => project.map(|project| project.handle).unwrap_or_default(),
        }
    }
}

impl Work<'_> {
    /// Whose an application is; none when its owner is gone.
    pub(crate) async fn application_owner(&mut self, application: &Application) -> Result<Option<Owner>> {
        let id = &application.owner_id;
        match application.owner_kind.as_str() {
            "project" => {
                let Ok(id) = id.parse() else { return Ok(None) };
                let found = self.transaction.project_by_id(id).await?;
                let owner = |project| Owner {
                    level: Level::Project,
                    project: Some(project),
                    component: None,
                    connection: None,
                };
                Ok(found.map(owner))
            }
            "component" => {
                let Ok(id) = id.parse() else { return Ok(None) };
                let Some(component) = self.transaction.component_by_id(id).await? else { return Ok(None) };
                let project = self.transaction.project_by_id(component.project_id).await?;
                Ok(Some(Owner { level: Level::Component, project, component: Some(component), connection: None }))
            }
            _ => {
                let Ok(id) = id.parse() else { return Ok(None) };
                let Some(connection) = self.transaction.connection_held_by_id(id).await? else { return Ok(None) };
                let (project, component) = self.place_of(&connection).await?;
                Ok(Some(Owner { level: connection.level, project, component, connection: Some(connection) }))
            }
        }
    }
}
