//! What each parameter of a connection is in one environment, or what it waits for. Reads only: keys are minted
//! elsewhere, and nothing here opens a secret.

use std::collections::BTreeMap;

use tieline_core::format::command_word;
use tieline_core::id::ComponentId;
use tieline_core::kind::{CHOREO_API_KEY, CONSUMER_KEY, CONSUMER_SECRET, SERVICE_URL, TOKEN_URL};
use tieline_core::model::{AccessMode, ComponentType, Parameter, PinnedValue, Secrets, ServiceType};
use tieline_core::service_url::{Route, direct_url, gateway_url};
use tieline_store::connection::Connection;
use tieline_store::key::Key;
use tieline_store::service::{Entry, Service};
use tieline_store::tenancy::{Component, Environment, Project};

use crate::service::assignment::entry_used;
use crate::service::parameters::connection_parameters;
use crate::work::Work;
use crate::{Error, Result};

/// A connection in one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConnectionValues {
    /// Whether every parameter that must have a value has one.
    pub(crate) status: Status,
    /// An organization or public connection whose provider is not deployed where it leads: a warning, no more, so that
    /// two components can depend on each other.
    pub(crate) provider_missing: bool,
    /// Every parameter that the holder gets.
    pub(crate) parameters: Vec<ParameterValue>,
}

/// Whether a connection can be used in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Status {
    /// It can.
    Ready,
    /// Something is missing, and the reason says what mends it. It becomes ready by itself when that arrives.
    Pending {
        /// What is missing.
        reason: String,
    },
}

/// One parameter with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParameterValue {
    /// The parameter.
    pub(crate) parameter: Parameter,
    /// Its value.
    pub(crate) value: ValueState,
}

/// What is known of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ValueState {
    /// It is settled.
    Set(PinnedValue),
    /// A secret that each component gets for itself, when it is first deployed.
    AtDeployment,
    /// It is optional, and has no value.
    Absent,
    /// It waits for something.
    Pending(String),
}

