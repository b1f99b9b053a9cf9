//! Subscriptions on the wire: who may call which service where, and what its owners decided about it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::ConnectionId;
use crate::route_table::SubscriptionState;

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SubscriptionView {
    /// What commands name it by: the connection's id, a dot, and the consumer's environment.
    pub id: String,
    /// The service that is called.
    pub service: String,
    /// In which environment of its provider.
    pub provider_environment: String,
    /// The connection whose keys call.
    pub connection: ConnectionId,
    /// Its name.
    pub connection_name: String,
    /// The consumer's project; null for a connection of the whole organization.
    pub project: Option<String>,
    /// The consumer, for a connection of one component.
    pub component: Option<String>,
    /// The consumer's environment.
    pub environment: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Whether the asker may decide about it, as administrator of the project that offers the service.
    #[serde(default)]
    pub decidable: bool,
    /// What it comes to.
    #[serde(flatten)]
    pub standing: SubscriptionStanding,
}

/// What a subscription comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SubscriptionStanding {
    /// Whether the gateway lets it call.
    pub state: SubscriptionState,
    /// The rate plan.
    pub plan: String,
    /// Why it was decided so; null where nobody decided.
    pub reason: Option<String>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub decided_at: Option<Timestamp>,
}

/// What decides about a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionDecide {
    /// Why, for the consumer to read; a refusal needs it.
    #[serde(default)]
    pub reason: String,
}

/// What may change of a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionUpdate {
    /// The rate plan, by name.
    pub plan: Option<String>,
}

/// Which subscriptions are listed; all that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SubscriptionQuery {
    /// Only those of this service, by reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The project that a reference without one means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Only those in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    pub state: Option<SubscriptionState>,
    /// Where the page begins, from the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most so many are looked through for a page; 100, unless given, and never more than 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}
