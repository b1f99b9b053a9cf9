//! An organization's own identity provider on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// What sets the identity provider of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityProviderSet {
    /// Its issuer, as its metadata and its tokens name it: an https URL.
    pub issuer: String,
    /// The initial access token with which clients are registered (RFC 7591, section 1.2); empty for none, and when it is
    /// absent the present one stays, if the issuer does.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub registration_token: Option<Secret>,
    /// The `aud` that its tokens must name; empty for any, and when it is absent the present one stays, if the issuer does.
    #[serde(default)]
    pub audience: Option<String>,
}

/// The identity provider of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IdentityProviderView {
    /// The organization's handle.
    pub organization: String,
    /// Its issuer.
    pub issuer: String,
    /// The `aud` that its tokens must name; null for any.
    pub audience: Option<String>,
    /// Where clients get tokens: `TokenURL` of connections by oauth2.
    pub token_endpoint: String,
    /// Where clients are registered.
    pub registration_endpoint: String,
    /// Where its public keys are.
    pub jwks_uri: String,
    /// How its clients prove themselves: `client_secret_basic` or `client_secret_post`.
    pub client_authentication: String,
    /// Whether there is an initial access token to register clients with.
    pub registration_token: bool,
    /// The algorithms of its keys by which gateways verify tokens.
    pub algorithms: Vec<String>,
    /// Its keys, by `kid` and algorithm.
    pub keys: Vec<IdentityProviderKey>,
    /// When its keys were asked for last.
    #[schema(value_type = String, format = DateTime)]
    pub checked_at: Timestamp,
    /// Why it did not tell its keys then; the former ones are accepted on.
    pub failure: Option<String>,
    /// The clients that it has, or is to have.
    pub clients: IdentityProviderClients,
    /// When it was set.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A key of an identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IdentityProviderKey {
    /// Its `kid`; null where it has none.
    pub kid: Option<String>,
    /// How it signs.
    pub algorithm: String,
}

/// How many clients an identity provider has for Tieline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IdentityProviderClients {
    /// Those that are registered.
    pub registered: usize,
    /// Those that are to be registered, and are not yet.
    pub pending: usize,
    /// Those that are needed no more, and are still to be deleted there.
    pub ending: usize,
}
