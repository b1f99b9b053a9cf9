//! Registering a third-party service: an API of somebody else, with its endpoints in the environments.

use tieline_core::access::Permission;
use tieline_core::code;
use tieline_core::kind::{SERVICE_URL, service_url_parameter};
use tieline_core::model::ServiceType;
use tieline_core::reference::Reference;
use tieline_core::secret::Secret;
use tieline_core::version::Version;
use tieline_core::wire::service::{EndpointRegister, ServiceView, ThirdPartyRegister};
use tieline_store::tenancy::Project;

use super::draft::{self, Draft, EntryDraft, entry_word};
use super::text::{Texts, free_name};
use crate::{Actor, Control, Error, Result};

impl Control {
    /// Registers a third-party service, or brings the one of the same name and major version to what the registration
    /// says. Taking away what a consumer uses needs `force`.
    ///
    /// # Errors
    /// `forbidden`, `project_not_found`, `service_exists`, `service_in_use`, and every fault of the registration.
    pub async fn service_register(
        &self,
        actor: &Actor,
        organization: &str,
        request: ThirdPartyRegister,
        force: bool,
    ) -> Result<ServiceView> {
        let mut work = self.write(actor, organization).await?;
        let project = match &request.project {
            Some(handle) => Some(work.project(handle).await?),
            None => None,
        };
        let permission =
            if project.is_some() { Permission::AdministerProject } else { Permission::AdministerOrganization };
        work.require(permission, project.as_ref())?;
        let draft = third_party(request, project)?;
        work.register(draft, force, "service_register").await
    }
}

fn third_party(request: ThirdPartyRegister, project: Option<Project>) -> Result<Draft> {
    let name = free_name("services", &request.name)?;
    let version = version(&request.version)?;
    let parameters = draft::parameters(request.parameters)?;
    let mut keys = vec![service_url_parameter()];
    keys.extend(parameters.iter().cloned());
    let word = entry_word(ServiceType::ThirdParty);
    let entries = request.endpoints.into_iter().map(endpoint).collect::<Result<_>>()?;
    Ok(Draft {
        service_type: ServiceType::ThirdParty,
        kind: ServiceType::ThirdParty.to_string(),
        reference: Reference::ThirdParty { name: name.clone(), major: version.major(), minor: None },
        name,
        major: i64::from(version.major()),
        version: version.to_string(),
        project,
        texts: Texts {
            summary: request.summary,
            overview: request.overview,
            document: request.document,
            labels: request.labels,
            categories: request.categories,
            definition: request.definition,
        }
        .check()?,
        entries: draft::entries(word, entries, &keys)?,
        parameters,
    })
}

fn endpoint(endpoint: EndpointRegister) -> Result<EntryDraft> {
    let mut values = endpoint.values;
    if values.contains_key(SERVICE_URL) {
        return Err(Error::invalid(
            code!("parameter_unknown"),
            format!("the endpoint {:?} sets {SERVICE_URL} among its values", endpoint.name),
            "set it by `url`",
        ));
    }
    values.insert(SERVICE_URL.to_owned(), Secret::new(endpoint.url.trim()));
    Ok(EntryDraft { name: endpoint.name, environments: endpoint.environments, values })
}

fn version(text: &str) -> Result<Version> {
    Version::parse(text).map_err(|message| {
        Error::invalid(code!("version_invalid"), message, "connections pin the major; the minor is for people to read")
    })
}
