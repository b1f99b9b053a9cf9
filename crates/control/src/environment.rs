//! Environments: ordered for promotion, critical or not, with the networks that their endpoints may listen in.

use serde_json::json;
use tieline_core::access::Permission;
use tieline_core::code;
use tieline_core::id::EnvironmentId;
use tieline_core::wire::access::TokenState;
use tieline_core::wire::tenancy::{EnvironmentCreate, EnvironmentUpdate, EnvironmentView};
use tieline_store::tenancy::Environment;

use crate::organization::handle;
use crate::token::state;
use crate::work::Work;
use crate::{Actor, Control, Error, Result};

impl Control {
    /// Makes an environment that follows another in the order of promotion.
    ///
    /// # Errors
    /// `forbidden`, `handle_invalid`, `environment_exists`, `environment_not_found`; `mapping_crosses_critical` with the
    /// connections that still lead to a deleted environment of that name, and would cross.
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
        work.refuse_crossing(&environment).await?;
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

    /// One environment.
    ///
    /// # Errors
    /// `organization_not_found`, `environment_not_found`.
    pub async fn environment_view(
        &self,
        actor: &Actor,
        organization: &str,
        environment: &str,
    ) -> Result<EnvironmentView> {
        let mut work = self.read(actor, organization).await?;
        work.require(Permission::View, None)?;
        let environment = work.environment(environment).await?;
        Ok(view(&work.organization.handle, environment))
    }

    /// Changes whether an environment is critical, and where its endpoints may listen.
    ///
    /// # Errors
    /// `forbidden`, `environment_not_found`, `network_invalid`, `changed_meanwhile`; `mapping_crosses_critical` with the
    /// connections that would lead from a critical environment to another kind, or back.
    pub async fn environment_update(
        &self,
        actor: &Actor,
        organization: &str,
        environment: &str,
        request: EnvironmentUpdate,
        expected: Option<i64>,
    ) -> Result<EnvironmentView> {
        let mut work = self.write(actor, organization).await?;
        work.require(Permission::AdministerOrganization, None)?;
        let mut environment = work.environment(environment).await?;
        work.expect_revision(expected, environment.revision)?;
        let mut runner_tokens = Vec::new();
        if let Some(critical) = request.critical.filter(|critical| *critical != environment.critical) {
            if critical {
                runner_tokens = work.runner_tokens(&environment).await?;
            }
            environment.critical = critical;
            work.refuse_crossing(&environment).await?;
        }
        if let Some(networks) = request.allowed_addresses {
            for network in &networks {
                tieline_core::address::Network::parse(network).map_err(|message| {
                    Error::invalid(code!("network_invalid"), message, "write networks as 10.0.0.0/8 or fd00::/8")
                })?;
            }
            environment.allowed_addresses = networks;
            work.touch_services_in(&environment).await?;
        }
        work.transaction.environment_update(&environment).await?;
        environment.revision += 1;
        let answer = EnvironmentView { runner_tokens, ..view(&work.organization.handle, environment) };
        let detail = json!({
            "critical": answer.critical, "allowed_addresses": answer.allowed_addresses,
            "runner_tokens": answer.runner_tokens,
        });
        work.finish("environment_update", &answer.handle, detail).await?;
        Ok(answer)
    }

    /// Deletes an environment with its keys and its history. While something is deployed there, or uses it, this needs
    /// `force`: then its deployments end.
    ///
    /// # Errors
    /// `environment_not_found`, `forbidden`, `environment_last`, `environment_in_use`.
    pub async fn environment_delete(
        &self,
        actor: &Actor,
        organization: &str,
        environment: &str,
        force: bool,
    ) -> Result<()> {
        let mut work = self.write(actor, organization).await?;
        work.require(Permission::AdministerOrganization, None)?;
        let environment = work.environment(environment).await?;
        if work.transaction.environments(work.organization.id).await?.len() == 1 {
            return Err(Error::conflict(
                code!("environment_last"),
                format!("{:?} is the only environment", environment.handle),
                "make another one first with `tieline environment create`",
            ));
        }
        let users = work.environment_users(&environment).await?;
        if !force && !users.is_empty() {
            return Err(Error::conflict(
                code!("environment_in_use"),
                format!("the environment {:?} is in use: {}", environment.handle, users.join("; ")),
                format!("undeploy what is there with `tieline undeploy --env {}`, or use --force", environment.handle),
            ));
        }
        work.environment_take_out(&environment).await?;
        work.finish("environment_delete", &environment.handle, json!({ "force": force, "users": users })).await
    }
}

