//! An organization's own identity provider: what its metadata must say (RFC 8414, OpenID Connect Discovery), which of its
//! keys count (RFC 7517), what a client is registered with and what the answer must hold (RFC 7591), and the trait of
//! whoever asks it.
//!
//! The installation may have one too, by which people sign in: the rooms [`sign_in`] and [`id_token`] are about that.

pub mod id_token;
mod registration;
pub mod sign_in;

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::address::{AddressRules, is_loopback};
use crate::secret::Secret;

pub use registration::{Management, Registered, Unusable, registered, registration};

/// The longest issuer, endpoint or audience that is taken, in bytes.
pub const LONGEST: usize = 1024;
/// The most keys that are taken from one provider.
const MOST_KEYS: usize = 64;

/// Asks identity providers. It goes to no address that the reach refuses, follows no redirect, trusts the certificates
/// that the system trusts, and gives up soon. It may block.
pub trait ProviderClient: Send + Sync {
    /// Fetches a JSON document, with a bearer token where one is needed.
    ///
    /// # Errors
    /// [`Fault`].
    fn document(&self, url: &str, token: Option<&Secret>, reach: &Reach) -> Result<Value, Fault>;

    /// Exchanges a form for tokens (RFC 6749, section 3.2), with the value of `Authorization` where the client proves itself
    /// by that; answers the JSON text, which holds secrets.
    ///
    /// # Errors
    /// [`Fault`].
    fn exchange(&self, url: &str, proof: Option<&Secret>, form: &Secret, reach: &Reach) -> Result<Secret, Fault>;

    /// Registers a client (RFC 7591, section 3); answers the JSON text, which holds secrets.
    ///
    /// # Errors
    /// [`Fault`].
    fn register(&self, url: &str, token: Option<&Secret>, body: &Value, reach: &Reach) -> Result<Secret, Fault>;

    /// Deletes a client (RFC 7592, section 2.3). One that is not there any more is as good.
    ///
    /// # Errors
    /// [`Fault`].
    fn unregister(&self, management: &Management, reach: &Reach) -> Result<(), Fault>;
}

/// Which addresses may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Whether loopback may be.
    pub loopback: bool,
    /// Where Tieline itself listens: never.
    pub own: Vec<SocketAddr>,
}

impl Reach {
    /// The rules for every address: of networks, all but what is always refused.
    #[must_use]
    pub fn rules(&self) -> AddressRules<'_> {
        AddressRules { allowed: &[], loopback: self.loopback, own: &self.own }
    }
}

/// Why a provider did not answer as it should. The texts are for people, and hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The rules refuse its address.
    #[error("{0}")]
    Refused(String),
    /// It cannot be reached, or says that it cannot do it for the moment.
    #[error("{0}")]
    Away(String),
    /// It was asked, and what it did about it is not known: no answer came, or not the whole.
    #[error("{0}")]
    Lost(String),
    /// It says no.
    #[error("{0}")]
    Denied(String),
    /// What it says is not what was asked for.
    #[error("{0}")]
    Strange(String),
}

/// How clients prove themselves at a token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proof {
    /// By `Authorization: Basic`.
    #[serde(rename = "client_secret_basic")]
    Basic,
    /// By `client_id` and `client_secret` in the body.
    #[serde(rename = "client_secret_post")]
    Body,
}

impl Proof {
    /// The word of RFC 7591.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "client_secret_basic",
            Self::Body => "client_secret_post",
        }
    }
}

/// What Tieline needs to know of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Where clients get tokens.
    pub token_endpoint: String,
    /// Where clients are registered.
    pub registration_endpoint: String,
    /// Where its public keys are.
    pub jwks_uri: String,
    /// How clients prove themselves.
    pub proof: Proof,
}

/// Where the metadata of an issuer may be: of RFC 8414, section 3.1, and of OpenID Connect Discovery 1.0, section 4.
#[must_use]
pub fn discovery(issuer: &str) -> [String; 2] {
    let issuer = issuer.trim_end_matches('/');
    let (scheme, rest) = issuer.split_once("://").unwrap_or(("https", issuer));
    let (host, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    [
        format!("{scheme}://{host}/.well-known/oauth-authorization-server{path}"),
        format!("{issuer}/.well-known/openid-configuration"),
    ]
}

/// Refuses what cannot be an issuer (RFC 8414, section 2): an https URL without query and fragment.
///
/// # Errors
/// Says why.
pub fn check_issuer(issuer: &str) -> Result<(), String> {
    check_endpoint(issuer)?;
    if issuer.contains(['?', '#']) {
        return Err("it holds a query or a fragment, which no issuer has".to_owned());
    }
    Ok(())
}

/// Refuses what secrets must not be sent to: anything but https, except on loopback.
///
/// # Errors
/// Says why. The URL is not repeated.
pub fn check_endpoint(url: &str) -> Result<(), String> {
    if url.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("it holds a blank, or what is not ASCII".to_owned());
    }
    match url.split_once("://") {
        Some(("https", _)) => Ok(()),
        Some(("http", _)) if is_loopback(url) => Ok(()),
        Some(("http", _)) => {
            Err("it is http, by which secrets and keys could be read and changed: use https".to_owned())
        }
        _ => Err("it is no https URL".to_owned()),
    }
}

