//! What resolution needs to know: the connections that a descriptor refers to, with their values in one environment.

use tieline_core::code;
use tieline_core::descriptor::model::{Descriptor, EnvSource};
use tieline_core::endpoint::Visibility;
use tieline_core::id::ConnectionId;
use tieline_core::model::{AccessMode, ServiceType};
use tieline_core::name::variable_part;
use tieline_core::reference::{Reference, endpoint_id};
use tieline_core::resolve::{self, Remark, Target};
use tieline_core::route_table::SubscriptionState;
use tieline_store::connection::Connection;
use tieline_store::service::Service;
use tieline_store::tenancy::{Component, Environment};

use crate::connection::values::{ConnectionValues, ValueState};
use crate::work::Work;
use crate::{Error, Result};

impl Work<'_> {
    /// The connections that a descriptor refers to and that its component may use.
    pub(super) async fn connections_referred(
        &mut self,
        component: &Component,
        descriptor: &Descriptor,
    ) -> Result<Vec<Connection>> {
        let named = descriptor.connection_references.iter().map(|reference| reference.name.as_str());
        let renamed = descriptor.env.iter().filter_map(|entry| match &entry.source {
            EnvSource::ConnectionRef { name, .. } => Some(name.as_str()),
            _ => None,
        });
        let mut parts: Vec<String> = named.chain(renamed).map(variable_part).collect();
        parts.sort_unstable();
        parts.dedup();
        let (organization, project) = (self.organization.id, component.project_id);
        let mut found: Vec<Connection> = Vec::new();
        for part in parts {
            found.extend(
                self.transaction.connections_named(organization, Some(project), Some(component.id), &part).await?,
            );
        }
        for reference in &descriptor.service_references {
            let id = ConnectionId(reference.connection_id);
            if found.iter().any(|connection| connection.id == id) {
                continue;
            }
            let connection = self.transaction.connection_by_id(id).await?;
            found.extend(connection.filter(|connection| usable(connection, component)));
        }
        Ok(found)
    }

    /// The facts of connections in one environment.
    pub(super) async fn facts(
        &mut self,
        connections: &[Connection],
        component: &Component,
        environment: &Environment,
    ) -> Result<Vec<resolve::Connection>> {
        let mut facts = Vec::with_capacity(connections.len());
        for connection in connections {
            let service = self.transaction.service_by_id(connection.service_id).await?.ok_or_else(|| {
                Error::Inconsistent(format!("the service of the connection {} is gone", connection.id))
            })?;
            let values = self.connection_values(connection, &service, environment, Some(component)).await?;
            let target = self.target(&service).await?;
            let remarks = self.remarks(connection, &service, environment, &values).await?;
            facts.push(resolve::Connection {
                id: connection.id,
                name: connection.name.clone(),
                target,
                access_mode: connection.access_mode,
                remarks,
                parameters: parameters(values),
            });
        }
        Ok(facts)
    }

    /// What a deployment that uses a connection should know, and is not refused for.
    async fn remarks(
        &mut self,
        connection: &Connection,
        service: &Service,
        environment: &Environment,
        values: &ConnectionValues,
    ) -> Result<Vec<Remark>> {
        let mut remarks = Vec::new();
        if values.provider_missing {
            remarks.push(Remark {
                code: code!("provider_not_deployed"),
                message: format!(
                    "{} is not deployed where the connection {:?} leads",
                    service.reference, connection.name
                ),
                hint: "it works as soon as the provider is there".to_owned(),
            });
        }
        let standing = self.standing_of(connection, service, environment).await?;
        if let Some(standing) = standing.filter(|standing| standing.state != SubscriptionState::Live) {
            let (code, what) = match standing.state {
                SubscriptionState::Refused => (code!("subscription_refused"), "refused"),
                SubscriptionState::Blocked => (code!("subscription_blocked"), "blocked"),
                SubscriptionState::Pending | SubscriptionState::Live => {
                    (code!("subscription_pending"), "have not approved")
                }
            };
            let reason = standing.reason.filter(|reason| !reason.is_empty());
            remarks.push(Remark {
                code,
                message: format!(
                    "the owners of {} {what} calls of the connection {:?}{}",
                    service.reference,
                    connection.name,
                    reason.map_or_else(String::new, |reason| format!(": {reason}"))
                ),
                hint: "the gateway answers 403 until an administrator of its project lets it call".to_owned(),
            });
        }
        Ok(remarks)
    }

    async fn target(&mut self, service: &Service) -> Result<Target> {
        let unreadable = || Error::Inconsistent(format!("{} is no reference", service.reference));
        if service.service_type == ServiceType::Internal {
            let (Some(endpoint), Some(component)) = (&service.endpoint, service.component_id) else {
                return Err(unreadable());
            };
            let siblings = self.transaction.services_of_component(component, service.major).await?;
            let Ok(Reference::Service { project: Some(project), component, major, .. }) =
                Reference::parse_resource_ref(&service.reference)
            else {
                return Err(unreadable());
            };
            return Ok(Target::Internal {
                project,
                component,
                major,
                endpoint: endpoint.name.clone(),
                endpoint_id: endpoint_id(endpoint.port, endpoint.kind, &endpoint.base_path),
                default: endpoint.default,
                endpoints: siblings.iter().filter(|sibling| sibling.listed).count(),
            });
        }
        match Reference::parse_resource_ref(&service.reference) {
            Ok(Reference::ThirdParty { name, major, .. }) => Ok(Target::ThirdParty { name, major }),
            Ok(Reference::Resource { scheme, server, name }) => Ok(Target::Resource { scheme, server, name }),
            _ => Err(unreadable()),
        }
    }
}

/// Whether a component may refer to a connection; one that it may not is as if it did not exist.
fn usable(connection: &Connection, component: &Component) -> bool {
    connection.organization_id == component.organization_id
        && connection.project_id.is_none_or(|project| project == component.project_id)
        && connection.component_id.is_none_or(|owner| owner == component.id)
}

fn parameters(values: ConnectionValues) -> Vec<resolve::Parameter> {
    let state = |value| match value {
        ValueState::Set(value) => resolve::ValueState::Set(value),
        ValueState::AtDeployment => resolve::ValueState::AtDeployment,
        ValueState::Absent => resolve::ValueState::Absent,
        ValueState::Pending(reason) => resolve::ValueState::Pending(reason),
    };
    let parameter = |value: crate::connection::values::ParameterValue| resolve::Parameter {
        key: value.parameter.key,
        sensitive: value.parameter.sensitive,
        value: state(value.value),
    };
    values.parameters.into_iter().map(parameter).collect()
}

/// What an endpoint's declared visibilities come to: GRPC, TCP and UDP are reached inside the project only.
pub(super) fn effective_visibilities(endpoint: &tieline_core::descriptor::model::Endpoint) -> Vec<Visibility> {
    if endpoint.kind.project_only() {
        return vec![Visibility::Project];
    }
    let mut visibilities = endpoint.visibilities.clone();
    visibilities.sort_unstable();
    visibilities.dedup();
    visibilities
}

/// Whether a connection's access mode is still admitted.
pub(super) fn admits(visibilities: &[Visibility], mode: Option<AccessMode>) -> bool {
    mode.is_none_or(|mode| visibilities.contains(&mode.visibility()))
}
