//! The reference of a service in a page's address, whose slashes are written `%2F`.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::fault::Fault;
use crate::{ApiError, App};

/// The reference that an address names.
pub(super) struct Reference(pub(super) String);

impl FromRequestParts<App> for Reference {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Fault> {
        let found = Path::<HashMap<String, String>>::from_request_parts(parts, app).await;
        let Path(mut segments) = found.map_err(|_| ApiError::no_route())?;
        Ok(Self(segments.remove("reference").unwrap_or_default()))
    }
}
