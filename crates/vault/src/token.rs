//! Opaque tokens and keys: drawn here, handed out once, kept as digests.
//!
//! Each begins with `tl_` and its kind, so that people and leak scanners recognise what they found.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tieline_core::{
    randomness::Randomness,
    secret::{Digest, Secret},
};
use zeroize::Zeroizing;

/// A token `tl_<kind>_<43 characters>` of 256 random bits, and the digest to keep. The kind is a lower-case word.
#[must_use]
pub fn new_token(kind: &str, randomness: &dyn Randomness) -> (Secret, Digest) {
    let mut bytes = Zeroizing::new([0; 32]);
    randomness.fill(bytes.as_mut_slice());
    let random = Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes));
    let token = Secret::new(format!("tl_{kind}_{}", *random));
    let digest = Digest::of(token.expose());
    (token, digest)
}

/// The secret of an OAuth2 client: `tl_secret_…`.
#[must_use]
pub fn client_secret(randomness: &dyn Randomness) -> (Secret, Digest) {
    new_token("secret", randomness)
}

/// An API key: `tl_apikey_…`.
#[must_use]
pub fn api_key(randomness: &dyn Randomness) -> (Secret, Digest) {
    new_token("apikey", randomness)
}

/// The id of an OAuth2 client: 28 lower-case letters and digits, 140 random bits. It is public, and safe in URLs, shells
/// and logs.
#[must_use]
pub fn client_id(randomness: &dyn Randomness) -> String {
    // 32 characters, so that five bits of a byte choose one without bias.
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut bytes = [0; 28];
    randomness.fill(&mut bytes);
    bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
}

#[cfg(test)]
mod tests {
    use tieline_core::randomness::FixedRandomness;

    use super::*;

    #[test]
    fn tokens_are_recognised_by_prefix_and_digest() {
        let randomness = FixedRandomness::seeded(1);
        for ((token, digest), prefix) in [
            (new_token("admin", &randomness), "tl_admin_"),
            (client_secret(&randomness), "tl_secret_"),
            (api_key(&randomness), tieline_core::secret::API_KEY_PREFIX),
        ] {
            let random = token.expose().strip_prefix(prefix).unwrap();
            assert_eq!(URL_SAFE_NO_PAD.decode(random).unwrap().len(), 32);
            assert_eq!(Digest::of(token.expose()), digest);
            assert_ne!(Digest::of(&format!("{}x", token.expose())), digest);
        }
        assert_ne!(new_token("a", &randomness).1, new_token("a", &randomness).1);
    }

    #[test]
    fn client_ids() {
        let randomness = FixedRandomness::seeded(1);
        let id = client_id(&randomness);
        assert_eq!(id.len(), 28);
        assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        assert_ne!(id, client_id(&randomness));
    }
}
