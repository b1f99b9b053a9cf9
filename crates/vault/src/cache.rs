//! Encryption under a token: what a runner keeps on disk opens only for the token that fetched it.
//!
//! The layout: format (1 byte, 1), salt (16), nonce (12), ciphertext, tag (16). The key is HKDF-SHA256 of the token with
//! the salt, so each message has a key of its own; it is authenticated against the format and the context.

use aws_lc_rs::hkdf;
use tieline_core::{randomness::Randomness, secret::Secret};
use zeroize::Zeroizing;

use crate::aead::{self, KEY, KeyBytes};

const FORMAT: u8 = 1;
const SALT: usize = 16;

/// Why a cached message is not used, or not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CacheError {
    /// Cut, or of another format.
    #[error("the cached copy is damaged")]
    Malformed,
    /// Changed, made under another token, or for another context.
    #[error("the cached copy was made under another token, for something else, or was changed")]
    NotAuthentic,
    /// The cipher refused, which happens beyond 64 GiB.
    #[error("the copy is too large to be cached")]
    TooLarge,
}

/// Encrypts a message so that only the token's holder can read it.
///
/// # Errors
/// [`CacheError::TooLarge`].
pub fn encrypt(
    token: &Secret,
    context: &[u8],
    plaintext: &[u8],
    randomness: &dyn Randomness,
) -> Result<Vec<u8>, CacheError> {
    let mut salt = [0; SALT];
    randomness.fill(&mut salt);
    let key = derive(token, &salt).ok_or(CacheError::TooLarge)?;
    let message = aead::encrypt(&key, &bound(context), plaintext, randomness).map_err(|_| CacheError::TooLarge)?;
    Ok([&[FORMAT], &salt[..], &message].concat())
}

/// Opens what [`encrypt`] made with the same token and context.
///
/// # Errors
/// [`CacheError::Malformed`] or [`CacheError::NotAuthentic`].
pub fn decrypt(token: &Secret, context: &[u8], cached: &[u8]) -> Result<Zeroizing<Vec<u8>>, CacheError> {
    let [FORMAT, rest @ ..] = cached else { return Err(CacheError::Malformed) };
    let (salt, message) = rest.split_first_chunk::<SALT>().ok_or(CacheError::Malformed)?;
    let key = derive(token, salt).ok_or(CacheError::Malformed)?;
    aead::decrypt(&key, &bound(context), message).map_err(|_| CacheError::NotAuthentic)
}

fn derive(token: &Secret, salt: &[u8; SALT]) -> Option<KeyBytes> {
    let mut key = Zeroizing::new([0; KEY]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(token.expose().as_bytes())
        .expand(&[b"tieline cache v1"], hkdf::HKDF_SHA256)
        .and_then(|output| output.fill(key.as_mut_slice()))
        .ok()?;
    Some(key)
}

fn bound(context: &[u8]) -> Vec<u8> {
    [&[FORMAT], context].concat()
}

#[cfg(test)]
mod tests {
    use tieline_core::randomness::FixedRandomness;

    use super::*;

    #[test]
    fn only_the_token_and_context_open_it() {
        let randomness = FixedRandomness::seeded(1);
        let token = Secret::new("tl_runner_one");
        let cached = encrypt(&token, b"shop", b"canary", &randomness).unwrap();
        assert_eq!(*decrypt(&token, b"shop", &cached).unwrap(), b"canary");
        assert!(!cached.windows(6).any(|window| window == b"canary"));
        assert_ne!(encrypt(&token, b"shop", b"canary", &randomness).unwrap(), cached);
        for (token, context) in [("tl_runner_two", &b"shop"[..]), ("tl_runner_one", b"shop2"), ("", b"")] {
            assert_eq!(decrypt(&Secret::new(token), context, &cached).unwrap_err(), CacheError::NotAuthentic);
        }
    }

    #[test]
    fn every_flipped_byte_and_every_cut_is_noticed() {
        let token = Secret::new("token");
        let cached = encrypt(&token, b"", b"canary", &FixedRandomness::seeded(1)).unwrap();
        for index in 0..cached.len() {
            let mut changed = cached.clone();
            changed[index] ^= 1;
            assert!(decrypt(&token, b"", &changed).is_err(), "{index}");
            assert!(decrypt(&token, b"", &cached[..index]).is_err(), "{index}");
        }
    }
}
