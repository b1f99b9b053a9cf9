//! How commands print: text for people or one JSON value for programs, answers on stdout, errors on stderr.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use serde::Serialize;

/// What a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum OutputFormat {
    /// Text for people.
    #[default]
    Text,
    /// Exactly one JSON value.
    Json,
}

/// Why a command failed, in the form that every command prints.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    /// Stable code.
    pub code: &'static str,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub hint: String,
}

/// Prints to stdout. A reader that went away ends the output, not the command.
pub(crate) fn print(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// Prints a value as JSON.
pub(crate) fn print_json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => print(&format!("{text}\n")),
        Err(error) => {
            let _ = writeln!(io::stderr(), "error[output]: {error}");
        }
    }
}

/// Prints a failure to stderr and gives the exit code 1: the answer is no.
pub(crate) fn fail(failure: &Failure, output: OutputFormat) -> ExitCode {
    let Failure { code, message, hint } = failure;
    let text = match output {
        OutputFormat::Text => format!("error[{code}]: {message}\nhint: {hint}\n"),
        OutputFormat::Json => serde_json::to_string(failure).unwrap_or_default() + "\n",
    };
    let _ = io::stderr().lock().write_all(text.as_bytes());
    ExitCode::FAILURE
}
