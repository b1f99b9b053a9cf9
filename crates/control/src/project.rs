//! Projects: the unit of isolation inside an organization.

use serde_json::json;
use tieline_core::access::{Permission, Verdict};
use tieline_core::code;
use tieline_core::id::ProjectId;
use tieline_core::wire::tenancy::{ProjectCreate, ProjectView};
use tieline_store::tenancy::Project;

use crate::organization::handle;
use crate::{Actor, Control, Error, Result};

impl Control {
    /// Makes a project.
    ///
    /// # Errors
    /// `forbidden`, `handle_invalid`, `project_exists`.
    pub async fn project_create(
        &self,
        actor: &Actor,
        organization: &str,
        request: ProjectCreate,
    ) -> Result<ProjectView> {
        let mut work = self.write(actor, organization).await?;
        work.require(Permission::AdministerOrganization, None)?;
        let handle = handle(&request.handle)?;
        if work.transaction.project_by_handle(work.organization.id, handle.as_str()).await?.is_some() {
            return Err(Error::conflict(
                code!("project_exists"),
                format!("there is a project {:?} already; handles differ ignoring case", handle.as_str()),
                "choose another handle",
            ));
        }
        let project = Project {
            id: ProjectId(self.new_id()),
            organization_id: work.organization.id,
            handle: handle.as_str().to_owned(),
            created_at: work.at,
        };
        work.transaction.project_insert(&project).await?;
        let answer = view(&work.organization.handle, project);
        work.finish("project_create", &answer.handle, json!({})).await?;
        Ok(answer)
    }

    /// The projects that the actor may see.
    ///
    /// # Errors
    /// `organization_not_found`.
    pub async fn project_list(&self, actor: &Actor, organization: &str) -> Result<Vec<ProjectView>> {
        let mut work = self.read(actor, organization).await?;
        work.require(Permission::View, None)?;
        let mut projects = work.transaction.projects(work.organization.id).await?;
        projects.retain(|project| work.verdict(Permission::View, Some(project.id)) == Verdict::Allowed);
        let organization = &work.organization.handle;
        Ok(projects.into_iter().map(|project| view(organization, project)).collect())
    }

    /// Deletes a project that holds nothing any more, with the tokens that were limited to it.
    ///
    /// # Errors
    /// `forbidden`, `project_not_found`, `project_in_use`.
    pub async fn project_delete(&self, actor: &Actor, organization: &str, project: &str) -> Result<()> {
        let mut work = self.write(actor, organization).await?;
        let project = work.project(project).await?;
        work.require(Permission::AdministerOrganization, None)?;
        // What was deleted while deployments held it is not to be seen, and must not be what refuses.
        work.connections_purge().await?;
        work.transaction.project_delete(project.id).await.map_err(|error| match error {
            tieline_store::Error::Referenced => Error::conflict(
                code!("project_in_use"),
                format!("the project {:?} still holds components, services or connections", project.handle),
                format!(
                    "delete those first: see `tieline component list --project {0}`, `tieline connection list --project \
                     {0}` and `tieline service list --project {0}`",
                    project.handle
                ),
            ),
            other => other.into(),
        })?;
        work.finish("project_delete", &project.handle, json!({})).await
    }
}

fn view(organization: &str, project: Project) -> ProjectView {
    ProjectView { handle: project.handle, organization: organization.to_owned(), created_at: project.created_at }
}
