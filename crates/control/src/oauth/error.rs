//! Why the token service says no: the words of RFC 6749, which clients know, in place of Tieline's own codes.

use std::time::Duration;

use crate::Error;

/// Why a client was not answered as it wished.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    /// The answer is no.
    #[error("{}: {description}", .refusal.as_str())]
    Refused {
        /// Which no.
        refusal: OAuthRefusal,
        /// What is wrong, and what to do.
        description: String,
        /// How long the answer is to be held back, because the same client failed from the same address before.
        delay: Duration,
    },
    /// More is asked than is done at a time, by all clients or by this one.
    #[error("{description}")]
    Busy {
        /// What there is too much of.
        description: &'static str,
        /// When to try again.
        after: Duration,
    },
    /// Something failed that is none of the client's business.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// The error codes of RFC 6749, 5.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OAuthRefusal {
    /// The request cannot be read, or contradicts itself.
    InvalidRequest,
    /// The client did not prove itself.
    InvalidClient,
    /// The client may not do this.
    UnauthorizedClient,
    /// Only `client_credentials` is known.
    UnsupportedGrantType,
    /// The client cannot have such a scope.
    InvalidScope,
}

impl OAuthRefusal {
    /// The word of the RFC.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
        }
    }

    /// The refusal, answered at once.
    #[must_use]
    pub fn because(self, description: impl Into<String>) -> OAuthError {
        OAuthError::Refused { refusal: self, description: description.into(), delay: Duration::ZERO }
    }
}

impl From<tieline_store::Error> for OAuthError {
    fn from(error: tieline_store::Error) -> Self {
        Self::Failed(error.into())
    }
}
