//! The gateway's table as a feed: what changed after a number, in pieces of bounded size, and everything for who asks
//! for the first time or was away too long.

use std::collections::BTreeMap;
use std::time::Duration;

use tieline_core::route_table::Delta;

use crate::{Control, Error, Result};

/// Entries of a piece: less than a megabyte, and one short read of the database.
const PIECE: i64 = 1000;

/// How long a use case waits until the embedded gateway has applied it.
const APPLIED_WITHIN: Duration = Duration::from_secs(2);

/// How far a follower has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableCursor {
    generation: String,
    number: i64,
    /// Within the entries of the change after `number`, the last that was taken.
    key: Option<(i64, String)>,
    /// The change at which taking everything began, while that is not done.
    began: i64,
}

impl TableCursor {
    /// Who has everything up to a change of a generation.
    #[must_use]
    pub fn after(generation: &str, number: i64) -> Self {
        Self { generation: generation.to_owned(), number, ..Self::default() }
    }

    /// Which generation its numbers belong to; empty before the first piece.
    #[must_use]
    pub fn generation(&self) -> &str {
        &self.generation
    }
}

/// A part of what changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablePiece {
    /// The entries. [`Delta::whole`] is set on the first piece of everything there is: what was known before is void.
    pub delta: Delta,
    /// Whether it is the last for now: then the follower has everything up to the number of the delta.
    pub complete: bool,
    /// Where the next piece begins.
    pub next: TableCursor,
}

impl Control {
    /// What changed in the gateway's table after what a follower has. Changes that were made meanwhile are in a later
    /// piece.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn table_after(&self, cursor: &TableCursor) -> Result<TablePiece> {
        let mut transaction = self.store.read().await?;
        let generation = transaction.change_generation().await?;
        let last = transaction.change_number().await?;
        // What is gone is remembered as long as its change: who was away longer would not hear of it. Who began to take
        // everything needs only what went since.
        let reached = cursor.number.max(cursor.began);
        let known = transaction.change_oldest().await?.is_none_or(|oldest| reached + 1 >= oldest);
        let whole = cursor.generation != generation || reached == 0 || reached > last || !known;
        let cursor = if whole { TableCursor { generation, number: 0, key: None, began: last } } else { cursor.clone() };
        // No key is empty: this is where the next change begins.
        let (number, key) = cursor.key.as_ref().map_or((cursor.number + 1, ""), |(number, key)| (*number, key));
        let rows = transaction.table_after(number, key, PIECE).await?;
        let complete = i64::try_from(rows.len()).is_ok_and(|found| found < PIECE);
        let end = rows.last().map(|row| (row.number, row.key.clone()));
        let mut changes = BTreeMap::new();
        for row in rows {
            let read = |text: &String| {
                serde_json::from_str(text).map_err(|error| {
                    Error::Inconsistent(format!("the entry {} of the gateway's table: {error}", row.key))
                })
            };
            let entry = row.entry.as_ref().map(read).transpose()?;
            changes.insert(row.key, entry);
        }
        let next = match end.filter(|_| !complete) {
            Some((number, key)) => TableCursor { number: number - 1, key: Some((number, key)), ..cursor },
            None => TableCursor { number: last, key: None, began: 0, ..cursor },
        };
        Ok(TablePiece { delta: Delta { whole, number: next.number, changes }, complete, next })
    }

    /// Says that a gateway in this process has applied everything up to a change. From the first time on, use cases that
    /// change what a gateway serves wait for it.
    pub fn table_applied(&self, number: i64) {
        self.applied.send_if_modified(|applied| {
            let later = applied.is_none_or(|applied| applied < number);
            if later {
                *applied = Some(number);
            }
            later
        });
    }

    /// Waits until the gateway in this process, if there is one, has applied a change.
    pub(crate) async fn await_applied(&self, number: i64) {
        let mut applied = self.applied.subscribe();
        let reached = applied.wait_for(|applied| applied.is_none_or(|applied| applied >= number));
        if tokio::time::timeout(APPLIED_WITHIN, reached).await.is_err() {
            tracing::warn!(change = number, "the gateway has not applied a change after {APPLIED_WITHIN:?}");
        }
    }
}
