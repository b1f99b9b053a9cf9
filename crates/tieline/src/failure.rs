//! Why a command did not do what was asked, and how it says so: `error[CODE]: …`, `hint: …`, and the exit code.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::output::OutputFormat;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    /// Stable code, with a page.
    pub(crate) code: String,
    /// What happened.
    pub(crate) message: String,
    /// What to do next.
    pub(crate) hint: String,
    /// The plan that shows why a deployment was refused; goes to stdout.
    pub(crate) plan: Option<Box<Value>>,
}

/// The exit codes of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The answer is no: invalid, not ready, refused.
    No = 1,
    /// Wrong usage.
    Usage = 2,
    /// The server cannot be reached.
    Unreachable = 3,
    /// `run`: the command is not executable.
    NotExecutable = 126,
    /// `run`: the command was not found.
    NotFound = 127,
}

/// What a command returns.
pub(crate) type Done = Result<ExitCode, Failure>;

impl Failure {
    /// The answer is no.
    pub(crate) fn no(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit: Exit::No, code: code.to_owned(), message: message.into(), hint: hint.into(), plan: None }
    }

    /// Wrong usage.
    pub(crate) fn usage(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::no(code, message, hint) }
    }

    /// The server cannot be reached.
    pub(crate) fn unreachable(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit: Exit::Unreachable, ..Self::no(code, message, hint) }
    }

    /// Says it on stderr (a refused plan on stdout), and gives the exit code.
    pub(crate) fn report(&self, format: OutputFormat) -> ExitCode {
        match format {
            OutputFormat::Json => {
                if let Some(plan) = &self.plan {
                    crate::output::line(&plan.to_string());
                }
                let error = json!({ "code": self.code, "message": self.message, "hint": self.hint });
                crate::output::error_line(&error.to_string());
            }
            OutputFormat::Text => {
                if let Some(plan) = &self.plan {
                    crate::command::plan::print(plan);
                }
                crate::output::error_line(&format!("error[{}]: {}", self.code, self.message));
                if !self.hint.is_empty() {
                    crate::output::error_line(&format!("hint: {}", self.hint));
                }
            }
        }
        ExitCode::from(self.exit as u8)
    }
}
