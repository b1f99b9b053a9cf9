//! Components: what is deployed, or, as an external consumer, only connected.

use std::collections::BTreeSet;

use serde_json::json;
use tieline_core::access::{Permission, Verdict};
use tieline_core::code;
use tieline_core::id::ComponentId;
use tieline_core::wire::tenancy::{ComponentCreate, ComponentView};
use tieline_store::connection::Connection;
use tieline_store::tenancy::{Component, Environment};

use crate::consumers::in_use;
use crate::organization::handle;
use crate::work::Work;
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

    /// Deletes a component with its connections, its services and its history. While it is deployed, or others connect to
    /// it, this needs `force`: then its deployments end and connections to it are deleted; who runs keeps its values.
    ///
    /// # Errors
    /// `component_not_found`, `forbidden`, `component_in_use` with the consumers, `component_deployed`.
    pub async fn component_delete(
        &self,
        actor: &Actor,
        organization: &str,
        project: &str,
        component: &str,
        force: bool,
    ) -> Result<()> {
        let mut work = self.write(actor, organization).await?;
        let (project, component) = work.component(project, component).await?;
        work.require(Permission::Develop, Some(&project))?;
        if force {
            work.require(Permission::AdministerProject, Some(&project))?;
        }
        let connections = work.connections_to(&component).await?;
        if !force {
            work.refuse_connected(&component, &connections).await?;
            work.refuse_deployed(&component).await?;
        }
        let consumers: Vec<_> = connections.iter().map(|connection| connection.id).collect();
        work.component_take_out(&component, connections).await?;
        let object = format!("{}/{}", project.handle, component.handle);
        work.finish("component_delete", &object, json!({ "force": force, "connections": consumers })).await
    }
}

impl Work<'_> {
    /// The connections of others that lead to a component's services, in use or not.
    async fn connections_to(&mut self, component: &Component) -> Result<Vec<Connection>> {
        let mut connections = Vec::new();
        for service in self.transaction.services_of_provider(component.id).await? {
            connections.extend(self.transaction.connections_holding_service(service.id).await?);
        }
        connections.retain(|connection| connection.component_id != Some(component.id));
        Ok(connections)
    }

    async fn refuse_deployed(&mut self, component: &Component) -> Result<()> {
        let environments = self.transaction.environments(self.organization.id).await?;
        let deployments = self.transaction.deployments_of_component(component.id).await?;
        let live = |environment: &&Environment| {
            deployments.iter().any(|found| found.state == "live" && found.environment_id == environment.id)
        };
        let places: Vec<_> = environments.iter().filter(live).map(|environment| environment.handle.as_str()).collect();
        let [first, ..] = places.as_slice() else { return Ok(()) };
        Err(Error::conflict(
            code!("component_deployed"),
            format!("the component {:?} is deployed in {}", component.handle, places.join(", ")),
            format!(
                "undeploy it with `tieline undeploy --component {} --env {first}`, or use --force",
                component.handle
            ),
        ))
    }

    async fn refuse_connected(&mut self, component: &Component, connections: &[Connection]) -> Result<()> {
        const HINT: &str = "delete those connections first, or everything with --force: who runs keeps its values";
        let what = format!("the component {:?}", component.handle);
        let mut consumers = Vec::new();
        for connection in connections {
            consumers.extend(self.consumers_of_connection(connection).await?);
        }
        if !consumers.is_empty() {
            return Err(in_use(code!("component_in_use"), &what, &consumers, HINT));
        }
        if connections.is_empty() {
            return Ok(());
        }
        let visible =
            |connection: &&Connection| self.verdict(Permission::View, connection.project_id) == Verdict::Allowed;
        let mut names: Vec<_> = connections
            .iter()
            .filter(visible)
            .map(|connection| format!("{:?} ({})", connection.name, connection.id))
            .collect();
        let hidden = connections.len() - names.len();
        if hidden > 0 {
            names.push(format!("{hidden} in projects that you may not see"));
        }
        let message = format!("connections lead to {what}: {}", names.join(", "));
        Err(Error::conflict(code!("component_in_use"), message, HINT))
    }

    /// Keys for a provider that is gone open nothing: those of connections to it are revoked at once.
    async fn component_take_out(&mut self, component: &Component, to: Vec<Connection>) -> Result<()> {
        let at = self.at;
        let mut used = BTreeSet::new();
        for deployment in self.transaction.deployments_of_component(component.id).await? {
            if deployment.state == "live" {
                used.extend(self.transaction.deployment_connections(deployment.id).await?);
            }
            self.transaction.deployment_end(deployment.id, at).await?;
        }
        self.component_keys_end(component.id, None).await?;
        self.subscribe(&used).await?;
        for connection in self.transaction.connections_keyed_for(component.id).await? {
            self.touch_connection(&connection);
        }
        let own = self.transaction.connections_of_component(component.id).await?;
        for connection in own.iter().chain(&to) {
            self.connection_forget(connection).await?;
        }
        self.connections_purge().await?;
        let services = self.transaction.services_of_provider(component.id).await?;
        self.transaction.component_history_delete(component.id).await?;
        for service in services {
            self.touch_service(service.id);
            self.transaction.service_delete(service.id).await?;
        }
        self.transaction.component_delete(component.id).await?;
        for connection in &to {
            self.refresh_connection(connection.id).await?;
        }
        Ok(())
    }
}

fn view(organization: &str, project: &str, component: Component) -> ComponentView {
    ComponentView {
        id: component.id,
        handle: component.handle,
        organization: organization.to_owned(),
        project: project.to_owned(),
        component_type: component.component_type,
        created_at: component.created_at,
    }
}
