//! Signing in to the console: single-use links, the sessions that they begin, and who visits with one.
//!
//! A session acts as its owner and may do what its owner may at that moment: it ends with the owner's token, or when the
//! owner's account is disabled.

mod begin;
mod follow;
mod link;
mod visit;

use jiff::SignedDuration;
use jiff::Timestamp;
use serde_json::Value as Json;
use tieline_core::id::OrganizationId;
use tieline_store::Transaction;

use crate::{Actor, Control, Error, Result, work};

pub(crate) use follow::Followers;
pub use follow::{ChangeStream, News};
pub use link::LoginLink;
pub(crate) use visit::Visitor;

/// How long a sign-in link is accepted: as long as it takes to open it, since it lies open in a terminal or a message.
const LINK: SignedDuration = SignedDuration::from_mins(10);
/// A session that is not used for so long ends: a break is shorter, a night is longer.
const IDLE: SignedDuration = SignedDuration::from_hours(1);
/// However much it is used, a session ends after a working day.
const LONGEST: SignedDuration = SignedDuration::from_hours(12);
/// The end of a session is not moved more often than this: each time is a write.
const PROLONGED_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// The time so much later, and never after the end of time.
pub(crate) fn after(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// Takes the lock under which an organization's audit, or for none the installation's, is written.
pub(crate) async fn lock(transaction: &mut Transaction, organization: Option<OrganizationId>) -> Result<()> {
    match organization {
        Some(id) => {
            transaction.organization_lock(id).await?.ok_or_else(Error::unauthenticated)?;
        }
        None => transaction.installation_lock().await?,
    }
    Ok(())
}

/// The name of a chain of audit entries, and of changes.
pub(crate) fn chain(organization: Option<OrganizationId>) -> String {
    organization.map(|id| id.to_string()).unwrap_or_default()
}

impl Control {
    /// Records what an actor did with its own signing in, without ending the transaction; the lock is held.
    pub(crate) async fn audit_signing_in(
        &self,
        transaction: &mut Transaction,
        actor: &Actor,
        organization: Option<OrganizationId>,
        action: &str,
        detail: Json,
    ) -> Result<()> {
        let (chain, at) = (chain(organization), self.now());
        work::audit(transaction, &chain, actor.label(), action, actor.label(), detail, at).await
    }
}
