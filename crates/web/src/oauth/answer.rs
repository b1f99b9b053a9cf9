//! Answers of the token service: JSON that nobody keeps, and errors as RFC 6749, 5.2 writes them. Answers to clients that
//! failed before are held back here, as many as there is room for.

use std::time::{Duration, Instant};

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tieline_control::oauth::{OAuthError, OAuthRefusal};
use tieline_core::wire::oauth::OAuthProblem;
use tokio::sync::{Semaphore, watch};

use super::OAuth;

/// Answers that are held back at a time; those beyond are given at once, and say when to try again.
const PLACES: usize = 1000;

/// Room for answers that are held back.
pub(super) struct Held {
    places: Semaphore,
    stopping: watch::Receiver<bool>,
}

impl Held {
    pub(super) fn new(stopping: watch::Receiver<bool>) -> Self {
        Self { places: Semaphore::new(PLACES), stopping }
    }

    /// Waits, if there is room, and the server does not stop meanwhile. Whether it did not wait for want of room.
    async fn wait(&self, delay: Duration) -> bool {
        if delay.is_zero() {
            return false;
        }
        let Ok(_place) = self.places.try_acquire() else { return true };
        let mut stopping = self.stopping.clone();
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            _ = stopping.wait_for(|stop| *stop) => {}
        }
        false
    }
}

impl OAuth {
    /// Counts what was done, and makes an answer of it.
    pub(super) async fn answer(&self, operation: &str, begin: Instant, done: Result<Response, OAuthError>) -> Response {
        let (response, delay) = match done {
            Ok(response) => (response, Duration::ZERO),
            Err(OAuthError::Refused { refusal, description, delay }) => {
                self.guard.metrics.refused(refusal.as_str());
                (refused(refusal, &description), delay)
            }
            Err(OAuthError::Busy { description, after }) => (busy(description, after), Duration::ZERO),
            Err(OAuthError::Failed(error)) => {
                tracing::error!(%error, "the token service failed");
                let description = "the server failed; try again";
                (problem(StatusCode::INTERNAL_SERVER_ERROR, "server_error", description), Duration::ZERO)
            }
        };
        self.guard.metrics.answered(operation, response.status().as_u16(), begin.elapsed());
        let crowded = self.held.wait(delay).await;
        if crowded { later(response, delay.as_secs().max(1)) } else { response }
    }
}

/// What was asked for.
pub(super) fn given(value: &impl Serialize) -> Response {
    json(StatusCode::OK, value)
}

/// A method that an endpoint does not have.
pub(super) fn no_method() -> Response {
    let description = "this endpoint has no such method: see /openapi.json";
    problem(StatusCode::METHOD_NOT_ALLOWED, OAuthRefusal::InvalidRequest.as_str(), description)
}

fn refused(refusal: OAuthRefusal, description: &str) -> Response {
    if refusal != OAuthRefusal::InvalidClient {
        return problem(StatusCode::BAD_REQUEST, refusal.as_str(), description);
    }
    let mut response = problem(StatusCode::UNAUTHORIZED, refusal.as_str(), description);
    let challenge = HeaderValue::from_static("Basic realm=\"tieline\", charset=\"UTF-8\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

/// What RFC 7009, 2.2.1 has clients understand: nothing was done, and when to try again.
fn busy(description: &str, after: Duration) -> Response {
    let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
    later(problem(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", description), seconds)
}

fn later(mut response: Response, seconds: u64) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn problem(status: StatusCode, error: &str, description: &str) -> Response {
    // Other characters are not allowed there (RFC 6749, 5.2), and part of it may be what the client sent.
    let allowed = |c: char| matches!(c, ' ' | '!' | '#'..='[' | ']'..='~');
    let error_description = description.chars().map(|c| if allowed(c) { c } else { '?' }).collect();
    json(status, &OAuthProblem { error: error.to_owned(), error_description })
}

fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let headers =
        [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
    match serde_json::to_vec(value) {
        Ok(body) => (status, headers, body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn answers_are_held_back_while_there_is_room_and_the_server_runs() {
        let (stop, stopping) = watch::channel(false);
        let held = Held::new(stopping);
        let begin = tokio::time::Instant::now();
        assert!(!held.wait(Duration::ZERO).await && begin.elapsed().is_zero());
        assert!(!held.wait(Duration::from_secs(3)).await && begin.elapsed() >= Duration::from_secs(3));
        let places = held.places.try_acquire_many(u32::try_from(PLACES).unwrap()).unwrap();
        assert!(held.wait(Duration::from_secs(3)).await);
        drop(places);
        let begin = tokio::time::Instant::now();
        stop.send_replace(true);
        assert!(!held.wait(Duration::from_secs(3)).await && begin.elapsed().is_zero());
    }

    #[test]
    fn errors_are_those_of_the_rfc() {
        for (refusal, status) in [
            (OAuthRefusal::InvalidRequest, 400),
            (OAuthRefusal::InvalidClient, 401),
            (OAuthRefusal::UnauthorizedClient, 400),
            (OAuthRefusal::UnsupportedGrantType, 400),
            (OAuthRefusal::InvalidScope, 400),
        ] {
            let response = refused(refusal, "\"a\"\\\n");
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(response.headers().contains_key(header::WWW_AUTHENTICATE), status == 401);
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        }
        let busy = busy("later", Duration::from_millis(1200));
        assert_eq!((busy.status().as_u16(), &busy.headers()[header::RETRY_AFTER]), (503, &HeaderValue::from(2)));
    }
}
