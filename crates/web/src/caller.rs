//! Who calls: the actor behind the bearer token of a request.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use tieline_control::{Actor, Error, Repeat};
use tieline_core::secret::Secret;

use crate::{ApiError, App};

/// The actor behind a request; a handler that takes one is refused to nobody else.
pub(crate) struct Caller(pub(crate) Actor);

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, token) = header.and_then(|value| value.split_once(' ')).ok_or_else(Error::unauthenticated)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Error::unauthenticated().into());
        }
        let actor = app.control.authenticate(&Secret::new(token.trim())).await?;
        Ok(Self(match parts.extensions.get::<Repeat>() {
            Some(repeat) => actor.repeating(repeat.clone()),
            None => actor,
        }))
    }
}
