//! Where the servers of an installation listen, and when each last said so.

use std::net::SocketAddr;

use jiff::Timestamp;

use crate::row::text;
use crate::{Result, Transaction};

impl Transaction {
    /// Records that a server listens at an address.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn listener_save(&mut self, address: SocketAddr, at: Timestamp) -> Result<()> {
        let sql = "INSERT INTO listener (address, seen_at) VALUES ($1, $2)
             ON CONFLICT (address) DO UPDATE SET seen_at = excluded.seen_at";
        self.execute(sql, &[text(address), text(at)]).await?;
        Ok(())
    }

    /// Every address, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn listeners(&mut self) -> Result<Vec<SocketAddr>> {
        let rows = self.rows("SELECT address FROM listener ORDER BY address", &[]).await?;
        rows.iter().map(|row| row.parsed("address")).collect()
    }

    /// Forgets the addresses that no server has named since a time; answers how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn listeners_forget(&mut self, before: Timestamp) -> Result<u64> {
        self.execute("DELETE FROM listener WHERE seen_at < $1", &[text(before)]).await
    }
}
