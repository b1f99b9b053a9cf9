//! How a client proves itself: by `Authorization: Basic` or in the body, not both (RFC 6749, 2.3.1).

use axum::http::header;
use axum::http::request::Parts;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use tieline_control::oauth::{Asker, ClientProof, OAuthError, OAuthRefusal};
use tieline_core::secret::Secret;

use super::OAuth;
use super::form::Form;
use crate::peer::address;

/// Clients differ in whether they pad.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl OAuth {
    /// What a client shows.
    pub(super) fn proof(&self, head: &Parts, form: &mut Form) -> Result<ClientProof, OAuthError> {
        let address = address(head, self.app.forwarded);
        let in_body = (form.take("client_id"), form.take("client_secret"));
        let mut headers = head.headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = headers.next() else {
            return match in_body {
                (Some(client), Some(secret)) => Ok(ClientProof { client, secret: Secret::new(secret), address }),
                _ => {
                    Err(nobody("give client id and secret by Authorization: Basic, or as client_id and client_secret"))
                }
            };
        };
        let (None, (id, None)) = (headers.next(), in_body) else {
            return Err(OAuthRefusal::InvalidRequest.because("the client proves itself twice: once is enough"));
        };
        let text = value.to_str().ok().and_then(|value| credentials("basic", value));
        let bytes = text.and_then(|text| BASE64.decode(text).ok());
        let Some((client, secret)) = bytes.as_deref().and_then(pair) else {
            return Err(nobody("the Authorization header is not Basic with the client id and secret in base64"));
        };
        if id.is_some_and(|id| id != client) {
            return Err(OAuthRefusal::InvalidRequest.because("client_id is another than in the Authorization header"));
        }
        Ok(ClientProof { client, secret, address })
    }

    /// A client, or the holder of a token of the API.
    pub(super) async fn asker(&self, head: &Parts, form: &mut Form) -> Result<Asker, OAuthError> {
        let value = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(token) = value.and_then(|value| credentials("bearer", value)) else {
            return self.proof(head, form).map(Asker::Client);
        };
        let actor = self.app.control.authenticate(&Secret::new(token)).await;
        actor.map(Asker::Actor).map_err(|error| match error {
            tieline_control::Error::Refused(refusal) => nobody(&refusal.message),
            failure => failure.into(),
        })
    }
}

/// What stands behind the word of a scheme.
fn credentials<'a>(scheme: &str, value: &'a str) -> Option<&'a str> {
    let (word, rest) = value.split_once(' ')?;
    word.eq_ignore_ascii_case(scheme).then_some(rest.trim())
}

/// Client id and secret, which are percent-encoded before they are joined. Many clients leave that out: neither holds a
/// character that would tell.
fn pair(bytes: &[u8]) -> Option<(String, Secret)> {
    let (client, secret) = std::str::from_utf8(bytes).ok()?.split_once(':')?;
    Some((decoded(client)?, Secret::new(decoded(secret)?)))
}

/// One value as forms encode it (RFC 6749, appendix B), unless it is empty. No character in it separates anything.
fn decoded(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    let text = percent_encoding::percent_decode_str(&spaced).decode_utf8().ok()?;
    (!text.is_empty()).then(|| text.into_owned())
}

fn nobody(description: &str) -> OAuthError {
    OAuthRefusal::InvalidClient.because(description)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_encoded_or_not() {
        for (text, expect) in [
            ("abc:tl_secret_x-Y", Some("abc tl_secret_x-Y")),
            ("abc:tl%5Fsecret_x%2DY", Some("abc tl_secret_x-Y")),
            ("a%3Ab:c", Some("a:b c")),
            ("abc", None),
            ("a+b:c+d", Some("a b c d")),
            // Nothing is a separator in a value: what comes after one is part of it.
            ("abc=x:c=x", Some("abc=x c=x")),
            ("&abc:c&x", Some("&abc c&x")),
            ("abc:%ff", None),
            (":x", None),
            ("x:", None),
        ] {
            let read = pair(text.as_bytes()).map(|(client, secret)| format!("{client} {}", secret.expose()));
            assert_eq!(read.as_deref(), expect, "{text}");
        }
    }
}
