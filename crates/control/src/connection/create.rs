//! Making a connection: everything that could be wrong with it is decided here, before anything is recorded.

use serde_json::json;
use tieline_core::code;
use tieline_core::id::ConnectionId;
use tieline_core::model::{AccessMode, ComponentType, Level, Scheme, Secrets, ServiceType};
use tieline_core::name::{ConnectionName, NameError};
use tieline_core::offer::{Consumer, Offer, Provider, offer};
use tieline_core::reference::Reference;
use tieline_core::wire::connection::{ConnectionCreate, ConnectionView};
use tieline_store::connection::Connection;
use tieline_store::service::Service;
use tieline_store::tenancy::{Component, Project};

use super::find::Scope;
use super::keys::{Minted, minted};
use super::show::Show;
use crate::service::find::{parse, usable_from};
use crate::service::text::{MAX_LINE, within};
use crate::work::Work;
use crate::{Actor, Control, Error, Result};

/// Where a connection will live.
pub(super) struct Place {
    pub(super) level: Level,
    pub(super) project: Option<Project>,
    pub(super) component: Option<Component>,
}

impl Control {
    /// Makes a connection.
    ///
    /// # Errors
    /// `forbidden`, `scope_missing`, `connection_name_invalid`, `connection_name_taken`, `connection_id_invalid`,
    /// `connection_id_taken`, `service_not_found`, `service_not_listed`, `service_not_usable_here`,
    /// `access_mode_not_offered`, `scheme_not_offered`, `not_applicable`, `web_app_without_url`, `secrets_at_provider`, and
    /// those of the mapping.
    pub async fn connection_create(
        &self,
        actor: &Actor,
        organization: &str,
        request: ConnectionCreate,
    ) -> Result<ConnectionView> {
        let mut work = self.write(actor, organization).await?;
        let connection = work.connection_make(request).await?;
        let answer = work.show(&connection, Show::Masked).await?.view;
        let detail = json!({
            "name": answer.name, "level": answer.level, "project": answer.project, "component": answer.component,
            "service": answer.service,
        });
        work.finish("connection_create", &connection.id.to_string(), detail).await?;
        let Some(application) = connection.application_id else { return Ok(answer) };
        if !self.registrations_await(application).await? {
            return Ok(answer);
        }
        let mut work = self.read(actor, organization).await?;
        Ok(work.show(&connection, Show::Masked).await?.view)
    }
}

impl Work<'_> {
    /// Decides and records a connection with its keys; the audit entry is the caller's.
    pub(crate) async fn connection_make(&mut self, request: ConnectionCreate) -> Result<Connection> {
        let scope = Scope { project: request.project.as_deref(), component: request.component.as_deref() };
        let place = self.connection_place(scope, request.level).await?;
        self.require_connect(place.level, place.project.as_ref())?;
        let name = ConnectionName::parse(&request.name).map_err(|NameError(message)| {
            Error::invalid(code!("connection_name_invalid"), message, "choose another name, as `orders` or `mail-gate`")
        })?;
        within("description", &request.description, MAX_LINE)?;
        let id = self.connection_id(request.id).await?;
        let service = self.connectable(&request.service, &place).await?;
        let access = access(&request, &service, &place)?;
        let secrets = request.secrets.unwrap_or(Secrets::Shared);
        let consumer_type = place.component.as_ref().map(|component| component.component_type);
        let minted = minted(access.map(|access| access.0), access.map(|access| access.1), consumer_type);
        applicable(&request, minted)?;
        let mapping = self.checked_mapping(&service, &request.mapping).await?;
        let mut connection = Connection {
            id,
            organization_id: self.organization.id,
            project_id: place.project.as_ref().map(|project| project.id),
            component_id: place.component.as_ref().map(|component| component.id),
            level: place.level,
            name: name.as_str().to_owned(),
            description: request.description,
            service_id: service.id,
            access_mode: access.map(|access| access.0),
            scheme: access.map(|access| access.1),
            secrets,
            application_id: None,
            mapping,
            revision: 1,
            created_at: self.at,
            updated_at: self.at,
        };
        self.refuse_collisions(&connection, &service).await?;
        if minted == Minted::Client {
            self.refuse_own_secrets(secrets).await?;
            connection.application_id = Some(self.application_for(&connection, request.own_application).await?);
        }
        self.transaction.connection_insert(&connection).await.map_err(|error| match error {
            // Another organization took it since it was looked for.
            tieline_store::Error::Duplicate => id_taken(connection.id),
            other => other.into(),
        })?;
        let environments = self.transaction.environments(self.organization.id).await?;
        self.ensure_keys(&connection, &environments).await?;
        self.subscribe_if_external(&connection, &service).await?;
        Ok(connection)
    }

    /// The place of a connection: the narrowest of a scope, unless a level is given.
    pub(super) async fn connection_place(&mut self, scope: Scope<'_>, level: Option<Level>) -> Result<Place> {
        let (project, component) = self.scope(scope).await?;
        let narrowest = match (&project, &component) {
            (_, Some(_)) => Level::Component,
            (Some(_), None) => Level::Project,
            (None, None) => Level::Organization,
        };
        let level = level.unwrap_or(narrowest);
        let missing = |what: &str| {
            Error::invalid(
                code!("scope_missing"),
                format!("a {level}-level connection belongs to a {what}"),
                format!("give --{what} HANDLE"),
            )
        };
        match level {
            Level::Organization => Ok(Place { level, project: None, component: None }),
            Level::Project => {
                Ok(Place { level, project: Some(project.ok_or_else(|| missing("project"))?), component: None })
            }
            Level::Component => {
                let component = component.ok_or_else(|| missing("component"))?;
                Ok(Place { level, project, component: Some(component) })
            }
        }
    }

    /// The id that files carry already, if it is free, or a drawn one.
    async fn connection_id(&mut self, adopted: Option<ConnectionId>) -> Result<ConnectionId> {
        let Some(id) = adopted else { return Ok(ConnectionId(self.control.new_connection_id())) };
        if !(1..=5).contains(&id.0.get_version_num()) || id.0.get_variant() != uuid::Variant::RFC4122 {
            return Err(Error::invalid(
                code!("connection_id_invalid"),
                format!("{id} is no UUID of version 1 to 5, and files that carry it would be refused"),
                "leave --id out to get a new id",
            ));
        }
        if self.transaction.connection_id_taken(id).await? {
            return Err(id_taken(id));
        }
        Ok(id)
    }

    /// The service that a reference means, if a connection at this place may lead to it.
    pub(super) async fn connectable(&mut self, reference: &str, place: &Place) -> Result<Service> {
        let service = self.service_find(reference, place.project.as_ref()).await?;
        if !service.listed {
            return Err(Error::conflict(
                code!("service_not_listed"),
                format!("{} is not in the marketplace: it takes no new connections", service.reference),
                "ask its owners to publish it, or choose another with `tieline service list`",
            ));
        }
        let internal = service.service_type == ServiceType::Internal;
        let here = place.project.as_ref().map(|project| project.id);
        if !internal && !usable_from(&service, here) {
            return Err(Error::conflict(
                code!("service_not_usable_here"),
                format!(
                    "{} is registered for one project, and the connection would be outside of it",
                    service.reference
                ),
                "make the connection in that project, or register the service for the organization",
            ));
        }
        let only = place.component.as_ref().map(|component| component.component_type);
        if only == Some(ComponentType::WebApp) && !internal && service.service_type != ServiceType::ThirdParty {
            return Err(Error::conflict(
                code!("web_app_without_url"),
                format!("{} has no ServiceURL, which is all that a web-app gets", service.reference),
                "connect a service component that the web-app calls",
            ));
        }
        Ok(service)
    }
}

