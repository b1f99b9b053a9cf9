//! The gateway in a server's process: its table follows the control plane's without a detour.

use std::sync::Arc;
use std::time::Duration;

use tieline_control::{Control, TableCursor};
use tieline_gateway::Table;
use tokio::sync::watch;

/// After this a database that failed is asked again.
const AGAIN: Duration = Duration::from_millis(500);

/// What follows.
pub(crate) struct Feeder {
    control: Arc<Control>,
    table: Arc<Table>,
    cursor: TableCursor,
}

impl Feeder {
    /// A feeder whose table has everything that there is.
    pub(crate) async fn begin(control: Arc<Control>, table: Arc<Table>) -> tieline_control::Result<Self> {
        let mut feeder = Self { control, table, cursor: TableCursor::default() };
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
            self.table.apply(piece.delta);
            self.cursor = piece.next;
            if piece.complete {
                self.control.table_applied(number);
                return Ok(());
            }
        }
    }
}
