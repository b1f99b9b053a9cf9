//! Tokens of keys that are nobody's, as HAProxy is to verify them.

use std::path::Path;

use anyhow::{Result, anyhow};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Tokens of keys that are nobody's, with the public halves in files: ES256, RS256.
pub(super) fn tokens(folder: &Path) -> Result<[String; 2]> {
    let refused = |_| anyhow!("the cryptographic library refused");
    let es256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(refused)?;
    let rs256 = RsaKeyPair::generate(KeySize::Rsa2048).map_err(refused)?;
    let pem = |name: &str, der: PublicKeyX509Der<'_>| {
        let text = STANDARD.encode(der.as_ref());
        std::fs::write(folder.join(name), format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"))
    };
    pem("es256.pem", es256.public_key().as_der().map_err(refused)?)?;
    pem("rs256.pem", rs256.public_key().as_der().map_err(refused)?)?;
    let claims = serde_json::json!({
        "iss": "http://tieline.example", "sub": "abcdefghijklmnopqrstuvwxyz23", "exp": 4_102_444_800_u64,
        "client_id": "abcdefghijklmnopqrstuvwxyz23", "aud": "http://tieline.example/bench/development",
        "jti": "0".repeat(36), "organization": "bench", "environment": "development", "secret": "0".repeat(36),
    });
    let input = |algorithm: &str| {
        let header = format!(r#"{{"typ":"at+jwt","alg":"{algorithm}"}}"#);
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()))
    };
    let (first, second) = (input("ES256"), input("RS256"));
    let random = SystemRandom::new();
    let signed = es256.sign(&random, first.as_bytes()).map_err(refused)?;
    let mut signature = vec![0; rs256.public_modulus_len()];
    rs256.sign(&RSA_PKCS1_SHA256, &random, second.as_bytes(), &mut signature).map_err(refused)?;
    Ok([
        format!("{first}.{}", URL_SAFE_NO_PAD.encode(signed)),
        format!("{second}.{}", URL_SAFE_NO_PAD.encode(signature)),
    ])
}
