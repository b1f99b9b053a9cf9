//! The hot table: what every call is checked against, changed by deltas while calls go on.
//!
//! A call sees an entry as it was before a change or as it is after, and never waits for more than one entry. The table
//! does no I/O: whoever follows the control plane's feed, or reads it from a file, gives it the deltas.

mod buckets;
mod grant;
mod issuer;
mod keys;
mod revocation;
mod route;
mod shards;
mod whole;

use std::collections::{BTreeMap, HashMap};
use std::hash::Hasher as _;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use siphasher::sip128::SipHasher13;
use tieline_core::id::{EnvironmentId, ServiceId};
use tieline_core::randomness::Randomness;
use tieline_core::route_table::{Delta, Entry, InstallationEntry, SubscriptionState};
use tieline_core::secret::Digest;
use tokio::sync::watch;
use uuid::Uuid;

pub(crate) use self::grant::{ApiKey, Grant, Subscription};
pub(crate) use self::issuer::{Issuer, Issuers, PublicKey};
pub(crate) use self::route::Route;
pub(crate) use self::shards::{Key, Keyed};
pub use self::whole::Replacement;

use self::buckets::Buckets;
use self::revocation::Revocations;
use self::shards::Shards;
use self::whole::Kept;
use crate::path;

/// The installation's entry, with a number of its own: connections that were opened under another are not used again.
#[derive(Default)]
pub(crate) struct Installation {
    pub(crate) entry: InstallationEntry,
    pub(crate) version: u64,
}

/// The table.
pub struct Table {
    hash: SipHasher13,
    routes: Shards<Route>,
    subscriptions: Shards<Subscription>,
    keys: Shards<ApiKey>,
    buckets: Buckets,
    calls: Mutex<HashMap<Box<str>, Weak<AtomicUsize>>>,
    issuers: RwLock<Arc<Issuers>>,
    installation: RwLock<Arc<Installation>>,
    revocations: Revocations,
    trust: AtomicU64,
    filled: AtomicBool,
    narrowed: watch::Sender<u64>,
    number: watch::Sender<Option<i64>>,
    applying: Mutex<()>,
}

impl Table {
    /// An empty table. What is drawn keys its hashes, so that nobody can aim at a collision.
    #[must_use]
    pub fn new(randomness: &dyn Randomness) -> Self {
        let mut key = [0; 16];
        randomness.fill(&mut key);
        Self {
            hash: SipHasher13::new_with_key(&key),
            routes: Shards::new(),
            subscriptions: Shards::new(),
            keys: Shards::new(),
            buckets: Buckets::new(),
            calls: Mutex::default(),
            issuers: RwLock::default(),
            installation: RwLock::default(),
            revocations: Revocations::default(),
            trust: AtomicU64::new(1),
            filled: AtomicBool::new(false),
            narrowed: watch::Sender::new(0),
            number: watch::Sender::new(None),
            applying: Mutex::new(()),
        }
    }

    /// Applies a delta: the next call is checked against the result. With `whole`, everything that it does not name is
    /// removed, after what it names was put. It returns when all is applied, which takes about three seconds for a million
    /// entries: give it the large ones on a thread that may block.
    pub fn apply(&self, delta: Delta) {
        let _one_at_a_time = self.applying.lock().unwrap_or_else(PoisonError::into_inner);
        self.change(delta.whole, delta.changes);
        self.filled.store(true, Ordering::Release);
        self.number.send_replace(Some(delta.number));
    }

    /// As [`Table::apply`], for what comes to no number by itself: a table that is not whole yet. Until a delta was applied,
    /// calls are answered with 503, whatever was prepared.
    pub fn prepare(&self, whole: bool, changes: BTreeMap<String, Option<Entry>>) {
        let _one_at_a_time = self.applying.lock().unwrap_or_else(PoisonError::into_inner);
        self.change(whole, changes);
    }

