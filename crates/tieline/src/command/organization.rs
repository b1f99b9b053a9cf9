//! `tieline organization`.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};

use super::token::seconds;
use crate::context::Context;
use crate::failure::Done;
use crate::output;

#[derive(Debug, Subcommand)]
pub(crate) enum OrganizationCommand {
    /// Make an organization, with the environments development and production
    #[command(after_help = "Example:\n  tieline organization create acme")]
    Create {
        /// Handle: letters, digits, _ and -
        handle: String,
    },
    /// List the organizations that you have a part in
    List,
    /// Change the settings of the organization
    #[command(
        after_help = "Example:\n  tieline organization update --organization acme --variable-prefix ACME --token-lifetime 15m"
    )]
    Update {
        /// First part of the names of injected variables
        #[arg(long, value_name = "PREFIX")]
        variable_prefix: Option<String>,
        /// How long access tokens live: a number with m or h, from 1m to 24h
        #[arg(long, value_name = "SPAN")]
        token_lifetime: Option<String>,
    },
}

pub(crate) fn run(command: OrganizationCommand, context: &Context) -> Done {
    let client = context.client()?;
    match command {
        OrganizationCommand::Create { handle } => {
            let made = client.post("/organizations", &json!({ "handle": handle }))?;
            output::value(context.output(), &made, |made| {
                let handle = output::cell(&made["handle"]);
                format!(
                    "Made the organization {handle}, with the environments development and production (critical).\n\
                     hint: make a project with `tieline project create HANDLE --organization {handle}`"
                )
            });
        }
        OrganizationCommand::List => {
            let list = client.list("/organizations")?;
            output::value(context.output(), &Value::Array(list.clone()), |_| {
                output::table(&list, &[("HANDLE", "handle"), ("PREFIX", "variable_prefix"), ("MADE", "created_at")])
            });
        }
        OrganizationCommand::Update { variable_prefix, token_lifetime } => {
            let lifetime = token_lifetime.as_deref().map(seconds).transpose()?;
            let body = json!({ "variable_prefix": variable_prefix, "token_lifetime_seconds": lifetime });
            let changed = client.patch(&context.organization_path()?, &body)?;
            output::value(context.output(), &changed, |changed| {
                format!(
                    "Variables begin with {}. Access tokens live for {} s.",
                    output::cell(&changed["variable_prefix"]),
                    output::cell(&changed["token_lifetime_seconds"])
                )
            });
        }
    }
    Ok(ExitCode::SUCCESS)
}
