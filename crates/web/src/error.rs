//! Refusals and failures as `application/problem+json` (RFC 9457): the one place where HTTP statuses are chosen.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tieline_control::{Error, Kind};
use tieline_core::code;
use tieline_core::wire::Problem;

/// What a handler answers when the use case did not do it.
pub struct ApiError(Box<Problem>);

/// What a handler returns.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// A request that could not be read.
    pub fn bad_request(code: &'static str, title: String, hint: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, title, hint)
    }

    pub(crate) fn no_route() -> Self {
        let hint = "see /openapi.json for the operations of this server";
        Self::new(StatusCode::NOT_FOUND, code!("no_such_operation"), "there is no such operation".into(), hint)
    }

    pub(crate) fn no_method() -> Self {
        let hint = "see /openapi.json for the operations of this server";
        let title = "this path has no such method".into();
        Self::new(StatusCode::METHOD_NOT_ALLOWED, code!("no_such_operation"), title, hint)
    }

    /// An `If-Match` that no state of anything ever had.
    pub(crate) fn changed() -> Self {
        let hint = "give the ETag of a read answer, as If-Match: \"3\"";
        let title = "If-Match names no state of this thing".into();
        Self::new(StatusCode::PRECONDITION_FAILED, code!("changed_meanwhile"), title, hint)
    }

    /// What it says, for a transport of its own.
    pub(crate) fn into_problem(self) -> Box<Problem> {
        self.0
    }

    pub(crate) fn new(status: StatusCode, code: &'static str, title: String, hint: &str) -> Self {
        Self(Box::new(Problem {
            status: status.as_u16(),
            title,
            code: code.to_owned(),
            hint: hint.to_owned(),
            path: None,
            plan: None,
        }))
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => {
                let status = match refusal.kind {
                    Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
                    Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
                    Kind::Forbidden => StatusCode::FORBIDDEN,
                    Kind::NotFound => StatusCode::NOT_FOUND,
                    Kind::Conflict => StatusCode::CONFLICT,
                    Kind::Changed => StatusCode::PRECONDITION_FAILED,
                    Kind::Busy => StatusCode::TOO_MANY_REQUESTS,
                };
                let mut problem = Self::new(status, refusal.code, refusal.message, &refusal.hint);
                problem.0.path = refusal.path;
                problem
            }
            Error::NotReady(plan) => {
                let mut problem = Self::new(
                    StatusCode::CONFLICT,
                    code!("plan_not_ready"),
                    format!("{} cannot be deployed to {}: see the problems", plan.component, plan.environment),
                    "mend each problem as its hint says, and try again",
                );
                problem.0.plan = serde_json::to_value(plan).ok();
                problem
            }
            failure @ (Error::Store(_)
            | Error::Seal(_)
            | Error::Password(_)
            | Error::Signing(_)
            | Error::Inconsistent(_)) => {
                tracing::error!(error = %failure, "a use case failed");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    code!("internal"),
                    "the server failed; nothing was changed".into(),
                    "try again; if it happens again, the server's log says why",
                )
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(self.0)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