impl Work<'_> {
    /// The names of the live tokens of runners in an environment. They are listed and not revoked when it becomes critical:
    /// components run with them, and nothing takes the values of those away.
    async fn runner_tokens(&mut self, environment: &Environment) -> Result<Vec<String>> {
        let mut tokens = self.transaction.tokens(self.organization.id).await?;
        tokens
            .retain(|token| token.environment_id == Some(environment.id) && state(token, self.at) == TokenState::Live);
        Ok(tokens.into_iter().map(|token| token.name).collect())
    }

    /// Refuses a change of an environment after which connections to internal services would lead from a critical
    /// environment to one that is not, or back: what no mapping could be given. Making one is such a change where
    /// connections still lead to one of that name, which was deleted.
    async fn refuse_crossing(&mut self, changed: &Environment) -> Result<()> {
        let mut environments = self.transaction.environments(self.organization.id).await?;
        for environment in environments.iter_mut().filter(|environment| environment.id == changed.id) {
            environment.critical = changed.critical;
        }
        let critical = |handle: &str| {
            let found = environments.iter().find(|environment| environment.handle.eq_ignore_ascii_case(handle));
            found.map(|environment| environment.critical)
        };
        let mut crossing = Vec::new();
        for connection in self.transaction.connections_of_organization(self.organization.id).await? {
            if connection.access_mode.is_none() {
                continue;
            }
            for (from, to) in &connection.mapping {
                if let (Some(from_critical), Some(to_critical)) = (critical(from), critical(to))
                    && from_critical != to_critical
                {
                    crossing.push(format!("{:?} ({}) from {from} to {to}", connection.name, connection.id));
                }
            }
        }
        if crossing.is_empty() {
            return Ok(());
        }
        let word = if changed.critical { "critical" } else { "no longer critical" };
        Err(Error::conflict(
            code!("mapping_crosses_critical"),
            format!(
                "with {} {word}, connections would lead from critical environments to others, or back: {}",
                changed.handle,
                crossing.join(", ")
            ),
            "map those connections to environments of the same kind first, with `tieline connection update ID --map`",
        ))
    }

    /// What is deployed in an environment, and who elsewhere connects to it.
    async fn environment_users(&mut self, environment: &Environment) -> Result<Vec<String>> {
        let mut users = Vec::new();
        for deployment in self.transaction.deployments_live_of_organization(self.organization.id).await? {
            if deployment.environment_id == environment.id
                && let Some(component) = self.transaction.component_by_id(deployment.component_id).await?
                && let Some(project) = self.transaction.project_by_id(component.project_id).await?
            {
                users.push(format!("{}/{} v{} is deployed there", project.handle, component.handle, deployment.major));
            }
        }
        for connection in self.transaction.connections_of_organization(self.organization.id).await? {
            for consumer in self.consumers_of_connection(&connection).await? {
                let here = consumer.environment == environment.id;
                let Some(view) = consumer.view else { continue };
                let target = connection.mapping.get(&view.environment);
                let leads_here = connection.access_mode.is_some() && target == Some(&environment.handle);
                // A deployment there is named already; an external consumer has none.
                if (here && view.version.is_none()) || (!here && leads_here) {
                    users.push(format!(
                        "{}/{} uses the connection {:?} in {}",
                        view.project, view.component, view.connection, view.environment
                    ));
                }
            }
        }
        Ok(users)
    }

    async fn touch_services_in(&mut self, environment: &Environment) -> Result<()> {
        for service in self.transaction.services_deployed_in(environment.id).await? {
            self.touch_service(service);
        }
        Ok(())
    }

    async fn environment_take_out(&mut self, environment: &Environment) -> Result<()> {
        let at = self.at;
        self.touch_services_in(environment).await?;
        for connection in self.transaction.connections_subscribed_in(environment.id).await? {
            self.touch_connection(&connection);
        }
        for deployment in self.transaction.deployments_live_of_organization(self.organization.id).await? {
            if deployment.environment_id == environment.id {
                self.transaction.deployment_end(deployment.id, at).await?;
            }
        }
        let mut led_here = Vec::new();
        for mut connection in self.transaction.connections_of_organization(self.organization.id).await? {
            if connection.mapping.values().any(|target| *target == environment.handle) {
                led_here.push(connection.id);
            }
            if connection.mapping.remove(&environment.handle).is_some() {
                self.transaction.connection_update(&connection).await?;
            }
        }
        for mut entry in self.transaction.entries_of_organization(self.organization.id).await? {
            let before = entry.environments.len();
            entry.environments.retain(|assigned| *assigned != environment.id);
            if entry.environments.len() != before {
                self.transaction.entry_save(&entry).await?;
            }
        }
        self.transaction.environment_delete(environment.id).await?;
        self.connections_purge().await?;
        for connection in led_here {
            self.refresh_connection(connection).await?;
        }
        Ok(())
    }
}

fn view(organization: &str, environment: Environment) -> EnvironmentView {
    EnvironmentView {
        handle: environment.handle,
        organization: organization.to_owned(),
        position: environment.position,
        critical: environment.critical,
        allowed_addresses: environment.allowed_addresses,
        revision: environment.revision,
        created_at: environment.created_at,
        runner_tokens: Vec::new(),
    }
}
