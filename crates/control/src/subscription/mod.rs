//! Subscriptions as their services' owners and their consumers see them, and what the owners decide about them. They
//! themselves are derived from deployments; nothing here makes one.

mod decide;
mod list;

use tieline_core::access::{Permission, Verdict};
use tieline_core::code;
use tieline_core::id::ConnectionId;
use tieline_core::model::AccessMode;
use tieline_core::route_table::SubscriptionState;
use tieline_core::wire::subscription::{SubscriptionStanding, SubscriptionView};
use tieline_store::connection::Connection;
use tieline_store::service::Service;
use tieline_store::subscription::{Decision, Subscriber, Subscription};
use tieline_store::tenancy::{Environment, Project};

use crate::table::Standing;
use crate::work::Work;
use crate::{Error, Result};

/// About whom is decided when a connection subscribes; none for one that needs no proof of who calls.
pub(crate) fn subscriber_of(connection: &Connection) -> Option<Subscriber> {
    use tieline_core::model::Scheme::{ApiKey, OAuth2};
    let gateway = matches!(connection.access_mode, Some(AccessMode::Organization | AccessMode::Public));
    let proves = matches!(connection.scheme, Some(OAuth2 | ApiKey));
    let subscriber = connection.application_id.map_or(Subscriber::Connection(connection.id), Subscriber::Application);
    (gateway && proves).then_some(subscriber)
}

/// A subscription with what decides who may see it and what is said of it.
struct Found {
    subscription: Subscription,
    connection: Connection,
    service: Service,
    provider: Project,
    subscriber: Subscriber,
    decisions: Vec<Decision>,
}

impl Work<'_> {
    /// The subscription of an id, if the actor may see its provider or its consumer.
    async fn subscription(&mut self, id: &str) -> Result<Found> {
        let missing = || {
            Error::not_found(
                code!("subscription_not_found"),
                format!("there is no subscription {id:?}"),
                "see those that you may see with `tieline subscription list`",
            )
        };
        let (connection, environment) = id.split_once('.').ok_or_else(missing)?;
        let connection: ConnectionId = connection.parse().map_err(|_| missing())?;
        let environment = self.transaction.environment_by_handle(self.organization.id, environment).await?;
        let environment = environment.ok_or_else(missing)?;
        let found = self.transaction.subscription_find(connection, environment.id).await?.ok_or_else(missing)?;
        self.subscription_seen(found).await?.ok_or_else(missing)
    }

    /// A subscription, if the actor may see its provider or its consumer.
    async fn subscription_seen(&mut self, subscription: Subscription) -> Result<Option<Found>> {
        let gone = || Error::Inconsistent(format!("a subscription of {} leads nowhere", subscription.connection_id));
        let connection = self.transaction.connection_held_by_id(subscription.connection_id).await?.ok_or_else(gone)?;
        let service = self.transaction.service_by_id(subscription.service_id).await?.ok_or_else(gone)?;
        let (provider, _) = self.provider_of(&service).await?;
        let sees = |project| self.verdict(Permission::View, project) == Verdict::Allowed;
        if !sees(Some(provider.id)) && !sees(connection.project_id) {
            return Ok(None);
        }
        let Some(subscriber) = subscriber_of(&connection) else { return Ok(None) };
        let decisions = self.transaction.decisions(&subscriber, service.id).await?;
        Ok(Some(Found { subscription, connection, service, provider, subscriber, decisions }))
    }

    /// A subscription as it is shown. Who approves must know whom: the consumer's names are shown also to those who
    /// see only the provider.
    async fn subscription_view(&mut self, found: &Found, environments: &[Environment]) -> Result<SubscriptionView> {
        let (project, component) = self.place_of(&found.connection).await?;
        let handle = |id| {
            let environment = environments.iter().find(|environment| environment.id == id);
            environment.map_or_else(String::new, |environment| environment.handle.clone())
        };
        let environment = handle(found.subscription.environment_id);
        let there = found.subscription.provider_environment_id;
        Ok(SubscriptionView {
            id: format!("{}.{environment}", found.connection.id),
            service: found.service.reference.clone(),
            provider_environment: handle(there),
            connection: found.connection.id,
            connection_name: found.connection.name.clone(),
            project: project.map(|project| project.handle),
            component: component.map(|component| component.handle),
            environment,
            created_at: found.subscription.created_at,
            decidable: self.may_decide(found),
            standing: standing_view(Standing::of(&found.decisions, there, found.service.approval)),
        })
    }

    /// Whether the actor administers the project that offers the service.
    fn may_decide(&self, found: &Found) -> bool {
        self.verdict(Permission::AdministerProject, Some(found.provider.id)) == Verdict::Allowed
    }

    /// What a connection may call from an environment, once it has a subscription there or an approval is asked for.
    pub(crate) async fn standing_of(
        &mut self,
        connection: &Connection,
        service: &Service,
        environment: &Environment,
    ) -> Result<Option<SubscriptionStanding>> {
        let Some(subscriber) = subscriber_of(connection) else { return Ok(None) };
        let Some(there) = self.provider_environment(connection, environment).await? else { return Ok(None) };
        let decisions = self.transaction.decisions(&subscriber, service.id).await?;
        let standing = Standing::of(&decisions, there.id, service.approval);
        let there_is = self.transaction.subscription_find(connection.id, environment.id).await?.is_some();
        Ok((there_is || standing.state != SubscriptionState::Live).then(|| standing_view(standing)))
    }
}

fn standing_view(standing: Standing<'_>) -> SubscriptionStanding {
    SubscriptionStanding {
        state: standing.state,
        plan: standing.plan.to_owned(),
        reason: standing.because.map(|decision| decision.reason.clone()),
        decided_by: standing.because.map(|decision| decision.actor.clone()),
        decided_at: standing.because.map(|decision| decision.at),
    }
}
