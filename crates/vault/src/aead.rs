//! AES-256-GCM over whole buffers, the one cipher of the vault: `nonce ‖ ciphertext ‖ tag`, with a random nonce.
//!
//! Random 96-bit nonces are safe for 2^32 messages under one key (NIST SP 800-38D, 8.3); every user of this module
//! either draws a key per message or encrypts one short message per stored value.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use tieline_core::randomness::Randomness;
use zeroize::Zeroizing;

/// Length of a key, in bytes.
pub(crate) const KEY: usize = 32;
/// Length of the tag, in bytes.
const TAG: usize = 16;
/// What encryption adds to a plaintext, in bytes.
pub(crate) const OVERHEAD: usize = NONCE_LEN + TAG;

/// A key's bytes, wiped when dropped.
pub(crate) type KeyBytes = Zeroizing<[u8; KEY]>;

/// The message did not come out of [`encrypt`] under this key and context, or the cipher refused to work.
#[derive(Debug)]
pub(crate) struct Refused;

/// Draws a key.
pub(crate) fn random_key(randomness: &dyn Randomness) -> KeyBytes {
    let mut key = Zeroizing::new([0; KEY]);
    randomness.fill(key.as_mut_slice());
    key
}

/// Encrypts and authenticates a message together with its context.
pub(crate) fn encrypt(
    key: &[u8; KEY],
    context: &[u8],
    plaintext: &[u8],
    randomness: &dyn Randomness,
) -> Result<Vec<u8>, Refused> {
    let mut nonce = [0; NONCE_LEN];
    randomness.fill(&mut nonce);
    let mut message = Vec::with_capacity(plaintext.len() + OVERHEAD);
    message.extend_from_slice(&nonce);
    message.extend_from_slice(plaintext);
    let tag = cipher(key)?
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut message[NONCE_LEN..])
        .map_err(|_| Refused)?;
    message.extend_from_slice(tag.as_ref());
    Ok(message)
}

/// Opens what [`encrypt`] made with the same key and context.
pub(crate) fn decrypt(key: &[u8; KEY], context: &[u8], message: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let (nonce, body) = message.split_first_chunk::<NONCE_LEN>().ok_or(Refused)?;
    let mut buffer = Zeroizing::new(body.to_vec());
    let length = cipher(key)?
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context), &mut buffer)
        .map_err(|_| Refused)?
        .len();
    buffer.truncate(length);
    Ok(buffer)
}

fn cipher(key: &[u8; KEY]) -> Result<LessSafeKey, Refused> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| Refused)
}
