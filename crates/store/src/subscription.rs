//! Subscriptions: who may call which service where, what its owners decided about them, and what of that a gateway must
//! know.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use tieline_core::id::{ApplicationId, ComponentId, ConnectionId, EnvironmentId, OrganizationId, ServiceId};

use crate::row::{Row, Value, text};
use crate::{Result, Transaction};

/// About whom something is decided: all that one OAuth application's clients call, or a connection that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subscriber {
    /// An OAuth application.
    Application(ApplicationId),
    /// A connection by API key alone.
    Connection(ConnectionId),
}

impl fmt::Display for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Application(id) => write!(f, "application/{id}"),
            Self::Connection(id) => write!(f, "connection/{id}"),
        }
    }
}

impl FromStr for Subscriber {
    type Err = uuid::Error;

    fn from_str(text: &str) -> std::result::Result<Self, uuid::Error> {
        match text.split_once('/') {
            Some(("application", id)) => id.parse().map(Self::Application),
            _ => text.trim_start_matches("connection/").parse().map(Self::Connection),
        }
    }
}

/// A row of `subscription_decision`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// About whom.
    pub subscriber: Subscriber,
    /// Of which service.
    pub service_id: ServiceId,
    /// In which environment of its provider.
    pub environment_id: EnvironmentId,
    /// `approval`, `block` or `plan`.
    pub kind: String,
    /// `approved` or `refused`; `blocked`; the name of a plan.
    pub choice: String,
    /// Why, for the consumer to read.
    pub reason: String,
    /// Who decided it.
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

/// A subscription of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSubscription {
    /// The client id.
    pub client: String,
    /// The connection.
    pub connection_id: ConnectionId,
    /// The consumer's environment.
    pub consumer_environment_id: EnvironmentId,
    /// The provider's environment.
    pub environment_id: EnvironmentId,
    /// Whether the service's owners approve each.
    pub approval: bool,
}

/// An API key with what it may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySubscription {
    /// SHA-256 of the key.
    pub digest: Vec<u8>,
    /// The application of its connection.
    pub application_id: Option<ApplicationId>,
    /// The one component that holds it, where each has its own.
    pub holder: Option<ComponentId>,
    /// The service.
    pub service_id: ServiceId,
    /// The consumer's environment.
    pub consumer_environment_id: EnvironmentId,
    /// The provider's environment.
    pub environment_id: EnvironmentId,
    /// Whether the service's owners approve each.
    pub approval: bool,
}

/// A subscription as its service's owners see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Whose keys.
    pub connection_id: ConnectionId,
    /// In which environment the consumer runs.
    pub environment_id: EnvironmentId,
    /// The service.
    pub service_id: ServiceId,
    /// The provider's environment.
    pub provider_environment_id: EnvironmentId,
    /// Since when.
    pub created_at: Timestamp,
}

impl Subscription {
    pub(crate) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            connection_id: row.parsed("connection_id")?,
            environment_id: row.parsed("environment_id")?,
            service_id: row.parsed("service_id")?,
            provider_environment_id: row.parsed("provider_environment_id")?,
            created_at: row.parsed("created_at")?,
        })
    }
}

impl Decision {
    pub(crate) fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            subscriber: row.parsed("subscriber")?,
            service_id: row.parsed("service_id")?,
            environment_id: row.parsed("environment_id")?,
            kind: row.text("kind")?,
            choice: row.text("choice")?,
            reason: row.text("reason")?,
            actor: row.text("actor")?,
            at: row.parsed("at")?,
        })
    }
}

