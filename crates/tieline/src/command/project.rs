//! `tieline project`.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::client::segment;
use crate::context::Context;
use crate::failure::Done;
use crate::output;

#[derive(Debug, Subcommand)]
pub(crate) enum ProjectCommand {
    /// Make a project
    #[command(after_help = "Example:\n  tieline project create shop --organization acme")]
    Create {
        /// Handle: letters, digits, _ and -
        handle: String,
    },
    /// List the projects
    List,
    /// Delete an empty project
    Delete {
        /// Handle
        handle: String,
    },
}

pub(crate) fn run(command: ProjectCommand, context: &Context) -> Done {
    let client = context.client()?;
    let path = format!("{}/projects", context.organization_path()?);
    match command {
        ProjectCommand::Create { handle } => {
            let made = client.post(&path, &json!({ "handle": handle }))?;
            output::value(context.output(), &made, |made| {
                let handle = output::cell(&made["handle"]);
                format!(
                    "Made the project {handle}.\n\
                     hint: make a component with `tieline component create HANDLE --type service --project {handle}`"
                )
            });
        }
        ProjectCommand::List => {
            let list = client.list(&path)?;
            output::value(context.output(), &Value::Array(list.clone()), |_| {
                output::table(&list, &[("HANDLE", "handle"), ("MADE", "created_at")])
            });
        }
        ProjectCommand::Delete { handle } => {
            let done = client.delete(&format!("{path}/{}", segment(&handle)))?;
            output::value(context.output(), &done, |_| format!("Deleted the project {handle}."));
        }
    }
    Ok(ExitCode::SUCCESS)
}
