//! Plans, deployments and the delivery of snapshots on the wire.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::model::Degraded;
use crate::policy::Policy;

/// A descriptor on its way to the server, with the files that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The file's path as the user knows it, for messages: `.choreo/component.yaml`.
    pub file: String,
    /// Its text.
    pub text: String,
    /// The content of each file that `schemaFilePath` names, by that path; a path that is not here does not exist.
    #[serde(default)]
    pub definitions: BTreeMap<String, String>,
}

/// What a deployment would inject: `tieline plan`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanRequest {
    /// The environment.
    pub environment: String,
    /// The descriptor; without one the plan is made for the live release.
    pub source: Option<Source>,
    /// Without a descriptor: the environment whose live release is planned, as a promotion would take it.
    #[serde(default)]
    pub from: Option<String>,
    /// `vN`, when several majors are live.
    #[serde(default)]
    pub version: Option<String>,
    /// Whether pending environments are no problem.
    #[serde(default)]
    pub allow_pending: bool,
}

/// The answer of `tieline plan`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PlanView {
    /// The component's handle.
    pub component: String,
    /// The environment's handle.
    pub environment: String,
    /// Whether it can be deployed.
    pub ready: bool,
    /// Every variable, by name.
    pub variables: Vec<VariableView>,
    /// What must be mended first.
    pub problems: Vec<Diagnostic>,
    /// What should be known.
    pub warnings: Vec<Diagnostic>,
    /// How the variables differ from those of the live snapshot, by name; nothing where nothing runs yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<VariableChange>,
}

/// How a variable of a plan differs from the live snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct VariableChange {
    /// Its name.
    pub name: String,
    /// What happens to it.
    pub change: Change,
}

/// What happens to a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It was not there.
    Added,
    /// It has another value, or was made a secret, or is none any more.
    Changed,
    /// It goes away.
    Removed,
}

impl Change {
    /// The word of the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// One variable of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct VariableView {
    /// Its name.
    pub name: String,
    /// Its value; null when it is sensitive.
    pub value: Option<String>,
    /// Whether the value is a secret.
    pub sensitive: bool,
    /// The connection that it comes from; null for the component's own.
    pub connection: Option<String>,
    /// The connection's key; null for the component's own.
    pub key: Option<String>,
    /// Why the value is carried forward from an earlier snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degraded: Option<String>,
}

/// `tieline deploy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeployRequest {
    /// The environment.
    pub environment: String,
    /// The version, as `v1.0`.
    pub version: String,
    /// The descriptor.
    pub source: Source,
    /// Where endpoints listen, by endpoint name; `http://127.0.0.1:<port>` for those not named.
    #[serde(default)]
    pub addresses: BTreeMap<String, String>,
    /// When instances take a later snapshot.
    #[serde(default)]
    #[schema(value_type = String)]
    pub policy: Option<Policy>,
    /// Whether pending environments are no problem.
    #[serde(default)]
    pub allow_pending: bool,
    /// Whether missing connections are made, at component level.
    #[serde(default)]
    pub create_connections: bool,
}

/// `tieline promote`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromoteRequest {
    /// The environment whose live release is taken.
    pub from: String,
    /// The next environment.
    pub to: String,
    /// `vN`, when several majors are live.
    #[serde(default)]
    pub version: Option<String>,
    /// Where endpoints listen there, by endpoint name.
    #[serde(default)]
    pub addresses: BTreeMap<String, String>,
    /// Whether pending environments are no problem.
    #[serde(default)]
    pub allow_pending: bool,
}

/// `tieline rollback`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollbackRequest {
    /// The environment.
    pub environment: String,
    /// The deployment to go back to; the one before the live one when absent.
    #[serde(default)]
    pub to: Option<String>,
    /// `vN`, when several majors are live.
    #[serde(default)]
    pub version: Option<String>,
}

/// A deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DeploymentView {
    /// Its id.
    pub deployment: String,
    /// The component's handle.
    pub component: String,
    /// The environment's handle.
    pub environment: String,
    /// The version deployed.
    pub version: String,
    /// The snapshot that it runs with.
    pub snapshot: String,
    /// The services that it lists.
    pub services: Vec<String>,
    /// `live`, `replaced` or `undeployed`.
    pub state: String,
    /// When instances take a later snapshot.
    pub policy: String,
    /// How far its instances have come; absent in the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<DeploymentProgress>,
    /// Variables that are carried forward, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub degraded: BTreeMap<String, Degraded>,
    /// What should be known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Diagnostic>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A deployment with what it runs with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DeploymentDetail {
    /// The deployment.
    #[serde(flatten)]
    pub deployment: DeploymentView,
    /// The variables of its snapshot, by name, secrets without their values.
    pub variables: Vec<VariableView>,
    /// The deployment of its major before it in the environment; null for the first.
    pub before: Option<String>,
    /// How the variables differ from those of the one before, by name; nothing for the first.
    pub changes: Vec<VariableChange>,
}

/// How far what runs of a live deployment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DeploymentProgress {
    /// Whether a value that it uses may have changed, and it is still to be planned again.
    pub planning: bool,
    /// How many instances run with its snapshot.
    pub current: usize,
    /// How many run with an earlier one: its policy says when they take this one.
    pub former: usize,
}

impl DeploymentProgress {
    /// Whether something is still to come.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.planning || self.former > 0
    }
}

/// The live snapshot with its values in clear, as a runner fetches it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SnapshotValues {
    /// Its id.
    pub snapshot: String,
    /// Differs whenever the deployment, its snapshot or its policy does: what a watching runner sends as `held`.
    pub revision: String,
    /// The major version that it is of.
    pub version: String,
    /// When instances take a later snapshot.
    pub policy: String,
    /// Every variable.
    pub variables: BTreeMap<String, String>,
}

impl std::fmt::Debug for SnapshotValues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SnapshotValues").field("snapshot", &self.snapshot).finish_non_exhaustive()
    }
}
