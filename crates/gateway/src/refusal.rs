//! The calls that the gateway answers itself: with a status, a stable code, what happened and what to do.

use std::borrow::Cow;
use std::fmt::Write as _;

use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use tieline_core::wire::Problem;

use crate::body::Answer;

/// A refusal.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) title: Cow<'static, str>,
    pub(crate) hint: Cow<'static, str>,
    /// What the caller must prove, and what was wrong with its proof (RFC 9110, section 11.6.1; RFC 6750, section 3).
    pub(crate) challenge: Option<String>,
    /// Seconds after which another try may do.
    pub(crate) retry_after: Option<u64>,
}

impl Refusal {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        title: impl Into<Cow<'static, str>>,
        hint: impl Into<Cow<'static, str>>,
    ) -> Box<Self> {
        Box::new(Self { status, code, title: title.into(), hint: hint.into(), challenge: None, retry_after: None })
    }

    /// With a challenge for bearer tokens: which error, and the scopes that would do.
    pub(crate) fn bearer(mut self: Box<Self>, error: Option<&str>, scope: Option<&str>) -> Box<Self> {
        let mut challenge = "Bearer realm=\"tieline\"".to_owned();
        if let Some(error) = error {
            let _ = write!(challenge, ", error=\"{error}\", error_description=\"{}\"", plain(&self.title));
        }
        if let Some(scope) = scope {
            let _ = write!(challenge, ", scope=\"{}\"", plain(scope));
        }
        self.challenge = Some(challenge);
        self
    }

    /// With a challenge for API keys, a scheme that no RFC names.
    pub(crate) fn key(mut self: Box<Self>) -> Box<Self> {
        self.challenge = Some("ApiKey realm=\"tieline\", header=\"Choreo-API-Key\"".to_owned());
        self
    }

    /// With the seconds after which to try again.
    pub(crate) fn after(mut self: Box<Self>, seconds: u64) -> Box<Self> {
        self.retry_after = Some(seconds);
        self
    }

    /// The answer.
    pub(crate) fn answer(&self) -> Response<Answer> {
        let problem = Problem {
            status: self.status.as_u16(),
            title: self.title.clone().into_owned(),
            code: self.code.to_owned(),
            hint: self.hint.clone().into_owned(),
            path: None,
            plan: None,
        };
        // Numbers and text: writing them does not fail.
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut answer = Response::new(Answer::full(body));
        *answer.status_mut() = self.status;
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(challenge) = self.challenge.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }
}

/// What may stand in a quoted string of a challenge (RFC 6750, section 3).
fn plain(text: &str) -> String {
    text.chars().map(|c| if matches!(c, '"' | '\\') || !(' '..='~').contains(&c) { '\'' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_hold_nothing_that_ends_them() {
        let refusal = Refusal::new(StatusCode::FORBIDDEN, "x", "a \"b\"\r\n\\ü", "").bearer(Some("e"), Some("s \" t"));
        let expect = r#"Bearer realm="tieline", error="e", error_description="a 'b'''''", scope="s ' t""#;
        assert_eq!(refusal.challenge.as_deref(), Some(expect));
    }
}