impl Work<'_> {
    /// The values of a connection in an environment, as `holder` gets them; at component level the holder is the
    /// connection's own component.
    pub(crate) async fn connection_values(
        &mut self,
        connection: &Connection,
        service: &Service,
        environment: &Environment,
        holder: Option<&Component>,
    ) -> Result<ConnectionValues> {
        let own = match (holder, connection.component_id) {
            (None, Some(id)) => self.transaction.component_by_id(id).await?,
            _ => None,
        };
        let holder = holder.or(own.as_ref());
        let mut parameters = connection_parameters(service, connection.access_mode, connection.scheme);
        if holder.is_some_and(|component| component.component_type == ComponentType::WebApp) {
            parameters.retain(|parameter| parameter.key == SERVICE_URL);
        }
        let (provider_missing, parameters) = match service.service_type {
            ServiceType::Internal => {
                let holder = holder.map(|component| component.id);
                self.internal_values(connection, service, environment, holder, parameters).await?
            }
            _ => (false, self.entry_values(connection, service, environment, parameters).await?),
        };
        let waits = parameters.iter().find_map(|parameter| match &parameter.value {
            ValueState::Pending(reason) => Some(reason.clone()),
            _ => None,
        });
        let status = waits.map_or(Status::Ready, |reason| Status::Pending { reason });
        Ok(ConnectionValues { status, provider_missing, parameters })
    }

    /// The provider's environment that a connection to an internal service leads to: the mapped one, else the same one.
    pub(crate) async fn provider_environment(
        &mut self,
        connection: &Connection,
        environment: &Environment,
    ) -> Result<Option<Environment>> {
        match mapped(connection, environment) {
            None => Ok(Some(environment.clone())),
            Some(handle) => Ok(self.transaction.environment_by_handle(self.organization.id, handle).await?),
        }
    }

    async fn internal_values(
        &mut self,
        connection: &Connection,
        service: &Service,
        environment: &Environment,
        holder: Option<ComponentId>,
        parameters: Vec<Parameter>,
    ) -> Result<(bool, Vec<ParameterValue>)> {
        let Some(provider) = self.provider_environment(connection, environment).await? else {
            let reason = format!(
                "{:?} is mapped to an environment that is gone; choose another with `{}`",
                environment.handle,
                map_command(connection, environment, "ENVIRONMENT")
            );
            let waits = |parameter| ParameterValue { parameter, value: ValueState::Pending(reason.clone()) };
            return Ok((false, parameters.into_iter().map(waits).collect()));
        };
        let there = match self.coming.as_ref().and_then(|coming| coming.of(service, provider.id)) {
            Some(there) => Some(there),
            None => {
                let deployed = self.transaction.deployed_endpoints_of_service(service.id).await?;
                let there = deployed.into_iter().find(|endpoint| endpoint.environment_id == provider.id);
                there.map(|endpoint| (endpoint.address, endpoint.base_path))
            }
        };
        let direct = connection.access_mode == Some(AccessMode::Project);
        let missing = there.is_none();
        let address = there.filter(|_| direct);
        let mut values = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            let value = match parameter.key.as_str() {
                SERVICE_URL => self.service_url(connection, service, &provider, address.as_ref()).await?,
                TOKEN_URL => plain(self.token_url().await?),
                CONSUMER_KEY => match self.client_id(connection, environment).await? {
                    Some(client) => self.client_presented(&client).await?.map_or_else(ValueState::Pending, plain),
                    None => unminted(),
                },
                CONSUMER_SECRET => match self.client_id(connection, environment).await? {
                    Some(client) => match self.client_presented(&client).await? {
                        Ok(_) => key_value(connection, holder, self.transaction.client_secrets(&client).await?),
                        Err(reason) => ValueState::Pending(reason),
                    },
                    None => unminted(),
                },
                CHOREO_API_KEY => {
                    let keys = self.transaction.api_keys(connection.id, environment.id).await?;
                    key_value(connection, holder, keys)
                }
                other => return Err(Error::Inconsistent(format!("an internal service has no parameter {other}"))),
            };
            values.push(ParameterValue { parameter, value });
        }
        Ok((missing && !direct, values))
    }

    async fn service_url(
        &mut self,
        connection: &Connection,
        service: &Service,
        provider: &Environment,
        address: Option<&(String, String)>,
    ) -> Result<ValueState> {
        let incomplete = || Error::Inconsistent(format!("the service {} has no endpoint", service.id));
        let endpoint = service.endpoint.as_ref().ok_or_else(incomplete)?;
        let settings = &self.control.settings;
        let base = match connection.access_mode {
            Some(AccessMode::Organization) => &settings.gateway_internal_url,
            Some(AccessMode::Public) => &settings.gateway_external_url,
            Some(AccessMode::Project) | None => {
                return Ok(match address {
                    Some((address, base_path)) => plain(direct_url(address, base_path, endpoint.kind)),
                    None => {
                        let (project, component) = self.provider_of(service).await?;
                        ValueState::Pending(format!(
                            "{} is not deployed in {environment}; deploy it there: `tieline deploy --project {} \
                             --component {} --env {environment} --version {}`",
                            service.reference,
                            project.handle,
                            component.handle,
                            service.version,
                            environment = provider.handle,
                        ))
                    }
                });
            }
        };
        let (project, component) = self.provider_of(service).await?;
        let route = Route {
            organization: &self.organization.handle,
            environment: &provider.handle,
            project: &project.handle,
            component: &component.handle,
            endpoint: (!endpoint.default).then_some(&endpoint.name),
            major: service.major,
        };
        Ok(plain(gateway_url(base, &route, endpoint.kind)))
    }

    /// The component that offers an internal service, with its project.
    pub(crate) async fn provider_of(&mut self, service: &Service) -> Result<(Project, Component)> {
        let gone = || Error::Inconsistent(format!("the service {} has no provider", service.id));
        let component = service.component_id.ok_or_else(gone)?;
        let component = self.transaction.component_by_id(component).await?.ok_or_else(gone)?;
        let project = self.transaction.project_by_id(component.project_id).await?.ok_or_else(gone)?;
        Ok((project, component))
    }

    async fn client_id(&mut self, connection: &Connection, environment: &Environment) -> Result<Option<String>> {
        match connection.application_id {
            Some(application) => Ok(self.transaction.client_id(application, environment.id).await?),
            None => Ok(None),
        }
    }

    async fn entry_values(
        &mut self,
        connection: &Connection,
        service: &Service,
        environment: &Environment,
        parameters: Vec<Parameter>,
    ) -> Result<Vec<ParameterValue>> {
        let entries = self.transaction.entries(service.id).await?;
        let used = entry_used(&entries, &connection.mapping, environment);
        let reason = || not_assigned(connection, service, environment, &entries);
        let value = |parameter: Parameter| {
            let value = match used {
                None => ValueState::Pending(reason()),
                Some(entry) => match entry.values.get(&parameter.key) {
                    Some(value) => ValueState::Set(value.clone()),
                    None if parameter.optional => ValueState::Absent,
                    None => ValueState::Pending(format!(
                        "{:?} of {} has no value for {}; {}",
                        entry.name,
                        service.reference,
                        parameter.key,
                        register(service)
                    )),
                },
            };
            ParameterValue { parameter, value }
        };
        Ok(parameters.into_iter().map(value).collect())
    }
}

