//! The entries that belong to no organization: Tieline's own issuer, and what holds for the whole installation.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::json;
use tieline_core::route_table::{Entry, InstallationEntry};
use tieline_store::Transaction;

use super::{Difference, compare, record};
use crate::oauth::issuer_entry;
use crate::{Control, Result, work};

/// What is derived together.
const ISSUER: &str = "issuer";
/// See [`ISSUER`].
const INSTALLATION: &str = "installation";

/// A server that did not say for so long where it listens is gone: long enough for one that was cut off from the database.
const SEEN: SignedDuration = SignedDuration::from_hours(24);

impl Control {
    /// Brings what gateways know of the installation in line with this server's settings and keys, and with the servers
    /// that there are: at its start, and every hour.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn table_begin(&self) -> Result<()> {
        let mut transaction = self.store.write().await?;
        transaction.installation_lock().await?;
        let at = self.now();
        for address in &self.settings.listeners {
            transaction.listener_save(*address, at).await?;
        }
        transaction.listeners_forget(at.checked_sub(SEEN).unwrap_or(at)).await?;
        let differences = self.own_differences(&mut transaction).await?;
        if differences.is_empty() {
            transaction.commit().await?;
            return Ok(());
        }
        let detail = json!({ "entries": differences.len() });
        work::audit(&mut transaction, "", "server", "table_begin", INSTALLATION, detail, at).await?;
        let number = transaction.change_insert("", "table_begin", INSTALLATION, at).await?;
        record(&mut transaction, differences, number).await?;
        transaction.commit().await?;
        self.feed.announce("", number);
        Ok(())
    }

    /// What of the installation's entries differs from what is recorded. Under the installation's lock, or while nobody
    /// else can change what they are derived from.
    pub(crate) async fn own_differences(&self, transaction: &mut Transaction) -> Result<Vec<Difference>> {
        let issuer = Entry::Issuer(issuer_entry(transaction, &self.settings.public_url).await?);
        let mut differences = compare(transaction, "", ISSUER, vec![issuer]).await?;
        let mut own: BTreeSet<_> = self.settings.listeners.iter().copied().collect();
        if self.store.is_shared() {
            // Other servers on this database have listeners of their own, and endpoints on none of them are called.
            own.extend(transaction.listeners().await?);
        }
        let loopback = self.settings.allow_loopback || transaction.organization_count().await? <= 1;
        let installation = Entry::Installation(InstallationEntry { loopback, own: own.into_iter().collect() });
        differences.extend(compare(transaction, "", INSTALLATION, vec![installation]).await?);
        Ok(differences)
    }
}
