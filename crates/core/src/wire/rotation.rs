//! Rotation and revocation of a connection's keys on the wire.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::ConnectionId;
use crate::wire::connection::ConsumerView;

/// How a connection's keys are rotated.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionRotate {
    /// In which environments; in all when empty.
    pub environments: Vec<String>,
    /// With a secret per component: of this component alone, a handle in the project of the query; of all when absent.
    pub component: Option<String>,
    /// For how many seconds the former keys are accepted at most, from 1 to 2592000 (30 days); 86400 when absent.
    pub deadline: Option<i64>,
    /// Whether the former keys are revoked at once, whomever that breaks.
    pub now: bool,
    /// That the asker knows whom it touches: without it, a rotation that touches users of other connections, or breaks
    /// anybody, is refused with their list.
    pub acknowledge: bool,
}

/// Whose keys are revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionRevoke {
    /// The component, a handle in the project of the query.
    pub component: String,
    /// In which environments; in all when empty.
    #[serde(default)]
    pub environments: Vec<String>,
}

/// What a rotation or revocation did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConnectionKeysChanged {
    /// The connection.
    pub id: ConnectionId,
    /// Its name.
    pub name: String,
    /// The state in each environment that was rotated or revoked.
    pub environments: BTreeMap<String, Vec<RotationView>>,
    /// Who gets other keys, or, where the former ones were revoked at once, whom that breaks until it starts again.
    pub touched: Vec<ConsumerView>,
}

/// A rotation under way: the former keys are still accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RotationView {
    /// The one component whose keys they are, as `project/component`; null for keys that all share.
    pub component: Option<String>,
    /// Since when there are other keys.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// When the former keys are revoked at the latest; before that, as soon as nobody holds them.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// Who still holds the former keys.
    pub held_by: Vec<HolderView>,
    /// How many more hold them in projects that the asker may not see.
    pub held_elsewhere: usize,
}

/// Who holds former keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HolderView {
    /// The project's handle.
    pub project: String,
    /// The component's handle.
    pub component: String,
    /// The major, as `v1`; null for an external consumer.
    pub version: Option<String>,
    /// How many of its instances run with them; 0 when only its deployment, or an external consumer, stands for them.
    pub instances: i64,
}
