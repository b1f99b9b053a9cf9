//! The token service: clients prove themselves and get signed tokens, ask about them, and revoke them.
//!
//! It knows no HTTP: `web` reads requests into the types of this module, and writes its errors as RFC 6749 wants them.

mod client;
mod error;
mod introspect;
mod issue;
mod revoke;
mod rotation;
mod signing;

pub use client::ClientProof;
pub use error::{OAuthError, OAuthRefusal};
pub use introspect::Asker;
pub use revoke::revocation_entries;
pub use signing::issuer_entry;

pub(crate) use client::Clients;
pub(crate) use revoke::REVOCATIONS;
pub(crate) use rotation::reseal;
pub(crate) use signing::Signing;
