//! Which endpoints have idle connections, so that those that nobody calls any more are closed.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::upstream::Target;

#[derive(Default)]
pub(crate) struct Sweeper(Mutex<Vec<Weak<Target>>>);

impl Sweeper {
    /// Remembers an endpoint whose connections nobody looks after yet.
    pub(crate) fn add(&self, target: &Arc<Target>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(target));
    }

    /// Closes what rested too long.
    pub(crate) fn sweep(&self) {
        let mut targets = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        targets.retain(|target| target.upgrade().is_some_and(|target| target.sweep()));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).append(&mut targets);
    }
}
