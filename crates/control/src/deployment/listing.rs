//! How a deployment lists its endpoints in the marketplace: one service per endpoint and major version, refreshed by each
//! redeployment of the latest minor, and never taken from under its consumers.

use std::collections::BTreeMap;

use tieline_core::code;
use tieline_core::definition;
use tieline_core::descriptor::model::{Endpoint, Location};
use tieline_core::diagnostic::Diagnostic;
use tieline_core::id::ServiceId;
use tieline_core::model::{Scheme, ServiceEndpoint, ServiceType};
use tieline_core::reference::Reference;
use tieline_store::deployment::Deployment;
use tieline_store::service::Service;
use tieline_store::usage::DeployedEndpoint;

use super::cause::{as_problem, diagnostic};
use super::facts::{admits, effective_visibilities};
use super::plan::Spot;
use super::source::Prepared;
use crate::Result;
use crate::consumers::in_use;
use crate::work::Work;

impl Work<'_> {
    /// Why the endpoints of a release cannot take the place of those that the major lists now.
    pub(super) async fn listing_problems(
        &mut self,
        spot: &Spot,
        prepared: &Prepared,
        major: i64,
        problems: &mut Vec<Diagnostic>,
    ) -> Result<()> {
        let present = self.transaction.services_of_component(spot.component.id, major).await?;
        for service in present.iter().filter(|service| service.listed) {
            let Some(endpoint) = &service.endpoint else { continue };
            let kept = prepared.descriptor.endpoints.iter().find(|kept| same_endpoint(kept, &endpoint.name));
            let consumers = self.consumers_of_service(service.id).await?;
            let others = |consumer: &&crate::consumers::Consumer| {
                consumer.view.as_ref().is_none_or(|view| {
                    (view.project.as_str(), view.component.as_str())
                        != (spot.project.handle.as_str(), spot.component.handle.as_str())
                })
            };
            let consumers: Vec<_> = consumers.iter().filter(others).cloned().collect();
            match kept {
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
                Some(kept) => {
                    let visibilities = effective_visibilities(kept);
                    let cut: Vec<_> = consumers
                        .into_iter()
                        .filter(|consumer| !admits(&visibilities, consumer.connection.access_mode))
                        .collect();
                    if !cut.is_empty() {
                        let hint = "keep the visibility until they are gone";
                        let what = format!("a visibility of the endpoint {:?} would be taken away, and", endpoint.name);
                        problems.push(as_problem(in_use(code!("visibility_in_use"), &what, &cut, hint))?);
                    }
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Lists the endpoints of a deployment, and records where they listen. Returns the services.
    pub(super) async fn list_endpoints(
        &mut self,
        spot: &Spot,
        prepared: &Prepared,
        deployment: &Deployment,
        version: &str,
        addresses: &BTreeMap<String, String>,
    ) -> Result<Vec<Service>> {
        let present = self.transaction.services_of_component(spot.component.id, deployment.major).await?;
        let has_default = present.iter().any(|service| service.endpoint.as_ref().is_some_and(|found| found.default));
        let latest =
            present.iter().filter(|service| service.listed).all(|service| newer_or_same(version, &service.version));
        let mut listed = Vec::new();
        for (index, endpoint) in prepared.descriptor.endpoints.iter().enumerate() {
            let before = present
                .iter()
                .find(|service| service.endpoint.as_ref().is_some_and(|found| same_endpoint(endpoint, &found.name)));
            let service = match before {
                Some(before) if before.listed && !latest => before.clone(),
                _ => {
                    let default = match before.and_then(|before| before.endpoint.as_ref()) {
                        Some(found) => found.default,
                        None => !has_default && index == 0,
                    };
                    let service = self.entry_of(spot, prepared, endpoint, before, deployment.major, version, default);
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
                })
                .await?;
            listed.push(service);
        }
        if latest {
            let gone = present.into_iter().filter(|service| !listed.iter().any(|kept| kept.id == service.id));
            for mut service in gone.filter(|service| service.listed) {
                service.listed = false;
                service.updated_at = self.at;
                self.transaction.service_save(&service).await?;
            }
        }
        Ok(listed)
    }

    #[expect(clippy::too_many_arguments, reason = "each is a different thing that the entry is made of")]
    fn entry_of(
        &self,
        spot: &Spot,
        prepared: &Prepared,
        endpoint: &Endpoint,
        before: Option<&Service>,
        major: i64,
        version: &str,
        default: bool,
    ) -> Service {
        let text = endpoint.schema_file.as_ref().and_then(|path| prepared.source.definitions.get(path)).cloned();
        let read = text.as_deref().map(|text| definition::read(text.as_bytes(), endpoint.schema_file.as_deref()));
        let described = read.as_ref().map_or_else(String::new, summary_of);
        let reference = Reference::Service {
            project: Some(spot.project.handle.clone()),
            component: spot.component.handle.clone(),
            major: u32::try_from(major).unwrap_or_default(),
            minor: None,
            endpoint: Some(endpoint.name.clone()),
            visibility: None,
        };
        let fresh = Service {
            id: ServiceId(self.control.new_id()),
            organization_id: self.organization.id,
            project_id: Some(spot.project.id),
            component_id: Some(spot.component.id),
            service_type: ServiceType::Internal,
            kind: "service".to_owned(),
            reference: reference.to_string(),
            name: format!("{} - {}", spot.component.handle, endpoint.name),
            major,
            version: version.to_owned(),
            summary: described.clone(),
            overview: String::new(),
            document: String::new(),
            labels: Vec::new(),
            categories: Vec::new(),
            definition_kind: read.as_ref().map_or_else(String::new, |read| read.kind.as_str().to_owned()),
            definition: text,
            parameters: Vec::new(),
            schemes: vec![Scheme::OAuth2, Scheme::ApiKey],
            visibilities: effective_visibilities(endpoint),
            endpoint: Some(ServiceEndpoint {
                name: endpoint.name.clone(),
                kind: endpoint.kind,
                port: endpoint.port,
                base_path: endpoint.base_path.clone(),
                default,
            }),
            published: true,
            listed: true,
            revision: 1,
            created_at: self.at,
            updated_at: self.at,
        };
        let Some(before) = before.cloned() else { return fresh };
        // What the owner wrote stays; a summary that came from the definition follows the definition.
        let former = before.definition.as_deref().map(|text| summary_of(&definition::read(text.as_bytes(), None)));
        let own_summary = !before.summary.is_empty() && former.as_ref() != Some(&before.summary);
        Service {
            id: before.id,
            summary: if own_summary { before.summary } else { described },
            overview: before.overview,
            document: before.document,
            labels: before.labels,
            categories: before.categories,
            schemes: before.schemes,
            listed: before.published,
            published: before.published,
            created_at: before.created_at,
            ..fresh
        }
    }
}

/// Endpoint names differ ignoring case, as every handle in a reference does.
fn same_endpoint(endpoint: &Endpoint, name: &str) -> bool {
    endpoint.name.eq_ignore_ascii_case(name)
}

/// One line about a definition: its title, else the first line of its description.
fn summary_of(read: &definition::Definition) -> String {
    let text = if read.title.is_empty() { read.description.as_str() } else { read.title.as_str() };
    text.lines().next().unwrap_or_default().chars().take(200).collect()
}

/// Versions compare number by number; missing ones count as zero.
fn newer_or_same(version: &str, than: &str) -> bool {
    let numbers = |text: &str| -> Vec<u64> {
        let mut numbers: Vec<u64> =
            text.trim_start_matches(['v', 'V']).split('.').map(|part| part.parse().unwrap_or(0)).collect();
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        numbers
    };
    numbers(version) >= numbers(than)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        for (version, than, expect) in [
            ("v1.0", "v1", true),
            ("v1", "v1.0.0", true),
            ("v1.9", "v1.10", false),
            ("v1.10", "v1.9", true),
            ("v1.0.1", "v1.0", true),
        ] {
            assert_eq!(newer_or_same(version, than), expect, "{version} {than}");
        }
    }
}
