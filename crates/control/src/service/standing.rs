//! Where a service stands: the environments that it covers, who connects to it, and why the marketplace does not show it.

use tieline_core::wire::service::ServiceStanding;
use tieline_store::service::{Entry, Service};
use tieline_store::tenancy::Environment;

use super::draft::entry_word;
use super::parameters::connection_parameters;
use crate::Result;
use crate::work::Work;

impl Work<'_> {
    /// Where a service stands. How many connect to it is for those who own it.
    pub(super) async fn service_standing(
        &mut self,
        service: &Service,
        environments: &[Environment],
    ) -> Result<ServiceStanding> {
        let entries = self.transaction.entries(service.id).await?;
        let deployed = self.transaction.deployed_endpoints_of_service(service.id).await?;
        let covered = |environment: &&Environment| {
            deployed.iter().any(|endpoint| endpoint.environment_id == environment.id)
                || entries.iter().any(|entry| entry.environments.contains(&environment.id))
        };
        let owned = self.is_owner(service).await;
        let connections = match owned {
            true => Some(self.transaction.connection_count_of_service(service.id).await?),
            false => None,
        };
        Ok(ServiceStanding {
            environments: environments.iter().filter(covered).map(|environment| environment.handle.clone()).collect(),
            owned,
            connections,
            unlisted: unlisted(service, &entries),
        })
    }
}

/// Why the marketplace does not show a service; none when it does.
fn unlisted(service: &Service, entries: &[Entry]) -> Option<String> {
    if service.listed {
        return None;
    }
    if !service.published {
        return Some("it was taken out of the marketplace".to_owned());
    }
    if service.component_id.is_some() {
        return Some("it is deployed nowhere".to_owned());
    }
    let word = entry_word(service.service_type);
    let keys = connection_parameters(service, None, None);
    let missing = entries.iter().map(|entry| {
        let without = keys.iter().filter(|key| !key.optional && !entry.values.contains_key(&key.key));
        (entry, without.map(|key| key.key.as_str()).collect::<Vec<_>>())
    });
    Some(match missing.min_by_key(|(_, without)| without.len()) {
        None => format!("it has no {word} yet"),
        Some((entry, without)) => format!("its {word} {:?} has no value for {}", entry.name, without.join(", ")),
    })
}
