//! Organizations, environments, projects and components on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::ComponentId;
use crate::model::ComponentType;

/// An organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrganizationView {
    /// Its handle.
    pub handle: String,
    /// The first part of the names of injected variables.
    pub variable_prefix: String,
    /// How long its access tokens live, in seconds.
    pub token_lifetime_seconds: i64,
    /// Counts its changes: `If-Match: "<revision>"` changes it only as it is.
    pub revision: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// What makes an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationCreate {
    /// Its handle.
    pub handle: String,
}

/// What may change of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationUpdate {
    /// The first part of the names of injected variables: `[A-Z][A-Z0-9_]*`.
    pub variable_prefix: Option<String>,
    /// How long its access tokens live, in seconds: 60 to 86400.
    pub token_lifetime_seconds: Option<i64>,
}

/// An environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EnvironmentView {
    /// Its handle.
    pub handle: String,
    /// Its organization's handle.
    pub organization: String,
    /// Its place in the order of promotion, from 1.
    pub position: i64,
    /// Whether its secrets are readable only by its runners and organization admins.
    pub critical: bool,
    /// The networks (CIDR) that endpoints may listen in; empty for the default rule.
    pub allowed_addresses: Vec<String>,
    /// Counts its changes: `If-Match: "<revision>"` changes it only as it is.
    pub revision: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// In the answer to a change that made it critical: the names of the runners' tokens that read its secrets and were made
    /// while administrators of projects could make them. They go on working, since components run with them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runner_tokens: Vec<String>,
}

/// What makes an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentCreate {
    /// Its handle.
    pub handle: String,
    /// The environment that it follows in the order of promotion.
    pub after: String,
    /// Whether its secrets are readable only by its runners and organization admins.
    #[serde(default)]
    pub critical: bool,
}

/// What may change of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentUpdate {
    /// Whether its secrets are readable only by its runners and organization admins.
    pub critical: Option<bool>,
    /// The networks (CIDR) that endpoints may listen in, in place of those set before.
    pub allowed_addresses: Option<Vec<String>>,
}

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProjectView {
    /// Its handle.
    pub handle: String,
    /// Its organization's handle.
    pub organization: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// What makes a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectCreate {
    /// Its handle.
    pub handle: String,
}

/// A component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ComponentView {
    /// Its id, which the gateway names it by: in headers to endpoints, in the access log and in figures.
    pub id: ComponentId,
    /// Its handle.
    pub handle: String,
    /// Its organization's handle.
    pub organization: String,
    /// Its project's handle.
    pub project: String,
    /// What it is.
    #[serde(rename = "type")]
    pub component_type: ComponentType,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// What makes a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComponentCreate {
    /// Its handle.
    pub handle: String,
    /// What it is.
    #[serde(rename = "type")]
    pub component_type: ComponentType,
}
