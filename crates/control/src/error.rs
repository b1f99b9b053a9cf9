//! Why a use case did not do what was asked. Free of transports: `web` and the command line each convert it once.

use tieline_core::code;
use tieline_core::wire::plan::PlanView;

/// What a use case returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The answer is no, for a reason that the asker can act upon.
    #[error("{}: {}", .0.code, .0.message)]
    Refused(Refusal),
    /// The plan of a deployment is not ready; it shows why.
    #[error("the plan is not ready")]
    NotReady(Box<PlanView>),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] tieline_store::Error),
    /// A sealed value could not be opened, or the system refused to seal.
    #[error("sealing failed: {0}")]
    Seal(#[from] tieline_vault::seal::SealError),
    /// A password could not be hashed, or what is kept of one is no hash.
    #[error("hashing failed: {0}")]
    Password(#[from] tieline_vault::password::PasswordError),
    /// A key that signs tokens could not be used.
    #[error("signing failed: {0}")]
    Signing(#[from] tieline_vault::signing::SigningError),
    /// What the database holds contradicts itself.
    #[error("inconsistent: {0}")]
    Inconsistent(String),
}

/// A refusal: a stable code, what happened, and what to do next. A use case names all three where it decides; a variant
/// for each would be built in one place and matched in none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which family of answers it belongs to.
    pub kind: Kind,
    /// Stable code, with a page in `core::explain`.
    pub code: &'static str,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub hint: String,
    /// The part of the request that it is about, as `endpoints[0].url`; none when it is about the whole, or about the state.
    pub path: Option<String>,
}

/// The families of refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request contradicts a rule, whatever the state is.
    Invalid,
    /// Nobody knows who asks.
    Unauthenticated,
    /// The asker may not do this here.
    Forbidden,
    /// There is no such thing, or the asker may not see it.
    NotFound,
    /// The state does not admit it: taken, in use.
    Conflict,
    /// The thing changed since the asker read it.
    Changed,
    /// It is asked for too often, or by too many at a time.
    Busy,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $function:ident = $kind:ident),+ $(,)?) => {$(
        $(#[$doc])*
        pub fn $function(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Error {
            Error::Refused(Refusal { kind: Kind::$kind, code, message: message.into(), hint: hint.into(), path: None })
        }
    )+};
}

impl Error {
    kinds! {
        /// The request contradicts a rule.
        invalid = Invalid,
        /// There is no such thing, or the asker may not see it.
        not_found = NotFound,
        /// The state does not admit it.
        conflict = Conflict,
        /// The asker may not do this here.
        forbidden = Forbidden,
        /// The thing changed since the asker read it.
        changed = Changed,
        /// It is asked for too often.
        busy = Busy,
    }

    /// Says which part of the request a refusal is about. Whoever takes a part of a part adds what is around it.
    #[must_use]
    pub(crate) fn at(self, part: impl std::fmt::Display) -> Self {
        let Self::Refused(mut refusal) = self else { return self };
        refusal.path = Some(match refusal.path {
            Some(inner) => format!("{part}.{inner}"),
            None => part.to_string(),
        });
        Self::Refused(refusal)
    }

    /// Nobody knows who asks.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::Refused(Refusal {
            kind: Kind::Unauthenticated,
            code: code!("unauthenticated"),
            message: "the token is missing, unknown, expired or revoked".into(),
            hint: "give one with --token or TIELINE_TOKEN; an administrator makes them with `tieline token create`"
                .into(),
            path: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_refusal_grows_outwards() {
        let refused = Error::invalid("a_code", "no", "yes").at("ApiKey").at("values").at("endpoints[1]");
        let Error::Refused(refusal) = refused else { panic!("{refused}") };
        assert_eq!(refusal.path.as_deref(), Some("endpoints[1].values.ApiKey"));
    }
}