    fn change(&self, whole: bool, changes: BTreeMap<String, Option<Entry>>) {
        let mut kept = whole.then(Kept::default);
        let mut narrows = whole;
        for (name, change) in changes {
            narrows |= change.as_ref().is_none_or(narrows_access);
            match change {
                Some(entry) => self.put(entry, kept.as_mut()),
                None => self.remove(&name),
            }
        }
        if let Some(kept) = kept {
            self.keep(kept);
        }
        if narrows {
            self.narrowed.send_modify(|count| *count += 1);
        }
    }

    /// The number of the last change that was applied; none before the first. Wait on it to know when calls see a change.
    #[must_use]
    pub fn number(&self) -> watch::Receiver<Option<i64>> {
        self.number.subscribe()
    }

    /// How many routes, subscriptions and API keys there are.
    #[must_use]
    pub fn size(&self) -> (usize, usize, usize) {
        (self.routes.len(), self.subscriptions.len(), self.keys.len())
    }

    /// Forgets revocations of tokens that have expired by now, in seconds since 1970, and a part of the counts that nobody
    /// uses any more. To be called from time to time.
    pub fn forget(&self, now: i64) {
        self.revocations.forget(now);
        self.buckets.forget(u64::try_from(now).unwrap_or_default().saturating_mul(1_000_000));
    }

    fn put(&self, entry: Entry, kept: Option<&mut Kept>) {
        let mut nothing = Kept::default();
        let kept = kept.unwrap_or(&mut nothing);
        match entry {
            Entry::Route(entry) => {
                let key = self.route_key(&entry.path);
                kept.routes.push(key);
                let calls = self.calls_of(&entry.organization);
                self.routes.put(key, |old| Route::new(key, entry, old).counted(calls));
            }
            Entry::Subscription(entry) => {
                let key = self.subscription_key(&entry.client, entry.service, entry.environment);
                kept.subscriptions.push(key);
                let count = self.count_key(entry.application.0, entry.consumer, entry.service, entry.environment);
                let bucket = self.buckets.of(count, &entry.plan);
                self.subscriptions.put(key, |_| Subscription::new(key, &entry, bucket));
            }
            Entry::ApiKey(entry) => {
                let key = self.api_key_key(&entry.digest);
                kept.keys.push(key);
                let place = self.subscription_key("", entry.service, entry.environment);
                let subscriber = entry.application.map_or(entry.connection.0, |application| application.0);
                let count = self.count_key(subscriber, entry.consumer, entry.service, entry.environment);
                let bucket = self.buckets.of(count, &entry.plan);
                self.keys.put(key, |_| ApiKey::new(key, place, &entry, bucket));
            }
            Entry::Revocation(entry) => {
                kept.revocations.push(entry.id.clone());
                self.revocations.put(entry);
                self.distrust();
            }
            Entry::Issuer(entry) => {
                kept.issuers.push(entry.organization.clone().unwrap_or_default());
                self.change_issuers(|issuers| issuers.put(&entry));
            }
            Entry::Installation(entry) => {
                kept.installation = true;
                self.change_installation(entry);
            }
        }
    }

    /// Removes the entry of a key as [`Entry::key`] writes it.
    fn remove(&self, name: &str) {
        let (kind, rest) = name.split_at(name.find('/').unwrap_or(name.len()));
        let id = rest.get(1..).unwrap_or_default();
        match kind {
            "route" => self.routes.remove(self.route_key(rest)),
            "subscription" => {
                let mut parts = id.rsplitn(3, '/');
                let mut id = || parts.next().and_then(|part| part.parse::<Uuid>().ok());
                if let (Some(environment), Some(service)) = (id(), id())
                    && let Some(client) = parts.next()
                {
                    let key = self.subscription_key(client, ServiceId(service), EnvironmentId(environment));
                    self.subscriptions.remove(key);
                }
            }
            "api-key" => self.keys.remove(self.api_key_key(id)),
            "revocation" => {
                self.revocations.remove(id);
                self.distrust();
            }
            "issuer" => self.change_issuers(|issuers| issuers.remove(id)),
            "installation" => self.change_installation(InstallationEntry::default()),
            other => {
                tracing::warn!(kind = other, "the table has no entries of this kind; is this gateway out of date?")
            }
        }
    }

