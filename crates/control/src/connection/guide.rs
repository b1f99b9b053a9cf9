//! The guide of a connection, made by `core` from what is recorded.

use tieline_core::access::Permission;
use tieline_core::guide::{Guided, guide};
use tieline_core::kind::SERVICE_URL;
use tieline_core::model::ComponentType;
use tieline_core::name::variable_name;
use tieline_core::reference::Reference;
use tieline_core::wire::connection::ConnectionGuide;

use super::find::Scope;
use crate::service::parameters::connection_parameters;
use crate::{Actor, Control, Error, Result};

impl Control {
    /// What to put into the descriptor for a connection, and how to use it.
    ///
    /// # Errors
    /// `connection_not_found`, and those of the scope.
    pub async fn connection_guide(
        &self,
        actor: &Actor,
        organization: &str,
        connection: &str,
        scope: Scope<'_>,
    ) -> Result<ConnectionGuide> {
        let mut work = self.read(actor, organization).await?;
        work.require(Permission::View, None)?;
        let connection = work.connection(connection, scope).await?;
        let service = work.service_of(&connection).await?;
        let component = work.place_of(&connection).await?.1;
        let mut parameters = connection_parameters(&service, connection.access_mode, connection.scheme);
        if component.is_some_and(|component| component.component_type == ComponentType::WebApp) {
            parameters.retain(|parameter| parameter.key == SERVICE_URL);
        }
        let prefix = &work.organization.variable_prefix;
        let named = |key: &str| variable_name(prefix, &connection.name, key);
        let parameters: Vec<_> = parameters
            .into_iter()
            .map(|parameter| {
                let variable = named(&parameter.key);
                (parameter, variable)
            })
            .collect();
        let reference = Reference::parse_resource_ref(&service.reference)
            .map_err(|error| Error::Inconsistent(error.to_string()))?;
        Ok(guide(&Guided {
            organization: &work.organization.handle,
            name: &connection.name,
            id: connection.id,
            reference: &reference,
            kind: &service.kind,
            endpoint_type: service.endpoint.as_ref().map(|endpoint| endpoint.kind),
            access: connection.access_mode.zip(connection.scheme),
            parameters: &parameters,
        }))
    }
}
