//! The keys of a connection to a service, whatever the service is.

use tieline_core::kind::{internal_parameters, service_url_parameter};
use tieline_core::model::{AccessMode, Parameter, Scheme, ServiceType};
use tieline_store::service::Service;

/// The keys of a connection to a service. Mode and scheme matter for internal services only; without them the keys are
/// those of Project mode.
pub(crate) fn connection_parameters(
    service: &Service,
    mode: Option<AccessMode>,
    scheme: Option<Scheme>,
) -> Vec<Parameter> {
    match service.service_type {
        ServiceType::Internal => {
            internal_parameters(mode.unwrap_or(AccessMode::Project), scheme.unwrap_or(Scheme::None))
        }
        ServiceType::ThirdParty => {
            let mut parameters = vec![service_url_parameter()];
            parameters.extend(service.parameters.iter().cloned());
            parameters
        }
        ServiceType::Database | ServiceType::Cache | ServiceType::Broker | ServiceType::Storage => {
            service.parameters.clone()
        }
    }
}
