//! The keys that sign tokens, as this server has them in memory: parsed once, read again when something changed.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use serde_json::{Value, json};
use tieline_core::route_table::IssuerEntry;
use tieline_core::secret::Sealed;
use tieline_store::Transaction;
use tieline_store::oauth::SigningKeyRow;
use tieline_vault::signing::SigningKey;

use super::OAuthError;
use crate::{Control, Error, Result};

/// The keys as they were read last.
pub(crate) struct Signing {
    keys: RwLock<Arc<Keys>>,
    /// Held while they are read, so that a change is followed by one reading.
    reading: tokio::sync::Mutex<()>,
}

/// Every published key.
pub(crate) struct Keys {
    /// The change that they were read after.
    change: i64,
    keys: Vec<Key>,
    /// The JWK set, as JSON.
    jwks: Arc<str>,
}

struct Key {
    signs_from: Timestamp,
    key: Arc<SigningKey>,
}

impl Signing {
    pub(crate) fn new() -> Self {
        let none = Keys { change: -1, keys: Vec::new(), jwks: r#"{"keys":[]}"#.into() };
        Self { keys: RwLock::new(Arc::new(none)), reading: tokio::sync::Mutex::new(()) }
    }

    fn known(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Keys {
    /// The key that signs at a time: of those whose time has come, the one whose time came last. A clock that is behind
    /// finds none, and takes the first there is.
    pub(super) fn signer(&self, at: Timestamp) -> Option<&SigningKey> {
        let begun = self.keys.iter().filter(|key| key.signs_from <= at).max_by_key(|key| key.signs_from);
        begun.or(self.keys.first()).map(|key| &*key.key)
    }

    /// The payload of a token that one of them signed.
    pub(super) fn payload(&self, token: &str) -> Option<Vec<u8>> {
        self.keys.iter().find_map(|key| key.key.payload(token))
    }
}

impl Control {
    /// The JWK set of the keys that sign tokens, as JSON.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn signing_key_list(&self) -> std::result::Result<Arc<str>, OAuthError> {
        Ok(Arc::clone(&self.signing_keys().await?.jwks))
    }

    /// The keys, as of the last change that this server knows.
    pub(super) async fn signing_keys(&self) -> Result<Arc<Keys>> {
        let known = self.signing.known();
        if self.feed.holds_for_installation(known.change) {
            return Ok(known);
        }
        let _reading = self.signing.reading.lock().await;
        let (known, change) = (self.signing.known(), self.feed.number());
        if self.feed.holds_for_installation(known.change) {
            return Ok(known);
        }
        let rows = self.store.read().await?.signing_keys().await?;
        let read = Arc::new(self.read_keys(&known, change, &rows)?);
        *self.signing.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&read);
        Ok(read)
    }

    /// What was parsed stays parsed.
    fn read_keys(&self, known: &Keys, change: i64, rows: &[SigningKeyRow]) -> Result<Keys> {
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows {
            let parsed = known.keys.iter().find(|key| key.key.kid() == row.kid).map(|key| Arc::clone(&key.key));
            let key = match parsed {
                Some(key) => key,
                None => {
                    let sealed = Sealed::from_bytes(row.sealed.clone());
                    let private = self.sealer().open(&context(&row.kid), &sealed)?;
                    Arc::new(SigningKey::parse(row.algorithm, &private)?)
                }
            };
            keys.push(Key { signs_from: row.signs_from, key });
        }
        let jwks = json!({ "keys": public_keys(rows)? }).to_string().into();
        Ok(Keys { change, keys, jwks })
    }
}

/// Tieline's own issuer, for gateways: its name and the public halves of all published keys.
///
/// # Errors
/// When the database fails.
pub async fn issuer_entry(transaction: &mut Transaction, public_url: &str) -> Result<IssuerEntry> {
    let keys = public_keys(&transaction.signing_keys().await?)?;
    Ok(IssuerEntry { issuer: public_url.to_owned(), organization: None, audience: None, keys })
}

/// What a sealed private key is authenticated against.
pub(super) fn context(kid: &str) -> Vec<u8> {
    format!("signing-key/{kid}").into_bytes()
}

fn public_keys(rows: &[SigningKeyRow]) -> Result<Vec<Value>> {
    let read = |row: &SigningKeyRow| serde_json::from_str(&row.jwk);
    rows.iter()
        .map(read)
        .collect::<std::result::Result<_, _>>()
        .map_err(|error| Error::Inconsistent(format!("a public signing key cannot be read: {error}")))
}
