//! What is shown of an OAuth application.

use std::collections::BTreeMap;

use tieline_core::id::ServiceId;
use tieline_core::wire::application::{
    ApplicationClientView, ApplicationSubscription, ApplicationUseView, ApplicationView, ClientSecretView, SecretState,
};
use tieline_store::application::{ApplicationUse, ClientSecret};
use tieline_store::key::Application;
use tieline_store::subscription::{Decision, Subscriber, Subscription};
use tieline_store::tenancy::Environment;

use super::ApplicationHome;
use crate::Result;
use crate::table::Standing;
use crate::work::Work;

/// So many connections of an application, and secrets of a client, are shown: a project may have thousands.
const SHOWN: i64 = 100;

impl Work<'_> {
    /// An application with its clients, as a list shows it.
    pub(super) async fn application_shown(
        &mut self,
        application: &Application,
        home: ApplicationHome,
        environments: &[Environment],
    ) -> Result<ApplicationView> {
        let issuer = self.identity_provider().await?.map(|provider| provider.issuer);
        let mut clients = BTreeMap::new();
        for client in self.transaction.application_clients(application.id).await? {
            let of = environments.iter().find(|environment| environment.id == client.environment_id);
            let Some(environment) = of else { continue };
            let presented = match issuer {
                Some(_) => self.client_presented(&client.id).await?,
                None => Ok(client.id),
            };
            let (client_id, reason) = match presented {
                Ok(id) => (Some(id), None),
                Err(reason) => (None, Some(reason)),
            };
            let view = ApplicationClientView {
                client_id,
                reason,
                issuer: issuer.clone(),
                created_at: client.created_at,
                live: number(client.live),
                retiring: number(client.retiring),
                revoked: number(client.revoked),
                secrets: None,
            };
            clients.insert(environment.handle.clone(), view);
        }
        Ok(ApplicationView {
            id: application.id,
            level: home.level,
            organization: self.organization.handle.clone(),
            project: home.project.map(|project| project.handle),
            component: home.component.map(|component| component.handle),
            connection: home.connection.map(|connection| connection.name),
            created_at: application.created_at,
            connections: number(self.transaction.application_uses_count(application.id).await?),
            environments: clients,
            used_by: None,
        })
    }

    /// The secrets of an application's client in an environment.
    pub(super) async fn application_secrets(
        &mut self,
        application: &Application,
        environment: &Environment,
    ) -> Result<Vec<ClientSecretView>> {
        let Some(client) = self.transaction.client_id(application.id, environment.id).await? else {
            return Ok(Vec::new());
        };
        let mut secrets = Vec::new();
        for secret in self.transaction.client_secrets_shown(&client, SHOWN).await? {
            secrets.extend(self.client_secret_shown(secret).await?);
        }
        Ok(secrets)
    }

    /// A secret without its value, unless it is of a component that the actor may not see.
    async fn client_secret_shown(&mut self, secret: ClientSecret) -> Result<Option<ClientSecretView>> {
        let component = match secret.holder {
            Some(holder) => match self.place_visible(holder).await? {
                Some((project, component)) => Some(format!("{project}/{component}")),
                None => return Ok(None),
            },
            None => None,
        };
        let state = match (secret.revoked_at, secret.not_after) {
            (Some(_), _) => SecretState::Revoked,
            (None, Some(_)) => SecretState::Retiring,
            (None, None) => SecretState::Live,
        };
        let until = secret.revoked_at.or(secret.not_after);
        Ok(Some(ClientSecretView { state, component, created_at: secret.created_at, until }))
    }

    /// The connections that use an application, with what its clients may call through each.
    pub(super) async fn application_used_by(
        &mut self,
        application: &Application,
        environments: &[Environment],
    ) -> Result<Vec<ApplicationUseView>> {
        let handle = |id| {
            let of = environments.iter().find(|environment| environment.id == id);
            of.map(|environment| environment.handle.clone()).unwrap_or_default()
        };
        let mut decisions: BTreeMap<ServiceId, Vec<Decision>> = BTreeMap::new();
        for decision in self.transaction.decisions_about(&Subscriber::Application(application.id)).await? {
            decisions.entry(decision.service_id).or_default().push(decision);
        }
        let subscriptions = self.transaction.application_subscriptions(application.id, SHOWN).await?;
        let view = |used: ApplicationUse| {
            let of = subscriptions.iter().filter(|found| found.connection_id == used.connection_id);
            let subscription = |found: &Subscription| {
                let there = found.provider_environment_id;
                let about = decisions.get(&found.service_id).map_or(&[][..], Vec::as_slice);
                let (environment, provider_environment) = (handle(found.environment_id), handle(there));
                let state = Standing::of(about, there, used.approval).state;
                ApplicationSubscription { environment, provider_environment, state }
            };
            ApplicationUseView {
                id: used.connection_id,
                subscriptions: of.map(subscription).collect(),
                name: used.name,
                service: used.service,
                deleted: used.deleted,
            }
        };
        let uses = self.transaction.application_uses(application.id, SHOWN).await?;
        Ok(uses.into_iter().map(view).collect())
    }
}

fn number(count: i64) -> usize {
    usize::try_from(count).unwrap_or_default()
}
