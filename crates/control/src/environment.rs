//! Environments: ordered for promotion, critical or not, with the networks that their endpoints may listen in.

use serde_json::json;
use tieline_core::access::Permission;
use tieline_core::code;
use tieline_core::id::EnvironmentId;
use tieline_core::wire::tenancy::{EnvironmentCreate, EnvironmentUpdate, EnvironmentView};
use tieline_store::tenancy::Environment;

use crate::organization::handle;
use crate::{Actor, Control, Error, Result};

impl Control {
    /// Makes an environment that follows another in the order of promotion.
    ///
    /// # Errors
    /// `forbidden`, `handle_invalid`, `environment_exists`, `environment_not_found`.
    pub async fn environment_create(
        &self,
        actor: &Actor,
        organization: &str,
        request: EnvironmentCreate,
    ) -> Result<EnvironmentView> {
        let mut work = self.write(actor, organization).await?;
        work.require(Permission::AdministerOrganization, None)?;
        let handle = handle(&request.handle)?;
        let after = work.environment(&request.after).await?;
        if work.transaction.environment_by_handle(work.organization.id, handle.as_str()).await?.is_some() {
            return Err(Error::conflict(
                code!("environment_exists"),
                format!("there is an environment {:?} already; handles differ ignoring case", handle.as_str()),
                "choose another handle, or change it with `tieline environment update`",
            ));
        }
        let environment = Environment {
            id: EnvironmentId(self.new_id()),
            organization_id: work.organization.id,
            handle: handle.as_str().to_owned(),
            position: after.position + 1,
            critical: request.critical,
            allowed_addresses: Vec::new(),
            revision: 1,
            created_at: work.at,
        };
        work.transaction.environment_insert(&environment).await?;
        work.ensure_keys_in(&environment).await?;
        let answer = view(&work.organization.handle, environment);
        let detail = json!({ "after": after.handle, "critical": answer.critical });
        work.finish("environment_create", &answer.handle, detail).await?;
        Ok(answer)
    }

    /// The environments, in the order of promotion.
    ///
    /// # Errors
    /// `organization_not_found`.
    pub async fn environment_list(&self, actor: &Actor, organization: &str) -> Result<Vec<EnvironmentView>> {
        let mut work = self.read(actor, organization).await?;
        work.require(Permission::View, None)?;
        let environments = work.transaction.environments(work.organization.id).await?;
        let organization = &work.organization.handle;
        Ok(environments.into_iter().map(|environment| view(organization, environment)).collect())
    }

    /// Changes whether an environment is critical, and where its endpoints may listen.
    ///
    /// # Errors
    /// `forbidden`, `environment_not_found`, `network_invalid`.
    pub async fn environment_update(
        &self,
        actor: &Actor,
        organization: &str,
        environment: &str,
        request: EnvironmentUpdate,
    ) -> Result<EnvironmentView> {
        let mut work = self.write(actor, organization).await?;
        work.require(Permission::AdministerOrganization, None)?;
        let mut environment = work.environment(environment).await?;
        environment.critical = request.critical.unwrap_or(environment.critical);
        if let Some(networks) = request.allowed_addresses {
            for network in &networks {
                tieline_core::address::Network::parse(network).map_err(|message| {
                    Error::invalid(code!("network_invalid"), message, "write networks as 10.0.0.0/8 or fd00::/8")
                })?;
            }
            environment.allowed_addresses = networks;
        }
        work.transaction.environment_update(&environment).await?;
        let answer = view(&work.organization.handle, environment);
        let detail = json!({ "critical": answer.critical, "allowed_addresses": answer.allowed_addresses });
        work.finish("environment_update", &answer.handle, detail).await?;
        Ok(answer)
    }
}

fn view(organization: &str, environment: Environment) -> EnvironmentView {
    EnvironmentView {
        handle: environment.handle,
        organization: organization.to_owned(),
        position: environment.position,
        critical: environment.critical,
        allowed_addresses: environment.allowed_addresses,
        created_at: environment.created_at,
    }
}
