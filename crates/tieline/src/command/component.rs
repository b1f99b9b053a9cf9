//! `tieline component`.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::client::segment;
use crate::context::Context;
use crate::failure::Done;
use crate::output;

#[derive(Debug, Subcommand)]
pub(crate) enum ComponentCommand {
    /// Make a component
    #[command(
        after_help = "Example:\n  tieline component create orders --type service --project shop --organization acme"
    )]
    Create {
        /// Handle: letters, digits, _ and -
        handle: String,
        /// What it is
        #[arg(long = "type", value_name = "TYPE", value_parser = ["service", "web-app", "task", "external-consumer"])]
        component_type: String,
    },
    /// List the components of a project
    List,
    /// Show a component
    View {
        /// Handle
        handle: String,
    },
    /// Delete a component with its connections and services
    Delete {
        /// Handle
        handle: String,
        /// Delete it although it is deployed or others connect to it
        #[arg(long)]
        force: bool,
    },
}

pub(crate) fn run(command: ComponentCommand, context: &Context) -> Done {
    let client = context.client()?;
    let path = format!("{}/components", context.project_path()?);
    match command {
        ComponentCommand::Create { handle, component_type } => {
            let made = client.post(&path, &json!({ "handle": handle, "type": component_type }))?;
            output::value(context.output(), &made, |made| {
                format!("Made the {} {}.", output::cell(&made["type"]), output::cell(&made["handle"]))
            });
        }
        ComponentCommand::List => {
            let list = client.list(&path)?;
            output::value(context.output(), &Value::Array(list.clone()), |_| {
                output::table(&list, &[("HANDLE", "handle"), ("TYPE", "type"), ("MADE", "created_at")])
            });
        }
        ComponentCommand::Delete { handle, force } => {
            let force = if force { "?force=true" } else { "" };
            let done = client.delete(&format!("{path}/{}{force}", segment(&handle)))?;
            output::value(context.output(), &done, |_| format!("Deleted the component {handle}."));
        }
        ComponentCommand::View { handle } => {
            let component = client.get(&format!("{path}/{}", segment(&handle)))?;
            output::value(context.output(), &component, |component| {
                output::table(
                    std::slice::from_ref(component),
                    &[
                        ("HANDLE", "handle"),
                        ("TYPE", "type"),
                        ("PROJECT", "project"),
                        ("MADE", "created_at"),
                        ("ID", "id"),
                    ],
                )
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}
