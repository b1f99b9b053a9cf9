//! Registering one client: what is asked for, and what the answer must hold to be of use.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{LONGEST, Proof, check_endpoint};
use crate::secret::Secret;

/// Where a client is changed and deleted, and the token for it (RFC 7592).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Management {
    /// The address.
    pub uri: String,
    /// The registration access token.
    pub token: Secret,
}

/// A client that a provider registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// How it is deleted, if the provider lets it.
    pub management: Option<Management>,
}

/// An answer that is of no use, although a client may have been made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// Why, for people; it holds no secret.
    pub reason: String,
    /// How what was made is deleted.
    pub management: Option<Management>,
}

/// What a client asks to be registered with (RFC 7591, section 2): it gets tokens for itself, and nothing else.
#[must_use]
pub fn registration(name: &str, proof: Proof) -> Value {
    json!({
        "client_name": name,
        "grant_types": ["client_credentials"],
        "response_types": [],
        "redirect_uris": [],
        "token_endpoint_auth_method": proof.as_str(),
    })
}

#[derive(Deserialize)]
struct Answer {
    client_id: Option<String>,
    client_secret: Option<Secret>,
    #[serde(default)]
    client_secret_expires_at: i64,
    grant_types: Option<Vec<String>>,
    token_endpoint_auth_method: Option<String>,
    registration_client_uri: Option<String>,
    registration_access_token: Option<Secret>,
}

/// Reads the answer to a registration (RFC 7591, section 3.2.1). A provider may register something else than was asked for.
///
/// # Errors
/// [`Unusable`].
pub fn registered(text: &Secret) -> Result<Registered, Unusable> {
    let unreadable = |_| Unusable {
        reason: "what it answered to the registration is no client information response".to_owned(),
        management: None,
    };
    let answer: Answer = serde_json::from_str(text.expose()).map_err(unreadable)?;
    let management = match (answer.registration_client_uri, answer.registration_access_token) {
        (Some(uri), Some(token)) if check_endpoint(&uri).is_ok() && !token.expose().is_empty() => {
            Some(Management { uri, token })
        }
        _ => None,
    };
    let readable = |text: &&str| !text.is_empty() && text.len() <= LONGEST && text.bytes().all(is_visible);
    let client_id = answer.client_id.as_deref().filter(readable);
    let client_secret = answer.client_secret.filter(|secret| readable(&secret.expose()));
    let grants = answer.grant_types.is_none_or(|grants| grants.iter().any(|grant| grant == "client_credentials"));
    let method = answer.token_endpoint_auth_method.as_deref();
    let proves = method.is_none_or(|method| [Proof::Basic, Proof::Body].map(Proof::as_str).contains(&method));
    let reason = match (client_id, client_secret) {
        (None, _) => "it gave the client no usable id",
        (_, None) => "it gave the client no usable secret",
        _ if answer.client_secret_expires_at != 0 => {
            "it gave the client a secret that expires, which would break whoever runs with it: let secrets of clients \
             that register themselves live on"
        }
        _ if !grants => "it does not let the client use the grant client_credentials",
        _ if !proves => "it asks the client to prove itself otherwise than by its secret",
        (Some(client_id), Some(client_secret)) => {
            return Ok(Registered { client_id: client_id.to_owned(), client_secret, management });
        }
    };
    Err(Unusable { reason: reason.to_owned(), management })
}

/// VSCHAR, of which ids and secrets are made (RFC 6749, appendix A.1); blanks would not survive everywhere.
fn is_visible(byte: u8) -> bool {
    byte.is_ascii_graphic()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Value {
        json!({ "client_id": "c1", "client_secret": "canary", "client_secret_expires_at": 0,
            "grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_basic",
            "registration_client_uri": "https://id.example/reg/c1", "registration_access_token": "canary too" })
    }

    #[test]
    fn what_a_provider_registers_must_be_of_use() {
        let found = registered(&Secret::new(whole().to_string())).unwrap();
        assert_eq!((found.client_id.as_str(), found.client_secret.expose()), ("c1", "canary"));
        assert_eq!(found.management.unwrap().uri, "https://id.example/reg/c1");
        for (name, value, expect) in [
            ("client_id", Value::Null, "no usable id"),
            ("client_id", json!("with blank"), "no usable id"),
            ("client_id", json!("a".repeat(LONGEST + 1)), "no usable id"),
            ("client_secret", Value::Null, "no usable secret"),
            ("client_secret", json!("line\nend"), "no usable secret"),
            ("client_secret_expires_at", json!(4_711), "expires"),
            ("grant_types", json!(["authorization_code"]), "client_credentials"),
            ("token_endpoint_auth_method", json!("none"), "otherwise"),
            ("grant_types", json!("all"), "no client information response"),
        ] {
            let mut answer = whole();
            answer[name] = value;
            let unusable = registered(&Secret::new(answer.to_string())).unwrap_err();
            assert!(unusable.reason.contains(expect), "{name}: {unusable:?}");
            assert!(!unusable.reason.contains("canary"), "{unusable:?}");
            assert_eq!(unusable.management.is_some(), !expect.contains("response"), "what was made can be deleted");
        }
        for name in ["client_secret_expires_at", "grant_types", "token_endpoint_auth_method"] {
            let mut answer = whole();
            answer.as_object_mut().unwrap().remove(name);
            assert!(registered(&Secret::new(answer.to_string())).is_ok(), "{name} may be left out");
        }
        let mut answer = whole();
        answer["registration_client_uri"] = json!("http://id.example/reg/c1");
        let found = registered(&Secret::new(answer.to_string())).unwrap();
        assert_eq!(found.management, None, "the token for it would be sent in clear");
    }

    #[test]
    fn a_client_asks_for_nothing_but_tokens_for_itself() {
        let body = registration("acme", Proof::Body);
        assert_eq!(body["grant_types"], json!(["client_credentials"]));
        assert_eq!((&body["redirect_uris"], &body["response_types"]), (&json!([]), &json!([])));
        assert_eq!(body["token_endpoint_auth_method"], "client_secret_post");
    }
}
