//! Refusals and failures as pages: what happened, and what to do next, with the status that the API answers.

use askama::Template;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use tieline_control::{Error, Kind, Refusal};
use tieline_core::code;
use tieline_core::wire::Problem;

use super::{headers, see};
use crate::ApiError;

/// What a handler of a page returns.
pub(super) type PageResult = Result<Response, Fault>;

/// Why a page is not there.
pub(super) enum Fault {
    /// The browser is sent elsewhere first: to this path.
    Elsewhere(String),
    /// It says so.
    Problem(Box<Problem>),
}

#[derive(Template)]
#[template(path = "console/fault.html")]
struct FaultPage<'a> {
    title: &'a str,
    problem: &'a Problem,
}

impl Fault {
    /// The form was not given to this session.
    pub(super) fn expired() -> Self {
        ApiError::new(
            StatusCode::FORBIDDEN,
            code!("form_expired"),
            "this form belongs to another session; nothing was changed".into(),
            "load the page again, and send the form from there",
        )
        .into()
    }

    /// A template that could not be filled.
    pub(super) fn render(error: askama::Error) -> Self {
        tracing::error!(%error, "a page could not be rendered");
        ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            code!("internal"),
            "the server failed to write this page".into(),
            "try again; if it happens again, the server's log says why",
        )
        .into()
    }
}

/// Tells the refusal of what a form holds, which is shown beside its fields, from what is a page of its own.
pub(super) fn refused<T>(result: Result<T, Error>) -> Result<Result<T, Refusal>, Fault> {
    match result {
        Ok(done) => Ok(Ok(done)),
        Err(Error::Refused(refusal)) if matches!(refusal.kind, Kind::Invalid | Kind::Conflict | Kind::Changed) => {
            Ok(Err(refusal))
        }
        Err(error) => Err(error.into()),
    }
}

/// A page that shows a form again, because of what it holds.
pub(super) fn again(page: PageResult) -> PageResult {
    let mut response = page?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        ApiError::from(error).into()
    }
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        Self::Problem(error.into_problem())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let problem = match self {
            Self::Elsewhere(path) => return see(&path),
            Self::Problem(problem) => problem,
        };
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let title = match status {
            StatusCode::NOT_FOUND => "Not found",
            StatusCode::FORBIDDEN => "Not allowed",
            StatusCode::INTERNAL_SERVER_ERROR => "The server failed",
            StatusCode::SERVICE_UNAVAILABLE => "Too busy",
            _ => "That did not work",
        };
        match (FaultPage { title, problem: &problem }).render() {
            Ok(text) => (status, Html(text)).into_response(),
            Err(_) => (status, problem.title).into_response(),
        }
    }
}

/// The answer for an address that leads nowhere: a page for browsers; none for programs, which are answered in JSON.
pub(crate) fn no_page(request: &HeaderMap) -> Option<Response> {
    let accepted = request.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !accepted.contains("text/html") {
        return None;
    }
    let title = "there is no such page".to_owned();
    let hint = "begin again at the start page";
    let error = ApiError::new(StatusCode::NOT_FOUND, code!("no_such_operation"), title, hint);
    Some(headers::protect(Fault::from(error).into_response()))
}