/// The issuer that a metadata document names.
#[must_use]
pub fn issuer_of(document: &Value) -> Option<&str> {
    document.get("issuer").and_then(Value::as_str)
}

/// Reads metadata, from one document or two that say the same; what the first leaves out is taken from the second.
///
/// # Errors
/// Everything that is missing, each as a phrase.
pub fn metadata(documents: &[Value]) -> Result<Metadata, Vec<String>> {
    let mut reader = Reader { documents, missing: Vec::new() };
    let metadata = Metadata {
        registration_endpoint: reader.endpoint(
            "registration_endpoint",
            "where applications are registered, RFC 7591; many providers must be told to",
        ),
        token_endpoint: reader.endpoint("token_endpoint", "where clients get tokens"),
        jwks_uri: reader.endpoint("jwks_uri", "where its public keys are"),
        proof: {
            reader.need("grant_types_supported", "client_credentials");
            reader.proof()
        },
    };
    reader.end(metadata)
}

/// Reads metadata, and gathers what is missing.
struct Reader<'a> {
    documents: &'a [Value],
    missing: Vec<String>,
}

impl<'a> Reader<'a> {
    fn find(&self, name: &str) -> Option<&'a Value> {
        self.documents.iter().find_map(|document| document.get(name))
    }

    /// An endpoint that must be there.
    fn endpoint(&mut self, name: &str, what: &str) -> String {
        let Some(url) = self.find(name).and_then(Value::as_str) else {
            self.missing.push(format!("{name} ({what})"));
            return String::new();
        };
        if let Err(reason) = check_endpoint(url) {
            self.missing.push(format!("a usable {name}: {reason}"));
        }
        url.to_owned()
    }

    /// Whether a list names something. What RFC 8414 lets a provider leave out is taken to be there: most that leave it out
    /// have it.
    fn names(&self, name: &str, wanted: &str) -> bool {
        let list = self.find(name).and_then(Value::as_array);
        list.is_none_or(|list| list.iter().any(|value| value.as_str() == Some(wanted)))
    }

    fn need(&mut self, name: &str, wanted: &str) {
        if !self.names(name, wanted) {
            self.missing.push(format!("{wanted} among {name}"));
        }
    }

    /// How clients prove themselves.
    fn proof(&mut self) -> Proof {
        const NAME: &str = "token_endpoint_auth_methods_supported";
        let proof = if self.names(NAME, Proof::Basic.as_str()) { Proof::Basic } else { Proof::Body };
        if !self.names(NAME, proof.as_str()) {
            self.missing.push(format!("client_secret_basic or client_secret_post among {NAME}"));
        }
        proof
    }

    fn end<T>(self, metadata: T) -> Result<T, Vec<String>> {
        if self.missing.is_empty() { Ok(metadata) } else { Err(self.missing) }
    }
}

/// The keys of a JWK set by which gateways verify tokens, with their public members alone; none for what is no JWK set.
/// Keys of other algorithms, and those that encrypt, are left out.
#[must_use]
pub fn public_keys(document: &Value) -> Option<Vec<Value>> {
    let keys = document.get("keys")?.as_array()?;
    let public = |key: &Value| {
        let algorithm = algorithm(key)?;
        let mut public = Map::new();
        for name in ["kty", "crv", "kid", "use", "x", "y", "n", "e"] {
            if let Some(value) = key.get(name).filter(|value| value.is_string()) {
                public.insert(name.to_owned(), value.clone());
            }
        }
        public.insert("alg".to_owned(), algorithm.into());
        Some(Value::Object(public))
    };
    Some(keys.iter().filter_map(public).take(MOST_KEYS).collect())
}

