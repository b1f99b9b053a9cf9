//! Tokens, the audit and the master key on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::TokenId;
use crate::model::Role;

/// A token, without what its holder presents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TokenView {
    /// Its id.
    pub id: TokenId,
    /// What people call it, and how the audit names its holder.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// Its organization's handle; null for an administrator of the installation.
    pub organization: Option<String>,
    /// The one project that the role is limited to.
    pub project: Option<String>,
    /// The one component of a runner.
    pub component: Option<String>,
    /// The one environment of a runner.
    pub environment: Option<String>,
    /// Whether it is accepted.
    pub state: TokenState,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it stops being accepted.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Timestamp>,
}

/// Whether a token is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenState {
    /// It is.
    Live,
    /// Its time is over.
    Expired,
    /// Somebody revoked it.
    Revoked,
}

/// A single-use sign-in link of the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LoginLinkView {
    /// The link: whoever opens it first is signed in as the token's owner.
    pub url: String,
    /// When it stops being accepted.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// What makes a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenCreate {
    /// What people call it: a handle, unique among the organization's live tokens.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// The one project that the role is limited to; a runner needs one.
    #[serde(default)]
    pub project: Option<String>,
    /// The one component of a runner.
    #[serde(default)]
    pub component: Option<String>,
    /// The one environment of a runner.
    #[serde(default)]
    pub environment: Option<String>,
    /// After how many seconds it stops being accepted; never, when absent.
    #[serde(default)]
    pub expires_in_seconds: Option<i64>,
}

/// A token that was made. This is the only time that `token` is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TokenCreated {
    /// What its holder presents.
    pub token: String,
    /// The token.
    #[serde(flatten)]
    pub view: TokenView,
}

/// One entry of an audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditView {
    /// Its number in the chain, from 1.
    pub sequence: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who: `token:`, the token's name, `#` and the end of its id; or the server itself.
    pub actor: String,
    /// What was done, as `connection_create`.
    pub action: String,
    /// To what.
    pub object: String,
    /// `done`, or the code of the refusal.
    pub result: String,
    /// Particulars.
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
    /// SHA-256, base64url, over the previous entry's hash and this entry.
    pub hash: String,
}

/// Which entries of an audit are asked for; all that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, utoipa::ToSchema, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only of this action, as `connection_create`.
    pub action: Option<String>,
    /// Only about this object.
    pub object: Option<String>,
    /// Only by this actor, as `token:admin#1f2e3d4c`, or by all of a name, as `token:admin`.
    pub actor: Option<String>,
    /// Only from this time on.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[param(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Where the page begins, from the page before.
    pub cursor: Option<String>,
    /// At most so many; 100, unless given, and never more than 1000.
    pub limit: Option<i64>,
}

/// What walking a chain of entries found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditVerdict {
    /// Whether every entry follows from the one before it.
    pub valid: bool,
    /// How many entries were walked, up to the first wrong one.
    pub entries: i64,
    /// The hash of the last good entry: who keeps it elsewhere notices when the end of the chain is cut off.
    pub last_hash: String,
    /// The number of the first entry that does not follow.
    pub broken_at: Option<i64>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// What rotates the master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRotate {
    /// Says that no other server runs on the same database: one would go on sealing with the former key.
    #[serde(default)]
    pub only_server: bool,
}

/// What a rotation of the master key did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeyRotated {
    /// The fingerprint of the key that seals from here on.
    pub fingerprint: String,
    /// The fingerprint of the key that sealed before.
    pub former_fingerprint: String,
    /// The file that keeps the former key, which older backups need.
    pub former_key_file: String,
    /// How many sealed values were wrapped anew.
    pub resealed: i64,
}
