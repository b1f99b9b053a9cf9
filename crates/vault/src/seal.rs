//! Sealing: a secret becomes bytes that open only under the master key, and only for what the secret belongs to.
//!
//! Every value is encrypted under a key of its own, which is wrapped under the master key; rotating the master key wraps
//! anew and leaves the value alone. The layout, all lengths in bytes:
//!
//! | 1 | 8 | 12 + 32 + 16 | 12 + n + 16 |
//! |---|---|---|---|
//! | format, 1 | fingerprint of the master key | nonce, wrapped key, tag | nonce, ciphertext, tag |
//!
//! Both parts are authenticated against the format and the context; the wrapped key against the fingerprint too.

use std::sync::Arc;

use tieline_core::{
    randomness::Randomness,
    secret::{Sealed, Secret},
};
use zeroize::Zeroizing;

use crate::{
    aead::{self, KEY, KeyBytes, OVERHEAD},
    key::{Fingerprint, MasterKey},
    keyring::Keyring,
};

const FORMAT: u8 = 1;
const WRAPPED: usize = KEY + OVERHEAD;

/// Why a sealed value cannot be opened, or a secret cannot be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// These bytes were not made by sealing, or were cut.
    #[error("the sealed value is damaged: it is cut or of an unknown format")]
    Malformed,
    /// It was sealed under a key that the keyring lacks.
    #[error("the sealed value needs the master key {0}, which is not in the master key file; add its line to the file")]
    UnknownKey(Fingerprint),
    /// The bytes were changed, or belong to something else.
    #[error("the sealed value was changed, or belongs to something else")]
    NotAuthentic,
    /// It opened, but to something that is no text.
    #[error("the sealed value is not text")]
    NotText,
    /// The cipher refused a secret, which happens beyond 64 GiB.
    #[error("the value is too large to be sealed")]
    TooLarge,
}

/// Seals and opens secrets. A context says what a secret belongs to (a table's name and a row's id, for example): bytes
/// moved to another row do not open there.
pub struct Sealer {
    keyring: Keyring,
    randomness: Arc<dyn Randomness>,
}

impl Sealer {
    /// A sealer that seals under the keyring's current key and opens what any of its keys sealed.
    #[must_use]
    pub fn new(keyring: Keyring, randomness: Arc<dyn Randomness>) -> Self {
        Self { keyring, randomness }
    }

    /// The keys.
    #[must_use]
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Seals a secret for a context.
    ///
    /// # Errors
    /// [`SealError::TooLarge`].
    pub fn seal(&self, context: &[u8], plaintext: &Secret) -> Result<Sealed, SealError> {
        let data_key = aead::random_key(&*self.randomness);
        let value = aead::encrypt(&data_key, &value_context(context), plaintext.expose().as_bytes(), &*self.randomness)
            .map_err(|_| SealError::TooLarge)?;
        self.assemble(context, &data_key, &value)
    }

    /// Opens a sealed secret for the context it was sealed for.
    ///
    /// # Errors
    /// Any but [`SealError::TooLarge`].
    pub fn open(&self, context: &[u8], sealed: &Sealed) -> Result<Secret, SealError> {
        let parts = Parts::of(sealed)?;
        let data_key = self.unwrap(context, &parts)?;
        let plaintext =
            aead::decrypt(&data_key, &value_context(context), parts.value).map_err(|_| SealError::NotAuthentic)?;
        std::str::from_utf8(&plaintext).map(Secret::new).map_err(|_| SealError::NotText)
    }

    /// Wraps the value's key under the current master key; the value's ciphertext stays as it is, unread.
    ///
    /// # Errors
    /// Any but [`SealError::NotText`]. A damaged ciphertext is not noticed here, but when it is opened.
    pub fn reseal(&self, context: &[u8], sealed: &Sealed) -> Result<Sealed, SealError> {
        let parts = Parts::of(sealed)?;
        let data_key = self.unwrap(context, &parts)?;
        self.assemble(context, &data_key, parts.value)
    }

    /// Whether a value is sealed under the current key, and rotation is done with it.
    #[must_use]
    pub fn is_current(&self, sealed: &Sealed) -> bool {
        Parts::of(sealed).is_ok_and(|parts| parts.fingerprint == self.keyring.current().fingerprint())
    }

    fn assemble(&self, context: &[u8], data_key: &KeyBytes, value: &[u8]) -> Result<Sealed, SealError> {
        let master = self.keyring.current();
        let wrap_context = wrap_context(context, master.fingerprint());
        let wrapped = aead::encrypt(master.bytes(), &wrap_context, data_key.as_slice(), &*self.randomness)
            .map_err(|_| SealError::TooLarge)?;
        Ok(Sealed::from_bytes([&[FORMAT], &master.fingerprint().0[..], &wrapped, value].concat()))
    }

    fn unwrap(&self, context: &[u8], parts: &Parts<'_>) -> Result<KeyBytes, SealError> {
        let master: &MasterKey =
            self.keyring.find(parts.fingerprint).ok_or(SealError::UnknownKey(parts.fingerprint))?;
        let opened = aead::decrypt(master.bytes(), &wrap_context(context, parts.fingerprint), parts.wrapped)
            .map_err(|_| SealError::NotAuthentic)?;
        let mut key = Zeroizing::new([0; KEY]);
        if opened.len() != KEY {
            return Err(SealError::Malformed);
        }
        key.copy_from_slice(&opened);
        Ok(key)
    }
}

