//! A whole table that comes in parts takes the place of another, which serves until the end.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use tieline_core::route_table::{Entry, InstallationEntry};

use super::{Key, Table};

/// A whole table that comes in parts; without what it named where there was nothing to be removed.
pub struct Replacement(Option<Kept>);

/// What a whole delta named.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) routes: Vec<Key>,
    pub(super) subscriptions: Vec<Key>,
    pub(super) keys: Vec<Key>,
    pub(super) revocations: Vec<String>,
    pub(super) issuers: Vec<String>,
    pub(super) installation: bool,
}

impl Table {
    /// Begins to put a whole table, which comes in parts, in the place of this one: what there is serves on until the end.
    #[must_use]
    pub fn replace(&self) -> Replacement {
        let nothing = !self.is_filled() && self.size() == (0, 0, 0);
        Replacement((!nothing).then(Kept::default))
    }

    /// Applies a part of a whole table. What went while it came is named without an entry.
    pub fn replace_part(&self, replacement: &mut Replacement, changes: BTreeMap<String, Option<Entry>>) {
        let _one_at_a_time = self.applying.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, change) in changes {
            match change {
                Some(entry) => self.put(entry, replacement.0.as_mut()),
                None => self.remove(&name),
            }
        }
    }

    /// Removes what no part of a whole table named, which is of this number. For a million entries that takes about half a
    /// second: do it on a thread that may block.
    pub fn replaced(&self, replacement: Replacement, number: i64) {
        let _one_at_a_time = self.applying.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = replacement.0 {
            self.keep(kept);
        }
        self.filled.store(true, Ordering::Release);
        self.narrowed.send_modify(|count| *count += 1);
        self.number.send_replace(Some(number));
    }

    /// Removes what a whole table did not name.
    pub(super) fn keep(&self, mut kept: Kept) {
        for keys in [&mut kept.routes, &mut kept.subscriptions, &mut kept.keys] {
            keys.sort_unstable();
        }
        kept.revocations.sort_unstable();
        self.routes.keep(&kept.routes);
        self.subscriptions.keep(&kept.subscriptions);
        self.keys.keep(&kept.keys);
        self.revocations.keep(&kept.revocations);
        self.change_issuers(|issuers| issuers.keep(|name| kept.issuers.iter().any(|kept| kept == name)));
        if !kept.installation {
            self.change_installation(InstallationEntry::default());
        }
    }
}
