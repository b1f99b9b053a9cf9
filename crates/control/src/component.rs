//! Components: what is deployed, or, as an external consumer, only connected.

use serde_json::json;
use tieline_core::access::Permission;
use tieline_core::code;
use tieline_core::id::ComponentId;
use tieline_core::wire::tenancy::{ComponentCreate, ComponentView};
use tieline_store::tenancy::Component;

use crate::organization::handle;
use crate::{Actor, Control, Error, Result};

impl Control {
    /// Makes a component.
    ///
    /// # Errors
    /// `forbidden`, `project_not_found`, `handle_invalid`, `component_exists`.
    pub async fn component_create(
        &self,
        actor: &Actor,
        organization: &str,
        project: &str,
        request: ComponentCreate,
    ) -> Result<ComponentView> {
        let mut work = self.write(actor, organization).await?;
        let project = work.project(project).await?;
        work.require(Permission::Develop, Some(&project))?;
        let handle = handle(&request.handle)?;
        if work.transaction.component_by_handle(project.id, handle.as_str()).await?.is_some() {
            return Err(Error::conflict(
                code!("component_exists"),
                format!(
                    "the project {:?} has a component {:?} already; handles differ ignoring case",
                    project.handle,
                    handle.as_str()
                ),
                "choose another handle",
            ));
        }
        let component = Component {
            id: ComponentId(self.new_id()),
            organization_id: work.organization.id,
            project_id: project.id,
            handle: handle.as_str().to_owned(),
            component_type: request.component_type,
            created_at: work.at,
        };
        work.transaction.component_insert(&component).await?;
        let answer = view(&work.organization.handle, &project.handle, component);
        let object = format!("{}/{}", answer.project, answer.handle);
        let detail = json!({ "type": answer.component_type });
        work.finish("component_create", &object, detail).await?;
        Ok(answer)
    }

    /// The components of a project.
    ///
    /// # Errors
    /// `project_not_found`.
    pub async fn component_list(&self, actor: &Actor, organization: &str, project: &str) -> Result<Vec<ComponentView>> {
        let mut work = self.read(actor, organization).await?;
        let project = work.project(project).await?;
        let components = work.transaction.components(project.id).await?;
        let organization = &work.organization.handle;
        Ok(components.into_iter().map(|component| view(organization, &project.handle, component)).collect())
    }

    /// One component.
    ///
    /// # Errors
    /// `project_not_found`, `component_not_found`.
    pub async fn component_view(
        &self,
        actor: &Actor,
        organization: &str,
        project: &str,
        component: &str,
    ) -> Result<ComponentView> {
        let mut work = self.read(actor, organization).await?;
        let (project, component) = work.component(project, component).await?;
        Ok(view(&work.organization.handle, &project.handle, component))
    }
}

fn view(organization: &str, project: &str, component: Component) -> ComponentView {
    ComponentView {
        handle: component.handle,
        organization: organization.to_owned(),
        project: project.to_owned(),
        component_type: component.component_type,
        created_at: component.created_at,
    }
}
