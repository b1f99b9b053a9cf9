//! Request bodies, queries and preconditions: read as JSON, refused with a problem that names the place.

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tieline_control::PageQuery;
use tieline_core::code;

use crate::ApiError;

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = axum::body::Bytes::from_request(request, state).await.map_err(|error| {
            let hint = "a request holds at most 16 MiB";
            ApiError::bad_request(code!("body_invalid"), error.to_string(), hint)
        })?;
        if holds_nul(&bytes) {
            return Err(nul("the body"));
        }
        let value = serde_json::from_slice(&bytes).map_err(|error| {
            let hint = "see /openapi.json for the body of this operation";
            let error = without_value(&error.to_string());
            ApiError::bad_request(code!("body_invalid"), format!("the body is not as expected: {error}"), hint)
        })?;
        Ok(Self(value))
    }
}

/// The query of a URL.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Query(value) = Query::try_from_uri(&parts.uri).map_err(|error| {
            let hint = "see /openapi.json for the parameters of this operation";
            ApiError::bad_request(code!("query_invalid"), error.body_text(), hint)
        })?;
        Ok(Self(value))
    }
}

/// Refuses addresses that hold a NUL, which no text column of PostgreSQL takes and no name has.
pub(crate) async fn refuse_nul(request: Request, next: Next) -> Response {
    let uri = request.uri();
    let encoded = |text: &str| text.contains("%00");
    if encoded(uri.path()) || uri.query().is_some_and(encoded) {
        return nul("the address").into_response();
    }
    next.run(request).await
}

fn nul(place: &str) -> ApiError {
    let title = format!("{place} holds a NUL character, which no text here can hold");
    ApiError::bad_request(code!("text_invalid"), title, "take it out; encode binary values, for example in base64")
}

/// Whether a JSON document holds a NUL: only its escape can, `\u0000` behind an even number of backslashes.
fn holds_nul(json: &[u8]) -> bool {
    const ESCAPE: &[u8] = br"\u0000";
    json.windows(ESCAPE.len()).enumerate().any(|(at, window)| {
        window == ESCAPE && json[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0
    })
}

/// What a reader of JSON says, without the value that it repeats: where another type is expected, it may be a secret.
fn without_value(message: &str) -> String {
    let quoted = ["invalid type: ", "invalid value: "].iter().find_map(|start| message.strip_prefix(start));
    // The value may hold the words that follow it, so the last ones count.
    let parts = quoted.and_then(|rest| rest.split_once([' ', ',']).zip(rest.rsplit_once(", expected ")));
    match parts {
        Some(((kind, _), (_, expected))) => format!("a {kind} stands where it cannot, expected {expected}"),
        None => message.to_owned(),
    }
}

/// The revision that `If-Match` names, so that a change is made to what the client read; none without the header, and
/// for `*`.
pub(crate) struct IfMatch(pub(crate) Option<i64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Some(header) = parts.headers.get(header::IF_MATCH) else { return Ok(Self(None)) };
        if header == "*" {
            return Ok(Self(None));
        }
        let text = header.to_str().ok().and_then(|text| text.strip_prefix('"')).and_then(|text| text.strip_suffix('"'));
        match text.and_then(|text| text.parse().ok()) {
            Some(revision) => Ok(Self(Some(revision))),
            None => Err(ApiError::changed()),
        }
    }
}

/// Which page of a list is asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// Where the page begins, from the page before.
    cursor: Option<String>,
    /// At most so many; 100, unless given, and never more than 1000.
    limit: Option<i64>,
}

impl From<PageParams> for PageQuery {
    fn from(PageParams { cursor, limit }: PageParams) -> Self {
        Self { cursor, limit }
    }
}

/// An answer with its `ETag`.
pub(crate) type Tagged<T> = ([(HeaderName, String); 1], Json<T>);

/// The `ETag` of a revision, which `If-Match` takes.
pub(crate) fn etag(revision: i64) -> [(HeaderName, String); 1] {
    [(header::ETAG, format!("\"{revision}\""))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_is_found_in_every_spelling_and_nothing_else_is() {
        for (json, expect) in [
            (r#"{"a":"\u0000"}"#, true),
            (r#"{"a":"b\\\u0000"}"#, true),
            (r#"{"a":"\\u0000"}"#, false),
            (r#"{"a":"u0000"}"#, false),
            (r#"{"a":"\u00001"}"#, true),
            (r#"{"a":"\u0001"}"#, false),
        ] {
            assert_eq!(holds_nul(json.as_bytes()), expect, "{json}");
            let parsed: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!(parsed["a"].as_str().unwrap().contains('\0'), expect, "{json}");
        }
    }

    #[test]
    fn what_is_said_of_a_body_repeats_no_value() {
        #[derive(Debug, serde::Deserialize)]
        struct Values {
            #[expect(dead_code, reason = "only read")]
            values: std::collections::BTreeMap<String, String>,
        }
        for (json, says) in [
            (r#"{"values":"canary"}"#, "a string stands where it cannot, expected a map at line 1 column 18"),
            (r#"{"values":"canary, expected a map at"}"#, "a string stands"),
            (r#"{"values":{"a":4711}}"#, "a integer stands where it cannot, expected a string"),
            (r#"{"values":{"a":4711.5}}"#, "a floating stands where it cannot, expected a string"),
            (r#"{"values":["canary"]}"#, "a sequence stands where it cannot, expected a map"),
            (r"{}", "missing field `values`"),
            (r#"{"values":"canary"#, "EOF while parsing"),
        ] {
            let message = serde_json::from_str::<Values>(json).unwrap_err().to_string();
            let said = without_value(&message);
            assert!(said.contains(says) && !said.contains("canary") && !said.contains("4711"), "{message}: {said}");
        }
    }
}
