//! One marketplace entry as a release describes it.

use tieline_core::definition;
use tieline_core::descriptor::model::Endpoint;
use tieline_core::id::ServiceId;
use tieline_core::model::{Scheme, ServiceEndpoint, ServiceType};
use tieline_core::reference::Reference;
use tieline_store::service::Service;
use tieline_store::tenancy::{Component, Project};

use super::facts::effective_visibilities;
use super::source::Prepared;
use crate::work::Work;

/// The release that an entry stands for.
pub(super) struct Standing<'a> {
    pub(super) project: &'a Project,
    pub(super) component: &'a Component,
    pub(super) prepared: &'a Prepared,
    pub(super) major: i64,
    pub(super) version: &'a str,
}

impl Work<'_> {
    /// An endpoint of a component that no release had before.
    pub(super) fn new_entry(&self, standing: &Standing<'_>, endpoint: &Endpoint, default: bool) -> Service {
        let Standing { project, component, prepared, major, version } = *standing;
        let text = endpoint.schema_file.as_ref().and_then(|path| prepared.source.definitions.get(path)).cloned();
        let read = text.as_deref().map(|text| definition::read(text.as_bytes(), endpoint.schema_file.as_deref()));
        let described = read.as_ref().map_or_else(String::new, summary_of);
        let reference = Reference::Service {
            project: Some(project.handle.clone()),
            component: component.handle.clone(),
            major: u32::try_from(major).unwrap_or_default(),
            minor: None,
            endpoint: Some(endpoint.name.clone()),
            visibility: None,
        };
        Service {
            id: ServiceId(self.control.new_id()),
            organization_id: self.organization.id,
            project_id: Some(project.id),
            component_id: Some(component.id),
            service_type: ServiceType::Internal,
            kind: "service".to_owned(),
            reference: reference.to_string(),
            name: format!("{} - {}", component.handle, endpoint.name),
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
            approval: false,
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
        }
    }

    /// An entry brought up to date with the release that it stands for. What the owner wrote stays; a summary that came
    /// from the definition follows the definition.
    pub(super) fn refreshed_entry(&self, standing: &Standing<'_>, endpoint: &Endpoint, before: &Service) -> Service {
        let default = before.endpoint.as_ref().is_some_and(|endpoint| endpoint.default);
        let fresh = self.new_entry(standing, endpoint, default);
        let described = |definition: Option<&str>, path: Option<&str>| {
            definition.map_or_else(String::new, |text| summary_of(&definition::read(text.as_bytes(), path)))
        };
        let own_summary = !before.summary.is_empty() && before.summary != described(before.definition.as_deref(), None);
        let before = before.clone();
        // Names differ ignoring case; the spelling that consumers' addresses hold stays.
        let endpoint = fresh.endpoint.clone().map(|endpoint| ServiceEndpoint {
            name: before.endpoint.map_or(endpoint.name, |before| before.name),
            ..endpoint
        });
        Service {
            id: before.id,
            reference: before.reference,
            name: before.name,
            summary: if own_summary { before.summary } else { fresh.summary.clone() },
            overview: before.overview,
            document: before.document,
            labels: before.labels,
            categories: before.categories,
            schemes: before.schemes,
            approval: before.approval,
            endpoint,
            listed: before.published,
            published: before.published,
            revision: before.revision,
            created_at: before.created_at,
            updated_at: before.updated_at,
            ..fresh
        }
    }
}

/// One line about a definition: its title, else the first line of its description.
fn summary_of(read: &definition::Definition) -> String {
    let text = if read.title.is_empty() { read.description.as_str() } else { read.title.as_str() };
    text.lines().next().unwrap_or_default().chars().take(200).collect()
}
