//! One master key: its bytes, its fingerprint, and the line in which it is kept.

use std::fmt;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD};
use tieline_core::randomness::Randomness;
use zeroize::Zeroizing;

use crate::aead::{self, KEY, KeyBytes};

/// The first word of a key's line, and with it the version of the format.
const FORMAT: &str = "tieline-master-key-v1";

/// Names a master key without telling anything about it: 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 8]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Why a line does not hold a master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyLineError {
    /// The line has another shape.
    #[error("it is not of the form `{FORMAT} FINGERPRINT KEY`")]
    Shape,
    /// The key is not 32 bytes in base64.
    #[error("the key is not 32 bytes in base64")]
    Key,
    /// Key and fingerprint were altered or mixed up.
    #[error("the key does not match its fingerprint; the line was damaged")]
    Fingerprint,
}

/// A key that wraps the keys of sealed values.
pub struct MasterKey {
    bytes: KeyBytes,
    fingerprint: Fingerprint,
}

impl MasterKey {
    /// Draws a key.
    #[must_use]
    pub fn generate(randomness: &dyn Randomness) -> Self {
        Self::new(aead::random_key(randomness))
    }

    /// Reads a key's line.
    ///
    /// # Errors
    /// Says what is wrong with the line, never what stands in it.
    pub fn parse(line: &str) -> Result<Self, KeyLineError> {
        let mut words = line.split_ascii_whitespace();
        let (Some(FORMAT), Some(fingerprint), Some(key), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(KeyLineError::Shape);
        };
        let mut bytes = Zeroizing::new([0; KEY]);
        // The decoder wants room for its worst guess; the surplus is wiped with the rest.
        let mut decoded = Zeroizing::new([0; KEY + 4]);
        match STANDARD.decode_slice(key, decoded.as_mut_slice()) {
            Ok(KEY) => bytes.copy_from_slice(&decoded[..KEY]),
            _ => return Err(KeyLineError::Key),
        }
        let key = Self::new(bytes);
        if key.fingerprint.to_string() == fingerprint { Ok(key) } else { Err(KeyLineError::Fingerprint) }
    }

    /// The key's line, without a line end.
    #[must_use]
    pub fn line(&self) -> Zeroizing<String> {
        let key = Zeroizing::new(STANDARD.encode(*self.bytes));
        Zeroizing::new(format!("{FORMAT} {} {}", self.fingerprint, *key))
    }

    /// The key's fingerprint: the start of the SHA-256 over the key, in a domain of its own.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY] {
        &self.bytes
    }

    fn new(bytes: KeyBytes) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"tieline master key fingerprint v1\0");
        context.update(bytes.as_slice());
        let mut fingerprint = [0; 8];
        fingerprint.copy_from_slice(&context.finish().as_ref()[..8]);
        Self { bytes, fingerprint: Fingerprint(fingerprint) }
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({}, [redacted])", self.fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use tieline_core::randomness::FixedRandomness;

    use super::*;

    #[test]
    fn a_line_brings_the_key_back() {
        let key = MasterKey::generate(&FixedRandomness::seeded(1));
        let read = MasterKey::parse(&key.line()).unwrap();
        assert_eq!((read.bytes(), read.fingerprint()), (key.bytes(), key.fingerprint()));
        assert!(!format!("{key:?}").contains(key.line().rsplit(' ').next().unwrap()));
    }

    #[test]
    fn the_fingerprint_is_fixed_for_ever() {
        let line = MasterKey::new(Zeroizing::new([7; KEY])).line();
        assert_eq!(*line, "tieline-master-key-v1 9c1dd5c5129fea98 BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=");
    }

    #[test]
    fn other_lines_are_refused() {
        let good = MasterKey::generate(&FixedRandomness::seeded(1)).line();
        let other = MasterKey::generate(&FixedRandomness::seeded(2)).line();
        let words: Vec<&str> = good.split(' ').collect();
        let mixed = format!("{FORMAT} {} {}", words[1], other.rsplit(' ').next().unwrap());
        for (line, expect) in [
            ("", KeyLineError::Shape),
            ("tieline-master-key-v2 a b", KeyLineError::Shape),
            (&format!("{} more", *good), KeyLineError::Shape),
            (&good[..good.len() - 4], KeyLineError::Key),
            (&format!("{}AAAAAAAA", *good), KeyLineError::Key),
            (&format!("{FORMAT} {} !!!!", words[1]), KeyLineError::Key),
            (&format!("{FORMAT} 0000000000000000 {}", words[2]), KeyLineError::Fingerprint),
            (&mixed, KeyLineError::Fingerprint),
        ] {
            assert_eq!(MasterKey::parse(line).unwrap_err(), expect, "{line}");
        }
    }
}
