//! What the token service answers, in the members that the RFCs name.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::access_token::Claims;
use crate::model::SigningAlgorithm;

/// A token (RFC 6749, 5.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AccessToken {
    /// The token.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// Seconds until it expires.
    pub expires_in: i64,
    /// Its scopes, with blanks between them; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// Why there is no token (RFC 6749, 5.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OAuthProblem {
    /// `invalid_request`, `invalid_client`, `unauthorized_client`, `unsupported_grant_type`, `invalid_scope`.
    pub error: String,
    /// What is wrong, and what to do.
    pub error_description: String,
}

/// What is asked of the token endpoint; client id and secret here or in an `Authorization: Basic` header.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct AccessTokenRequest {
    /// `client_credentials`.
    pub grant_type: String,
    /// Scopes with blanks between them; without it, all that the client may have.
    pub scope: Option<String>,
    /// The client id, when it is not in the header.
    pub client_id: Option<String>,
    /// The client secret, when it is not in the header.
    pub client_secret: Option<String>,
}

/// The token that is asked about, or revoked; client id and secret here or in an `Authorization: Basic` header.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct TokenReference {
    /// The token.
    pub token: String,
    /// What it is; only access tokens are known.
    pub token_type_hint: Option<String>,
    /// The client id, when it is not in the header.
    pub client_id: Option<String>,
    /// The client secret, when it is not in the header.
    pub client_secret: Option<String>,
}

/// What there is to say about a token (RFC 7662); of one that does not count, only that.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Introspection {
    /// Whether it counts.
    pub active: bool,
    /// `Bearer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_type: Option<String>,
    /// The claims of the token.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub claims: Option<Claims>,
}

/// The public halves of the keys that sign tokens (RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Jwks {
    /// One JWK each.
    #[schema(value_type = Vec<Object>)]
    pub keys: Vec<Value>,
}

/// What a client must know of the token service (RFC 8414).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuthorizationServer {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// Where tokens are issued.
    pub token_endpoint: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// Where it says what it knows about a token.
    pub introspection_endpoint: String,
    /// Where tokens are revoked.
    pub revocation_endpoint: String,
    /// None: nobody signs in here.
    pub response_types_supported: Vec<String>,
    /// `client_credentials`.
    pub grant_types_supported: Vec<String>,
    /// How clients prove themselves.
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// How those who ask about a token prove themselves.
    pub introspection_endpoint_auth_methods_supported: Vec<String>,
    /// How clients prove themselves when they revoke.
    pub revocation_endpoint_auth_methods_supported: Vec<String>,
}

/// What rotates the keys that sign tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SigningKeyRotate {
    /// At once: every token that was issued so far is refused from here on.
    #[serde(default)]
    pub now: bool,
}

/// A key that signs tokens, or did, or will.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SigningKeyView {
    /// Its name, the `kid` of tokens.
    pub kid: String,
    /// How it signs.
    pub algorithm: SigningAlgorithm,
    /// From when on it signs.
    #[schema(value_type = String, format = DateTime)]
    pub signs_from: Timestamp,
    /// When it is published no more, because the last token that it signed has expired.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub retires_at: Option<Timestamp>,
}
