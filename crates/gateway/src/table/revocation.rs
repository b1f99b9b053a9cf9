//! What was revoked before it expired.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use tieline_core::route_table::RevocationEntry;

use crate::check::LEEWAY;

/// Ids of tokens and of client secrets, with the second in which the last token that they concern expires.
#[derive(Default)]
pub(super) struct Revocations(RwLock<HashMap<Box<str>, i64>>);

impl Revocations {
    pub(super) fn put(&self, entry: RevocationEntry) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(entry.id.into(), entry.until);
    }

    pub(super) fn remove(&self, id: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// Removes all but these, which are sorted.
    pub(super) fn keep(&self, ids: &[String]) {
        let keep = |id: &str| ids.binary_search_by(|kept| kept.as_str().cmp(id)).is_ok();
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|id, _| keep(id));
    }

    pub(super) fn holds(&self, id: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(id)
    }

    /// Forgets what concerns expired tokens only.
    pub(super) fn forget(&self, now: i64) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|_, until| *until + LEEWAY >= now);
    }
}
