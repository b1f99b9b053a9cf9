//! Tokens that were verified: remembered by a keyed hash of the whole token, until they expire or trust in them changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache;

use super::token::{self, Fault, Identity};
use crate::table::{Key, PublicKey, Route, Table};

/// A verified token, without the token.
pub(crate) struct Verified {
    pub(crate) identity: Identity,
    issuer: String,
    key: Arc<PublicKey>,
    /// The table's count of changes of trust when it was looked at last.
    trust: AtomicU64,
}

/// The tokens.
pub(crate) struct Tokens(Cache<Key, Arc<Verified>>);

impl Tokens {
    pub(crate) fn new(most: usize) -> Self {
        Self(Cache::new(most))
    }

    /// The identity in a token, for a route at a time in seconds since 1970.
    pub(crate) fn verified(&self, table: &Table, route: &Route, text: &str, now: i64) -> Result<Arc<Verified>, Fault> {
        let hash = table.token_key(&route.organization, text);
        // Before the checks: a change that comes between is seen by the next call.
        let trust = table.trust();
        if let Some(known) = self.0.get(&hash) {
            known.identity.is_timely(now)?;
            if known.trust.load(Ordering::Relaxed) != trust {
                known.look_again(table, route)?;
                known.trust.store(trust, Ordering::Relaxed);
            }
            return Ok(known);
        }
        let (identity, issuer, key) = token::verify(text, &table.issuers(), &route.organization, now)?;
        let verified = Verified { identity, issuer: issuer.name.clone(), key, trust: AtomicU64::new(trust) };
        verified.look_again(table, route)?;
        let verified = Arc::new(verified);
        self.0.insert(hash, Arc::clone(&verified));
        Ok(verified)
    }
}

impl Verified {
    pub(super) fn look_again(&self, table: &Table, route: &Route) -> Result<(), Fault> {
        let issuers = table.issuers();
        let issuer = issuers.find(&self.issuer, &route.organization).ok_or(Fault::IssuerUnknown)?;
        if !issuer.has(&self.key) {
            return Err(Fault::KeyUnknown);
        }
        if !issuer.accepts(&self.identity) {
            return Err(Fault::Audience);
        }
        let ids = [&self.identity.id, &self.identity.secret];
        if ids.into_iter().flatten().any(|id| table.is_revoked(id)) { Err(Fault::Revoked) } else { Ok(()) }
    }
}
