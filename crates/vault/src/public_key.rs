//! Public keys of others, as they publish them (RFC 7517): whether one made a signature.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use tieline_core::identity_provider::algorithm;

/// Whether a JWK made a signature by the one algorithm that it is for: ES256, EdDSA or RS256. A key of any other makes none.
#[must_use]
pub fn verifies(key: &Value, message: &[u8], signature: &[u8]) -> bool {
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(key.get(name).and_then(Value::as_str).unwrap_or_default());
    let made = match algorithm(key) {
        Some("ES256") => bytes("x").ok().zip(bytes("y").ok()).map(|(x, y)| {
            // An uncompressed point (SEC 1, section 2.3.3).
            let point = [&[4], &x[..], &y[..]].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
        }),
        Some("EdDSA") => bytes("x").ok().map(|x| UnparsedPublicKey::new(&ED25519, x).verify(message, signature)),
        Some("RS256") => bytes("n")
            .ok()
            .zip(bytes("e").ok())
            .map(|(n, e)| RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)),
        _ => None,
    };
    made.is_some_and(|made| made.is_ok())
}

#[cfg(test)]
mod tests {
    use tieline_core::model::SigningAlgorithm;

    use super::*;
    use crate::signing::SigningKey;

    fn jwk(key: &SigningKey) -> Value {
        serde_json::from_str(key.jwk()).unwrap()
    }

    #[test]
    fn a_key_verifies_what_it_signed_and_nothing_else() {
        for algorithm in SigningAlgorithm::ALL {
            let (key, _) = SigningKey::generate(*algorithm).unwrap();
            let (other, _) = SigningKey::generate(*algorithm).unwrap();
            let token = key.sign(b"{}").unwrap();
            let (message, signature) = token.rsplit_once('.').unwrap();
            let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
            let message = message.as_bytes();
            assert!(verifies(&jwk(&key), message, &signature), "{algorithm}");
            assert!(!verifies(&jwk(&other), message, &signature), "{algorithm}");
            assert!(!verifies(&jwk(&key), &message[1..], &signature), "{algorithm}");
            assert!(!verifies(&jwk(&key), message, &[]), "{algorithm}");
            for (name, value) in [("alg", "HS256"), ("use", "enc"), ("kty", "oct"), ("x", "!"), ("n", "")] {
                let mut strange = jwk(&key);
                if strange.get(name).is_some() {
                    strange[name] = value.into();
                    assert!(!verifies(&strange, message, &signature), "{algorithm} {name}");
                }
            }
        }
    }
}
