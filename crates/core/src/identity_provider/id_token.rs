//! ID tokens: what a provider says of whom it signed in (OpenID Connect Core 1.0, sections 2 and 3.1.3.7). They are read,
//! verified and checked here in one step, so that nobody believes one that was read alone; how a key verifies is an argument.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use super::sign_in::{self, Identity};

/// By how many seconds the clocks of two organizations may differ.
const LEEWAY: i64 = 60;
/// Longer tokens are not looked at, in bytes: some providers put a person's groups there.
const LONGEST: usize = 64 * 1024;

/// What a token must say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Who issued it.
    pub issuer: &'a str,
    /// Whom it is for: the client that asked.
    pub client_id: &'a str,
    /// What the question held, so that the token is the answer to it.
    pub nonce: &'a str,
    /// The present moment, in seconds since 1970.
    pub now: i64,
}

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// There is no such key for such an algorithm: the provider may have made one since.
    #[error("it is signed by a key or an algorithm that the provider does not publish")]
    KeyUnknown,
    /// It is no token that counts.
    #[error("{0}")]
    Wrong(&'static str),
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    nonce: Option<String>,
    #[serde(flatten)]
    person: sign_in::Claims,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn list(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        }
    }
}

/// Whom a token is about, if one of the keys signed it and it says what is expected. `keys` are those of
/// [`super::public_keys`]; `verifies` says whether such a key made a signature by the algorithm that its `alg` names.
///
/// # Errors
/// [`Flaw`].
pub fn identity(
    token: &str,
    keys: &[Value],
    expected: &Expected<'_>,
    verifies: impl Fn(&Value, &[u8], &[u8]) -> bool,
) -> Result<Identity, Flaw> {
    const MALFORMED: Flaw = Flaw::Wrong("it is no signed JWT with the claims of an ID token");
    let (message, signature) = token.rsplit_once('.').filter(|_| token.len() <= LONGEST).ok_or(MALFORMED)?;
    let (header, claims) = message.split_once('.').ok_or(MALFORMED)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| MALFORMED);
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| MALFORMED)?;
    let signature = decode(signature)?;
    if header.crit.is_some() {
        return Err(Flaw::Wrong("it has critical headers, which nobody here understands"));
    }
    let key = find(keys, &header).ok_or(Flaw::KeyUnknown)?;
    if !verifies(key, message.as_bytes(), &signature) {
        return Err(Flaw::Wrong("its signature is another's"));
    }
    let claims: Claims = serde_json::from_slice(&decode(claims)?).map_err(|_| MALFORMED)?;
    check(&claims, expected).map_err(Flaw::Wrong)?;
    claims.person.identity().ok_or(Flaw::Wrong("its subject is empty or too long"))
}

/// The key of a `kid` for an algorithm; a token without `kid` is for the only key there is. Only the algorithms of
/// [`super::algorithm`] are found: never `none`, and none by which whoever verifies could sign.
fn find<'a>(keys: &'a [Value], header: &Header) -> Option<&'a Value> {
    let key = match header.kid.as_deref() {
        Some(kid) => keys.iter().find(|key| key["kid"] == kid),
        None => keys.first().filter(|_| keys.len() == 1),
    };
    // RFC 9864 gives EdDSA with Ed25519 a name of its own.
    let named = if header.alg == "Ed25519" { "EdDSA" } else { &header.alg };
    key.filter(|key| super::algorithm(key) == Some(named))
}

