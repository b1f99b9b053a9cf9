//! Creations that may be repeated: under an `Idempotency-Key` the same request is carried out once, and answered the same
//! each time. Only what was done is kept, for a day; who was refused may try again. `control` claims the key together with
//! what is done under it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tieline_control::{KeptAnswer, Repeat};
use tieline_core::code;
use tieline_core::secret::RunningDigest;

use crate::caller::Caller;
use crate::guard::Guard;
use crate::{ApiError, App, MAX_BODY};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Longest key, in characters.
const LONGEST: usize = 255;
/// Operations whose answers may be kept: they make something, in one transaction, and answer no secret. Any other refuses
/// the header, so that what an operation answers is not kept before somebody has thought about it.
const KEPT: [&str; 12] = [
    "organization_create",
    "environment_create",
    "project_create",
    "component_create",
    "service_register",
    "resource_register",
    "service_publish",
    "service_unpublish",
    "connection_create",
    "deploy",
    "promote",
    "rollback",
];

/// What the middleware works with.
#[derive(Clone)]
pub(crate) struct Repeats {
    app: App,
    guard: Arc<Guard>,
}

impl Repeats {
    pub(crate) fn new(app: App, guard: Arc<Guard>) -> Self {
        Self { app, guard }
    }
}

/// Answers a repeated creation as it was answered before.
pub(crate) async fn repeat(State(repeats): State<Repeats>, request: Request, next: Next) -> Response {
    let operation = repeats.guard.operation(request.method(), request.extensions().get::<MatchedPath>());
    let given = request.headers().get(KEY).filter(|_| request.method() == Method::POST);
    let (Some(given), Some(operation)) = (given.cloned(), operation.map(str::to_owned)) else {
        return next.run(request).await;
    };
    carry_out(&repeats, &operation, &given, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn carry_out(
    repeats: &Repeats,
    operation: &str,
    given: &HeaderValue,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let key = key(given, operation)?;
    let (mut parts, body) = request.into_parts();
    let Caller(actor) = Caller::from_request_parts(&mut parts, &repeats.app).await?;
    let body = axum::body::to_bytes(body, MAX_BODY).await.map_err(|error| {
        let hint = "a request holds at most 16 MiB";
        ApiError::bad_request(code!("body_invalid"), error.to_string(), hint)
    })?;
    let digest = digest(&parts, &body);
    if let Some(KeptAnswer { request, given }) = repeats.app.control.answer_kept(&actor, key).await? {
        if request != digest {
            return Err(conflict(
                code!("idempotency_key_reused"),
                "this Idempotency-Key was used for another request",
                "draw another key for another request",
            ));
        }
        let (status, body) = given.ok_or_else(|| {
            conflict(
                code!("idempotency_in_progress"),
                "the request with this Idempotency-Key was carried out, and its answer is not there yet",
                "send it again in a moment; if this stays, look at what it made: it is not made twice",
            )
        })?;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (REPLAYED, HeaderValue::from_static("true")),
        ];
        return Ok((status, headers, body).into_response());
    }
    parts.extensions.insert(Repeat { key: key.to_owned(), request: digest });
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if !response.status().is_success() {
        return Ok(response);
    }
    let (head, body) = response.into_parts();
    let failed = |error: &dyn std::fmt::Display| {
        // It was done, which the key says already: the client is answered all the same.
        tracing::error!(%error, "an answer could not be kept for its Idempotency-Key");
    };
    let body = match axum::body::to_bytes(body, usize::MAX).await {
        Ok(body) => body,
        Err(error) => {
            failed(&error);
            return Ok(head.status.into_response());
        }
    };
    let text = String::from_utf8_lossy(&body);
    if let Err(error) = repeats.app.control.answer_keep(&actor, key, head.status.as_u16(), &text).await {
        failed(&error);
    }
    Ok(Response::from_parts(head, Body::from(body)))
}

fn key<'a>(given: &'a HeaderValue, operation: &str) -> Result<&'a str, ApiError> {
    let refused = |title: &str, hint| {
        Err(ApiError::new(StatusCode::BAD_REQUEST, code!("idempotency_key_invalid"), title.into(), hint))
    };
    if !KEPT.contains(&operation) {
        return refused("the answer of this operation is not kept", "send it without an Idempotency-Key");
    }
    match given.to_str() {
        Ok(key) if (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(key),
        _ => refused("this Idempotency-Key is none", "send 1 to 255 visible ASCII characters, as a UUID"),
    }
}

/// What makes two requests the same: method, address and body. The token is part of it so that what is kept cannot be
/// tried against guesses of a secret in the body: whoever reads the database does not have the token.
fn digest(parts: &axum::http::request::Parts, body: &[u8]) -> String {
    let mut digest = RunningDigest::default();
    let token = parts.headers.get(header::AUTHORIZATION).map_or(&[][..], HeaderValue::as_bytes);
    for piece in [token, b"\n", parts.method.as_str().as_bytes(), b" ", parts.uri.to_string().as_bytes(), b"\n", body] {
        digest.update(piece);
    }
    digest.digest().to_string()
}

fn conflict(code: &'static str, title: &str, hint: &str) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, code, title.into(), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_made_by_an_operation() {
        let document = serde_json::to_value(crate::openapi()).unwrap();
        let paths = document["paths"].as_object().unwrap().values();
        let made: Vec<_> = paths.filter_map(|methods| methods["post"]["operationId"].as_str()).collect();
        for operation in KEPT {
            assert!(made.contains(&operation), "{operation}");
        }
        for secret in ["token_create", "backup_create", "key_rotate", "an_operation_of_tomorrow"] {
            assert!(key(&HeaderValue::from_static("one"), secret).is_err(), "{secret}");
        }
    }

    #[test]
    fn a_kept_digest_is_of_everything_and_guessed_by_nobody_without_the_token() {
        let digested = |token: &str, method: &str, uri: &str, body: &str| {
            let request = Request::builder().method(method).uri(uri).header(header::AUTHORIZATION, token);
            digest(&request.body(()).unwrap().into_parts().0, body.as_bytes())
        };
        let kept = digested("Bearer one", "POST", "/a", "body");
        assert_eq!(kept, digested("Bearer one", "POST", "/a", "body"));
        for other in [
            digested("Bearer two", "POST", "/a", "body"),
            digested("", "POST", "/a", "body"),
            digested("Bearer one", "PUT", "/a", "body"),
            digested("Bearer one", "POST", "/a?b", "body"),
            digested("Bearer one", "POST", "/a", "bodies"),
        ] {
            assert_ne!(other, kept);
        }
    }
}
