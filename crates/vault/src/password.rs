//! Hashes of passwords: Argon2id (RFC 9106) in the PHC string format, slow and large by intention. The caller sees to it that
//! few are computed at a time.

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tieline_core::randomness::Randomness;
use tieline_core::secret::Secret;

/// Memory in KiB, passes and lanes: 19 MiB, 2 and 1 are the least that OWASP recommends of Argon2id (Password Storage Cheat
/// Sheet).
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// Bytes of a salt, as RFC 9106, 3.1 recommends for passwords.
const SALT: usize = 16;

/// A password could not be hashed, or what is kept of one is no hash.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct PasswordError(String);

/// The hash of a password, under a salt of its own.
///
/// # Errors
/// When there is not enough memory.
pub fn hash(password: &Secret, randomness: &dyn Randomness) -> Result<Secret, PasswordError> {
    let mut salt = [0; SALT];
    randomness.fill(&mut salt);
    hash_with(password, &salt)
}

/// Whether a password is the one of a hash. It takes as long without a hash, for an account that is not there.
///
/// # Errors
/// When what is kept is no hash.
pub fn verify(password: &Secret, hash: Option<&Secret>) -> Result<bool, PasswordError> {
    let Some(hash) = hash else {
        hash_with(password, &[0; SALT])?;
        return Ok(false);
    };
    match hasher()?.verify_password(password.expose().as_bytes(), hash.expose()) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(PasswordError(error.to_string())),
    }
}

fn hash_with(password: &Secret, salt: &[u8]) -> Result<Secret, PasswordError> {
    let hash = hasher()?.hash_password_with_salt(password.expose().as_bytes(), salt);
    hash.map(|hash| Secret::new(hash.to_string())).map_err(|error| PasswordError(error.to_string()))
}

fn hasher() -> Result<Argon2<'static>, PasswordError> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(|error| PasswordError(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use tieline_core::randomness::FixedRandomness;

    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let randomness = FixedRandomness::seeded(1);
        let password = Secret::new("correct horse battery staple");
        let (one, other) = (hash(&password, &randomness).unwrap(), hash(&password, &randomness).unwrap());
        assert!(one.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", one.expose());
        assert_ne!(one, other, "each has a salt of its own");
        for (presented, kept, expect) in [
            ("correct horse battery staple", Some(&one), true),
            ("correct horse battery staple", Some(&other), true),
            ("correct horse battery Staple", Some(&one), false),
            ("", Some(&one), false),
            ("correct horse battery staple", None, false),
        ] {
            assert_eq!(verify(&Secret::new(presented), kept).unwrap(), expect, "{presented}");
        }
        assert!(verify(&password, Some(&Secret::new("plain"))).is_err());
    }

    /// Made by the reference implementation: `printf password | argon2 somesalt -id -t 2 -k 65536 -p 1 -e`.
    #[test]
    fn hashes_with_other_costs_stay_valid() {
        let kept = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(verify(&Secret::new("password"), Some(&Secret::new(kept))).unwrap());
    }
}
