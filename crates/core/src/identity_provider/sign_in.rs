//! The provider by which people sign in to the console: what its metadata must say (OpenID Connect Discovery 1.0, section 3),
//! and what it says of a person.

use serde::Deserialize;
use serde_json::Value;

use super::{Proof, Reader, check_endpoint};

/// The longest subject (OpenID Connect Core 1.0, section 2), in bytes.
const LONGEST_SUBJECT: usize = 255;
/// The longest e-mail address that is looked at, in bytes (RFC 5321, section 4.5.3.1, rounded up).
const LONGEST_EMAIL: usize = 320;

/// What Tieline needs to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Where people sign in.
    pub authorization_endpoint: String,
    /// Where the code that they come back with is exchanged for tokens.
    pub token_endpoint: String,
    /// Where its public keys are.
    pub jwks_uri: String,
    /// Where it says more about a person.
    pub userinfo_endpoint: Option<String>,
    /// How Tieline proves itself.
    pub proof: Proof,
    /// Whether it says in each answer who it is (RFC 9207).
    pub names_itself: bool,
}

/// Reads its metadata.
///
/// # Errors
/// Everything that is missing, each as a phrase.
pub fn metadata(document: &Value) -> Result<Metadata, Vec<String>> {
    let mut reader = Reader { documents: std::slice::from_ref(document), missing: Vec::new() };
    reader.need("response_types_supported", "code");
    let userinfo = reader.find("userinfo_endpoint").and_then(Value::as_str);
    let metadata = Metadata {
        authorization_endpoint: reader.endpoint("authorization_endpoint", "where people sign in"),
        token_endpoint: reader.endpoint("token_endpoint", "where codes are exchanged for tokens"),
        jwks_uri: reader.endpoint("jwks_uri", "where its public keys are"),
        userinfo_endpoint: userinfo.filter(|url| check_endpoint(url).is_ok()).map(str::to_owned),
        proof: reader.proof(),
        names_itself: document["authorization_response_iss_parameter_supported"] == true,
    };
    reader.end(metadata)
}

/// Whom the provider knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who it is for the provider: never given to anybody else, and never changed.
    pub subject: String,
    /// The e-mail address, if it says one.
    pub email: Option<Email>,
}

/// An e-mail address, as the provider says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// The address.
    pub address: String,
    /// Whether the provider has seen that it belongs to the person. One that was not verified is anybody's.
    pub verified: bool,
}

/// The claims about a person, in an ID token or an answer of the UserInfo endpoint.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Claims {
    sub: String,
    email: Option<Value>,
    email_verified: Option<Value>,
}

impl Claims {
    /// Whom they are about; none without a subject that can be kept.
    pub(super) fn identity(self) -> Option<Identity> {
        let good = !self.sub.is_empty() && self.sub.len() <= LONGEST_SUBJECT && !self.sub.contains(char::is_control);
        let verified = self.email_verified == Some(Value::Bool(true));
        let address = self.email.as_ref().and_then(Value::as_str).filter(|address| is_address(address));
        let email = address.map(|address| Email { address: address.to_owned(), verified });
        good.then_some(Identity { subject: self.sub, email })
    }
}

/// Reads an answer of the UserInfo endpoint (OpenID Connect Core 1.0, section 5.3.2); none when it is about somebody else.
#[must_use]
pub fn user_info(document: Value, subject: &str) -> Option<Identity> {
    let claims: Claims = serde_json::from_value(document).ok()?;
    claims.identity().filter(|identity| identity.subject == subject)
}

/// Visible ASCII around one `@`. Beyond ASCII, letters that look alike or fold to the same would make two people one.
fn is_address(text: &str) -> bool {
    let parts = text.split_once('@').filter(|(local, domain)| !local.is_empty() && !domain.is_empty());
    text.len() <= LONGEST_EMAIL
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && parts.is_some_and(|(_, domain)| !domain.contains('@'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn metadata_says_what_is_missing() {
        let whole = json!({
            "issuer": "https://id.example", "authorization_endpoint": "https://id.example/auth",
            "token_endpoint": "https://id.example/token", "jwks_uri": "https://id.example/jwks",
        });
        let found = metadata(&whole).unwrap();
        assert_eq!((found.proof, found.userinfo_endpoint, found.names_itself), (Proof::Basic, None, false));
        for (name, value, expect) in [
            ("authorization_endpoint", Value::Null, "authorization_endpoint ("),
            ("token_endpoint", json!("http://id.example/token"), "a usable token_endpoint: it is http"),
            ("jwks_uri", json!(7), "jwks_uri ("),
            ("response_types_supported", json!(["id_token"]), "code among"),
            ("token_endpoint_auth_methods_supported", json!(["none"]), "client_secret_basic or"),
        ] {
            let mut document = whole.clone();
            document[name] = value;
            let missing = metadata(&document).unwrap_err();
            assert!(missing.len() == 1 && missing[0].starts_with(expect), "{name}: {missing:?}");
        }
        let mut more = whole;
        more["userinfo_endpoint"] = json!("https://id.example/me");
        more["authorization_response_iss_parameter_supported"] = json!(true);
        let found = metadata(&more).unwrap();
        assert_eq!((found.userinfo_endpoint.as_deref(), found.names_itself), (Some("https://id.example/me"), true));
        more["userinfo_endpoint"] = json!("http://id.example/me");
        assert_eq!(metadata(&more).unwrap().userinfo_endpoint, None, "a token is sent there");
    }

    #[test]
    fn an_address_counts_as_verified_only_where_the_provider_says_so() {
        for (email, verified, expect) in [
            (json!("anna@acme.example"), json!(true), Some(true)),
            (json!("anna@acme.example"), json!(false), Some(false)),
            (json!("anna@acme.example"), json!("true"), Some(false)),
            (json!("anna@acme.example"), json!(1), Some(false)),
            (json!("anna@acme.example"), Value::Null, Some(false)),
            (json!("anna"), json!(true), None),
            (json!("@acme.example"), json!(true), None),
            (json!("anna@"), json!(true), None),
            (json!("anna@evil.example@acme.example"), json!(true), None),
            (json!("anna@acme.example "), json!(true), None),
            // The Kelvin sign, whose small letter is k.
            (json!("\u{212a}arl@acme.example"), json!(true), None),
            (json!(["anna@acme.example"]), json!(true), None),
            (json!(format!("{}@acme.example", "a".repeat(320))), json!(true), None),
        ] {
            let document = json!({ "sub": "7", "email": email, "email_verified": verified });
            let identity = user_info(document.clone(), "7").unwrap();
            assert_eq!(identity.email.map(|email| email.verified), expect, "{document}");
        }
    }

    #[test]
    fn what_is_said_of_somebody_else_is_not_taken() {
        assert!(user_info(json!({ "sub": "7" }), "7").is_some());
        for document in [json!({ "sub": "8" }), json!({}), json!([]), json!({ "sub": 7 })] {
            assert_eq!(user_info(document.clone(), "7"), None, "{document}");
        }
        for subject in ["", "a\nb", &"a".repeat(256)] {
            assert_eq!(user_info(json!({ "sub": subject }), subject), None, "{subject:?}");
        }
    }
}
