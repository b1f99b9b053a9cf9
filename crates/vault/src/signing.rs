//! Key pairs that sign access tokens: drawn, kept as sealed PKCS#8, parsed once, and named by the thumbprint of their
//! public half. A token is a JWT in compact form (RFC 7519) of the type `at+jwt` (RFC 9068).
//!
//! It knows no claims: it signs a payload that it is given, and gives back the payload of a token that it signed.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use tieline_core::model::SigningAlgorithm;
use tieline_core::secret::Secret;
use zeroize::Zeroizing;

/// Why there is no key, or no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// The bytes are not a private key of the algorithm.
    #[error("the bytes are no private key of this algorithm")]
    Malformed,
    /// The cryptographic library refused.
    #[error("the cryptographic library refused")]
    Refused,
}

/// A key pair, ready to sign.
pub struct SigningKey {
    pair: Pair,
    kid: String,
    jwk: String,
    /// The first part of every token, with its full stop.
    header: String,
}

enum Pair {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

impl SigningKey {
    /// Draws a key pair; beside it, what [`SigningKey::parse`] takes: the private key, to be sealed.
    ///
    /// # Errors
    /// [`SigningError::Refused`].
    pub fn generate(algorithm: SigningAlgorithm) -> Result<(Self, Secret), SigningError> {
        // The library draws from its own generator, which is the one behind the vault's `Randomness`.
        let text = match algorithm {
            SigningAlgorithm::Es256 => {
                let pair =
                    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| SigningError::Refused)?;
                encoded(pair.to_pkcs8v1().map_err(|_| SigningError::Refused)?.as_ref())
            }
            SigningAlgorithm::EdDsa => {
                let pair = Ed25519KeyPair::generate().map_err(|_| SigningError::Refused)?;
                encoded(pair.to_pkcs8().map_err(|_| SigningError::Refused)?.as_ref())
            }
            SigningAlgorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| SigningError::Refused)?;
                let document: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| SigningError::Refused)?;
                encoded(document.as_ref())
            }
        };
        Ok((Self::parse(algorithm, &text)?, text))
    }

    /// Reads a private key: PKCS#8 in base64.
    ///
    /// # Errors
    /// [`SigningError::Malformed`].
    pub fn parse(algorithm: SigningAlgorithm, private: &Secret) -> Result<Self, SigningError> {
        let malformed = |_| SigningError::Malformed;
        let bytes = STANDARD.decode(private.expose()).map_err(|_| SigningError::Malformed)?;
        let bytes = Zeroizing::new(bytes);
        let pair = match algorithm {
            SigningAlgorithm::Es256 => {
                Pair::Es256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes).map_err(malformed)?)
            }
            SigningAlgorithm::EdDsa => Pair::EdDsa(Ed25519KeyPair::from_pkcs8(&bytes).map_err(malformed)?),
            SigningAlgorithm::Rs256 => Pair::Rs256(RsaKeyPair::from_pkcs8(&bytes).map_err(malformed)?),
        };
        Self::of(pair)
    }

    /// The name of the key: the SHA-256 thumbprint of its public half (RFC 7638).
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half, as a JWK (RFC 7517) in JSON.
    #[must_use]
    pub fn jwk(&self) -> &str {
        &self.jwk
    }

    /// A token with this payload.
    ///
    /// # Errors
    /// [`SigningError::Refused`].
    pub fn sign(&self, payload: &[u8]) -> Result<String, SigningError> {
        // The longest signature is that of RSA: 342 characters.
        let mut token = String::with_capacity(self.header.len() + payload.len() * 4 / 3 + 350);
        token.push_str(&self.header);
        URL_SAFE_NO_PAD.encode_string(payload, &mut token);
        let message = token.as_bytes();
        let signature = match &self.pair {
            Pair::Es256(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message).map_err(|_| SigningError::Refused)?;
                URL_SAFE_NO_PAD.encode(signature)
            }
            Pair::EdDsa(pair) => URL_SAFE_NO_PAD.encode(pair.sign(message)),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_| SigningError::Refused)?;
                URL_SAFE_NO_PAD.encode(signature)
            }
        };
        token.push('.');
        token.push_str(&signature);
        Ok(token)
    }

    /// The payload of a token that this key signed; none for any other. What the token says of algorithm and key is not
    /// believed but compared with what this key writes.
    #[must_use]
    pub fn payload(&self, token: &str) -> Option<Vec<u8>> {
        let rest = token.strip_prefix(&self.header)?;
        let (payload, signature) = rest.split_once('.')?;
        let message = &token.as_bytes()[..self.header.len() + payload.len()];
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let (algorithm, public): (&dyn VerificationAlgorithm, _) = match &self.pair {
            Pair::Es256(pair) => (&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref()),
            Pair::EdDsa(pair) => (&ED25519, pair.public_key().as_ref()),
            Pair::Rs256(pair) => (&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref()),
        };
        UnparsedPublicKey::new(algorithm, public).verify(message, &signature).ok()?;
        URL_SAFE_NO_PAD.decode(payload).ok()
    }

    fn of(pair: Pair) -> Result<Self, SigningError> {
        let (alg, members) = match &pair {
            Pair::Es256(pair) => {
                // An uncompressed point: 4, then both coordinates.
                let point = pair.public_key().as_ref().strip_prefix(&[4]).and_then(|point| point.split_at_checked(32));
                let (x, y) = point.ok_or(SigningError::Malformed)?;
                ("ES256", format!(r#""crv":"P-256","kty":"EC","x":"{}","y":"{}""#, url(x), url(y)))
            }
            Pair::EdDsa(pair) => {
                ("EdDSA", format!(r#""crv":"Ed25519","kty":"OKP","x":"{}""#, url(pair.public_key().as_ref())))
            }
            Pair::Rs256(pair) => {
                let (exponent, modulus) = rsa_numbers(pair.public_key().as_ref()).ok_or(SigningError::Malformed)?;
                ("RS256", format!(r#""e":"{}","kty":"RSA","n":"{}""#, url(exponent), url(modulus)))
            }
        };
        // The members that a thumbprint covers, in the order of their names.
        let kid = url(digest(&SHA256, format!("{{{members}}}").as_bytes()).as_ref());
        let jwk = format!(r#"{{{members},"kid":"{kid}","alg":"{alg}","use":"sig"}}"#);
        let header = url(format!(r#"{{"typ":"at+jwt","alg":"{alg}","kid":"{kid}"}}"#).as_bytes()) + ".";
        Ok(Self { pair, kid, jwk, header })
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({}, [redacted])", self.kid)
    }
}

/// Exponent and modulus of the only RSA keys that are drawn here: 2048 bits, exponent 65537. Their PKCS#1 document is
/// these numbers between constants.
fn rsa_numbers(document: &[u8]) -> Option<(&[u8], &[u8])> {
    const BEFORE: [u8; 9] = [0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00];
    const EXPONENT: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];
    let modulus = document.strip_prefix(&BEFORE)?.strip_suffix(&EXPONENT)?;
    Some((&document[document.len() - 3..], modulus))
}

fn encoded(document: &[u8]) -> Secret {
    Secret::new(STANDARD.encode(document))
}

fn url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(part: &str) -> String {
        String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn a_key_signs_and_comes_back_from_its_bytes() {
        for (algorithm, alg, kty, length) in [
            (SigningAlgorithm::Es256, "ES256", "EC", 86),
            (SigningAlgorithm::EdDsa, "EdDSA", "OKP", 86),
            (SigningAlgorithm::Rs256, "RS256", "RSA", 342),
        ] {
            let (key, private) = SigningKey::generate(algorithm).unwrap();
            let token = key.sign(br#"{"sub":"a"}"#).unwrap();
            let parts: Vec<_> = token.split('.').collect();
            assert_eq!(json(parts[0]), format!(r#"{{"typ":"at+jwt","alg":"{alg}","kid":"{}"}}"#, key.kid()));
            assert_eq!((json(parts[1]).as_str(), parts[2].len()), (r#"{"sub":"a"}"#, length));
            assert!(key.jwk().contains(&format!(r#""kty":"{kty}""#)) && key.jwk().contains(key.kid()), "{}", key.jwk());
            assert!(!key.jwk().contains(r#""d""#) && !format!("{key:?}").contains(private.expose()));

            let again = SigningKey::parse(algorithm, &private).unwrap();
            assert_eq!((again.kid(), again.jwk()), (key.kid(), key.jwk()));
            assert_eq!(again.payload(&token).unwrap(), br#"{"sub":"a"}"#);
            for other in SigningAlgorithm::ALL.iter().filter(|other| **other != algorithm) {
                assert_eq!(SigningKey::parse(*other, &private).unwrap_err(), SigningError::Malformed, "{other}");
            }
            let (stranger, _) = SigningKey::generate(algorithm).unwrap();
            assert_ne!(stranger.kid(), key.kid());
            assert_eq!(stranger.payload(&token), None);
        }
    }

    #[test]
    fn no_changed_token_is_accepted() {
        let (key, _) = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
        let token = key.sign(b"{}").unwrap();
        let parts: Vec<_> = token.split('.').collect();
        let none = URL_SAFE_NO_PAD.encode(format!(r#"{{"typ":"at+jwt","alg":"none","kid":"{}"}}"#, key.kid()));
        for changed in [
            String::new(),
            token[..token.len() - 1].to_owned(),
            format!("{token}A"),
            format!("{token}."),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}", parts[0], parts[1]),
            format!("{none}.{}.", parts[1]),
            format!("{none}.{}.{}", parts[1], parts[2]),
            format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode("[]"), parts[2]),
        ] {
            assert_eq!(key.payload(&changed), None, "{changed}");
        }
    }

    #[test]
    fn thumbprints_are_those_of_rfc_7638() {
        // The key of RFC 8037, appendix A.1, whose thumbprint stands in A.3.
        let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        let key = SigningKey::parse(SigningAlgorithm::EdDsa, &encoded(pair.to_pkcs8().unwrap().as_ref())).unwrap();
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert!(key.jwk().contains(r#""x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#), "{}", key.jwk());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "!", "AAAA"] {
            for algorithm in SigningAlgorithm::ALL {
                let refused = SigningKey::parse(*algorithm, &Secret::new(text)).unwrap_err();
                assert_eq!(refused, SigningError::Malformed, "{algorithm} {text}");
            }
        }
    }
}
