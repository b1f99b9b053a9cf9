//! From the text of a reference to the service that it means, for whom may see it.

use tieline_core::access::{Permission, Verdict};
use tieline_core::code;
use tieline_core::endpoint::Visibility;
use tieline_core::id::ProjectId;
use tieline_core::model::Role;
use tieline_core::name::closest;
use tieline_core::reference::{Reference, endpoint_id};
use tieline_store::search::{Field, Query};
use tieline_store::service::Service;
use tieline_store::tenancy::Project;

use crate::work::Work;
use crate::{Error, Result};

impl Work<'_> {
    /// The service that a reference means, in any spelling: a reference without project means `own_project`, one
    /// without endpoint the default endpoint. Also one that is not listed; offering it is for the caller to judge.
    pub(crate) async fn service_find(&mut self, text: &str, own_project: Option<&Project>) -> Result<Service> {
        let reference = parse(text)?;
        let found = match &reference {
            Reference::Service { project, component, major, endpoint, .. } => {
                let own = own_project.map(|project| project.handle.as_str());
                let Some(project) = project.as_deref().or(own) else {
                    return Err(Error::invalid(
                        code!("reference_incomplete"),
                        format!("{text:?} names no project"),
                        format!("write service:/<project>/{component}/v{major}, or give --project"),
                    ));
                };
                self.internal_service(project, component, *major, endpoint.as_deref()).await?
            }
            Reference::ThirdParty { .. } | Reference::Resource { .. } => {
                let canonical = reference.to_string();
                self.transaction.service_by_reference(self.organization.id, &canonical).await?
            }
        };
        match found {
            Some(service) if self.may_see(&service) => Ok(service),
            _ => Err(self.service_missing(text, &reference).await?),
        }
    }

    /// Whether the actor may know of a service.
    pub(crate) fn may_see(&self, service: &Service) -> bool {
        let place = if is_project_only(service) { service.project_id } else { None };
        self.verdict(Permission::View, place) == Verdict::Allowed
    }

    async fn internal_service(
        &mut self,
        project: &str,
        component: &str,
        major: u32,
        endpoint: Option<&str>,
    ) -> Result<Option<Service>> {
        let Some(project) = self.transaction.project_by_handle(self.organization.id, project).await? else {
            return Ok(None);
        };
        let Some(component) = self.transaction.component_by_handle(project.id, component).await? else {
            return Ok(None);
        };
        let services = self.transaction.services_of_component(component.id, i64::from(major)).await?;
        Ok(endpoint_of(services, endpoint))
    }

    async fn service_missing(&mut self, text: &str, reference: &Reference) -> Result<Error> {
        let name = match reference {
            Reference::Service { component, .. } => component,
            Reference::ThirdParty { name, .. } | Reference::Resource { name, .. } => name,
        };
        // The first letters are an indexed search; a slip of the pen is mostly later in the word.
        let start: String = name.chars().filter(|c| c.is_alphanumeric()).take(3).collect();
        let query = Query {
            text: Some(start),
            field: Field::Name,
            projects: self.projects_seen().await?,
            limit: 50,
            ..Query::default()
        };
        let candidates = self.transaction.search(self.organization.id, &query).await?;
        let known = candidates.iter().map(|service| service.reference.as_str());
        let hint = match closest(&reference.to_string(), known) {
            Some(near) => format!("did you mean {near}? `tieline service list` shows what there is"),
            None => "see what there is with `tieline service list`".to_owned(),
        };
        Ok(Error::not_found(code!("service_not_found"), format!("there is no service {text:?}"), hint))
    }

    /// The projects whose own services the actor sees; `None` for all of them.
    pub(crate) async fn projects_seen(&mut self) -> Result<Option<Vec<ProjectId>>> {
        let organization = self.organization.id;
        let everywhere = self.actor.grants.iter().any(|grant| {
            grant.organization == Some(organization) && grant.project.is_none() && grant.role >= Role::Viewer
        });
        if everywhere {
            return Ok(None);
        }
        let projects = self.transaction.projects(organization).await?;
        let seen = projects.into_iter().map(|project| project.id);
        Ok(Some(seen.filter(|&id| self.verdict(Permission::View, Some(id)) == Verdict::Allowed).collect()))
    }
}

/// Whether a connection of a project (none: of the organization) may lead to a service.
pub(crate) fn usable_from(service: &Service, project: Option<ProjectId>) -> bool {
    !is_project_only(service) || (project.is_some() && service.project_id == project)
}

fn is_project_only(service: &Service) -> bool {
    let beyond = |visibility: &Visibility| *visibility != Visibility::Project;
    service.project_id.is_some() && !(service.component_id.is_some() && service.visibilities.iter().any(beyond))
}

/// Reads a reference in any spelling.
pub(crate) fn parse(text: &str) -> Result<Reference> {
    let parsed = if text.starts_with("choreo:") {
        Reference::parse_service_reference(text)
    } else {
        Reference::parse_resource_ref(text)
    };
    parsed.map_err(|error| {
        Error::invalid(
            code!("reference_invalid"),
            error.to_string(),
            "copy a reference from `tieline service list`, as service:/shop/orders/v1/api",
        )
    })
}

/// The service of an endpoint: by its name, else by Choreo's id of it; without either the default endpoint's.
fn endpoint_of(services: Vec<Service>, wanted: Option<&str>) -> Option<Service> {
    let named = |service: &Service, wanted: &str| {
        service.endpoint.as_ref().is_some_and(|endpoint| endpoint.name.eq_ignore_ascii_case(wanted))
    };
    let identified = |service: &Service, wanted: &str| {
        service
            .endpoint
            .as_ref()
            .is_some_and(|endpoint| endpoint_id(endpoint.port, endpoint.kind, &endpoint.base_path) == wanted)
    };
    let is_default = |service: &Service| service.endpoint.as_ref().is_some_and(|endpoint| endpoint.default);
    let index = match wanted {
        Some(wanted) => services
            .iter()
            .position(|service| named(service, wanted))
            .or_else(|| services.iter().position(|service| identified(service, wanted))),
        None => services.iter().position(is_default),
    };
    index.and_then(|index| services.into_iter().nth(index))
}