/// What a connection's mapping says of an environment.
pub(crate) fn mapped<'a>(connection: &'a Connection, environment: &Environment) -> Option<&'a str> {
    mapped_in(&connection.mapping, environment)
}

/// As [`mapped`], for the mapping alone.
pub(crate) fn mapped_in<'a>(mapping: &'a BTreeMap<String, String>, environment: &Environment) -> Option<&'a str> {
    let here = |handle: &str| handle.eq_ignore_ascii_case(&environment.handle);
    mapping.iter().find(|(handle, _)| here(handle)).map(|(_, target)| target.as_str())
}

fn plain(value: String) -> ValueState {
    ValueState::Set(PinnedValue::Plain(value))
}

fn unminted() -> ValueState {
    ValueState::Pending("its keys in this environment are not minted yet".to_owned())
}

/// The youngest key that the holder may have.
fn key_value(connection: &Connection, holder: Option<ComponentId>, keys: Vec<Key>) -> ValueState {
    let of = match connection.secrets {
        Secrets::Shared => None,
        Secrets::PerComponent => holder,
    };
    let shared = connection.secrets == Secrets::Shared;
    let found = keys.into_iter().find(|key| key.holder == of && (shared || of.is_some()));
    match found {
        Some(key) => ValueState::Set(PinnedValue::Sealed(key.sealed_version_id)),
        None if shared => unminted(),
        None => ValueState::AtDeployment,
    }
}

fn not_assigned(connection: &Connection, service: &Service, environment: &Environment, entries: &[Entry]) -> String {
    let handle = &environment.handle;
    let assigned: Vec<_> = entries
        .iter()
        .filter(|entry| entry.environments.contains(&environment.id))
        .map(|entry| entry.name.as_str())
        .collect();
    match (assigned.as_slice(), mapped(connection, environment)) {
        ([], _) => format!("{} has nothing assigned to {handle}; {}", service.reference, register(service)),
        ([first, ..], Some(chosen)) => format!(
            "{chosen:?} of {} is not assigned to {handle}; choose with `{}`",
            service.reference,
            map_command(connection, environment, first)
        ),
        ([first, ..], None) => format!(
            "{} has several for {handle}: {}; choose with `{}`",
            service.reference,
            assigned.join(", "),
            map_command(connection, environment, first)
        ),
    }
}

fn map_command(connection: &Connection, environment: &Environment, target: &str) -> String {
    let map = command_word(&format!("{}={target}", environment.handle));
    format!("tieline connection update {} --map {map}", connection.id)
}

fn register(service: &Service) -> &'static str {
    match service.service_type {
        ServiceType::ThirdParty => "add it to the registration: `tieline service register --file SERVICE.yaml`",
        _ => "add it to the registration: `tieline resource register --file RESOURCE.yaml`",
    }
}
