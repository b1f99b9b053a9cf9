//! `tieline environment`.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::client::segment;
use crate::context::Context;
use crate::failure::Done;
use crate::output;

#[derive(Debug, Subcommand)]
pub(crate) enum EnvironmentCommand {
    /// Make an environment
    #[command(after_help = "Example:\n  tieline environment create staging --after development --organization acme")]
    Create {
        /// Handle: letters, digits, _ and -
        handle: String,
        /// The environment that it follows in the order of promotion
        #[arg(long, value_name = "HANDLE")]
        after: String,
        /// Make its secrets readable only by its runners and organization admins
        #[arg(long)]
        critical: bool,
    },
    /// List the environments in the order of promotion
    List,
    /// Change an environment
    #[command(
        after_help = "Example:\n  tieline environment update production --allow-address 10.0.0.0/8 --organization acme"
    )]
    Update {
        /// Handle
        handle: String,
        /// Whether its secrets are readable only by its runners and organization admins
        #[arg(long, value_name = "BOOL")]
        critical: Option<bool>,
        /// Network that endpoints may listen in, in place of those set before; may be given several times
        #[arg(long, value_name = "CIDR")]
        allow_address: Vec<String>,
    },
    /// Delete an environment
    Delete {
        /// Handle
        handle: String,
        /// Delete it although something is deployed there
        #[arg(long)]
        force: bool,
    },
}

pub(crate) fn run(command: EnvironmentCommand, context: &Context) -> Done {
    let client = context.client()?;
    let path = format!("{}/environments", context.organization_path()?);
    match command {
        EnvironmentCommand::Create { handle, after, critical } => {
            let made = client.post(&path, &json!({ "handle": handle, "after": after, "critical": critical }))?;
            output::value(context.output(), &made, |made| {
                format!("Made the environment {}, after {after}.", output::cell(&made["handle"]))
            });
        }
        EnvironmentCommand::List => {
            let list = client.list(&path)?;
            output::value(context.output(), &Value::Array(list.clone()), |_| {
                let columns =
                    [("HANDLE", "handle"), ("CRITICAL", "critical"), ("ALLOWED ADDRESSES", "allowed_addresses")];
                output::table(&list, &columns)
            });
        }
        EnvironmentCommand::Delete { handle, force } => {
            let force = if force { "?force=true" } else { "" };
            let done = client.delete(&format!("{path}/{}{force}", segment(&handle)))?;
            output::value(context.output(), &done, |_| format!("Deleted the environment {handle}."));
        }
        EnvironmentCommand::Update { handle, critical, allow_address } => {
            let networks = (!allow_address.is_empty()).then_some(allow_address);
            let body = json!({ "critical": critical, "allowed_addresses": networks });
            let changed = client.patch(&format!("{path}/{}", segment(&handle)), &body)?;
            output::value(context.output(), &changed, |changed| {
                let [handle, critical, addresses, tokens] =
                    ["handle", "critical", "allowed_addresses", "runner_tokens"].map(|key| output::cell(&changed[key]));
                let done = format!("{handle}: critical {critical}, allowed addresses {addresses}.");
                if changed["runner_tokens"].is_null() {
                    return done;
                }
                format!(
                    "{done}\nRunners read its secrets with tokens that administrators of projects could make until now: {tokens}.\nThey go \
                     on working; make others and end these with `tieline token revoke NAME`."
                )
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}
