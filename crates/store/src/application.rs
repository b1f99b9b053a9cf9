//! OAuth applications as they are shown: which there are, with which clients and secrets, and which connections use them.

use jiff::Timestamp;
use tieline_core::id::{ApplicationId, ComponentId, ConnectionId, EnvironmentId, OrganizationId};

use crate::key::Application;
use crate::row::{Row, Value, text};
use crate::subscription::{Decision, Subscriber, Subscription};
use crate::{Result, Transaction};

/// The client of an application in one environment, with how many secrets it has in each state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationClient {
    /// Its id, as Tieline knows it: at an identity provider it has another one.
    pub id: String,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Secrets that are accepted, without an end.
    pub live: i64,
    /// Secrets that are accepted until their end.
    pub retiring: i64,
    /// Secrets that are accepted no more.
    pub revoked: i64,
}

/// A secret of a client, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSecret {
    /// The one component that it is for, where the connection says so.
    pub holder: Option<ComponentId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops being accepted.
    pub not_after: Option<Timestamp>,
    /// When it stopped being accepted.
    pub revoked_at: Option<Timestamp>,
}

/// A connection that uses an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationUse {
    /// The connection.
    pub connection_id: ConnectionId,
    /// Its name.
    pub name: String,
    /// Whether it was deleted, and stays for the deployments that hold its values.
    pub deleted: bool,
    /// The reference of the service that it leads to.
    pub service: String,
    /// Whether the service's owners approve each subscription.
    pub approval: bool,
}

impl Transaction {
    /// A page of the applications of an organization: those after an id, in the order in which they were made.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn applications_page(
        &mut self,
        organization: OrganizationId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Application>> {
        let sql = "SELECT * FROM oauth_application WHERE organization_id = $1 AND id > $2 ORDER BY id LIMIT $3";
        let values = [text(organization), text(after), Value::Integer(limit)];
        self.rows(sql, &values).await?.iter().map(Application::read).collect()
    }

    /// The clients of an application.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn application_clients(&mut self, application: ApplicationId) -> Result<Vec<ApplicationClient>> {
        let sql = "SELECT c.id, c.environment_id, c.created_at,
                 COUNT(CASE WHEN s.state = 'live' AND s.not_after IS NULL THEN 1 END) AS live,
                 COUNT(CASE WHEN s.state = 'live' AND s.not_after IS NOT NULL THEN 1 END) AS retiring,
                 COUNT(CASE WHEN s.state = 'revoked' THEN 1 END) AS revoked
             FROM oauth_client c LEFT JOIN client_secret s ON s.client_id = c.id
             WHERE c.application_id = $1 GROUP BY c.id, c.environment_id, c.created_at ORDER BY c.environment_id";
        let read = |row: &Row| {
            Ok(ApplicationClient {
                id: row.text("id")?,
                environment_id: row.parsed("environment_id")?,
                created_at: row.parsed("created_at")?,
                live: row.integer("live")?,
                retiring: row.integer("retiring")?,
                revoked: row.integer("revoked")?,
            })
        };
        self.rows(sql, &[text(application)]).await?.iter().map(read).collect()
    }

    /// Up to `limit` secrets of a client: those that do not retire first, then those that do, then those that are revoked;
    /// the youngest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn client_secrets_shown(&mut self, client: &str, limit: i64) -> Result<Vec<ClientSecret>> {
        let sql = "SELECT client_secret.holder_component_id, client_secret.created_at, client_secret.not_after,
                 CASE WHEN client_secret.state = 'revoked' THEN sealed_version.revoked_at END AS revoked_at
             FROM client_secret JOIN sealed_version ON sealed_version.id = client_secret.sealed_version_id
             WHERE client_secret.client_id = $1
             ORDER BY CASE WHEN client_secret.state = 'revoked' THEN 2 WHEN client_secret.not_after IS NULL THEN 0
                 ELSE 1 END, client_secret.created_at DESC, client_secret.id DESC LIMIT $2";
        let read = |row: &Row| {
            Ok(ClientSecret {
                holder: row.optional_parsed("holder_component_id")?,
                created_at: row.parsed("created_at")?,
                not_after: row.optional_parsed("not_after")?,
                revoked_at: row.optional_parsed("revoked_at")?,
            })
        };
        self.rows(sql, &[text(client), Value::Integer(limit)]).await?.iter().map(read).collect()
    }

    /// How many connections use an application, with those that are out of use.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn application_uses_count(&mut self, application: ApplicationId) -> Result<i64> {
        let sql = "SELECT COUNT(*) AS uses FROM connection WHERE application_id = $1";
        self.row(sql, &[text(application)]).await?.map_or(Ok(0), |row| row.integer("uses"))
    }

    /// Up to `limit` connections that use an application, also those that are out of use, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn application_uses(&mut self, application: ApplicationId, limit: i64) -> Result<Vec<ApplicationUse>> {
        let sql = "SELECT connection.id, connection.name, connection.deleted_at, service.reference, service.approval
             FROM connection JOIN service ON service.id = connection.service_id
             WHERE connection.application_id = $1 ORDER BY connection.name_part, connection.id LIMIT $2";
        let read = |row: &Row| {
            Ok(ApplicationUse {
                connection_id: row.parsed("id")?,
                name: row.text("name")?,
                deleted: row.optional_text("deleted_at")?.is_some(),
                service: row.text("reference")?,
                approval: row.boolean("approval")?,
            })
        };
        self.rows(sql, &[text(application), Value::Integer(limit)]).await?.iter().map(read).collect()
    }

    /// The subscriptions of the first `limit` connections that use an application, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn application_subscriptions(
        &mut self,
        application: ApplicationId,
        limit: i64,
    ) -> Result<Vec<Subscription>> {
        let sql = "SELECT * FROM subscription WHERE connection_id IN
                 (SELECT id FROM connection WHERE application_id = $1 ORDER BY name_part, id LIMIT $2)
             ORDER BY connection_id, environment_id";
        self.rows(sql, &[text(application), Value::Integer(limit)]).await?.iter().map(Subscription::read).collect()
    }

    /// What was decided about a subscriber, of every service.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn decisions_about(&mut self, subscriber: &Subscriber) -> Result<Vec<Decision>> {
        let sql = "SELECT * FROM subscription_decision WHERE subscriber = $1 ORDER BY service_id, environment_id, kind";
        self.rows(sql, &[text(subscriber)]).await?.iter().map(Decision::read).collect()
    }
}