/// The access mode and scheme of a connection to an internal service. A visibility in the reference asks for its mode.
fn access(request: &ConnectionCreate, service: &Service, place: &Place) -> Result<Option<(AccessMode, Scheme)>> {
    if service.service_type != ServiceType::Internal {
        return if request.access_mode.is_some() || request.authentication_scheme.is_some() {
            Err(not_applicable("access modes and authentication schemes are for internal services"))
        } else {
            Ok(None)
        };
    }
    let written = match parse(&request.service)? {
        Reference::Service { visibility, .. } => visibility.map(AccessMode::from),
        Reference::ThirdParty { .. } | Reference::Resource { .. } => None,
    };
    let chosen = offered(service, place)?.choose(request.access_mode.or(written), request.authentication_scheme);
    chosen.map(Some).map_err(|refused| {
        let code = match refused {
            tieline_core::offer::Refused::Mode { .. } => code!("access_mode_not_offered"),
            tieline_core::offer::Refused::Scheme { .. } => code!("scheme_not_offered"),
        };
        Error::conflict(code, format!("{} does not offer this: {refused}", service.reference), refused.hint())
    })
}

/// What an internal service offers to a connection at a place.
pub(super) fn offered(service: &Service, place: &Place) -> Result<Offer> {
    let endpoint = service
        .endpoint
        .as_ref()
        .ok_or_else(|| Error::Inconsistent(format!("the internal service {} has no endpoint", service.id)))?;
    let provider =
        Provider { endpoint_type: endpoint.kind, visibilities: &service.visibilities, schemes: &service.schemes };
    let same_project = place.project.as_ref().is_some_and(|project| service.project_id == Some(project.id));
    Ok(offer(provider, Consumer { level: place.level, same_project }))
}

/// Refuses options that would silently do nothing.
fn applicable(request: &ConnectionCreate, minted: Minted) -> Result<()> {
    if request.own_application && minted != Minted::Client {
        return Err(not_applicable("only connections by oauth2 have an OAuth application"));
    }
    if request.secrets == Some(Secrets::PerComponent) && minted == Minted::Nothing {
        return Err(not_applicable("this connection has no keys of which each component could have its own"));
    }
    Ok(())
}

fn id_taken(id: ConnectionId) -> Error {
    Error::conflict(
        code!("connection_id_taken"),
        format!("the id {id} belongs to another connection"),
        "leave --id out to get a new id, and put that into the descriptor",
    )
}

fn not_applicable(message: &str) -> Error {
    Error::invalid(code!("not_applicable"), message, "leave the option out")
}
