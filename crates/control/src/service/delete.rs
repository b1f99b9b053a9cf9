//! Removing a registered service for good. What consumers hold of it stays theirs: a snapshot is never taken away.

use serde_json::json;
use tieline_core::access::{Permission, Verdict};
use tieline_core::code;
use tieline_store::connection::Connection;

use super::sealed_in;
use crate::consumers::in_use;
use crate::work::Work;
use crate::{Actor, Control, Error, Result};

impl Control {
    /// Deletes a registered service. While connections lead to it, be they deleted ones that deployments still hold, this
    /// needs `force`, which deletes them too.
    ///
    /// # Errors
    /// `service_not_found`, `forbidden`, `service_internal`, `service_in_use`.
    pub async fn service_delete(
        &self,
        actor: &Actor,
        organization: &str,
        reference: &str,
        project: Option<&str>,
        force: bool,
        expected: Option<i64>,
    ) -> Result<()> {
        let mut work = self.write(actor, organization).await?;
        let own = work.own_project(project).await?;
        let service = work.service_find(reference, own.as_ref()).await?;
        work.require_owner(&service).await?;
        work.expect_revision(expected, service.revision)?;
        if service.component_id.is_some() {
            return Err(Error::conflict(
                code!("service_internal"),
                format!("{} comes and goes with the deployments of its component", service.reference),
                format!(
                    "withdraw it with `tieline service unpublish {}`, or undeploy the component",
                    service.reference
                ),
            ));
        }
        let connections = work.transaction.connections_holding_service(service.id).await?;
        if !force && !connections.is_empty() {
            return Err(work.service_used(&service.reference, &connections).await?);
        }
        for connection in &connections {
            work.connection_forget(connection).await?;
        }
        for secret in sealed_in(&work.transaction.entries(service.id).await?) {
            work.transaction.sealed_supersede(secret, work.at).await?;
        }
        work.transaction.service_delete(service.id).await?;
        for connection in &connections {
            work.refresh_connection(connection.id).await?;
        }
        let names: Vec<&str> = connections.iter().map(|connection| connection.name.as_str()).collect();
        work.finish("service_delete", &service.reference, json!({ "connections": names })).await
    }
}

impl Work<'_> {
    /// The refusal to delete a service that connections lead to: with its consumers, or the connections alone.
    async fn service_used(&mut self, reference: &str, connections: &[Connection]) -> Result<Error> {
        const HINT: &str = "delete the connections first, or everything with --force: who runs keeps its values; or \
                            stop new connections alone with `tieline service unpublish`";
        let mut consumers = Vec::new();
        for connection in connections {
            consumers.extend(self.consumers_of_connection(connection).await?);
        }
        if !consumers.is_empty() {
            return Ok(in_use(code!("service_in_use"), reference, &consumers, HINT));
        }
        let visible =
            |connection: &&Connection| self.verdict(Permission::View, connection.project_id) == Verdict::Allowed;
        let mut names: Vec<String> =
            connections.iter().filter(visible).map(|connection| format!("{:?}", connection.name)).collect();
        let hidden = connections.len() - names.len();
        if hidden > 0 {
            names.push(format!("{hidden} in projects that you may not see"));
        }
        let message = format!("connections lead to {reference}: {}", names.join(", "));
        Ok(Error::conflict(code!("service_in_use"), message, HINT))
    }
}
