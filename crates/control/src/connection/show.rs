//! A connection as it is shown: its state in each environment, with sensitive values masked unless they are revealed to
//! somebody who may read them.

use std::collections::BTreeMap;

use tieline_core::access::{Permission, Verdict};
use tieline_core::model::PinnedValue;
use tieline_core::name::variable_name;
use tieline_core::wire::connection::{ConnectionEnvironmentView, ConnectionView, ParameterView};
use tieline_store::connection::Connection;
use tieline_store::service::Service;
use tieline_store::tenancy::Environment;

use super::values::{ConnectionValues, ParameterValue, Status, ValueState};
use crate::work::Work;
use crate::{Error, Result};

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// Status alone, as in a list.
    Status,
    /// Parameters, sensitive values masked.
    Masked,
    /// Parameters, with the sensitive values that the actor may read.
    Revealed,
}

/// A connection as shown, and where sensitive values were revealed: what the audit must know.
pub(crate) struct Shown {
    pub(crate) view: ConnectionView,
    pub(crate) revealed: Vec<String>,
}

impl Work<'_> {
    /// The service of a connection.
    pub(crate) async fn service_of(&mut self, connection: &Connection) -> Result<Service> {
        let found = self.transaction.service_by_id(connection.service_id).await?;
        found.ok_or_else(|| Error::Inconsistent(format!("the connection {} has no service", connection.id)))
    }

    /// Shows a connection.
    pub(crate) async fn show(&mut self, connection: &Connection, show: Show) -> Result<Shown> {
        let service = self.service_of(connection).await?;
        let (project, component) = self.place_of(connection).await?;
        let mut environments = BTreeMap::new();
        let mut revealed = Vec::new();
        let used = match show {
            Show::Status => Vec::new(),
            Show::Masked | Show::Revealed => self.consumers_of_connection(connection).await?,
        };
        for environment in self.transaction.environments(self.organization.id).await? {
            let values = self.connection_values(connection, &service, &environment, component.as_ref()).await?;
            let reveal = show == Show::Revealed && self.may_read(connection, &environment);
            if reveal && values.parameters.iter().any(is_secret) {
                revealed.push(environment.handle.clone());
            }
            let mut view = self.environment_view(connection, &service, values, show, reveal).await?;
            if show != Show::Status {
                view.rotations = self.rotations_of(connection, &environment).await?;
            }
            for consumer in used.iter().filter(|consumer| consumer.environment == environment.id) {
                match &consumer.view {
                    Some(seen) => view.consumers.push(seen.clone()),
                    None => view.consumers_elsewhere += 1,
                }
            }
            view.subscription = self.standing_of(connection, &service, &environment).await?;
            environments.insert(environment.handle, view);
        }
        let consumers = self.consumer_count(connection).await?;
        let view = ConnectionView {
            id: connection.id,
            name: connection.name.clone(),
            level: connection.level,
            organization: self.organization.handle.clone(),
            project: project.map(|project| project.handle),
            component: component.map(|component| component.handle),
            service: service.reference,
            access_mode: connection.access_mode,
            authentication_scheme: connection.scheme,
            application: connection.application_id,
            description: connection.description.clone(),
            secrets: connection.secrets,
            mapping: connection.mapping.clone(),
            revision: connection.revision,
            created_at: connection.created_at,
            consumers,
            environments,
        };
        Ok(Shown { view, revealed })
    }

    fn may_read(&self, connection: &Connection, environment: &Environment) -> bool {
        let permission = Permission::Secrets { critical: environment.critical };
        self.verdict(permission, connection.project_id) == Verdict::Allowed
    }

    async fn environment_view(
        &mut self,
        connection: &Connection,
        service: &Service,
        values: ConnectionValues,
        show: Show,
        reveal: bool,
    ) -> Result<ConnectionEnvironmentView> {
        let (status, reason) = match values.status {
            Status::Ready => ("ready", None),
            Status::Pending { reason } => ("pending", Some(reason)),
        };
        let missing = || format!("{} is not deployed where this connection leads", service.reference);
        let warning = values.provider_missing.then(missing);
        let mut parameters = None;
        if show != Show::Status {
            let mut views = Vec::with_capacity(values.parameters.len());
            for value in values.parameters {
                views.push(self.parameter_view(connection, value, reveal).await?);
            }
            parameters = Some(views);
        }
        Ok(ConnectionEnvironmentView {
            status: status.to_owned(),
            reason,
            warning,
            subscription: None,
            rotations: Vec::new(),
            consumers: Vec::new(),
            consumers_elsewhere: 0,
            parameters,
        })
    }

    async fn parameter_view(
        &mut self,
        connection: &Connection,
        value: ParameterValue,
        reveal: bool,
    ) -> Result<ParameterView> {
        let secret = is_secret(&value);
        let (value, parameter) = (value.value, value.parameter);
        let (state, value) = match value {
            ValueState::Set(_) | ValueState::AtDeployment if secret && !reveal => ("masked", None),
            ValueState::Set(PinnedValue::Plain(value)) => ("set", Some(value)),
            ValueState::Set(PinnedValue::Sealed(id)) => ("set", Some(self.open_value(id).await?.expose().to_owned())),
            ValueState::AtDeployment => ("masked", None),
            ValueState::Absent | ValueState::Pending(_) => ("pending", None),
        };
        Ok(ParameterView {
            variable: variable_name(&self.organization.variable_prefix, &connection.name, &parameter.key),
            key: parameter.key,
            value,
            state: state.to_owned(),
            sensitive: secret,
            optional: parameter.optional,
        })
    }
}

/// A sealed value is secret, whatever its parameter says by now.
fn is_secret(value: &ParameterValue) -> bool {
    value.parameter.sensitive || matches!(value.value, ValueState::Set(PinnedValue::Sealed(_)))
}
