//! Who visits with a session, and the end of one.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;
use tieline_core::id::OrganizationId;
use tieline_core::secret::{Digest, Secret};
use tieline_store::Transaction;
use tieline_store::session::Session;

use super::{IDLE, PROLONGED_EVERY, after, chain, lock};
use crate::actor::Known;
use crate::{Actor, Control, Error, Result};

/// Who visits with a session, as it is remembered between requests.
pub(crate) struct Visitor {
    actor: Actor,
    /// The organization that the owner belongs to; none for one of the installation.
    organization: Option<OrganizationId>,
    /// Until when this is known without asking the database again.
    fresh_until: Timestamp,
}

impl Control {
    /// Finds out who visits with the secret of a session, and prolongs the session.
    ///
    /// # Errors
    /// `unauthenticated` when the session is unknown or has ended, or its owner's token is no longer accepted.
    pub async fn session_visit(&self, presented: &Secret) -> Result<Actor> {
        let digest = Digest::of(presented.expose());
        let number = self.feed.number();
        if let Some(visitor) = self.sessions.recall(&digest, &self.feed).filter(|known| self.now() < known.fresh_until)
        {
            return Ok(visitor.actor.clone());
        }
        let (session, known) = self.find_session(&mut self.store.read().await?, &digest).await?;
        let at = self.now();
        let idle_at = after(at, IDLE).min(session.expires_at);
        if after(session.idle_at, PROLONGED_EVERY) <= idle_at {
            let mut transaction = self.store.write().await?;
            transaction.session_prolong(session.id, idle_at).await?;
            transaction.commit().await?;
        }
        let end = known.expires_at.map_or(session.idle_at, |end| end.min(session.idle_at));
        let fresh_until = after(at, PROLONGED_EVERY).min(end);
        let visitor = Visitor { actor: known.actor.clone(), organization: known.organization, fresh_until };
        self.sessions.keep(digest, &self.feed, number, visitor.organization, Arc::new(visitor));
        Ok(known.actor)
    }

    /// As [`Control::session_visit`], for a page that looks again by itself: nobody may sit before it, and the session is not
    /// prolonged.
    ///
    /// # Errors
    /// `unauthenticated`, as for a visit.
    pub async fn session_watch(&self, presented: &Secret) -> Result<Actor> {
        self.session_known(&Digest::of(presented.expose())).await
    }

    /// Who visits with the session of a digest.
    pub(super) async fn session_known(&self, digest: &Digest) -> Result<Actor> {
        if let Some(visitor) = self.sessions.recall(digest, &self.feed).filter(|known| self.now() < known.fresh_until) {
            return Ok(visitor.actor.clone());
        }
        Ok(self.find_session(&mut self.store.read().await?, digest).await?.1.actor)
    }

    /// Ends a session. One that has ended already is as good.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_out(&self, presented: &Secret) -> Result<()> {
        let mut transaction = self.store.write().await?;
        let found = self.find_session(&mut transaction, &Digest::of(presented.expose())).await;
        let (session, known) = match found {
            Ok(found) => found,
            Err(Error::Refused(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        lock(&mut transaction, known.organization).await?;
        transaction.session_delete(session.id).await?;
        let detail = json!({ "session": session.id });
        self.audit_signing_in(&mut transaction, &known.actor, known.organization, "sign_out", detail).await?;
        // Other servers remember who visited with it.
        let chain = chain(known.organization);
        let number = transaction.change_insert(&chain, "sign_out", &session.id.to_string(), self.now()).await?;
        transaction.commit().await?;
        self.feed.announce(&chain, number);
        Ok(())
    }

    /// The session of a digest and its owner, while both are accepted.
    async fn find_session(&self, transaction: &mut Transaction, digest: &Digest) -> Result<(Session, Known)> {
        let at = self.now();
        let found = transaction.session_by_digest(digest.as_bytes()).await?;
        let session = found.filter(|session| at < session.idle_at.min(session.expires_at));
        let session = session.ok_or_else(Error::unauthenticated)?;
        let known = Known::of_owner(transaction, session.owner, at).await?;
        Ok((session, known))
    }
}