fn check(claims: &Claims, expected: &Expected<'_>) -> Result<(), &'static str> {
    let audiences = claims.aud.list();
    // Providers may write fractions of a second.
    let (now, leeway) = (expected.now as f64, LEEWAY as f64);
    if claims.iss != expected.issuer {
        Err("somebody else issued it")
    } else if !audiences.iter().any(|audience| audience == expected.client_id) {
        Err("it is for another client")
    } else if claims.azp.as_ref().map_or(audiences.len() > 1, |azp| azp != expected.client_id) {
        Err("another client asked for it")
    } else if claims.nonce.as_deref() != Some(expected.nonce) {
        Err("it answers another question")
    } else if now >= claims.exp + leeway {
        Err("it has expired: see that the clocks of both machines are right")
    } else if claims.iat.max(claims.nbf.unwrap_or(claims.iat)) > now + leeway {
        Err("it is from the future: see that the clocks of both machines are right")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_000_000;
    const EXPECTED: Expected<'_> =
        Expected { issuer: "https://id.example", client_id: "tieline", nonce: "n-1", now: NOW };

    fn keys() -> Vec<Value> {
        vec![
            json!({ "kty": "EC", "crv": "P-256", "kid": "one", "alg": "ES256" }),
            json!({ "kty": "RSA", "kid": "two", "alg": "RS256" }),
        ]
    }

    fn claims() -> Value {
        json!({
            "iss": "https://id.example", "sub": "7", "aud": "tieline", "exp": NOW + 300, "iat": NOW, "nonce": "n-1",
            "email": "anna@acme.example", "email_verified": true,
        })
    }

    /// A token whose signature says which key made it.
    fn token(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signature = URL_SAFE_NO_PAD.encode(header["kid"].as_str().unwrap_or("one"));
        format!("{}.{}.{signature}", part(header), part(claims))
    }

    fn read(token: &str, keys: &[Value]) -> Result<Identity, Flaw> {
        identity(token, keys, &EXPECTED, |key, _, signature| key["kid"].as_str().map(str::as_bytes) == Some(signature))
    }

    fn wrong(found: &Result<Identity, Flaw>) -> &'static str {
        match found {
            Err(Flaw::Wrong(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_token_says_whom_it_is_about() {
        let good = read(&token(&json!({ "alg": "ES256", "kid": "one" }), &claims()), &keys()).unwrap();
        assert_eq!(good.subject, "7");
        assert!(good.email.is_some_and(|email| email.verified && email.address == "anna@acme.example"));
    }

    #[test]
    fn claims_are_those_that_are_expected() {
        for (name, value, expect) in [
            ("iss", json!("https://id.example/"), "issued"),
            ("iss", json!("https://evil.example"), "issued"),
            ("aud", json!("another"), "another client"),
            ("aud", json!([]), "another client"),
            ("aud", json!(["tieline", "another"]), "another client asked"),
            ("azp", json!("another"), "another client asked"),
            ("nonce", json!("n-2"), "another question"),
            ("nonce", Value::Null, "another question"),
            ("exp", json!(NOW - LEEWAY), "expired"),
            ("exp", json!("never"), "no signed JWT"),
            ("exp", Value::Null, "no signed JWT"),
            ("iat", json!(NOW + LEEWAY + 1), "future"),
            ("iat", Value::Null, "no signed JWT"),
            ("nbf", json!(NOW + LEEWAY + 1), "future"),
            ("sub", json!(""), "subject"),
            ("sub", Value::Null, "no signed JWT"),
        ] {
            let mut claims = claims();
            claims[name] = value.clone();
            let found = read(&token(&json!({ "alg": "ES256", "kid": "one" }), &claims), &keys());
            assert!(wrong(&found).contains(expect), "{name} {value}: {found:?}");
        }
        for (name, value) in [
            ("aud", json!(["tieline"])),
            ("azp", json!("tieline")),
            ("exp", json!(NOW - LEEWAY + 1)),
            ("exp", json!(1_000_300.5)),
            ("iat", json!(NOW + LEEWAY)),
        ] {
            let mut claims = claims();
            claims[name] = value.clone();
            let found = read(&token(&json!({ "alg": "ES256", "kid": "one" }), &claims), &keys());
            assert!(found.is_ok(), "{name} {value}: {found:?}");
        }
        let mut several = claims();
        (several["aud"], several["azp"]) = (json!(["another", "tieline"]), json!("tieline"));
        assert!(read(&token(&json!({ "alg": "ES256", "kid": "one" }), &several), &keys()).is_ok());
    }

    #[test]
    fn keys_are_found_by_id_and_algorithm() {
        for (header, expect) in [
            (json!({ "alg": "RS256", "kid": "two" }), None),
            (json!({ "alg": "none", "kid": "one" }), Some(Flaw::KeyUnknown)),
            (json!({ "alg": "HS256", "kid": "one" }), Some(Flaw::KeyUnknown)),
            (json!({ "alg": "RS256", "kid": "one" }), Some(Flaw::KeyUnknown)),
            (json!({ "alg": "ES256", "kid": "three" }), Some(Flaw::KeyUnknown)),
            (json!({ "alg": "ES256" }), Some(Flaw::KeyUnknown)),
        ] {
            assert_eq!(read(&token(&header, &claims()), &keys()).err(), expect, "{header}");
        }
        let alone = &keys()[..1];
        assert!(read(&token(&json!({ "alg": "ES256" }), &claims()), alone).is_ok());
        let hmac = [json!({ "kty": "oct", "kid": "one", "alg": "HS256" })];
        assert_eq!(read(&token(&json!({ "alg": "HS256", "kid": "one" }), &claims()), &hmac), Err(Flaw::KeyUnknown));
        let edwards = [json!({ "kty": "OKP", "crv": "Ed25519", "kid": "one", "alg": "EdDSA" })];
        assert!(read(&token(&json!({ "alg": "Ed25519", "kid": "one" }), &claims()), &edwards).is_ok());
    }

    #[test]
    fn only_what_a_key_signed_counts() {
        let good = token(&json!({ "alg": "ES256", "kid": "one" }), &claims());
        let (message, _) = good.rsplit_once('.').unwrap();
        let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode("two"));
        assert!(wrong(&read(&forged, &keys())).contains("signature"));
        assert!(wrong(&read(&format!("{message}."), &keys())).contains("signature"));
        let critical = token(&json!({ "alg": "ES256", "kid": "one", "crit": ["exp"] }), &claims());
        assert!(wrong(&read(&critical, &keys())).contains("critical"));
        let long = format!("{good}{}", "A".repeat(LONGEST));
        for text in ["", "a.b", "a.b.c", &good[1..], &format!("{good}!"), message, &long] {
            assert!(wrong(&read(text, &keys())).contains("no signed JWT"), "{text}");
        }
    }
}
