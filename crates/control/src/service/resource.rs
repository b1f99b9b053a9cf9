//! Registering a resource: a database, cache, broker or store, with its credentials in the environments.

use tieline_core::access::Permission;
use tieline_core::code;
use tieline_core::kind::{KINDS, Kind};
use tieline_core::model::ServiceType;
use tieline_core::name::closest;
use tieline_core::reference::Reference;
use tieline_core::wire::service::{ResourceRegister, ServiceView};

use super::draft::{self, Draft, EntryDraft, entry_word};
use super::text::Texts;
use crate::{Actor, Control, Error, Result};

impl Control {
    /// Registers a resource, or brings the one of the same name to what the registration says. Taking away what a
    /// consumer uses needs `force`. What is not registered yet has the revision 0.
    ///
    /// # Errors
    /// `forbidden`, `kind_unknown`, `service_exists`, `service_in_use`, `changed_meanwhile`, and every fault of the
    /// registration.
    pub async fn resource_register(
        &self,
        actor: &Actor,
        organization: &str,
        request: ResourceRegister,
        force: bool,
        expected: Option<i64>,
    ) -> Result<ServiceView> {
        let work = self.write(actor, organization).await?;
        work.require(Permission::AdministerOrganization, None)?;
        work.register(resource(request)?, force, expected, "resource_register").await
    }
}

fn resource(request: ResourceRegister) -> Result<Draft> {
    let kind = Kind::find(&request.kind).ok_or_else(|| kind_unknown(&request.kind))?;
    let parameters = kind.parameters();
    let reference = reference(kind.service_type, request.name.trim())?;
    let entries = request.credentials.into_iter().map(|credential| EntryDraft {
        name: credential.name,
        environments: credential.environments,
        values: credential.values,
    });
    Ok(Draft {
        service_type: kind.service_type,
        kind: kind.name.to_owned(),
        reference,
        name: request.name.trim().to_owned(),
        major: 1,
        version: "v1".to_owned(),
        project: None,
        texts: Texts {
            summary: request.summary,
            overview: request.overview,
            document: request.document,
            labels: request.labels,
            categories: request.categories,
            definition: None,
        }
        .check()?,
        entries: draft::entries(entry_word(kind.service_type), entries.collect(), &parameters)?,
        parameters,
    })
}

/// The reference of a resource; its grammar decides which names are good.
fn reference(service_type: ServiceType, name: &str) -> Result<Reference> {
    let parsed = Reference::parse_resource_ref(&format!("{service_type}:{name}")).ok();
    parsed.filter(|_| name.len() <= 100).ok_or_else(|| {
        let form = if service_type == ServiceType::Storage {
            "use up to 100 letters, digits, blanks, _ . and -"
        } else {
            "write [server/]name: up to 100 letters, digits, _ and -, as shop/main"
        };
        Error::invalid(code!("service_name_invalid"), format!("{name:?} cannot be the name of a {service_type}"), form)
            .at("name")
    })
}

fn kind_unknown(kind: &str) -> Error {
    let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let near = closest(kind, known.iter().copied()).map_or_else(String::new, |near| format!("did you mean {near}? "));
    Error::invalid(
        code!("kind_unknown"),
        format!("{kind:?} is no kind of resource"),
        format!("{near}the kinds are {}", known.join(", ")),
    )
    .at("kind")
}
