//! Whose tokens count, with public keys that are parsed once.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use tieline_core::route_table::IssuerEntry;

/// A public key, bound to the one algorithm that it is for.
pub(crate) struct PublicKey {
    /// Its `kid`, where it has one.
    pub(crate) id: Option<String>,
    /// Its `alg`: ES256, EdDSA or RS256.
    pub(crate) algorithm: &'static str,
    key: ParsedPublicKey,
}

impl PublicKey {
    /// Reads a key; none for one that signs nothing, or by an algorithm that is not accepted.
    fn read(key: &Value) -> Option<Self> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        if text("use").is_some_and(|usage| usage != "sig") {
            return None;
        }
        let (algorithm, parsed) = match (text("kty")?, text("crv")) {
            ("EC", Some("P-256")) => {
                // An uncompressed point (SEC 1, section 2.3.3).
                let point = [vec![4], bytes("x")?, bytes("y")?].concat();
                ("ES256", ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point))
            }
            ("OKP", Some("Ed25519")) => ("EdDSA", ParsedPublicKey::new(&ED25519, bytes("x")?)),
            ("RSA", _) => {
                let (n, e) = (bytes("n")?, bytes("e")?);
                let components = RsaPublicKeyComponents { n: n.as_slice(), e: e.as_slice() };
                ("RS256", components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256))
            }
            _ => return None,
        };
        if text("alg").is_some_and(|named| named != algorithm) {
            return None;
        }
        Some(Self { id: text("kid").map(str::to_owned), algorithm, key: parsed.ok()? })
    }

    /// Whether it made this signature.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }

    /// Whether two are one key.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.id == other.id && self.algorithm == other.algorithm && self.key.as_ref() == other.key.as_ref()
    }
}

/// An issuer.
pub(crate) struct Issuer {
    pub(crate) name: String,
    /// The audience that its tokens must name; none for any, and for Tieline's own issuer, where the token's organization
    /// decides.
    pub(crate) audience: Option<String>,
    /// Whether it is Tieline's own.
    pub(crate) own: bool,
    keys: Vec<Arc<PublicKey>>,
}

impl Issuer {
    fn new(entry: &IssuerEntry) -> Self {
        Self {
            name: entry.issuer.clone(),
            audience: entry.audience.clone(),
            own: entry.organization.is_none(),
            keys: entry.keys.iter().filter_map(PublicKey::read).map(Arc::new).collect(),
        }
    }

    /// The key of a `kid` for an algorithm; a token without `kid` is for the only key there is.
    pub(crate) fn key(&self, id: Option<&str>, algorithm: &str) -> Option<&Arc<PublicKey>> {
        let key = match id {
            Some(id) => self.keys.iter().find(|key| key.id.as_deref() == Some(id)),
            None => self.keys.first().filter(|_| self.keys.len() == 1),
        };
        key.filter(|key| key.algorithm == algorithm)
    }

    /// Whether a key still counts.
    pub(crate) fn has(&self, key: &PublicKey) -> bool {
        self.keys.iter().any(|known| known.is(key))
    }
}

/// Every issuer.
#[derive(Clone, Default)]
pub(crate) struct Issuers {
    own: Option<Arc<Issuer>>,
    organizations: HashMap<String, Arc<Issuer>>,
}

impl Issuers {
    pub(super) fn put(&mut self, entry: &IssuerEntry) {
        let issuer = Arc::new(Issuer::new(entry));
        match &entry.organization {
            None => self.own = Some(issuer),
            Some(organization) => {
                self.organizations.insert(organization.clone(), issuer);
            }
        }
    }

    pub(super) fn remove(&mut self, organization: &str) {
        if organization.is_empty() {
            self.own = None;
        } else {
            self.organizations.remove(organization);
        }
    }

    pub(super) fn keep(&mut self, keep: impl Fn(&str) -> bool) {
        self.own.take_if(|_| !keep(""));
        self.organizations.retain(|organization, _| keep(organization));
    }

    /// The issuer of a name, for the routes of an organization.
    pub(crate) fn find(&self, name: &str, organization: &str) -> Option<&Arc<Issuer>> {
        let own = self.own.iter().chain(self.organizations.get(organization));
        own.into_iter().find(|issuer| issuer.name == name)
    }
}
