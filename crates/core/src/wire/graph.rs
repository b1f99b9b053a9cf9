//! The graph on the wire: who depends on whom, and what breaks when one is taken away.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::ConnectionId;
use crate::model::{AccessMode, Level, Scheme};

/// What of the graph is asked for; all that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GraphQuery {
    /// Only where the consumer or the provider belongs to this project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Only what this component of the project depends on and what depends on it, directly or by way of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Only where the consumer runs in this environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Also who breaks when this is taken away: a component as `shop/orders` (or `orders` with its project given), or the
    /// reference of a service. The graph is then that of the ways by which it breaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact_of: Option<String>,
}

/// Who depends on whom, as far as the asker may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GraphView {
    /// The organization's handle.
    pub organization: String,
    /// Who uses or is used, by id.
    pub nodes: Vec<GraphNode>,
    /// Who uses whom, by consumer, environment and connection.
    pub edges: Vec<GraphEdge>,
    /// Dependencies that lead back to where they begin: for each group of them a shortest way around.
    pub cycles: Vec<Vec<GraphStep>>,
    /// Who breaks; absent unless it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<GraphImpact>,
    /// Whether there is more than one answer holds: narrow it by project or environment.
    pub cut: bool,
}

/// A component, a third-party service or a resource. An internal service is a component that offers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GraphNode {
    /// `project/component`, or the reference of a third-party service or resource.
    pub id: String,
    /// The component's type, `third-party`, or the kind of the resource: `postgresql`, `redis`, …
    pub kind: String,
    /// The project's handle; null for what belongs to the whole organization.
    pub project: Option<String>,
    /// The component's handle; null for a third-party service or resource.
    pub component: Option<String>,
    /// How many components use it that belong to projects that the asker may not see.
    pub hidden_consumers: usize,
}

/// One connection that a component uses in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GraphEdge {
    /// The id of the consumer's node.
    pub from: String,
    /// The consumer's environment.
    pub environment: String,
    /// The connection's name.
    pub connection: String,
    /// The connection's id.
    pub connection_id: ConnectionId,
    /// Where the connection lives.
    pub level: Level,
    /// How it calls an internal service; null for others.
    pub access_mode: Option<AccessMode>,
    /// How it proves who calls an internal service; null for others.
    pub authentication_scheme: Option<Scheme>,
    /// The service that it leads to.
    pub service: String,
    /// The id of the provider's node.
    pub to: String,
    /// The provider's environment; of a third-party service or resource the consumer's own.
    pub provider_environment: String,
    /// The consumer's versions that use it; empty for an external consumer.
    pub versions: Vec<String>,
    /// Whether it works.
    pub status: GraphStatus,
    /// Why it does not; null when it does.
    pub reason: Option<String>,
    /// Since when it is degraded; null when it is not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
}

/// Whether a dependency works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum GraphStatus {
    /// It does.
    Ready,
    /// What it leads to is not there yet.
    Pending,
    /// Values are carried forward because they no longer resolve.
    Degraded,
}

impl GraphStatus {
    /// The word of the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Pending => "pending",
            Self::Degraded => "degraded",
        }
    }
}

/// Who breaks when something is taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GraphImpact {
    /// What is taken away: the id of a node, or the reference of an internal service.
    pub of: String,
    /// Who breaks, in each environment; the nearest first.
    pub broken: Vec<GraphBroken>,
    /// How many more components use it directly that belong to projects that the asker may not see.
    pub hidden_consumers: usize,
}

/// A node that breaks in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GraphBroken {
    /// Its id.
    pub node: String,
    /// Where it breaks.
    pub environment: String,
    /// Whether it uses what is taken away itself.
    pub direct: bool,
    /// A shortest way from it to what is taken away.
    pub way: Vec<GraphStep>,
}

/// One dependency of a way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GraphStep {
    /// The id of the consumer's node.
    pub from: String,
    /// The consumer's environment.
    pub environment: String,
    /// The connection's name.
    pub connection: String,
    /// The service that it leads to.
    pub service: String,
    /// The id of the provider's node.
    pub to: String,
    /// The provider's environment.
    pub provider_environment: String,
}
