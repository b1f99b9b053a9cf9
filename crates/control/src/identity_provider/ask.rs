//! Asking a provider: on a thread of its own, because the client may block, and never inside a transaction.

use std::sync::Arc;

use tieline_core::identity_provider::{Fault, ProviderClient, Reach};

use crate::{Control, Error, Result};

impl Control {
    /// Which addresses a provider may have, as the installation is at present.
    pub(crate) async fn provider_reach(&self) -> Result<Reach> {
        let mut transaction = self.store.read().await?;
        let loopback = self.settings.allow_loopback || transaction.organization_count().await? <= 1;
        let mut own = self.settings.listeners.clone();
        if self.store.is_shared() {
            own.extend(transaction.listeners().await?);
        }
        Ok(Reach { loopback, own })
    }

    /// Asks a provider.
    pub(crate) async fn provider_ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn ProviderClient) -> std::result::Result<T, Fault> + Send + 'static,
    ) -> Result<std::result::Result<T, Fault>> {
        let client = Arc::clone(&self.provider_client);
        let asked = tokio::task::spawn_blocking(move || question(&*client)).await;
        asked.map_err(|error| Error::Inconsistent(format!("an identity provider could not be asked: {error}")))
    }
}