/// The algorithm of a key, if gateways verify by it: ES256, EdDSA or RS256.
#[must_use]
pub fn algorithm(key: &Value) -> Option<&'static str> {
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|usage| usage != "sig") {
        return None;
    }
    let algorithm = match (text("kty")?, text("crv")) {
        ("EC", Some("P-256")) => "ES256",
        ("OKP", Some("Ed25519")) => "EdDSA",
        ("RSA", _) => "RS256",
        _ => return None,
    };
    // RFC 9864 gives EdDSA with this curve a name of its own.
    let same = |named: &str| named == algorithm || (named == "Ed25519" && algorithm == "EdDSA");
    text("alg").is_none_or(same).then_some(algorithm)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn metadata_is_looked_for_where_the_specifications_say() {
        for (issuer, first, second) in [
            ("https://id.example", "https://id.example/.well-known/oauth-authorization-server", "https://id.example"),
            ("https://id.example/", "https://id.example/.well-known/oauth-authorization-server", "https://id.example"),
            (
                "https://id.example/realms/a",
                "https://id.example/.well-known/oauth-authorization-server/realms/a",
                "https://id.example/realms/a",
            ),
        ] {
            assert_eq!(discovery(issuer), [first.to_owned(), format!("{second}/.well-known/openid-configuration")]);
        }
    }

    #[test]
    fn issuers_are_https_but_on_loopback() {
        for (issuer, good) in [
            ("https://id.example", true),
            ("https://id.example/realms/a", true),
            ("http://127.0.0.1:9000", true),
            ("http://id.example", false),
            ("http://127.0.0.1.id.example", false),
            ("https://id.example?a", false),
            ("https://id.example#a", false),
            ("https://id.example/a b", false),
            ("id.example", false),
            ("ftp://id.example", false),
        ] {
            assert_eq!(check_issuer(issuer).is_ok(), good, "{issuer}");
        }
        assert!(check_issuer(&format!("https://{}", "a".repeat(LONGEST))).is_err());
    }

    fn whole() -> Value {
        json!({ "issuer": "https://id.example", "token_endpoint": "https://id.example/token",
            "registration_endpoint": "https://id.example/reg", "jwks_uri": "https://id.example/jwks" })
    }

    #[test]
    fn everything_that_is_missing_is_named() {
        assert_eq!(metadata(&[whole()]).map(|found| found.proof), Ok(Proof::Basic));
        let mut document = whole();
        document["token_endpoint_auth_methods_supported"] = json!(["private_key_jwt", "client_secret_post"]);
        assert_eq!(metadata(&[document]).map(|found| found.proof), Ok(Proof::Body));
        for (name, value, expect) in [
            ("registration_endpoint", Value::Null, "registration_endpoint ("),
            ("token_endpoint", json!("http://id.example/token"), "a usable token_endpoint: it is http"),
            ("jwks_uri", json!(7), "jwks_uri ("),
            ("grant_types_supported", json!(["authorization_code"]), "client_credentials among"),
            ("token_endpoint_auth_methods_supported", json!(["none"]), "client_secret_basic or"),
        ] {
            let mut document = whole();
            document[name] = value;
            let missing = metadata(&[document]).unwrap_err();
            assert!(missing.len() == 1 && missing[0].starts_with(expect), "{name}: {missing:?}");
        }
        assert_eq!(metadata(&[]).unwrap_err().len(), 3);
        let mut first = whole();
        first.as_object_mut().unwrap().remove("registration_endpoint");
        assert!(metadata(&[first, whole()]).is_ok(), "one document fills the other");
    }

    #[test]
    fn keys_are_taken_without_what_is_private() {
        let set = json!({ "keys": [
            { "kty": "EC", "crv": "P-256", "kid": "a", "x": "x", "y": "y", "d": "private" },
            { "kty": "RSA", "n": "n", "e": "e", "alg": "RS256", "use": "sig", "x5c": ["c"] },
            { "kty": "OKP", "crv": "Ed25519", "x": "x", "alg": "Ed25519" },
            { "kty": "RSA", "n": "n", "e": "e", "alg": "PS256" },
            { "kty": "RSA", "n": "n", "e": "e", "use": "enc" },
            { "kty": "EC", "crv": "P-521", "x": "x", "y": "y" },
            { "kty": "oct", "k": "secret" },
            "none",
        ] });
        let keys = public_keys(&set).unwrap();
        let algorithms: Vec<_> = keys.iter().map(|key| key["alg"].as_str().unwrap()).collect();
        assert_eq!(algorithms, ["ES256", "RS256", "EdDSA"]);
        assert!(!json!(keys).to_string().contains("private"));
        assert_eq!(public_keys(&json!({ "keys": [] })), Some(vec![]));
        for strange in [json!({}), json!([]), json!({ "keys": "none" })] {
            assert_eq!(public_keys(&strange), None, "{strange}");
        }
    }
}
