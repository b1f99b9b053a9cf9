//! Forms, as RFC 6749 wants them read: each parameter once, empty ones as if they were not there, unknown ones ignored.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use tieline_control::oauth::{OAuthError, OAuthRefusal};

/// Largest body: a token, a client and its secret, each percent-encoded.
const MAX_BODY: usize = 32 * 1024;
/// After this a body that has not come is given up.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most parameters: each is looked for among those before it, and the RFCs name half a dozen for an endpoint.
const MAX_PARAMETERS: usize = 20;
const TYPE: &str = "application/x-www-form-urlencoded";

/// The parameters of a request.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a body.
    pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, OAuthError> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case(TYPE) {
            return Err(invalid(format!("the body must be a form: send it with the Content-Type {TYPE}")));
        }
        match tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, MAX_BODY)).await {
            Ok(Ok(bytes)) => Self::parse(&bytes),
            Ok(Err(_)) => Err(invalid(format!("the body was cut, or is larger than {MAX_BODY} bytes"))),
            Err(_) => Err(invalid("the body did not come".to_owned())),
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, OAuthError> {
        let mut found: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(bytes) {
            if found.len() == MAX_PARAMETERS {
                return Err(invalid(format!("the body has more than {MAX_PARAMETERS} parameters")));
            }
            if found.iter().any(|(known, _)| *known == name) {
                let name: String = name.chars().take(50).collect();
                return Err(invalid(format!("the parameter {name} is there twice")));
            }
            found.push((name.into_owned(), value.into_owned()));
        }
        found.retain(|(_, value)| !value.is_empty());
        Ok(Self(found))
    }

    /// A parameter.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// A parameter that must be there.
    pub(super) fn required(&mut self, name: &str) -> Result<String, OAuthError> {
        self.take(name).ok_or_else(|| invalid(format!("the parameter {name} is missing")))
    }
}

fn invalid(description: String) -> OAuthError {
    OAuthRefusal::InvalidRequest.because(description)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_few() {
        let form = |count: usize| (0..count).map(|number| format!("x{number}=1&")).collect::<String>();
        assert!(Form::parse(form(MAX_PARAMETERS).as_bytes()).is_ok());
        assert!(Form::parse(form(MAX_PARAMETERS + 1).as_bytes()).is_err());
    }

    #[test]
    fn each_parameter_counts_once() {
        for (text, expect) in [
            ("grant_type=client_credentials&scope=a+b%20c&x", Some("client_credentials/a b c")),
            ("scope=&grant_type=g", Some("g/")),
            ("grant_type=g&scope=a&scope=b", None),
            ("grant_type=g&x=1&x=", None),
            ("", Some("/")),
            ("%ff=%", Some("/")),
        ] {
            let read = Form::parse(text.as_bytes()).ok().map(|mut form| {
                let mut take = |name| form.take(name).unwrap_or_default();
                format!("{}/{}", take("grant_type"), take("scope"))
            });
            assert_eq!(read.as_deref(), expect, "{text}");
        }
    }
}
