//! Answers that are kept for repeated creations. They belong to the token that asked, so nobody is told another's.

use crate::{Actor, Control, Result};

/// An answer that was given under an Idempotency-Key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The digest of the request.
    pub request: String,
    /// The status that it was answered with.
    pub status: u16,
    /// The body that it was answered with.
    pub body: String,
}

impl Control {
    /// The answer that was given under a key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn answer_kept(&self, actor: &Actor, key: &str) -> Result<Option<KeptAnswer>> {
        let found = self.store.read().await?.idempotency_find(actor.token, key).await?;
        Ok(found.map(|(request, status, body)| KeptAnswer {
            request,
            status: u16::try_from(status).unwrap_or_default(),
            body,
        }))
    }

    /// Keeps an answer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn answer_keep(&self, actor: &Actor, key: &str, answer: KeptAnswer) -> Result<()> {
        let at = self.now();
        let mut transaction = self.store.write().await?;
        let KeptAnswer { request, status, body } = answer;
        transaction.idempotency_insert(actor.token, key, &request, i64::from(status), &body, at).await?;
        Ok(transaction.commit().await?)
    }
}