struct Parts<'a> {
    fingerprint: Fingerprint,
    wrapped: &'a [u8],
    value: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(sealed: &'a Sealed) -> Result<Self, SealError> {
        let [FORMAT, rest @ ..] = sealed.as_bytes() else { return Err(SealError::Malformed) };
        let (fingerprint, rest) = rest.split_first_chunk::<8>().ok_or(SealError::Malformed)?;
        let (wrapped, value) = rest.split_at_checked(WRAPPED).ok_or(SealError::Malformed)?;
        if value.len() < OVERHEAD {
            return Err(SealError::Malformed);
        }
        Ok(Self { fingerprint: Fingerprint(*fingerprint), wrapped, value })
    }
}

fn value_context(context: &[u8]) -> Vec<u8> {
    [&[FORMAT], context].concat()
}

fn wrap_context(context: &[u8], fingerprint: Fingerprint) -> Vec<u8> {
    [&[FORMAT], &fingerprint.0[..], context].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tieline_core::randomness::FixedRandomness;

    use super::*;

    fn sealer(seed: u64) -> Sealer {
        let randomness = FixedRandomness::seeded(seed);
        Sealer::new(Keyring::generate(&randomness), Arc::new(randomness))
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let sealer = sealer(1);
        let sealed = sealer.seal(b"row 1", &Secret::new("canary")).unwrap();
        for bit in 0..sealed.as_bytes().len() * 8 {
            let mut bytes = sealed.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let error = sealer.open(b"row 1", &Sealed::from_bytes(bytes)).unwrap_err();
            match bit / 8 {
                0 => assert_eq!(error, SealError::Malformed),
                1..=8 => assert!(matches!(error, SealError::UnknownKey(_))),
                _ => assert_eq!(error, SealError::NotAuthentic),
            }
        }
        for length in 0..sealed.as_bytes().len() {
            let cut = Sealed::from_bytes(sealed.as_bytes()[..length].to_vec());
            assert!(sealer.open(b"row 1", &cut).is_err(), "{length}");
        }
    }

    #[test]
    fn another_context_or_key_does_not_open() {
        let (one, two) = (sealer(1), sealer(2));
        let sealed = one.seal(b"row 1", &Secret::new("canary")).unwrap();
        for context in [&b"row 2"[..], b"", b"row 1 ", b"row "] {
            assert_eq!(one.open(context, &sealed).unwrap_err(), SealError::NotAuthentic);
            assert_eq!(one.reseal(context, &sealed).unwrap_err(), SealError::NotAuthentic);
        }
        let needed = one.keyring().current().fingerprint();
        assert_eq!(two.open(b"row 1", &sealed).unwrap_err(), SealError::UnknownKey(needed));
        assert_eq!(two.reseal(b"row 1", &sealed).unwrap_err(), SealError::UnknownKey(needed));
    }

    #[test]
    fn rotation_wraps_anew_and_leaves_the_value() {
        let randomness = Arc::new(FixedRandomness::seeded(3));
        let old = Sealer::new(Keyring::generate(&*randomness), randomness.clone());
        let sealed = old.seal(b"row", &Secret::new("canary")).unwrap();
        let keyring = Keyring::parse(old.keyring().text().expose()).unwrap().rotate(&*randomness);
        let new = Sealer::new(keyring, randomness.clone());
        assert_eq!(new.open(b"row", &sealed).unwrap().expose(), "canary");
        assert!(old.is_current(&sealed) && !new.is_current(&sealed));
        let resealed = new.reseal(b"row", &sealed).unwrap();
        assert!(new.is_current(&resealed));
        let value = 1 + 8 + WRAPPED;
        assert_eq!(resealed.as_bytes()[value..], sealed.as_bytes()[value..]);
        let keyring = Keyring::parse(new.keyring().text().expose()).unwrap().without_former();
        let alone = Sealer::new(keyring, randomness);
        assert_eq!(alone.open(b"row", &resealed).unwrap().expose(), "canary");
        assert!(matches!(alone.open(b"row", &sealed), Err(SealError::UnknownKey(_))));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens(text in ".{0,200}", context: Vec<u8>, seed: u64) {
            let sealer = sealer(seed);
            let secret = Secret::new(text);
            let sealed = sealer.seal(&context, &secret).unwrap();
            prop_assert!(sealer.open(&context, &sealed).unwrap() == secret);
            prop_assert!(sealer.seal(&context, &secret).unwrap() != sealed, "each sealing has its own key and nonces");
        }

        #[test]
        fn arbitrary_bytes_never_open(bytes: Vec<u8>, right_start: bool) {
            let sealer = sealer(1);
            let start = if right_start {
                [&[FORMAT], &sealer.keyring().current().fingerprint().0[..]].concat()
            } else {
                Vec::new()
            };
            prop_assert!(sealer.open(b"", &Sealed::from_bytes([start, bytes].concat())).is_err());
        }
    }
}
