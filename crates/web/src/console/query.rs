//! The query of a page's address; one that is not as expected is answered by a page.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::fault::Fault;
use crate::App;
use crate::input::Params;

/// What an address asks of a page.
pub(super) struct Asked<T>(pub(super) T);

/// What the address of a list asks when it asks nothing else.
#[derive(Deserialize)]
pub(super) struct Paged {
    /// Where the page begins, from the page before.
    pub(super) cursor: Option<String>,
}

impl<T: DeserializeOwned> FromRequestParts<App> for Asked<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Fault> {
        let Params(asked) = Params::from_request_parts(parts, app).await?;
        Ok(Self(asked))
    }
}
