//! OAuth applications as they are shown, to whoever may see the connections that use them: never a secret's value.

mod show;
mod view;

use tieline_core::model::Level;
use tieline_store::connection::Connection;
use tieline_store::key::{Application, ApplicationOwner};
use tieline_store::tenancy::{Component, Project};

use crate::Result;
use crate::work::Work;

/// Where an application belongs.
pub(crate) struct ApplicationHome {
    pub(crate) level: Level,
    pub(crate) project: Option<Project>,
    pub(crate) component: Option<Component>,
    /// The one connection that has it for itself.
    pub(crate) connection: Option<Connection>,
}

impl ApplicationHome {
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
    /// Where an application belongs; none when its owner is gone.
    pub(crate) async fn application_home(&mut self, application: &Application) -> Result<Option<ApplicationHome>> {
        let (level, project, component, connection) = match application.owner {
            ApplicationOwner::Project(id) => {
                let Some(project) = self.transaction.project_by_id(id).await? else { return Ok(None) };
                (Level::Project, Some(project), None, None)
            }
            ApplicationOwner::Component(id) => {
                let Some(component) = self.transaction.component_by_id(id).await? else { return Ok(None) };
                let project = self.transaction.project_by_id(component.project_id).await?;
                (Level::Component, project, Some(component), None)
            }
            ApplicationOwner::Connection(id) => {
                let found = self.transaction.connection_held_by_id(id).await?;
                let Some(connection) = found else { return Ok(None) };
                let (project, component) = self.place_of(&connection).await?;
                (connection.level, project, component, Some(connection))
            }
        };
        Ok(Some(ApplicationHome { level, project, component, connection }))
    }
}
