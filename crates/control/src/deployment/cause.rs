//! Why a deployment is refused beside its variables: endpoints, addresses, the kind of component. Each reason is a
//! diagnostic, so that one refusal names all of them.

use std::collections::BTreeMap;

use tieline_core::address::{AddressRules, Network, check};
use tieline_core::code;
use tieline_core::descriptor::model::{Descriptor, Endpoint, Location};
use tieline_core::diagnostic::Diagnostic;
use tieline_core::endpoint::EndpointType;
use tieline_store::tenancy::Environment;

use super::plan::Spot;
use crate::work::{Coming, Work};
use crate::{Error, Result};

impl Work<'_> {
    /// Where each endpoint listens, by endpoint name, and what is wrong with it.
    pub(super) async fn endpoint_addresses(
        &mut self,
        descriptor: &Descriptor,
        given: &BTreeMap<String, String>,
        environment: &Environment,
        problems: &mut Vec<Diagnostic>,
    ) -> Result<BTreeMap<String, String>> {
        let networks: Vec<Network> =
            environment.allowed_addresses.iter().filter_map(|text| Network::parse(text).ok()).collect();
        let settings = self.control.settings();
        let loopback = settings.allow_loopback || self.transaction.organization_count().await? <= 1;
        let rules = AddressRules { allowed: &networks, loopback, own: &settings.listeners };
        let mut addresses = BTreeMap::new();
        for endpoint in &descriptor.endpoints {
            let address = given.get(&endpoint.name).cloned().unwrap_or_else(|| default_address(endpoint));
            let address = address.trim_end_matches('/').to_owned();
            if let Err(reason) = check(&address, &rules) {
                problems.push(diagnostic(
                    code!("address_refused"),
                    format!("the endpoint {:?} cannot listen at {address}: {reason}", endpoint.name),
                    format!("give another with --address {}=URL", endpoint.name),
                    &endpoint.at,
                ));
            }
            addresses.insert(endpoint.name.clone(), address);
        }
        for name in given.keys().filter(|name| !addresses.contains_key(*name)) {
            let names: Vec<_> = addresses.keys().map(String::as_str).collect();
            problems.push(diagnostic(
                code!("endpoint_unknown"),
                format!("--address names the endpoint {name:?}, which the descriptor does not have"),
                if names.is_empty() { "it has none".to_owned() } else { format!("it has {}", names.join(", ")) },
                &Location::default(),
            ));
        }
        Ok(addresses)
    }
}

impl Spot {
    /// What will listen where once a descriptor is deployed here.
    pub(super) fn coming(
        &self,
        descriptor: &Descriptor,
        major: Option<i64>,
        addresses: &BTreeMap<String, String>,
    ) -> Coming {
        let endpoint = |endpoint: &Endpoint| {
            let address = addresses.get(&endpoint.name).cloned().unwrap_or_default();
            (endpoint.name.clone(), address, endpoint.base_path.clone())
        };
        let endpoints = descriptor.endpoints.iter().map(endpoint).collect();
        Coming { component: self.component.id, environment: self.environment.id, major, endpoints }
    }
}

/// Endpoints listen on this machine unless told otherwise.
fn default_address(endpoint: &Endpoint) -> String {
    let scheme = match endpoint.kind {
        EndpointType::REST | EndpointType::GraphQL | EndpointType::GRPC => "http",
        EndpointType::WS => "ws",
        EndpointType::TCP => "tcp",
        EndpointType::UDP => "udp",
    };
    format!("{scheme}://127.0.0.1:{}", endpoint.port)
}

pub(super) fn diagnostic(code: &str, message: String, hint: String, at: &Location) -> Diagnostic {
    Diagnostic { code: code.to_owned(), path: at.path.clone(), line: at.line, column: at.column, message, hint }
}

/// A refusal as a diagnostic of the plan that shows it.
pub(super) fn as_problem(error: Error) -> Result<Diagnostic> {
    match error {
        Error::Refused(refusal) => Ok(diagnostic(refusal.code, refusal.message, refusal.hint, &Location::default())),
        failure => Err(failure),
    }
}
