//! What the gateway knows: the entries of its table, and the changes that bring a table from one number to a later one.
//!
//! The control plane derives the entries from the model, in the transaction that changes it, and numbers them like every
//! change; a gateway applies them in order and asks nobody else. They hold public keys and digests, never a secret.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::endpoint::EndpointType;
use crate::id::{ApplicationId, ComponentId, ConnectionId, EnvironmentId, ServiceId};
use crate::model::Scheme;

/// Where a call goes: one internal service in one environment of its provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteEntry {
    /// The prefix of the path, as [`crate::service_url::Route::path`] writes it.
    pub path: String,
    /// Handle of the organization.
    pub organization: String,
    /// The service.
    pub service: ServiceId,
    /// Its reference, as `service:/shop/orders/v1/api`: what logs, metrics and refusals call it.
    pub reference: String,
    /// The provider's environment.
    pub environment: EnvironmentId,
    /// Its handle.
    pub environment_handle: String,
    /// Where the endpoint listens: `scheme://host[:port]`, without path.
    pub address: String,
    /// What is put before the rest of the path; empty for `/`.
    pub base_path: String,
    /// What the endpoint speaks.
    pub protocol: EndpointType,
    /// Whether the internal gateway carries it.
    pub internal: bool,
    /// Whether the external gateway carries it.
    pub external: bool,
    /// The schemes by which a caller may prove itself.
    pub schemes: Vec<Scheme>,
    /// Every operation of the definition where it asks for scopes of any: what is none of them is not called. Empty where
    /// it asks for none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<ScopedOperation>,
    /// The networks that the environment allows, in CIDR form; empty for all but what is always refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
}

/// An operation: of those that match a call, the most exact counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopedOperation {
    /// The method, in upper case.
    pub method: String,
    /// The path below the base path, with parameters in braces, as `/orders/{id}`.
    pub path: String,
    /// The alternatives: a token must hold every scope of one of them; none when it needs no scope.
    pub scopes: Vec<Vec<String>>,
}

/// Whether a subscription opens its route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SubscriptionState {
    /// It does.
    Live,
    /// The service's owners have not approved it yet.
    Pending,
    /// They refused it.
    Refused,
    /// They blocked it.
    Blocked,
}

impl SubscriptionState {
    /// The word of the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Pending => "pending",
            Self::Refused => "refused",
            Self::Blocked => "blocked",
        }
    }
}

/// The right of a client, which is an OAuth application's in one environment, to call a service in one environment of
/// its provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionEntry {
    /// The client id.
    pub client: String,
    /// The service.
    pub service: ServiceId,
    /// The provider's environment.
    pub environment: EnvironmentId,
    /// The application.
    pub application: ApplicationId,
    /// The environment in which the consumer runs: the client's. Its calls and those by API keys of the same application
    /// there count together.
    pub consumer: EnvironmentId,
    /// The connection, where only one of the application's leads to this service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionId>,
    /// Whether it opens the route.
    pub state: SubscriptionState,
    /// The rate plan, by name; see [`crate::rate_plan`].
    pub plan: String,
}

/// An API key, known by digest, with the one subscription that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyEntry {
    /// SHA-256 of the key, base64url, as [`crate::secret::Digest`] prints it.
    pub digest: String,
    /// The connection whose key it is.
    pub connection: ConnectionId,
    /// The application of the connection, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<ApplicationId>,
    /// The environment in which the consumer runs. Calls by all keys of the application there, or of the connection if it
    /// has none, count together.
    pub consumer: EnvironmentId,
    /// The one component that holds it, where each has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<ComponentId>,
    /// The service.
    pub service: ServiceId,
    /// The provider's environment.
    pub environment: EnvironmentId,
    /// Whether it opens the route.
    pub state: SubscriptionState,
    /// The rate plan, by name.
    pub plan: String,
}

/// What was revoked before it expired: a token by its `jti`, or every token of a client secret by the secret's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationEntry {
    /// The `jti`, or the id of the client secret.
    pub id: String,
    /// When the last token that it concerns expires, in seconds since 1970: forgotten then.
    pub until: i64,
}

/// Who issues tokens that are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerEntry {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// Handle of the one organization whose routes it opens; none for Tieline's own issuer, which serves all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// The audience that its tokens must name, for an issuer of an organization, if it asks for one; Tieline's own tokens
    /// name `<issuer>/<organization>/<environment>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Its public keys (RFC 7517), each with `kid` and `alg`.
    pub keys: Vec<serde_json::Value>,
}

/// What holds for the whole installation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct InstallationEntry {
    /// Whether endpoints may be on loopback.
    pub loopback: bool,
    /// Where Tieline itself listens: never forwarded to.
    pub own: Vec<SocketAddr>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// Where a call goes.
    Route(RouteEntry),
    /// Who may call.
    Subscription(SubscriptionEntry),
    /// Who may call with a key.
    ApiKey(ApiKeyEntry),
    /// What does not count any more.
    Revocation(RevocationEntry),
    /// Whose tokens count.
    Issuer(IssuerEntry),
    /// What holds for everything.
    Installation(InstallationEntry),
}

impl Entry {
    /// What replaces or removes it: the same for every version of one entry, different for any two.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Route(route) => format!("route{}", route.path),
            Self::Subscription(entry) => {
                format!("subscription/{}/{}/{}", entry.client, entry.service, entry.environment)
            }
            Self::ApiKey(entry) => format!("api-key/{}", entry.digest),
            Self::Revocation(entry) => format!("revocation/{}", entry.id),
            Self::Issuer(entry) => format!("issuer/{}", entry.organization.as_deref().unwrap_or_default()),
            Self::Installation(_) => "installation".to_owned(),
        }
    }
}

/// What brings a table to a number: entries by key, none where one was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// Whether these are all entries there are: then everything else is removed.
    pub whole: bool,
    /// The number of the last change that is in it.
    pub number: i64,
    /// The entries.
    pub changes: BTreeMap<String, Option<Entry>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delta_travels_as_json() {
        let entry = Entry::Revocation(RevocationEntry { id: "t1".to_owned(), until: 7 });
        let changes = BTreeMap::from([(entry.key(), Some(entry)), ("api-key/x".to_owned(), None)]);
        let delta = Delta { whole: false, number: 3, changes };
        let text = serde_json::to_string(&delta).unwrap();
        assert_eq!(
            text,
            r#"{"whole":false,"number":3,"changes":{"api-key/x":null,"revocation/t1":{"revocation":{"id":"t1","until":7}}}}"#
        );
        assert_eq!(serde_json::from_str::<Delta>(&text).unwrap(), delta);
    }
}
