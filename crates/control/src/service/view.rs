//! Showing services: as entries of a list, and with everything that `service view` shows.

use tieline_core::definition;
use tieline_core::endpoint::Visibility;
use tieline_core::kind::internal_parameters;
use tieline_core::model::{AccessMode, Parameter, PinnedValue, Scheme};
use tieline_core::wire::service::{EntryView, ServiceDetail, ServiceView};
use tieline_store::service::{Entry, Service};
use tieline_store::tenancy::{Environment, Project};

use super::parameters::connection_parameters;
use crate::work::Work;
use crate::{Actor, Control, Result};

impl Control {
    /// One service with all that is known of it. A reference without project means `project`.
    ///
    /// # Errors
    /// `service_not_found`, `reference_invalid`, `reference_incomplete`, `project_not_found`.
    pub async fn service_view(
        &self,
        actor: &Actor,
        organization: &str,
        reference: &str,
        project: Option<&str>,
    ) -> Result<ServiceView> {
        let mut work = self.read(actor, organization).await?;
        let own = work.own_project(project).await?;
        let service = work.service_find(reference, own.as_ref()).await?;
        work.service_detailed(&service).await
    }
}

impl Work<'_> {
    /// The project that references without one mean, if it was given.
    pub(crate) async fn own_project(&mut self, handle: Option<&str>) -> Result<Option<Project>> {
        Ok(match handle {
            Some(handle) => Some(self.project(handle).await?),
            None => None,
        })
    }

    /// A service as a list shows it.
    pub(super) async fn service_brief(&mut self, service: &Service, projects: &[Project]) -> Result<ServiceView> {
        let component = match service.component_id {
            Some(id) => self.transaction.component_by_id(id).await?.map(|component| component.handle),
            None => None,
        };
        let project = projects.iter().find(|project| Some(project.id) == service.project_id);
        Ok(ServiceView {
            reference: service.reference.clone(),
            name: service.name.clone(),
            service_type: service.service_type,
            kind: service.kind.clone(),
            version: service.version.clone(),
            project: project.map(|project| project.handle.clone()),
            component,
            endpoint: service.endpoint.as_ref().map(|endpoint| endpoint.name.clone()),
            endpoint_type: service.endpoint.as_ref().map(|endpoint| endpoint.kind),
            visibilities: service.visibilities.clone(),
            schemes: service.schemes.clone(),
            approval: service.approval,
            summary: service.summary.clone(),
            labels: service.labels.clone(),
            categories: service.categories.clone(),
            definition_type: Some(service.definition_kind.clone()).filter(|kind| !kind.is_empty()),
            published: service.published,
            listed: service.listed,
            revision: service.revision,
            updated_at: service.updated_at,
            standing: None,
            detail: None,
        })
    }

    /// A service with all that is known of it; its entries only for those who own it.
    pub(super) async fn service_detailed(&mut self, service: &Service) -> Result<ServiceView> {
        let projects: Vec<Project> = self.project_of(service).await?.into_iter().collect();
        let environments = self.transaction.environments(self.organization.id).await?;
        let operations = service.definition.as_ref().map(|text| definition::read(text.as_bytes(), None).operations);
        let parameters = shown_parameters(service);
        let entries =
            if self.is_owner(service).await { self.transaction.entries(service.id).await? } else { Vec::new() };
        let detail = ServiceDetail {
            overview: service.overview.clone(),
            document: service.document.clone(),
            definition: service.definition.clone(),
            operations: operations.unwrap_or_default(),
            entries: entries.iter().map(|entry| entry_view(entry, &parameters, &environments)).collect(),
            parameters,
        };
        let standing = self.service_standing(service, &environments).await?;
        let brief = self.service_brief(service, &projects).await?;
        Ok(ServiceView { standing: Some(standing), detail: Some(detail), ..brief })
    }
}

/// The keys of a connection to a service: for an internal one of its default scheme, through the gateway if it may.
fn shown_parameters(service: &Service) -> Vec<Parameter> {
    if service.component_id.is_none() {
        return connection_parameters(service, None, None);
    }
    let beyond = service.visibilities.iter().copied().filter(|visibility| *visibility != Visibility::Project).min();
    let scheme = Scheme::ALL.iter().copied().find(|scheme| service.schemes.contains(scheme));
    let mode = beyond.map_or(AccessMode::Project, AccessMode::from);
    internal_parameters(mode, scheme.unwrap_or(Scheme::None))
}

fn entry_view(entry: &Entry, parameters: &[Parameter], environments: &[Environment]) -> EntryView {
    let secret = |key: &str| parameters.iter().any(|parameter| parameter.key == key && parameter.sensitive);
    let values = entry.values.iter().map(|(key, value)| {
        let shown = match value {
            PinnedValue::Plain(text) if !secret(key) => Some(text.clone()),
            PinnedValue::Plain(_) | PinnedValue::Sealed(_) => None,
        };
        (key.clone(), shown)
    });
    let assigned = environments.iter().filter(|environment| entry.environments.contains(&environment.id));
    EntryView {
        name: entry.name.clone(),
        environments: assigned.map(|environment| environment.handle.clone()).collect(),
        values: values.collect(),
    }
}
