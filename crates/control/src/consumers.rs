//! Who uses a connection or a service, and the refusal that names them.
//!
//! A consumer is a live deployment whose descriptor refers to the connection, or an external consumer, which never
//! deploys and so uses its own connections wherever they have values.

use std::collections::{BTreeMap, BTreeSet};

use tieline_core::access::{Permission, Verdict};
use tieline_core::id::{ComponentId, EnvironmentId, ServiceId};
use tieline_core::model::ComponentType;
use tieline_core::wire::connection::ConsumerView;
use tieline_store::connection::Connection;
use tieline_store::tenancy::Environment;

use crate::service::assignment::entry_used;
use crate::work::Work;
use crate::{Error, Result};

/// One consumer, with what decides whether a change touches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Consumer {
    /// Where it uses the connection.
    pub(crate) environment: EnvironmentId,
    /// Which component it is.
    pub(crate) component: ComponentId,
    /// The connection that it uses.
    pub(crate) connection: Connection,
    /// What messages say of it; none when the actor may not see its project.
    pub(crate) view: Option<ConsumerView>,
}

impl Consumer {
    /// A component where it uses a connection; with the handles of its project and itself for who may see them.
    fn of(
        connection: &Connection,
        environment: &Environment,
        component: ComponentId,
        seen: Option<(String, String)>,
        version: Option<String>,
    ) -> Self {
        let view = seen.map(|(project, component)| ConsumerView {
            project,
            component,
            environment: environment.handle.clone(),
            version,
            connection: connection.name.clone(),
        });
        Self { environment: environment.id, component, connection: connection.clone(), view }
    }
}

impl Work<'_> {
    /// Who uses a service, through whichever connection.
    pub(crate) async fn consumers_of_service(&mut self, service: ServiceId) -> Result<Vec<Consumer>> {
        let environments = self.transaction.environments(self.organization.id).await?;
        let connections = self.transaction.connections_of_service(service).await?;
        let connections: BTreeMap<_, _> = connections.into_iter().map(|found| (found.id, found)).collect();
        let mut consumers = Vec::new();
        for found in self.transaction.uses_of_service(service).await? {
            let place = environments.iter().find(|environment| environment.id == found.environment_id);
            let (Some(connection), Some(place)) = (connections.get(&found.connection_id), place) else { continue };
            let visible = self.verdict(Permission::View, Some(found.project_id)) == Verdict::Allowed;
            let seen = visible.then_some((found.project, found.component));
            consumers.push(Consumer::of(connection, place, found.component_id, seen, Some(found.version)));
        }
        for connection in self.transaction.external_connections_of_service(service).await? {
            consumers.extend(self.external_consumers(&connection, &environments).await?);
        }
        Ok(consumers)
    }

    /// Who uses a connection.
    pub(crate) async fn consumers_of_connection(&mut self, connection: &Connection) -> Result<Vec<Consumer>> {
        let environments = self.transaction.environments(self.organization.id).await?;
        let mut consumers = Vec::new();
        for deployment in self.transaction.deployments_using_connection(connection.id).await? {
            let release = self.transaction.release_by_id(deployment.release_id).await?;
            let version = release.map(|release| release.version);
            let place = environments.iter().find(|environment| environment.id == deployment.environment_id);
            consumers.extend(self.consumer(connection, deployment.component_id, place, version).await?);
        }
        if let Some(component) = connection.component_id
            && self.is_external(component).await?
        {
            consumers.extend(self.external_consumers(connection, &environments).await?);
        }
        Ok(consumers)
    }

    /// The external consumer whose own a connection is, wherever the connection works.
    async fn external_consumers(
        &mut self,
        connection: &Connection,
        environments: &[Environment],
    ) -> Result<Vec<Consumer>> {
        let Some(component) = connection.component_id else { return Ok(Vec::new()) };
        let mut consumers = Vec::new();
        for place in self.external_environments(connection, environments).await? {
            consumers.extend(self.consumer(connection, component, Some(place), None).await?);
        }
        Ok(consumers)
    }

    /// How many components use a connection, wherever: also those that the actor may not see, as a refusal counts them.
    pub(crate) async fn consumer_count(&mut self, connection: &Connection) -> Result<usize> {
        let deployments = self.transaction.deployments_using_connection(connection.id).await?;
        let mut components: BTreeSet<_> = deployments.iter().map(|deployment| deployment.component_id).collect();
        if let Some(component) = connection.component_id
            && self.is_external(component).await?
        {
            let environments = self.transaction.environments(self.organization.id).await?;
            if !self.external_environments(connection, &environments).await?.is_empty() {
                components.insert(component);
            }
        }
        Ok(components.len())
    }

    async fn consumer(
        &mut self,
        connection: &Connection,
        id: ComponentId,
        environment: Option<&Environment>,
        version: Option<String>,
    ) -> Result<Option<Consumer>> {
        let (Some(environment), Some(component)) = (environment, self.transaction.component_by_id(id).await?) else {
            return Ok(None);
        };
        let project = self.transaction.project_by_id(component.project_id).await?;
        let visible = self.verdict(Permission::View, Some(component.project_id)) == Verdict::Allowed;
        let seen = project.filter(|_| visible).map(|project| (project.handle, component.handle));
        Ok(Some(Consumer::of(connection, environment, id, seen, version)))
    }

    async fn is_external(&mut self, component: ComponentId) -> Result<bool> {
        let component = self.transaction.component_by_id(component).await?;
        Ok(component.is_some_and(|component| component.component_type == ComponentType::ExternalConsumer))
    }

    /// Where an external consumer's connection works: by subscription for an internal service, else where an endpoint
    /// or credential is assigned.
    async fn external_environments<'e>(
        &mut self,
        connection: &Connection,
        environments: &'e [Environment],
    ) -> Result<Vec<&'e Environment>> {
        let subscribed = self.transaction.subscription_environments(connection.id).await?;
        let entries = self.transaction.entries(connection.service_id).await?;
        let works = |environment: &&Environment| {
            subscribed.contains(&environment.id) || entry_used(&entries, &connection.mapping, environment).is_some()
        };
        Ok(environments.iter().filter(works).collect())
    }
}

/// The refusal that names consumers per environment. `what` begins the sentence, as `the endpoint "live"`.
pub(crate) fn in_use(code: &'static str, what: &str, consumers: &[Consumer], hint: &str) -> Error {
    let hidden = consumers.iter().filter(|consumer| consumer.view.is_none()).count();
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for view in consumers.iter().filter_map(|consumer| consumer.view.as_ref()) {
        let version = view.version.as_ref().map_or_else(|| "external".to_owned(), Clone::clone);
        let line = format!("{}/{} ({version}, connection {:?})", view.project, view.component, view.connection);
        let named = places.entry(&view.environment).or_default();
        if !named.contains(&line) {
            named.push(line);
        }
    }
    let mut parts: Vec<String> =
        places.iter().map(|(environment, named)| format!("in {environment}: {}", named.join(", "))).collect();
    if hidden > 0 {
        parts.push(format!("{hidden} in projects that you may not see"));
    }
    Error::conflict(code, format!("{what} is in use {}", parts.join("; ")), hint)
}
