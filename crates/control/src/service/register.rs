//! Registering a third-party service: an API of somebody else, with its endpoints in the environments.

use tieline_core::access::Permission;
use tieline_core::code;
use tieline_core::definition::{self, DefinitionKind, MAX_BYTES};
use tieline_core::kind::{SERVICE_URL, service_url_parameter};
use tieline_core::model::ServiceType;
use tieline_core::reference::Reference;
use tieline_core::secret::Secret;
use tieline_core::version::Version;
use tieline_core::wire::service::{EndpointRegister, ServiceView, ThirdPartyRegister};
use tieline_store::tenancy::Project;

use super::draft::{self, Draft, EntryDraft, entry_word};
use super::text::{Texts, free_name, within};
use crate::{Actor, Control, Error, Result};

impl Control {
    /// Registers a third-party service, or brings the one of the same name and major version to what the registration
    /// says. Taking away what a consumer uses needs `force`. What is not registered yet has the revision 0.
    ///
    /// # Errors
    /// `forbidden`, `project_not_found`, `service_exists`, `service_in_use`, `changed_meanwhile`, and every fault of the
    /// registration.
    pub async fn service_register(
        &self,
        actor: &Actor,
        organization: &str,
        request: ThirdPartyRegister,
        force: bool,
        expected: Option<i64>,
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
        work.register(draft, force, expected, "service_register").await
    }
}

fn third_party(request: ThirdPartyRegister, project: Option<Project>) -> Result<Draft> {
    let name = free_name("services", &request.name)?;
    let version = version(&request.version)?;
    let parameters = draft::parameters(request.parameters)?;
    let mut keys = vec![service_url_parameter()];
    keys.extend(parameters.iter().cloned());
    let word = entry_word(ServiceType::ThirdParty);
    let mut entries = Vec::new();
    for (at, registered) in request.endpoints.into_iter().enumerate() {
        entries.push(endpoint(registered).map_err(|error| error.at(format!("endpoints[{at}]")))?);
    }
    if let Some(text) = &request.definition {
        readable(text)?;
    }
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
        )
        .at("values"));
    }
    values.insert(SERVICE_URL.to_owned(), Some(Secret::new(endpoint.url.trim())));
    Ok(EntryDraft { name: endpoint.name, environments: endpoint.environments, values })
}

fn version(text: &str) -> Result<Version> {
    Version::parse(text).map_err(|message| {
        let hint = "connections pin the major; the minor is for people to read";
        Error::invalid(code!("version_invalid"), message, hint).at("version")
    })
}

/// Refuses a definition in which nothing was understood: whoever gave it gave another file than they meant.
fn readable(text: &str) -> Result<()> {
    within("definition", text, MAX_BYTES)?;
    let found = definition::read(text.as_bytes(), None);
    if found.kind != DefinitionKind::Unknown {
        return Ok(());
    }
    let why = found.problem.unwrap_or_else(|| "it is written in no language that is known here".to_owned());
    Err(Error::invalid(
        code!("definition_unreadable"),
        format!("the API definition cannot be read: {why}"),
        "give OpenAPI, AsyncAPI, GraphQL, protocol buffers or WSDL as text, or register the service without one",
    )
    .at("definition"))
}
