//! Signing in to the console by an identity provider that the installation trusts: the authorization code flow of OpenID
//! Connect (Core 1.0, section 3.1) with PKCE (RFC 7636).
//!
//! Nothing is remembered between the question and the answer: the browser keeps what is needed, sealed. The provider says who
//! somebody is; what they may do is said here, by their account.

mod attempt;
mod begin;
mod complete;
mod exchange;
mod find;
mod person;

use std::net::IpAddr;

use jiff::SignedDuration;
use tieline_core::code;
use tieline_core::secret::Secret;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};

use self::find::Kept;
use crate::pace::Pace;
use crate::{Control, Error, Kind, Refusal, Result};

pub use begin::{SignInQuestion, SignInWish};
pub use complete::{ProviderAnswer, SignedIn};

/// The provider, as a server is told at its start.
#[derive(Debug, Clone)]
pub struct SignInProvider {
    /// Its issuer, exactly as its metadata names it.
    pub issuer: String,
    /// Who Tieline is to it.
    pub client_id: String,
    /// How Tieline proves it.
    pub client_secret: Secret,
    /// What people call it.
    pub name: String,
}

/// What is known of it while the server runs.
pub(crate) struct SignIns {
    kept: Mutex<Option<Kept>>,
    turns: Semaphore,
    /// Answers that let nobody in, by network.
    answers: Pace<IpAddr>,
}

/// So many people sign in at a time. Each waits for the provider; while it does not answer, the server has places for those
/// who want something else.
const TURNS: usize = 32;
/// Answers from one network that let nobody in, where a whole office may be: each is asked about at the provider.
const ANSWERS: (i32, SignedDuration) = (50, SignedDuration::from_secs(2));

impl SignIns {
    pub(crate) fn new() -> Self {
        Self { kept: Mutex::new(None), turns: Semaphore::new(TURNS), answers: Pace::new(ANSWERS) }
    }
}

impl Control {
    /// What people call the provider by which they sign in, if there is one.
    #[must_use]
    pub fn sign_in_provider_name(&self) -> Option<&str> {
        self.settings.sign_in_provider.as_ref().map(|provider| provider.name.as_str())
    }

    /// The provider, and a turn at asking it.
    fn sign_in_provider(&self) -> Result<(&SignInProvider, SemaphorePermit<'_>)> {
        let provider = self.settings.sign_in_provider.as_ref().ok_or_else(|| {
            Error::not_found(
                code!("sign_in_provider_missing"),
                "nobody signs in to this installation by a sign-in provider",
                "`tieline login-link` prints a sign-in link",
            )
        })?;
        let turn = self.sign_ins.turns.try_acquire();
        let crowded = |_| {
            let message = "too many people are signing in at this moment";
            Error::busy(code!("sign_in_busy"), message, "try again in a few seconds")
        };
        Ok((provider, turn.map_err(crowded)?))
    }
}

/// The provider cannot be asked. Why is for the log: whoever reads this is nobody yet.
fn unavailable(message: impl Into<String>) -> Refusal {
    Refusal {
        kind: Kind::Conflict,
        code: code!("sign_in_provider_unavailable"),
        message: message.into(),
        hint: "try again in a minute; the server's log says more, and `tieline login-link` prints a sign-in link that works \
               without it"
            .into(),
        path: None,
    }
}

/// The provider did not say who it is.
fn unconfirmed(message: impl Into<String>) -> Error {
    Error::Refused(Refusal {
        kind: Kind::Unauthenticated,
        code: code!("sign_in_unconfirmed"),
        message: message.into(),
        hint: "begin again; if it happens again, the server's log says more".into(),
        path: None,
    })
}
