//! Deriving entries of the gateway's table from the model.

use std::collections::BTreeMap;

use tieline_core::endpoint::Visibility;
use tieline_core::id::{ApplicationId, ConnectionId, ServiceId};
use tieline_core::route_table::{ApiKeyEntry, Entry, IssuerEntry, RevocationEntry, RouteEntry, SubscriptionEntry};
use tieline_core::secret::Digest;
use tieline_core::service_url::Route;
use tieline_store::identity_provider::IdentityProvider;
use tieline_store::oauth::Revocation;
use tieline_store::subscription::Subscriber;

use super::{Scope, Standing};
use crate::work::Work;
use crate::{Error, Result};

impl Work<'_> {
    /// The entries of a scope, as the model is now.
    pub(super) async fn derive(&mut self, scope: &Scope) -> Result<Vec<Entry>> {
        match *scope {
            Scope::Routes(service) => self.derive_routes(service).await,
            Scope::Subscriptions(application, service) => self.derive_subscriptions(application, service).await,
            Scope::ApiKeys(connection) => self.derive_api_keys(connection).await,
            Scope::Revocation(ref id) => {
                let found = self.transaction.revocation_by_id(id).await?;
                let found = found.filter(|revocation| revocation.organization_id == self.organization.id);
                let entry = |Revocation { id, until, .. }| Entry::Revocation(RevocationEntry { id, until });
                Ok(found.map(entry).into_iter().collect())
            }
            Scope::Issuer => self.derive_issuer().await,
        }
    }

    /// The issuer that opens the organization's routes beside Tieline's own.
    async fn derive_issuer(&mut self) -> Result<Vec<Entry>> {
        let provider = self.identity_provider().await?;
        let entry = |provider: IdentityProvider| {
            Entry::Issuer(IssuerEntry {
                issuer: provider.issuer,
                organization: Some(self.organization.handle.clone()),
                audience: provider.audience,
                keys: provider.keys,
            })
        };
        Ok(provider.map(entry).into_iter().collect())
    }

    /// What a route carries is judged by what is deployed in its environment; its schemes are the service's.
    async fn derive_routes(&mut self, service: ServiceId) -> Result<Vec<Entry>> {
        let deployed = self.transaction.deployed_endpoints_of_service(service).await?;
        if deployed.is_empty() {
            return Ok(Vec::new());
        }
        let Some(service) = self.transaction.service_by_id(service).await? else { return Ok(Vec::new()) };
        let Some(endpoint) = &service.endpoint else { return Ok(Vec::new()) };
        let (project, component) = self.provider_of(&service).await?;
        let environments = self.transaction.environments(self.organization.id).await?;
        let mut entries = Vec::new();
        for there in deployed {
            let external = there.visibilities.contains(&Visibility::Public);
            let internal = external || there.visibilities.contains(&Visibility::Organization);
            let Some(environment) = environments.iter().find(|found| found.id == there.environment_id) else {
                continue;
            };
            if there.kind.project_only() || !internal {
                continue;
            }
            let route = Route {
                organization: &self.organization.handle,
                environment: &environment.handle,
                project: &project.handle,
                component: &component.handle,
                endpoint: (!endpoint.default).then_some(&endpoint.name),
                major: service.major,
            };
            entries.push(Entry::Route(RouteEntry {
                path: route.path(),
                organization: self.organization.handle.clone(),
                service: service.id,
                reference: service.reference.clone(),
                environment: environment.id,
                environment_handle: environment.handle.clone(),
                address: there.address,
                base_path: there.base_path.trim_end_matches('/').to_owned(),
                protocol: there.kind,
                internal,
                external,
                schemes: service.schemes.clone(),
                operations: there.operations,
                allowed: environment.allowed_addresses.clone(),
            }));
        }
        Ok(entries)
    }

    /// Connections of one application share its clients: their subscriptions to one service are one.
    async fn derive_subscriptions(&mut self, application: ApplicationId, service: ServiceId) -> Result<Vec<Entry>> {
        let found = self.transaction.subscriptions_of_application(application, service).await?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let decisions = self.transaction.decisions(&Subscriber::Application(application), service).await?;
        // A client belongs to one environment of its consumer.
        let mut merged: BTreeMap<_, Vec<(ConnectionId, bool)>> = BTreeMap::new();
        for one in found {
            let place = (one.client, one.consumer_environment_id, one.environment_id);
            merged.entry(place).or_default().push((one.connection_id, one.approval));
        }
        let entries = merged.into_iter().map(|((client, consumer, environment), connections)| {
            let approval = connections.iter().any(|(_, approval)| *approval);
            let standing = Standing::of(&decisions, environment, approval);
            let connection = match connections.as_slice() {
                [(only, _)] => Some(*only),
                _ => None,
            };
            Entry::Subscription(SubscriptionEntry {
                client,
                service,
                environment,
                application,
                consumer,
                connection,
                state: standing.state,
                plan: standing.plan.to_owned(),
            })
        });
        Ok(entries.collect())
    }

    async fn derive_api_keys(&mut self, connection: ConnectionId) -> Result<Vec<Entry>> {
        let keys = self.transaction.subscriptions_of_keys(connection).await?;
        let Some(first) = keys.first() else { return Ok(Vec::new()) };
        let subscriber = first.application_id.map_or(Subscriber::Connection(connection), Subscriber::Application);
        let decisions = self.transaction.decisions(&subscriber, first.service_id).await?;
        let mut entries = Vec::with_capacity(keys.len());
        for key in keys {
            let digest = <[u8; 32]>::try_from(key.digest.as_slice())
                .map_err(|_| Error::Inconsistent(format!("a key of the connection {connection} has no digest")))?;
            let standing = Standing::of(&decisions, key.environment_id, key.approval);
            entries.push(Entry::ApiKey(ApiKeyEntry {
                digest: Digest::from_bytes(digest).to_string(),
                connection,
                application: key.application_id,
                consumer: key.consumer_environment_id,
                component: key.holder,
                service: key.service_id,
                environment: key.environment_id,
                state: standing.state,
                plan: standing.plan.to_owned(),
            }));
        }
        Ok(entries)
    }
}
