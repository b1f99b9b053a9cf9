//! Creations that may be repeated under a key. The key is claimed in the transaction of the creation itself, so that it is
//! carried out once whatever is cut short and whichever server is asked; the answer is kept beside it afterwards. Keys
//! belong to the token or the person that asks, so nobody is told another's answer.

use jiff::Timestamp;
use tieline_core::code;
use tieline_store::Transaction;

use crate::{Actor, Control, Error, Result};

/// What makes a request repeatable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeat {
    /// The key that the client drew.
    pub key: String,
    /// The digest of the request, so that the key stands for no other.
    pub request: String,
}

/// What was done under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The digest of the request.
    pub request: String,
    /// Status and body that it was answered with; none when the answer is not kept yet, or was lost.
    pub given: Option<(u16, String)>,
}

impl Actor {
    /// The same actor, asking for something that is carried out once under a key.
    #[must_use]
    pub fn repeating(self, repeat: Repeat) -> Self {
        Self { repeat: Some(repeat), ..self }
    }
}

impl Control {
    /// What was done under a key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn answer_kept(&self, actor: &Actor, key: &str) -> Result<Option<KeptAnswer>> {
        let found = self.store.read().await?.idempotency_find(actor.owner, key).await?;
        Ok(found.map(|(request, status, body)| {
            let status = u16::try_from(status).ok().filter(|status| *status > 0);
            KeptAnswer { request, given: status.map(|status| (status, body)) }
        }))
    }

    /// Keeps the answer to what was done under a key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn answer_keep(&self, actor: &Actor, key: &str, status: u16, body: &str) -> Result<()> {
        let mut transaction = self.store.write().await?;
        transaction.idempotency_answer(actor.owner, key, i64::from(status), body).await?;
        Ok(transaction.commit().await?)
    }
}

/// Claims the key of a repeatable request, if it has one: what is done in this transaction is done under it, or not at all.
pub(crate) async fn claim(transaction: &mut Transaction, actor: &Actor, at: Timestamp) -> Result<()> {
    let Some(Repeat { key, request }) = &actor.repeat else { return Ok(()) };
    transaction.idempotency_insert(actor.owner, key, request, at).await.map_err(|error| match error {
        tieline_store::Error::Duplicate => Error::conflict(
            code!("idempotency_in_progress"),
            "a request with this Idempotency-Key was carried out meanwhile",
            "send it again to be given its answer",
        ),
        other => other.into(),
    })
}
