//! The gateway in a server's process: its table follows the control plane's without a detour.

use std::sync::Arc;
use std::time::Duration;

use tieline_control::{Control, Error, TableCursor};
use tieline_gateway::{Replacement, Table};
use tokio::sync::watch;

/// After this a database that failed is asked again.
const AGAIN: Duration = Duration::from_millis(500);

/// What follows.
pub(crate) struct Feeder {
    control: Arc<Control>,
    table: Arc<Table>,
    cursor: TableCursor,
    /// Everything there is, while it comes: at the start, and when another version of Tieline derived the table anew.
    next: Option<Replacement>,
}

impl Feeder {
    /// A feeder whose table has everything that there is.
    pub(crate) async fn begin(control: Arc<Control>, table: Arc<Table>) -> tieline_control::Result<Self> {
        let mut feeder = Self { control, table, cursor: TableCursor::default(), next: None };
        feeder.follow().await?;
        Ok(feeder)
    }

    /// Applies what changes, until the server stops.
    pub(crate) async fn run(mut self, mut stopping: watch::Receiver<bool>) {
        let mut changes = self.control.changes();
        loop {
            let again = match self.follow().await {
                Ok(()) => Duration::MAX,
                Err(error) => {
                    tracing::warn!(%error, "the gateway's table waits for the database");
                    AGAIN
                }
            };
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(again) => {}
                _ = stopping.wait_for(|stop| *stop) => return,
            }
        }
    }

    async fn follow(&mut self) -> tieline_control::Result<()> {
        loop {
            let piece = self.control.table_after(&self.cursor).await?;
            let number = piece.delta.number;
            if piece.delta.whole {
                self.next = Some(self.table.replace());
            }
            match &mut self.next {
                Some(next) => self.table.replace_part(next, piece.delta.changes),
                None => self.table.apply(piece.delta),
            }
            self.cursor = piece.next;
            if piece.complete {
                if let Some(next) = self.next.take() {
                    let table = Arc::clone(&self.table);
                    let replaced = tokio::task::spawn_blocking(move || table.replaced(next, number)).await;
                    replaced.map_err(|error| Error::Inconsistent(format!("the gateway's table: {error}")))?;
                }
                self.control.table_applied(number);
                return Ok(());
            }
        }
    }
}
