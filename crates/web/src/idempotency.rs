//! Creations that may be repeated: under an `Idempotency-Key` the same request is carried out once, and answered the same
//! each time. Only what was done is kept, for a day; who was refused may try again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tieline_control::KeptAnswer;
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
/// Operations whose answers are not kept: one holds a secret, one everything.
const NOT_KEPT: [&str; 2] = ["token_create", "backup_create"];

/// What the middleware works with.
#[derive(Clone)]
pub(crate) struct Repeats {
    app: App,
    guard: Arc<Guard>,
    running: Arc<Mutex<HashSet<String>>>,
}

impl Repeats {
    pub(crate) fn new(app: App, guard: Arc<Guard>) -> Self {
        Self { app, guard, running: Arc::default() }
    }

    /// Notes that a request of a key is under way; none when one is already.
    fn begin(&self, key: String) -> Option<Running> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(key.clone()).then(|| Running { all: Arc::clone(&self.running), key })
    }
}

/// A request under way; its key is free again when this is dropped.
struct Running {
    all: Arc<Mutex<HashSet<String>>>,
    key: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
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
    let Some(_running) = repeats.begin(format!("{} {key}", actor.token_id())) else {
        return Err(conflict(
            code!("idempotency_in_progress"),
            "a request with this Idempotency-Key is still under way",
            "wait for its answer, or send it again in a moment",
        ));
    };
    if let Some(kept) = repeats.app.control.answer_kept(&actor, key).await? {
        if kept.request != digest {
            return Err(conflict(
                code!("idempotency_key_reused"),
                "this Idempotency-Key was used for another request",
                "draw another key for another request",
            ));
        }
        let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (REPLAYED, HeaderValue::from_static("true")),
        ];
        return Ok((status, headers, kept.body).into_response());
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if !response.status().is_success() {
        return Ok(response);
    }
    let (head, body) = response.into_parts();
    let failed = |error: &dyn std::fmt::Display| {
        // It was done: to answer otherwise would have it done again.
        tracing::error!(%error, "an answer could not be kept for its Idempotency-Key");
    };
    let body = match axum::body::to_bytes(body, usize::MAX).await {
        Ok(body) => body,
        Err(error) => {
            failed(&error);
            return Ok(head.status.into_response());
        }
    };
    let text = String::from_utf8_lossy(&body).into_owned();
    let answer = KeptAnswer { request: digest, status: head.status.as_u16(), body: text };
    if let Err(error) = repeats.app.control.answer_keep(&actor, key, answer).await {
        failed(&error);
    }
    Ok(Response::from_parts(head, Body::from(body)))
}

fn key<'a>(given: &'a HeaderValue, operation: &str) -> Result<&'a str, ApiError> {
    let refused = |title: &str, hint| {
        Err(ApiError::new(StatusCode::BAD_REQUEST, code!("idempotency_key_invalid"), title.into(), hint))
    };
    if NOT_KEPT.contains(&operation) {
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
