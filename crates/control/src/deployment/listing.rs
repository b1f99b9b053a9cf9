//! How deployments list their endpoints in the marketplace: one service per endpoint and major version, standing for the
//! latest minor that is live, and never taken from under its consumers.

use std::collections::BTreeMap;

use tieline_core::code;
use tieline_core::definition::scopes;
use tieline_core::descriptor::model::{Endpoint, Location};
use tieline_core::diagnostic::Diagnostic;
use tieline_core::id::EnvironmentId;
use tieline_core::route_table::ScopedOperation;
use tieline_core::version::Version;
use tieline_store::deployment::Deployment;
use tieline_store::release::Release;
use tieline_store::service::Service;
use tieline_store::usage::DeployedEndpoint;

use super::cause::{as_problem, diagnostic};
use super::entry::Standing;
use super::facts::{admits, effective_visibilities};
use super::plan::Spot;
use super::source::{Prepared, prepared_again};
use crate::Result;
use crate::consumers::{Consumer, in_use};
use crate::work::Work;

impl Work<'_> {
    /// Why the endpoints of a release cannot take the place of those that the major has now: the default endpoint is
    /// fixed, and nothing is taken from under a consumer.
    pub(super) async fn listing_problems(
        &mut self,
        spot: &Spot,
        prepared: &Prepared,
        (major, version): (i64, &str),
        problems: &mut Vec<Diagnostic>,
    ) -> Result<()> {
        problems.extend(definition_problems(prepared));
        let elsewhere = self.releases_live(spot, major, Some(spot.environment.id)).await?;
        let stands = elsewhere.iter().all(|(_, release)| comparable(&release.version) <= comparable(version));
        for service in self.transaction.services_of_component(spot.component.id, major).await? {
            let Some(endpoint) = &service.endpoint else { continue };
            let consumers = self.consumers_without(spot, &service, stands).await?;
            match prepared.descriptor.endpoints.iter().find(|kept| is_of(&service, kept)) {
                None if endpoint.default => problems.push(diagnostic(
                    code!("default_endpoint_missing"),
                    format!("{:?} is the default endpoint of v{major} and is missing here", endpoint.name),
                    "keep it, or deploy a new major version".to_owned(),
                    &Location::default(),
                )),
                None if !consumers.is_empty() => {
                    let hint = "keep the endpoint until they are gone, or deploy a new major version";
                    let what = format!("the endpoint {:?} would be taken away, and", endpoint.name);
                    problems.push(as_problem(in_use(code!("endpoint_in_use"), &what, &consumers, hint))?);
                }
                Some(kept) if stands => {
                    let visibilities = effective_visibilities(kept);
                    let cut: Vec<_> = consumers
                        .into_iter()
                        .filter(|consumer| !admits(&visibilities, consumer.connection.access_mode))
                        .collect();
                    if !cut.is_empty() {
                        let hint = "keep the visibility until they are gone";
                        let what = format!("a visibility of the endpoint {:?} would be taken away, and", endpoint.name);
                        let refusal = in_use(code!("visibility_in_use"), &what, &cut, hint);
                        let Location { path, line, column } = kept.at.clone();
                        problems.push(Diagnostic { path, line, column, ..as_problem(refusal)? });
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whom it touches when a release does not offer a service any more: everybody, if the marketplace will stand for
    /// that release, else those who are led to what runs in this environment. The component itself is not asked.
    async fn consumers_without(&mut self, spot: &Spot, service: &Service, stands: bool) -> Result<Vec<Consumer>> {
        let mut consumers = self.consumers_of_service(service.id).await?;
        consumers.retain(|consumer| consumer.component != spot.component.id);
        if stands {
            return Ok(consumers);
        }
        let offered = self.transaction.deployed_endpoints_of_service(service.id).await?;
        if !offered.iter().any(|endpoint| endpoint.environment_id == spot.environment.id) {
            return Ok(Vec::new());
        }
        let environments = self.transaction.environments(self.organization.id).await?;
        let mut led_here = Vec::new();
        for consumer in consumers {
            let Some(from) = environments.iter().find(|found| found.id == consumer.environment) else { continue };
            let provider = self.provider_environment(&consumer.connection, from).await?;
            if provider.is_some_and(|provider| provider.id == spot.environment.id) {
                led_here.push(consumer);
            }
        }
        Ok(led_here)
    }

    /// Records where the endpoints of a deployment listen, and brings the marketplace in line. Returns the services.
    pub(super) async fn list_endpoints(
        &mut self,
        spot: &Spot,
        prepared: &Prepared,
        deployment: &Deployment,
        version: &str,
        addresses: &BTreeMap<String, String>,
    ) -> Result<Vec<Service>> {
        let major = deployment.major;
        let present = self.transaction.services_of_component(spot.component.id, major).await?;
        let has_default = present.iter().any(is_default);
        let standing = Standing { project: &spot.project, component: &spot.component, prepared, major, version };
        let mut offered = Vec::new();
        for (index, endpoint) in prepared.descriptor.endpoints.iter().enumerate() {
            let service = match present.iter().find(|service| is_of(service, endpoint)) {
                Some(service) => service.clone(),
                None => {
                    let service = self.new_entry(&standing, endpoint, !has_default && index == 0);
                    self.transaction.service_save(&service).await?;
                    service
                }
            };
            self.transaction
                .deployed_endpoint_insert(&DeployedEndpoint {
                    deployment_id: deployment.id,
                    service_id: service.id,
                    environment_id: spot.environment.id,
                    address: addresses.get(&endpoint.name).cloned().unwrap_or_default(),
                    base_path: endpoint.base_path.clone(),
                    kind: endpoint.kind,
                    visibilities: effective_visibilities(endpoint),
                    operations: scopes_of(prepared, endpoint),
                })
                .await?;
            offered.push(service);
        }
        self.list_major(spot, major).await?;
        Ok(offered)
    }

    /// Brings the entries of a major in line with what is live: they stand for the latest minor that is deployed
    /// anywhere, and what that does not offer is not listed.
    pub(super) async fn list_major(&mut self, spot: &Spot, major: i64) -> Result<()> {
        let latest = self
            .releases_live(spot, major, None)
            .await?
            .into_iter()
            .max_by_key(|(_, release)| comparable(&release.version));
        let stands = match latest {
            Some((_, release)) => Some((prepared_again(&release.source)?, release.version)),
            None => None,
        };
        for service in self.transaction.services_of_component(spot.component.id, major).await? {
            let refreshed = stands.as_ref().and_then(|(prepared, version)| {
                let endpoint = prepared.descriptor.endpoints.iter().find(|endpoint| is_of(&service, endpoint))?;
                let standing =
                    Standing { project: &spot.project, component: &spot.component, prepared, major, version };
                Some(self.refreshed_entry(&standing, endpoint, &service))
            });
            let refreshed = refreshed.unwrap_or_else(|| Service { listed: false, ..service.clone() });
            self.touch_service(service.id);
            if refreshed != service {
                self.transaction.service_save(&Service { updated_at: self.at, ..refreshed }).await?;
            }
        }
        Ok(())
    }

    /// The live deployments of a major with their releases, in the order in which they were made; those of one
    /// environment left out.
    async fn releases_live(
        &mut self,
        spot: &Spot,
        major: i64,
        but: Option<EnvironmentId>,
    ) -> Result<Vec<(Deployment, Release)>> {
        let mut live = Vec::new();
        for environment in self.transaction.environments(self.organization.id).await? {
            if but == Some(environment.id) {
                continue;
            }
            for deployment in self.transaction.deployments_live(spot.component.id, environment.id).await? {
                if deployment.major == major {
                    let release = self.release(&deployment).await?;
                    live.push((deployment, release));
                }
            }
        }
        live.sort_by_key(|(deployment, _)| deployment.sequence);
        Ok(live)
    }
}

fn is_default(service: &Service) -> bool {
    service.endpoint.as_ref().is_some_and(|endpoint| endpoint.default)
}

/// Whether an entry is of an endpoint. Endpoint names differ ignoring case, as every handle in a reference does.
fn is_of(service: &Service, endpoint: &Endpoint) -> bool {
    service.endpoint.as_ref().is_some_and(|found| found.name.eq_ignore_ascii_case(&endpoint.name))
}

/// What versions are compared by; releases have valid ones.
fn comparable(version: &str) -> Option<Version> {
    Version::parse(version).ok()
}

/// The operations of an endpoint if any asks for scopes, as the definition that the release carries says. One that cannot
/// be read was refused before.
fn scopes_of(prepared: &Prepared, endpoint: &Endpoint) -> Vec<ScopedOperation> {
    let text = endpoint.schema_file.as_ref().and_then(|path| prepared.source.definitions.get(path));
    text.and_then(|text| scopes(text.as_bytes()).ok()).unwrap_or_default()
}

/// What of the definitions cannot be read although it decides who may call what.
fn definition_problems(prepared: &Prepared) -> impl Iterator<Item = Diagnostic> {
    prepared.descriptor.endpoints.iter().filter_map(|endpoint| {
        let path = endpoint.schema_file.as_ref()?;
        let reason = scopes(prepared.source.definitions.get(path)?.as_bytes()).err()?;
        Some(diagnostic(
            code!("definition_security_unreadable"),
            format!("{path:?} speaks of security, and cannot be read: {reason}"),
            "correct it, or bundle what it refers to into one file".to_owned(),
            &endpoint.at,
        ))
    })
}