/// Subscriptions.
impl Transaction {
    /// Records that a connection's keys of an environment may call a service in the provider's environment; answers whether
    /// that is a change.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscription_save(
        &mut self,
        connection: ConnectionId,
        environment: EnvironmentId,
        service: ServiceId,
        provider_environment: EnvironmentId,
        at: Timestamp,
    ) -> Result<bool> {
        let changed = self
            .execute(
                "INSERT INTO subscription
                     (connection_id, environment_id, service_id, provider_environment_id, created_at)
                 VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (connection_id, environment_id)
                     DO UPDATE SET provider_environment_id = excluded.provider_environment_id
                     WHERE subscription.provider_environment_id <> excluded.provider_environment_id",
                &[text(connection), text(environment), text(service), text(provider_environment), text(at)],
            )
            .await?;
        Ok(changed > 0)
    }

    /// Forgets the subscription of a connection in an environment; answers whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscription_delete(&mut self, connection: ConnectionId, environment: EnvironmentId) -> Result<bool> {
        let sql = "DELETE FROM subscription WHERE connection_id = $1 AND environment_id = $2";
        Ok(self.execute(sql, &[text(connection), text(environment)]).await? > 0)
    }

    /// The environments in which a connection has a subscription.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscription_environments(&mut self, connection: ConnectionId) -> Result<Vec<EnvironmentId>> {
        let sql = "SELECT environment_id FROM subscription WHERE connection_id = $1 ORDER BY environment_id";
        self.rows(sql, &[text(connection)]).await?.iter().map(|row| row.parsed("environment_id")).collect()
    }

    /// Forgets the subscription of a connection in an environment unless it leads to this provider's environment; answers
    /// whether there was another.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscription_delete_other(
        &mut self,
        connection: ConnectionId,
        environment: EnvironmentId,
        provider_environment: EnvironmentId,
    ) -> Result<bool> {
        let sql = "DELETE FROM subscription
             WHERE connection_id = $1 AND environment_id = $2 AND provider_environment_id <> $3";
        Ok(self.execute(sql, &[text(connection), text(environment), text(provider_environment)]).await? > 0)
    }

    /// The subscription of a connection in an environment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscription_find(
        &mut self,
        connection: ConnectionId,
        environment: EnvironmentId,
    ) -> Result<Option<Subscription>> {
        let sql = "SELECT * FROM subscription WHERE connection_id = $1 AND environment_id = $2";
        self.row(sql, &[text(connection), text(environment)]).await?.as_ref().map(Subscription::read).transpose()
    }

    /// A page of the subscriptions of a service by connections that prove who calls: those after a connection and
    /// environment, in this order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscriptions_of_service(
        &mut self,
        service: ServiceId,
        after: (&str, &str),
        limit: i64,
    ) -> Result<Vec<Subscription>> {
        let sql =
            "SELECT subscription.* FROM subscription JOIN connection ON connection.id = subscription.connection_id
             WHERE subscription.service_id = $1 AND connection.access_mode IN ('organization', 'public')
             AND connection.scheme IN ('oauth2', 'api-key')
             AND (subscription.connection_id, subscription.environment_id) > ($2, $3)
             ORDER BY subscription.connection_id, subscription.environment_id LIMIT $4";
        let values = [text(service), text(after.0), text(after.1), Value::Integer(limit)];
        self.rows(sql, &values).await?.iter().map(Subscription::read).collect()
    }

    /// As [`Transaction::subscriptions_of_service`], of every service of an organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscriptions_page(
        &mut self,
        organization: OrganizationId,
        after: (&str, &str),
        limit: i64,
    ) -> Result<Vec<Subscription>> {
        let sql =
            "SELECT subscription.* FROM connection JOIN subscription ON subscription.connection_id = connection.id
             WHERE connection.organization_id = $1 AND connection.access_mode IN ('organization', 'public')
             AND connection.scheme IN ('oauth2', 'api-key')
             AND (subscription.connection_id, subscription.environment_id) > ($2, $3)
             ORDER BY subscription.connection_id, subscription.environment_id LIMIT $4";
        let values = [text(organization), text(after.0), text(after.1), Value::Integer(limit)];
        self.rows(sql, &values).await?.iter().map(Subscription::read).collect()
    }

    /// The subscriptions of an application's clients to a service. A client that an identity provider has is known by its
    /// id there; one that it is to have, and has not yet, cannot call anything.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscriptions_of_application(
        &mut self,
        application: ApplicationId,
        service: ServiceId,
    ) -> Result<Vec<ClientSubscription>> {
        let sql = "SELECT COALESCE(client_registration.registered_id, oauth_client.id) AS client,
                 subscription.connection_id, subscription.environment_id, subscription.provider_environment_id,
                 service.approval
             FROM connection JOIN subscription ON subscription.connection_id = connection.id
             JOIN oauth_client ON oauth_client.application_id = connection.application_id
                 AND oauth_client.environment_id = subscription.environment_id
             LEFT JOIN client_registration ON client_registration.client_id = oauth_client.id
             JOIN service ON service.id = connection.service_id
             WHERE connection.application_id = $1 AND connection.service_id = $2
                 AND connection.access_mode IN ('organization', 'public') AND connection.scheme = 'oauth2'
                 AND (client_registration.id IS NULL OR client_registration.registered_id IS NOT NULL)
             ORDER BY client, subscription.provider_environment_id, subscription.connection_id";
        let rows = self.rows(sql, &[text(application), text(service)]).await?;
        let read = |row: &Row| {
            Ok(ClientSubscription {
                client: row.text("client")?,
                connection_id: row.parsed("connection_id")?,
                consumer_environment_id: row.parsed("environment_id")?,
                environment_id: row.parsed("provider_environment_id")?,
                approval: row.boolean("approval")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// The live API keys of a connection where it is subscribed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn subscriptions_of_keys(&mut self, connection: ConnectionId) -> Result<Vec<KeySubscription>> {
        let sql =
            "SELECT api_key.digest, api_key.holder_component_id, connection.application_id, connection.service_id,
                 subscription.environment_id, subscription.provider_environment_id, service.approval
             FROM connection JOIN subscription ON subscription.connection_id = connection.id
             JOIN api_key ON api_key.connection_id = connection.id
                 AND api_key.environment_id = subscription.environment_id
             JOIN service ON service.id = connection.service_id
             WHERE connection.id = $1 AND api_key.state = 'live' ORDER BY api_key.id";
        let read = |row: &Row| {
            Ok(KeySubscription {
                digest: row.bytes("digest")?,
                application_id: row.optional_parsed("application_id")?,
                holder: row.optional_parsed("holder_component_id")?,
                service_id: row.parsed("service_id")?,
                consumer_environment_id: row.parsed("environment_id")?,
                environment_id: row.parsed("provider_environment_id")?,
                approval: row.boolean("approval")?,
            })
        };
        self.rows(sql, &[text(connection)]).await?.iter().map(read).collect()
    }
}

/// What was decided.
impl Transaction {
    /// Records a decision in place of an earlier one of its kind.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn decision_save(&mut self, decision: &Decision) -> Result<()> {
        self.execute(
            "INSERT INTO subscription_decision (subscriber, service_id, environment_id, kind, choice, reason, actor, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (subscriber, service_id, environment_id, kind) DO UPDATE SET choice = excluded.choice,
                 reason = excluded.reason, actor = excluded.actor, at = excluded.at",
            &[
                text(decision.subscriber),
                text(decision.service_id),
                text(decision.environment_id),
                text(&decision.kind),
                text(&decision.choice),
                text(&decision.reason),
                text(&decision.actor),
                text(decision.at),
            ],
        )
        .await?;
        Ok(())
    }

    /// Takes a decision back.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn decision_delete(
        &mut self,
        subscriber: &Subscriber,
        service: ServiceId,
        environment: EnvironmentId,
        kind: &str,
    ) -> Result<()> {
        let sql = "DELETE FROM subscription_decision
             WHERE subscriber = $1 AND service_id = $2 AND environment_id = $3 AND kind = $4";
        self.execute(sql, &[text(subscriber), text(service), text(environment), text(kind)]).await?;
        Ok(())
    }

    /// What was decided about a subscriber of a service, in every environment.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn decisions(&mut self, subscriber: &Subscriber, service: ServiceId) -> Result<Vec<Decision>> {
        let sql = "SELECT * FROM subscription_decision WHERE subscriber = $1 AND service_id = $2
             ORDER BY environment_id, kind";
        self.rows(sql, &[text(subscriber), text(service)]).await?.iter().map(Decision::read).collect()
    }

    /// Whether a decision of a kind holds about any subscriber of a service.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn service_decided(&mut self, service: ServiceId, kind: &str) -> Result<bool> {
        let sql = "SELECT choice FROM subscription_decision WHERE service_id = $1 AND kind = $2 LIMIT 1";
        Ok(self.row(sql, &[text(service), text(kind)]).await?.is_some())
    }

    /// Forgets what was decided about a subscriber that is gone.
    pub(crate) async fn decisions_forget(&mut self, subscriber: &Subscriber) -> Result<()> {
        self.execute("DELETE FROM subscription_decision WHERE subscriber = $1", &[text(subscriber)]).await?;
        Ok(())
    }
}
