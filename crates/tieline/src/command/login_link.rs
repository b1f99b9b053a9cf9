//! `tieline login-link`.

use std::process::ExitCode;

use serde_json::Value;

use crate::context::Context;
use crate::failure::Done;
use crate::output::{self, OutputFormat};

/// Prints a sign-in link of the console, alone on stdout, so that it can be given to a browser.
pub(crate) fn run(context: &Context) -> Done {
    let made = context.client()?.post("/login-links", &Value::Null)?;
    output::value(context.output(), &made, |made| output::cell(&made["url"]));
    if context.output() == OutputFormat::Text {
        output::error_line(
            "hint: open it within ten minutes; it signs in once, as the owner of the token that you gave",
        );
    }
    Ok(ExitCode::SUCCESS)
}
