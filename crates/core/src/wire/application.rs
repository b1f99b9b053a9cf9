//! OAuth applications on the wire: whose they are, their clients and secrets per environment, and who uses them. No value
//! of a secret is among it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{ApplicationId, ConnectionId};
use crate::model::Level;
use crate::route_table::SubscriptionState;

/// An OAuth application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ApplicationView {
    /// Its id, as connections, the gateway's headers, log and figures name it.
    pub id: ApplicationId,
    /// Where it belongs.
    pub level: Level,
    /// The organization's handle.
    pub organization: String,
    /// The project's handle, at project and component level.
    pub project: Option<String>,
    /// The component's handle, at component level.
    pub component: Option<String>,
    /// The name of the one connection that has it for itself; null where all connections of the project or component
    /// share it.
    pub connection: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// How many connections use it.
    pub connections: usize,
    /// Its client in each environment.
    pub environments: BTreeMap<String, ApplicationClientView>,
    /// The connections that use it, by name, the first hundred; absent in a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_by: Option<Vec<ApplicationUseView>>,
}

/// The client of an application in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ApplicationClientView {
    /// The client id that components present; null while it is to be registered at the identity provider.
    pub client_id: Option<String>,
    /// Why there is no client id yet; null when there is one.
    pub reason: Option<String>,
    /// The identity provider that has the client; null where Tieline has it.
    pub issuer: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// How many secrets are accepted, without an end.
    pub live: usize,
    /// How many are being rotated out: accepted until their end.
    pub retiring: usize,
    /// How many are accepted no more, and still known.
    pub revoked: usize,
    /// The secrets, live ones first, the first hundred, but for those of components that the asker may not see; absent in
    /// a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Vec<ClientSecretView>>,
}

/// A secret of a client, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ClientSecretView {
    /// Whether it is accepted.
    pub state: SecretState,
    /// The one component that holds it, as `project/component`; null for a secret that all share.
    pub component: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it is revoked at the latest, while it is rotated out, or when it was revoked; null for a live one.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// Whether a secret is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SecretState {
    /// It is.
    Live,
    /// It is until its end.
    Retiring,
    /// It is no more.
    Revoked,
}

impl SecretState {
    /// The word of the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Retiring => "retiring",
            Self::Revoked => "revoked",
        }
    }
}

/// A connection that uses an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ApplicationUseView {
    /// The connection's id.
    pub id: ConnectionId,
    /// Its name.
    pub name: String,
    /// The service that it leads to.
    pub service: String,
    /// Whether it was deleted, and lasts until no deployment holds its values.
    pub deleted: bool,
    /// What the application's clients may call through it.
    pub subscriptions: Vec<ApplicationSubscription>,
}

/// What a client may call through a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ApplicationSubscription {
    /// The environment of the client.
    pub environment: String,
    /// In which environment the service is called.
    pub provider_environment: String,
    /// Whether the gateway lets it call.
    pub state: SubscriptionState,
}
