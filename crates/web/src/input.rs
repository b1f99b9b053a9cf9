//! Request bodies, queries and preconditions: read as JSON, refused with a problem that names the place.

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, header};
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
        let value = serde_json::from_slice(&bytes).map_err(|error| {
            let hint = "see /openapi.json for the body of this operation";
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
