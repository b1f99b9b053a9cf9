//! `tieline whoami`.

use std::process::ExitCode;

use crate::context::Context;
use crate::failure::Done;
use crate::output;

/// Says whom the server takes the caller for.
pub(crate) fn run(context: &Context) -> Done {
    let found = context.client()?.get("/account")?;
    output::value(context.output(), &found, |found| {
        let roles = found["roles"].as_array().map(Vec::as_slice).unwrap_or_default();
        let columns = [("ORGANIZATION", "organization"), ("PROJECT", "project"), ("ROLE", "role")];
        let admin = if found["installation_admin"] == true { ", administrator of the installation" } else { "" };
        format!("{}{admin}\n{}", output::cell(&found["label"]), output::table(roles, &columns))
    });
    Ok(ExitCode::SUCCESS)
}
