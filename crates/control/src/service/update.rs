//! Changing what is written about a service, and which schemes an internal one enables.

use serde_json::json;
use tieline_core::access::Permission;
use tieline_core::code;
use tieline_core::model::{AccessMode, Scheme};
use tieline_core::wire::service::{ServiceUpdate, ServiceView};
use tieline_store::service::Service;

use super::text::Texts;
use crate::consumers::in_use;
use crate::table::BLOCK;
use crate::work::Work;
use crate::{Actor, Control, Error, Result};

impl Control {
    /// Changes a service. What is not given stays.
    ///
    /// # Errors
    /// `service_not_found`, `forbidden`, `changed_meanwhile`, `schemes_invalid`, `scheme_in_use`, `not_applicable`, `text_too_large`, `text_invalid`.
    pub async fn service_update(
        &self,
        actor: &Actor,
        organization: &str,
        reference: &str,
        project: Option<&str>,
        request: ServiceUpdate,
        expected: Option<i64>,
    ) -> Result<ServiceView> {
        let mut work = self.write(actor, organization).await?;
        let own = work.own_project(project).await?;
        let mut service = work.service_find(reference, own.as_ref()).await?;
        work.require_owner(&service).await?;
        work.expect_revision(expected, service.revision)?;
        if let Some(schemes) = request.schemes {
            let schemes = work.schemes(&service, &schemes).await?;
            if schemes != service.schemes {
                work.require_opening(&service, &schemes).await?;
                work.touch_service(service.id);
            }
            service.schemes = schemes;
        }
        if let Some(approval) = request.approval.filter(|approval| *approval != service.approval) {
            work.set_approval(&mut service, approval).await?;
        }
        let texts = Texts {
            summary: request.summary.unwrap_or(service.summary),
            overview: request.overview.unwrap_or(service.overview),
            document: request.document.unwrap_or(service.document),
            labels: request.labels.unwrap_or(service.labels),
            categories: request.categories.unwrap_or(service.categories),
            definition: None,
        }
        .check()?;
        service.summary = texts.summary;
        service.overview = texts.overview;
        service.document = texts.document;
        service.labels = texts.labels;
        service.categories = texts.categories;
        service.updated_at = work.at;
        service.revision = work.transaction.service_save(&service).await?;
        let view = work.service_detailed(&service).await?;
        let detail = json!({ "schemes": service.schemes, "approval": service.approval, "labels": service.labels, "categories": service.categories });
        work.finish("service_update", &service.reference, detail).await?;
        Ok(view)
    }
}

impl Work<'_> {
    /// Refuses to change how a service is called, in a critical environment as well, unless the actor could deploy there.
    /// Who proves nothing is no subscriber: letting such in where subscribers are decided about is for those who decide.
    async fn require_opening(&mut self, service: &Service, schemes: &[Scheme]) -> Result<()> {
        let opens = schemes.contains(&Scheme::None) && !service.schemes.contains(&Scheme::None);
        if opens && (service.approval || self.transaction.service_decided(service.id, BLOCK).await?) {
            let project = self.project_of(service).await?;
            self.require(Permission::AdministerProject, project.as_ref())?;
        }
        let deployed = self.transaction.deployed_endpoints_of_service(service.id).await?;
        let environments = self.transaction.environments(self.organization.id).await?;
        let critical = |id| environments.iter().any(|environment| environment.id == id && environment.critical);
        if !deployed.iter().any(|endpoint| critical(endpoint.environment_id)) {
            return Ok(());
        }
        let project = self.project_of(service).await?;
        self.require(Permission::AdministerProject, project.as_ref())
    }

    /// Asks for approval of each subscription, or no longer: for those who decide about them. Who is subscribed already is
    /// approved, so that nothing is taken away.
    async fn set_approval(&mut self, service: &mut Service, approval: bool) -> Result<()> {
        if service.component_id.is_none() {
            return Err(Error::invalid(
                code!("not_applicable"),
                "only internal services have subscriptions",
                "leave the option out",
            ));
        }
        let project = self.project_of(service).await?;
        self.require(Permission::AdministerProject, project.as_ref())?;
        service.approval = approval;
        if approval {
            return self.approve_present(service).await;
        }
        for connection in self.transaction.connections_holding_service(service.id).await? {
            self.touch_connection(&connection);
        }
        Ok(())
    }

    /// The schemes that a service shall enable, each once; a scheme that a connection uses stays.
    async fn schemes(&mut self, service: &Service, wanted: &[Scheme]) -> Result<Vec<Scheme>> {
        if service.component_id.is_none() || wanted.is_empty() {
            let (message, hint) = if wanted.is_empty() {
                ("a service enables at least one scheme", "name some of oauth2, api-key, none")
            } else {
                ("only internal services have schemes", "a registered service has parameters instead: register it anew")
            };
            return Err(Error::invalid(code!("schemes_invalid"), message, hint));
        }
        let kept: Vec<Scheme> = Scheme::ALL.iter().copied().filter(|scheme| wanted.contains(scheme)).collect();
        for connection in self.transaction.connections_of_service(service.id).await? {
            let Some(scheme) = connection.scheme.filter(|scheme| !kept.contains(scheme)) else { continue };
            // In Project mode nothing is proved, whatever the service enables.
            if connection.access_mode == Some(AccessMode::Project) {
                continue;
            }
            let what = format!("the scheme {scheme} of {}", service.reference);
            let hint = "make those connections anew with another scheme first";
            let consumers = self.consumers_of_connection(&connection).await?;
            return Err(if consumers.is_empty() {
                Error::conflict(
                    code!("scheme_in_use"),
                    format!("{what} is used by the connection {:?}", connection.name),
                    hint,
                )
            } else {
                in_use(code!("scheme_in_use"), &what, &consumers, hint)
            });
        }
        Ok(kept)
    }
}
