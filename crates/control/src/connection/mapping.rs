//! The environment mapping of a connection: what it may say, checked once where it is given.

use std::collections::BTreeMap;

use tieline_core::code;
use tieline_core::model::ServiceType;
use tieline_store::service::Service;
use tieline_store::tenancy::Environment;

use crate::work::Work;
use crate::{Error, Result};

impl Work<'_> {
    /// Checks what environments are mapped to, and writes handles and names as they were declared. For an internal
    /// service the target is the provider's environment, for others an endpoint or credential that is assigned there.
    pub(crate) async fn checked_mapping(
        &mut self,
        service: &Service,
        mapping: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>> {
        let mut checked = BTreeMap::new();
        for (handle, target) in mapping {
            let environment = self.environment(handle).await?;
            let target = match service.service_type {
                ServiceType::Internal => self.provider_target(&environment, target).await,
                _ => self.entry_target(service, &environment, target).await,
            };
            checked.insert(environment.handle, target.map_err(|error| error.at(handle).at("mapping"))?);
        }
        Ok(checked)
    }

    async fn provider_target(&mut self, environment: &Environment, target: &str) -> Result<String> {
        let provider = self.environment(target).await?;
        if provider.critical == environment.critical {
            return Ok(provider.handle);
        }
        let word = |environment: &Environment| if environment.critical { "critical" } else { "not critical" };
        Err(Error::invalid(
            code!("mapping_crosses_critical"),
            format!(
                "{} is {} and {} is {}: consumers of one kind never use providers of the other",
                environment.handle,
                word(environment),
                provider.handle,
                word(&provider)
            ),
            "map critical environments to critical ones, and others to others",
        ))
    }

    async fn entry_target(&mut self, service: &Service, environment: &Environment, target: &str) -> Result<String> {
        let entries = self.transaction.entries(service.id).await?;
        let choices = || {
            let assigned = entries.iter().filter(|entry| entry.environments.contains(&environment.id));
            let names: Vec<_> = assigned.map(|entry| entry.name.as_str()).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            format!("choose one of those assigned to {}: {names}", environment.handle)
        };
        let Some(entry) = entries.iter().find(|entry| entry.name.eq_ignore_ascii_case(target)) else {
            return Err(Error::invalid(
                code!("mapping_target_unknown"),
                format!("{} has no endpoint or credential {target:?}", service.reference),
                choices(),
            ));
        };
        if !entry.environments.contains(&environment.id) {
            return Err(Error::invalid(
                code!("mapping_not_assigned"),
                format!("{:?} of {} is not assigned to {}", entry.name, service.reference, environment.handle),
                choices(),
            ));
        }
        Ok(entry.name.clone())
    }
}
