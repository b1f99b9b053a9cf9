//! What goes over the wire, in both directions: the JSON of the API, which is also what the command line prints.

pub mod access;
pub mod application;
pub mod connection;
pub mod graph;
pub mod identity_provider;
pub mod oauth;
pub mod offer;
pub mod outline;
pub mod plan;
pub mod rotation;
pub mod service;
pub mod subscription;
pub mod tenancy;
pub mod user;

use serde::{Deserialize, Serialize};

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Where the next page begins: send it as `cursor`; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// An error: `application/problem+json` (RFC 9457) with Tieline's `code` and `hint`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// What happened, in words.
    pub title: String,
    /// Stable code; `tieline explain CODE` prints its page.
    pub code: String,
    /// What to do next.
    pub hint: String,
    /// The part of the body that it is about, as `endpoints[0].url`; absent when it is about the whole, or about the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The plan that shows why a deployment was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub plan: Option<serde_json::Value>,
}
