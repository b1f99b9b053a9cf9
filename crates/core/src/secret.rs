//! The types in which secrets travel and rest: plaintext that cannot leak by accident, sealed bytes, digests.
//!
//! Sealing itself is the vault's. Nothing here may print, serialize or compare a plaintext in the open.

use std::{
    fmt,
    hash::{Hash, Hasher},
    hint::black_box,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// What every API key begins with, so that one is known wherever it turns up.
pub const API_KEY_PREFIX: &str = "tl_apikey_";

/// A plaintext secret. Its memory is wiped when it is dropped, it prints as `[redacted]`, it can be read from input but
/// not serialized, and it compares in constant time.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes over a plaintext.
    #[must_use]
    pub fn new(plaintext: impl Into<String>) -> Self {
        Self(Zeroizing::new(plaintext.into()))
    }

    /// The plaintext. Every call is a place where the secret can leave: keep them few.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        same_bytes(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl Eq for Secret {}

impl From<String> for Secret {
    fn from(plaintext: String) -> Self {
        Self::new(plaintext)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// A secret as it rests in the database: bytes that only the vault can open.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// Takes bytes for a sealed secret; whether they are one shows when the vault opens them.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to store, taken out.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// The SHA-256 of an opaque token: enough to recognise the token, useless to whoever steals it. A plain hash is enough
/// only because tokens carry 256 random bits; passwords need a password hash.
#[derive(Clone, Copy)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of a presented token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// A digest read back from where it was stored.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A [`Digest`] over text that comes in pieces, as a file does.
#[derive(Clone, Default)]
pub struct RunningDigest(Sha256);

impl RunningDigest {
    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The digest of all pieces so far.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest(self.0.clone().finalize().into())
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        same_bytes(&self.0, &other.0)
    }
}

impl Eq for Digest {}

impl Hash for Digest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// The digest in base64url, without padding: 43 characters.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// Compares every byte whatever it finds, so that the time tells nothing but the lengths.
fn same_bytes(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |found, (a, b)| black_box(found | (a ^ b))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_itself_only_when_exposed() {
        let secret = Secret::new("canary");
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "[redacted] [redacted] Some([redacted])");
        assert_eq!(secret.expose(), "canary");
        let read: Secret = serde_json::from_str("\"canary\"").unwrap();
        assert_eq!(read, secret);
        assert!(!format!("{:?}", Sealed::from_bytes(b"canary".to_vec())).contains("99"));
    }

    #[test]
    fn comparison_sees_every_byte() {
        for (left, right, same) in
            [("", "", true), ("a", "a", true), ("a", "b", false), ("ab", "aa", false), ("a", "ab", false)]
        {
            assert_eq!(Secret::new(left) == Secret::new(right), same, "{left} {right}");
            assert_eq!(Digest::of(left) == Digest::of(right), same, "{left} {right}");
        }
    }

    #[test]
    fn digests_are_sha_256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(&Digest::of("abc").as_bytes()[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_eq!(Digest::of("abc").to_string().len(), 43);
        let mut running = RunningDigest::default();
        for piece in ["a", "", "bc"] {
            running.update(piece.as_bytes());
        }
        assert_eq!(running.digest(), Digest::of("abc"));
    }
}
