//! Access tokens: what they say, whom they are for, and how long they live.

use serde::{Deserialize, Serialize};

use crate::id::{ComponentId, RowId};

/// How long tokens of an organization live unless it says otherwise, in seconds.
pub const LIFETIME: i64 = 15 * 60;
/// The shortest and the longest life that an organization may give its tokens, in seconds.
pub const LIFETIMES: std::ops::RangeInclusive<i64> = 60..=24 * 60 * 60;

/// The claims of an access token (RFC 9068).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The public address of the server that issued it.
    pub iss: String,
    /// The client id, as there is no person behind it.
    pub sub: String,
    /// The client id.
    pub client_id: String,
    /// Where it may be used, as [`audience`] writes it.
    pub aud: String,
    /// When it expires, in seconds since 1970.
    pub exp: i64,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// Its own id.
    pub jti: String,
    /// Its scopes, with blanks between them; none where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Handle of the client's organization.
    pub organization: String,
    /// Handle of the client's environment.
    pub environment: String,
    /// The one component that holds the client secret, where each has its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<ComponentId>,
    /// The client secret that got it, by the id of its row.
    pub secret: RowId,
}

/// The audience of the tokens of one environment.
#[must_use]
pub fn audience(issuer: &str, organization: &str, environment: &str) -> String {
    format!("{issuer}/{organization}/{environment}")
}
