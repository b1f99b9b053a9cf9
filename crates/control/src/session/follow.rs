//! Following what changes in an organization: whoever looks at a page is told to look again, as long as the session lasts. It
//! is not told what changed: the page itself says what it may see of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tieline_core::access::{Permission, Place, Verdict, decide};
use tieline_core::id::OrganizationId;
use tieline_core::secret::{Digest, Secret};
use tieline_store::session::Owner;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::{Control, Error, Result};

/// After this without a change comes a sign of life. What no change tells of, such as an instance that took its snapshot, is
/// seen by then.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// Changes that follow each other faster are told of together.
const REST: Duration = Duration::from_millis(250);

/// So many follow at a time, at this server and of one owner, whose sessions are counted together: each costs a short read of
/// the database now and then. A person has fewer pages in sight.
const FOLLOWERS: (usize, usize) = (1024, 16);

/// Who follows, by the owner of their session.
#[derive(Default)]
pub(crate) struct Followers(Arc<Mutex<HashMap<Owner, usize>>>);

/// One of them, as long as it is there.
struct Follower {
    all: Arc<Mutex<HashMap<Owner, usize>>>,
    owner: Owner,
}

impl Followers {
    /// One more, unless there are too many.
    fn admit(&self, owner: Owner) -> Option<Follower> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.get(&owner).copied().unwrap_or_default();
        if own >= FOLLOWERS.1 || all.values().sum::<usize>() >= FOLLOWERS.0 {
            return None;
        }
        all.insert(owner, own + 1);
        Some(Follower { all: Arc::clone(&self.0), owner })
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = all.get_mut(&self.owner) {
            *own -= 1;
            if *own == 0 {
                all.remove(&self.owner);
            }
        }
    }
}

/// What a follower is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Something changed.
    Change,
    /// Nothing that is known of.
    Nothing,
}

/// What is told to one follower.
pub struct ChangeStream {
    control: Arc<Control>,
    session: Digest,
    /// Counts as long as it is there.
    _follower: Follower,
    organization: OrganizationId,
    changes: watch::Receiver<i64>,
    /// The change up to which it was told.
    number: i64,
    /// Before then nothing is told.
    rested: Instant,
}

impl Control {
    /// The number of the last change: what is read from now on is not older.
    #[must_use]
    pub fn change_number(&self) -> i64 {
        self.feed.number()
    }

    /// Begins to tell who visits with a session when something changes in an organization after the change of a number;
    /// nothing when too many are told already. That is no visit: it does not prolong the session.
    ///
    /// # Errors
    /// `unauthenticated`, `organization_not_found`.
    pub async fn change_stream(
        self: &Arc<Self>,
        presented: &Secret,
        organization: &str,
        after: i64,
    ) -> Result<Option<ChangeStream>> {
        let session = Digest::of(presented.expose());
        let changes = self.changes();
        let actor = self.session_known(&session).await?;
        let work = self.read(&actor, organization).await?;
        work.require(Permission::View, None)?;
        let Some(follower) = self.followers.admit(actor.owner) else { return Ok(None) };
        Ok(Some(ChangeStream {
            organization: work.organization.id,
            number: after,
            control: Arc::clone(self),
            rested: Instant::now(),
            session,
            _follower: follower,
            changes,
        }))
    }
}

impl ChangeStream {
    /// What there is to tell, as soon as there is something; none when the session has ended, or sees the organization no
    /// more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next(&mut self) -> Result<Option<News>> {
        tokio::time::sleep_until(self.rested).await;
        let end = Instant::now() + SIGN_OF_LIFE;
        loop {
            let number = *self.changes.borrow_and_update();
            let holds = self.control.feed.holds(self.number, Some(self.organization));
            self.number = self.number.max(number);
            let news = match (holds, tokio::time::timeout_at(end, self.changes.changed())) {
                (false, _) => News::Change,
                (true, change) => match change.await {
                    Ok(Ok(())) => continue,
                    Ok(Err(_)) => return Ok(None),
                    Err(_) => News::Nothing,
                },
            };
            self.rested = Instant::now() + REST;
            return Ok(self.lasts().await?.then_some(news));
        }
    }

    /// Whether the session has not ended, and still sees the organization.
    async fn lasts(&self) -> Result<bool> {
        let actor = match self.control.session_known(&self.session).await {
            Ok(actor) => actor,
            Err(Error::Refused(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        let place = Place { organization: self.organization, project: None };
        Ok(decide(&actor.grants, Permission::View, place) == Verdict::Allowed)
    }
}
