//! The entries that belong to no organization: Tieline's own issuer, and what holds for the whole installation.

use std::collections::BTreeSet;

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

impl Control {
    /// Brings what gateways know of the installation in line with this server's settings and keys: at its start.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn table_begin(&self) -> Result<()> {
        let mut transaction = self.store.write().await?;
        transaction.installation_lock().await?;
        let differences = self.own_differences(&mut transaction).await?;
        if differences.is_empty() {
            return Ok(());
        }
        let (at, detail) = (self.now(), json!({ "entries": differences.len() }));
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
            for stored in transaction.table_scope("", INSTALLATION).await? {
                let entry = stored.entry.as_deref().and_then(|text| serde_json::from_str(text).ok());
                if let Some(Entry::Installation(entry)) = entry {
                    own.extend(entry.own);
                }
            }
        }
        let loopback = self.settings.allow_loopback || transaction.organization_count().await? <= 1;
        let installation = Entry::Installation(InstallationEntry { loopback, own: own.into_iter().collect() });
        differences.extend(compare(transaction, "", INSTALLATION, vec![installation]).await?);
        Ok(differences)
    }
}
