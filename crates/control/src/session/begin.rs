//! How a session begins, whatever somebody showed for it.

use jiff::Timestamp;
use serde_json::json;
use tieline_core::id::{SessionId, UserId};
use tieline_core::secret::Secret;
use tieline_store::Transaction;
use tieline_store::session::{Owner, Session};
use tieline_vault::token::new_token;

use super::{IDLE, LONGEST, after};
use crate::actor::Known;
use crate::{Control, Result};

impl Control {
    /// Begins a session for a person who proved to be the one of an account, without ending the transaction, and answers with
    /// what the browser presents from now on. `by` says in the audit how they proved it. It takes the installation's lock,
    /// which is taken after an organization's.
    ///
    /// # Errors
    /// `unauthenticated` when the account is disabled.
    pub(crate) async fn session_begin(&self, transaction: &mut Transaction, user: UserId, by: &str) -> Result<Secret> {
        transaction.installation_lock().await?;
        let owner = Owner::User(user);
        let known = Known::of_owner(transaction, owner, self.now()).await?;
        let (session, secret) = self.session_insert(transaction, owner, None).await?;
        let detail = json!({ "session": session, "by": by });
        self.audit_signing_in(transaction, &known.actor, None, "sign_in", detail).await?;
        Ok(secret)
    }

    /// Records a session of an owner, who is accepted until then at the longest.
    pub(super) async fn session_insert(
        &self,
        transaction: &mut Transaction,
        owner: Owner,
        until: Option<Timestamp>,
    ) -> Result<(SessionId, Secret)> {
        let at = self.now();
        let (secret, digest) = new_token("session", &*self.randomness);
        let end = after(at, LONGEST);
        let session = Session {
            id: SessionId(self.new_id()),
            digest: digest.as_bytes().to_vec(),
            owner,
            created_at: at,
            idle_at: after(at, IDLE).min(end),
            expires_at: until.map_or(end, |until| until.min(end)),
        };
        transaction.session_insert(&session).await?;
        Ok((session.id, secret))
    }
}
