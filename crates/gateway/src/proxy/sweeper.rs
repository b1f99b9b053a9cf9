//! Which endpoints have idle connections, so that those that nobody calls any more are closed.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::upstream::Target;

#[derive(Default)]
pub(crate) struct Sweeper(Mutex<Vec<Weak<Target>>>);

impl Sweeper {
    /// Remembers an endpoint whose first connection rests.
    pub(crate) fn add(&self, target: &Arc<Target>) {
        let mut targets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |other: &Weak<Target>| other.as_ptr() == Arc::as_ptr(target);
        // The latest are the likeliest to be called again: a few looks save most doubles, and sweeping the others.
        if !targets.iter().rev().take(8).any(known) {
            targets.push(Arc::downgrade(target));
        }
    }

    /// Closes what rested too long.
    pub(crate) fn sweep(&self) {
        let mut targets = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        targets.sort_unstable_by_key(|target| target.as_ptr().addr());
        targets.dedup_by_key(|target| target.as_ptr().addr());
        targets.retain(|target| target.upgrade().is_some_and(|target| target.sweep()));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).append(&mut targets);
    }
}
