//! The gateway's table as a remote gateway follows it: lines, first of what it lacks, then of what changes while it waits.

use std::sync::Arc;
use std::time::Duration;

use tieline_core::table_feed::FeedLine;
use tieline_core::wire::access::TokenState;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{TableCursor, TablePiece};
use crate::token::state;
use crate::{Actor, Control, Error, Result};

/// After this without a change comes a sign of life.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// What is sent to one gateway.
pub struct TableStream {
    control: Arc<Control>,
    actor: Actor,
    cursor: TableCursor,
    changes: watch::Receiver<i64>,
    /// Whether everything was sent that there was.
    complete: bool,
    /// Whether a line has said which numbers follow.
    begun: bool,
    end: Instant,
}

impl Control {
    /// Begins to send a gateway what changed in its table after a number of a generation, and what changes until it has
    /// waited long enough.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn gateway_table(
        self: &Arc<Self>,
        actor: &Actor,
        generation: &str,
        after: i64,
        wait: Duration,
    ) -> Result<TableStream> {
        actor.require_gateway()?;
        Ok(TableStream {
            actor: actor.clone(),
            cursor: TableCursor::after(generation, after),
            changes: self.changes(),
            complete: false,
            begun: false,
            end: Instant::now() + wait,
            control: Arc::clone(self),
        })
    }
}

impl TableStream {
    /// The next lines, as soon as there are some; none when the gateway has waited long enough.
    ///
    /// # Errors
    /// When the database fails, or the token that the gateway presented is no longer accepted.
    pub async fn next(&mut self) -> Result<Option<Vec<FeedLine>>> {
        while self.complete {
            let now = Instant::now();
            if now >= self.end {
                return Ok(None);
            }
            let until = self.end.min(now + SIGN_OF_LIFE);
            let changed = tokio::time::timeout_at(until, self.changes.changed()).await;
            if changed.as_ref().is_ok_and(|result| result.is_err()) {
                return Ok(None);
            }
            self.refuse_ended().await?;
            let lines = self.piece().await?;
            // Most changes are none of the gateway's business.
            if changed.is_err() || lines.len() > 1 {
                return Ok(Some(lines));
            }
        }
        self.piece().await.map(Some)
    }

    async fn piece(&mut self) -> Result<Vec<FeedLine>> {
        self.changes.mark_unchanged();
        let TablePiece { delta, complete, next } = self.control.table_after(&self.cursor).await?;
        let mut lines = Vec::with_capacity(3);
        if delta.whole || !self.begun {
            lines.push(FeedLine::Begin { generation: next.generation().to_owned(), whole: delta.whole });
            self.begun = true;
        }
        if !delta.changes.is_empty() {
            lines.push(FeedLine::Changes(delta.changes));
        }
        if complete {
            lines.push(FeedLine::Reached(delta.number));
        }
        (self.cursor, self.complete) = (next, complete);
        Ok(lines)
    }

    /// A token that was revoked, or whose time is over, is told nothing more.
    async fn refuse_ended(&self) -> Result<()> {
        let at = self.control.now();
        let tokens = self.control.store.read().await?.installation_tokens().await?;
        let own = tokens.iter().find(|token| Some(token.id) == self.actor.token_id());
        if own.is_some_and(|token| state(token, at) == TokenState::Live) {
            Ok(())
        } else {
            Err(Error::unauthenticated())
        }
    }
}
