//! What each organization has of the calls under way, so that one that fills its endpoints leaves room for the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// One call of an organization's services, as long as it is under way.
pub(crate) struct Share(Arc<AtomicUsize>);

impl Share {
    /// Counts one more, unless there are as many as there may be.
    pub(crate) fn take(calls: &Arc<AtomicUsize>, most: usize) -> Option<Self> {
        let share = Self(Arc::clone(calls));
        (share.0.fetch_add(1, Ordering::Relaxed) < most).then_some(share)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