    /// The count that the routes of an organization share.
    fn calls_of(&self, organization: &str) -> Arc<AtomicUsize> {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = calls.get(organization).and_then(Weak::upgrade) {
            return known;
        }
        calls.retain(|_, count| count.strong_count() > 0);
        let count = Arc::default();
        calls.insert(organization.into(), Arc::downgrade(&count));
        count
    }

    fn change_issuers(&self, change: impl FnOnce(&mut Issuers)) {
        let mut issuers = Issuers::clone(&self.issuers());
        change(&mut issuers);
        *self.issuers.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(issuers);
        self.distrust();
    }

    fn change_installation(&self, entry: InstallationEntry) {
        let old = self.installation();
        if old.entry != entry || old.version == 0 {
            let installation = Arc::new(Installation { entry, version: old.version + 1 });
            *self.installation.write().unwrap_or_else(PoisonError::into_inner) = installation;
        }
    }

    fn distrust(&self) {
        self.trust.fetch_add(1, Ordering::Release);
    }
}

/// What calls ask.
impl Table {
    /// The route that a path begins with, and where the rest of the path begins.
    pub(crate) fn route(&self, path: &str) -> Option<(Arc<Route>, usize)> {
        let end = path::prefix(path)?;
        let prefix = &path[..end];
        let route = self.routes.get(self.route_key(prefix)).or_else(|| {
            let path = path::canonical(prefix)?;
            self.routes.get(self.route_key(&path))
        })?;
        Some((route, end))
    }

    pub(crate) fn subscription(&self, client: &str, route: &Route) -> Option<Arc<Subscription>> {
        self.subscriptions.get(self.subscription_key(client, route.service, route.environment))
    }

    /// Whether an API key is one of a route's service and environment.
    pub(crate) fn opens(&self, key: &ApiKey, route: &Route) -> bool {
        key.place == self.subscription_key("", route.service, route.environment)
    }

    /// An API key as it is by now.
    pub(crate) fn api_key_again(&self, key: &ApiKey) -> Option<Arc<ApiKey>> {
        self.keys.get(key.key())
    }

    pub(crate) fn api_key(&self, digest: &Digest) -> Option<Arc<ApiKey>> {
        self.keys.get(self.key(|hash| hash.write(digest.as_bytes())))
    }

    pub(crate) fn issuers(&self) -> Arc<Issuers> {
        Arc::clone(&self.issuers.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn installation(&self) -> Arc<Installation> {
        Arc::clone(&self.installation.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn is_revoked(&self, id: &str) -> bool {
        self.revocations.holds(id)
    }

    /// Counts what changed about whom to trust: a token that was verified at another count is looked at again.
    pub(crate) fn trust(&self) -> u64 {
        self.trust.load(Ordering::Acquire)
    }

    /// Whether it is whole.
    pub(crate) fn is_filled(&self) -> bool {
        self.filled.load(Ordering::Acquire)
    }

    /// Changes after everything that may have taken a right to call from somebody.
    pub(crate) fn narrowed(&self) -> watch::Receiver<u64> {
        self.narrowed.subscribe()
    }
}

/// Whether an entry may take a right from somebody who had it.
fn narrows_access(entry: &Entry) -> bool {
    match entry {
        Entry::Subscription(entry) => entry.state != SubscriptionState::Live,
        Entry::ApiKey(entry) => entry.state != SubscriptionState::Live,
        Entry::Route(_) | Entry::Revocation(_) | Entry::Issuer(_) => true,
        Entry::Installation(_) => false,
    }
}

#[cfg(test)]
pub(crate) mod tests;
