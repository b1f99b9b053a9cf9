//! A map in many parts, each behind its own lock: a reader waits at most for one entry to be written in one part.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// A power of two, so that a million entries make parts of four thousand: what is moved when a part grows.
const PARTS: usize = 256;
/// Parts that are swept at a time.
const SWEPT: usize = 16;

/// Something that knows its own key: a keyed hash, which nobody outside can make collide.
pub(crate) trait Keyed {
    /// The key.
    fn key(&self) -> Key;
}

/// A keyed hash of 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key(pub(crate) u64, pub(crate) u64);

/// The map.
pub(crate) struct Shards<T> {
    parts: Box<[RwLock<HashTable<Arc<T>>>]>,
    /// The part that is swept next.
    next: AtomicUsize,
}

impl<T: Keyed> Shards<T> {
    pub(crate) fn new() -> Self {
        let parts = std::iter::repeat_with(|| RwLock::new(HashTable::new())).take(PARTS).collect();
        Self { parts, next: AtomicUsize::new(0) }
    }

    pub(crate) fn get(&self, key: Key) -> Option<Arc<T>> {
        self.read(key).find(key.1, |entry| entry.key() == key).cloned()
    }

    /// Puts what is made of the entry of this key, if there is one, in its place.
    pub(crate) fn put(&self, key: Key, make: impl FnOnce(Option<&T>) -> T) {
        match self.write(key).entry(key.1, |entry| entry.key() == key, |entry| entry.key().1) {
            Entry::Occupied(mut place) => {
                let entry = make(Some(place.get()));
                *place.get_mut() = Arc::new(entry);
            }
            Entry::Vacant(place) => {
                place.insert(Arc::new(make(None)));
            }
        }
    }

    /// The entry of this key, made when there is none.
    pub(crate) fn get_or_put(&self, key: Key, make: impl FnOnce() -> T) -> Arc<T> {
        let mut part = self.write(key);
        let place = part.entry(key.1, |entry| entry.key() == key, |entry| entry.key().1);
        Arc::clone(place.or_insert_with(|| Arc::new(make())).get())
    }

    pub(crate) fn remove(&self, key: Key) {
        // What goes is dropped after the lock.
        let _gone = self.write(key).find_entry(key.1, |entry| entry.key() == key).ok().map(|place| place.remove());
    }

    /// Removes everything but these, which are sorted.
    pub(crate) fn keep(&self, keys: &[Key]) {
        for part in &self.parts {
            let mut part = part.write().unwrap_or_else(PoisonError::into_inner);
            part.retain(|entry| keys.binary_search(&entry.key()).is_ok());
            if part.len() * 4 < part.capacity() {
                part.shrink_to_fit(|entry| entry.key().1);
            }
        }
    }

    /// Removes what is not kept from the next few parts.
    pub(crate) fn sweep(&self, keep: impl Fn(&Arc<T>) -> bool) {
        let next = self.next.fetch_add(SWEPT, Ordering::Relaxed) % PARTS;
        for part in &self.parts[next..next + SWEPT] {
            part.write().unwrap_or_else(PoisonError::into_inner).retain(|entry| keep(entry));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(|part| part.read().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    fn part(&self, key: Key) -> &RwLock<HashTable<Arc<T>>> {
        // PARTS is a power of two, and the number of a part is smaller: nothing is lost.
        &self.parts[usize::from(key.0.to_le_bytes()[0]) % PARTS]
    }

    fn read(&self, key: Key) -> RwLockReadGuard<'_, HashTable<Arc<T>>> {
        self.part(key).read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, key: Key) -> RwLockWriteGuard<'_, HashTable<Arc<T>>> {
        self.part(key).write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Number(u64, u64);

    impl Keyed for Number {
        fn key(&self) -> Key {
            // The same hash for all, so that keys decide.
            Key(self.0, 7)
        }
    }

    #[test]
    fn entries_come_change_and_go() {
        let shards = Shards::new();
        for number in 0..1_000 {
            shards.put(Key(number, 7), |_| Number(number, 0));
        }
        shards.put(Key(5, 7), |old| Number(5, old.map_or(9, |old| old.1 + 1)));
        assert_eq!(shards.get(Key(5, 7)).map(|number| number.1), Some(1));
        shards.remove(Key(6, 7));
        shards.remove(Key(6, 7));
        assert!(shards.get(Key(6, 7)).is_none());
        assert_eq!(shards.len(), 999);
        shards.keep(&[Key(3, 7), Key(5, 7), Key(2_000, 7)]);
        assert_eq!(shards.len(), 2);
    }
}
