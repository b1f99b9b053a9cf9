//! One remark about a place in a file: the problem, finding and warning of every check, plan and deployment.

use serde::{Deserialize, Serialize};

/// A remark about one place: what is wrong there, why, and what to do about it.
///
/// The wire form is `{"code","path","line","column","message","hint"}`. `line` and `column` count from 1 (columns in
/// characters); 0 means that no place in a file is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Diagnostic {
    /// Stable code; `tieline explain CODE` prints its page.
    pub code: String,
    /// Where, as `endpoints[0].service.port`; empty for the whole file.
    pub path: String,
    /// Line, from 1; 0 when there is none.
    pub line: u32,
    /// Column in characters, from 1; 0 when there is none.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to do next.
    pub hint: String,
}
