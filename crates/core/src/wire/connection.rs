//! Connections on the wire.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{ApplicationId, ConnectionId};
use crate::model::{AccessMode, Level, Scheme, Secrets};
use crate::wire::rotation::RotationView;
use crate::wire::subscription::SubscriptionStanding;

/// What makes a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionCreate {
    /// Its name; never changes.
    pub name: String,
    /// What it leads to.
    pub service: String,
    /// Where it lives; the narrowest of the given scope when absent.
    #[serde(default)]
    pub level: Option<Level>,
    /// The project, at project and component level.
    #[serde(default)]
    pub project: Option<String>,
    /// The component, at component level.
    #[serde(default)]
    pub component: Option<String>,
    /// How it calls an internal service; the default when absent.
    #[serde(default)]
    pub access_mode: Option<AccessMode>,
    /// How it proves who calls an internal service; the default when absent.
    #[serde(default)]
    pub authentication_scheme: Option<Scheme>,
    /// Environment → endpoint, credential, or (for an internal service) provider environment.
    #[serde(default)]
    pub mapping: BTreeMap<String, String>,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// The id that files already carry.
    #[serde(default)]
    pub id: Option<ConnectionId>,
    /// Whether it gets an OAuth application of its own.
    #[serde(default)]
    pub own_application: bool,
    /// Whose secret it injects.
    #[serde(default)]
    pub secrets: Option<Secrets>,
}

/// What may change of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionUpdate {
    /// What it is for.
    pub description: Option<String>,
    /// Entries of the mapping to set; an empty target removes the entry.
    pub mapping: Option<BTreeMap<String, String>>,
}

/// A connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConnectionView {
    /// Its id, which `serviceReferences` carry.
    pub id: ConnectionId,
    /// Its name, which `connectionReferences` carry.
    pub name: String,
    /// Where it lives.
    pub level: Level,
    /// The organization's handle.
    pub organization: String,
    /// The project's handle, at project and component level.
    pub project: Option<String>,
    /// The component's handle, at component level.
    pub component: Option<String>,
    /// What it leads to.
    pub service: String,
    /// How it calls an internal service; null for others.
    pub access_mode: Option<AccessMode>,
    /// How it proves who calls an internal service; null for others.
    pub authentication_scheme: Option<Scheme>,
    /// The OAuth application whose clients its keys are, as the gateway's headers, log and figures name it; null without
    /// one. Connections that share it share its client ids and secrets.
    pub application: Option<ApplicationId>,
    /// What it is for.
    pub description: String,
    /// Whose secret it injects.
    pub secrets: Secrets,
    /// Environment → endpoint, credential or provider environment, where it was chosen.
    pub mapping: BTreeMap<String, String>,
    /// Counts its changes: `If-Match: "<revision>"` changes it only as it is.
    pub revision: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// How many components use it: in a live deployment, or as external consumers.
    #[serde(default)]
    pub consumers: usize,
    /// Its state in each environment; `list` leaves the parameters out.
    pub environments: BTreeMap<String, ConnectionEnvironmentView>,
}

/// A connection in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConnectionEnvironmentView {
    /// `ready` or `pending`.
    pub status: String,
    /// Why it is pending; null when it is ready.
    pub reason: Option<String>,
    /// What should be known although it is ready: the provider is not deployed where it leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// What its keys may call there, where a subscription has a state: since a deployment uses it, or an approval is asked
    /// for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<SubscriptionStanding>,
    /// The rotations of its keys that are under way there; absent when there are none, and in a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rotations: Vec<RotationView>,
    /// Who uses it there, as far as the asker may see; absent when nobody does, and in a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consumers: Vec<ConsumerView>,
    /// How many more use it there in projects that the asker may not see; absent when there are none, and in a list.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub consumers_elsewhere: usize,
    /// Its parameters; absent in a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Vec<ParameterView>>,
}

/// One parameter of a connection in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ParameterView {
    /// The key.
    pub key: String,
    /// The environment variable that it becomes.
    pub variable: String,
    /// Its value; null when it is pending, or sensitive and not revealed.
    pub value: Option<String>,
    /// `set`, `masked` or `pending`.
    pub state: String,
    /// Whether the value is a secret.
    pub sensitive: bool,
    /// Whether it may be without a value.
    pub optional: bool,
}

/// What to put into the descriptor, and how to use it: `tieline connection guide`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConnectionGuide {
    /// The connection's name.
    pub name: String,
    /// The variables that it becomes, by key.
    pub variables: BTreeMap<String, String>,
    /// What to put into component.yaml, by schema version.
    pub descriptor: BTreeMap<String, String>,
    /// How to read and use it, by language.
    pub code: BTreeMap<String, String>,
}

/// One consumer of a connection or service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConsumerView {
    /// The project's handle.
    pub project: String,
    /// The component's handle.
    pub component: String,
    /// The environment's handle.
    pub environment: String,
    /// The version deployed there; null for an external consumer.
    pub version: Option<String>,
    /// The connection's name.
    pub connection: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(value: &usize) -> bool {
    *value == 0
}
