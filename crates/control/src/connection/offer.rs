//! What may be chosen for a connection to a service at a place, before anything else of it is known.

use tieline_core::kind::SERVICE_URL;
use tieline_core::model::{Level, PinnedValue, ServiceType};
use tieline_core::wire::offer::{ConnectionOffer, OfferedEnvironment, OfferedMode, OfferedScheme, OfferedTarget};
use tieline_store::service::{Entry, Service};
use tieline_store::tenancy::Environment;

use super::create::offered;
use super::find::Scope;
use crate::service::assignment::entry_used;
use crate::work::Work;
use crate::{Actor, Control, Result};

/// The keys that say where an endpoint or credential leads.
const ADDRESSES: [&str; 3] = [SERVICE_URL, "HostName", "Endpoint"];

impl Control {
    /// What a service offers to a connection of a place: access modes and schemes, with the reason why others are not
    /// offered, and what each environment may lead to. For whoever may make the connection.
    ///
    /// # Errors
    /// `forbidden`, `scope_missing`, `service_not_found`, `service_not_listed`, `service_not_usable_here`,
    /// `web_app_without_url`, and those of the scope.
    pub async fn connection_offer(
        &self,
        actor: &Actor,
        organization: &str,
        service: &str,
        scope: Scope<'_>,
        level: Option<Level>,
    ) -> Result<ConnectionOffer> {
        let mut work = self.read(actor, organization).await?;
        let place = work.connection_place(scope, level).await?;
        work.require_connect(place.level, place.project.as_ref())?;
        let service = work.connectable(service, &place).await?;
        let mut answer = ConnectionOffer {
            service: service.reference.clone(),
            name: service.name.clone(),
            level: place.level,
            access_mode: None,
            authentication_scheme: None,
            modes: Vec::new(),
            environments: work.targets(&service).await?,
        };
        if service.service_type == ServiceType::Internal {
            let offer = offered(&service, &place)?;
            (answer.access_mode, answer.authentication_scheme) = offer.choose(None, None).ok().unzip();
            answer.modes = offer.modes.into_iter().map(mode).collect();
        }
        Ok(answer)
    }

    /// What each environment of a connection may lead to, also when its service takes no new connections. For whoever may
    /// change the connection.
    ///
    /// # Errors
    /// `connection_not_found`, `forbidden`, and those of the scope.
    pub async fn connection_targets(
        &self,
        actor: &Actor,
        organization: &str,
        connection: &str,
        scope: Scope<'_>,
    ) -> Result<Vec<OfferedEnvironment>> {
        let mut work = self.read(actor, organization).await?;
        let connection = work.connection(connection, scope).await?;
        let project = work.place_of(&connection).await?.0;
        work.require_connect(connection.level, project.as_ref())?;
        let service = work.service_of(&connection).await?;
        work.targets(&service).await
    }
}

impl Work<'_> {
    /// What each environment may lead to, in the order of promotion: an endpoint or credential, or the environment of the
    /// provider.
    async fn targets(&mut self, service: &Service) -> Result<Vec<OfferedEnvironment>> {
        let environments = self.transaction.environments(self.organization.id).await?;
        let entries = self.transaction.entries(service.id).await?;
        let internal = service.service_type == ServiceType::Internal;
        let of = |environment: &Environment| {
            let (targets, used) = if internal {
                let same = environments.iter().filter(|other| other.critical == environment.critical);
                let targets = same.map(|other| OfferedTarget { name: other.handle.clone(), address: None });
                (targets.collect(), Some(environment.handle.clone()))
            } else {
                let assigned = entries.iter().filter(|entry| entry.environments.contains(&environment.id));
                let used = entry_used(&entries, &std::collections::BTreeMap::new(), environment);
                (assigned.map(target).collect(), used.map(|entry| entry.name.clone()))
            };
            OfferedEnvironment { environment: environment.handle.clone(), targets, used }
        };
        Ok(environments.iter().map(of).collect())
    }
}

fn target(entry: &Entry) -> OfferedTarget {
    let address = ADDRESSES.iter().find_map(|key| match entry.values.get(*key) {
        Some(PinnedValue::Plain(address)) => Some(address.clone()),
        Some(PinnedValue::Sealed(_)) | None => None,
    });
    OfferedTarget { name: entry.name.clone(), address }
}

fn mode(offer: tieline_core::offer::ModeOffer) -> OfferedMode {
    let scheme =
        |offer: tieline_core::offer::SchemeOffer| OfferedScheme { scheme: offer.scheme, refused: offer.refused };
    OfferedMode { mode: offer.mode, refused: offer.refused, schemes: offer.schemes.into_iter().map(scheme).collect() }
}
