//! `tieline variables`: the live snapshot's variables, in clear, in the form that the reader understands.

use std::process::ExitCode;

use clap::Args;
use tieline_core::format::{dotenv, reads_alike, shell};

use crate::command::deployment::version_query;
use crate::context::Context;
use crate::failure::Done;
use crate::output::{self, OutputFormat};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tieline variables --component orders --env development > .env
  eval \"$(tieline variables --component orders --env development --format shell)\"")]
pub(crate) struct VariablesArguments {
    /// How to write them
    #[arg(long, value_enum, default_value_t)]
    format: VariablesFormat,
    /// Major, when several are live
    #[arg(long, value_name = "vN")]
    version: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum VariablesFormat {
    /// For dotenv libraries and Compose
    #[default]
    Dotenv,
    /// For POSIX shells: export NAME='value'
    Shell,
    /// One JSON object
    Json,
}

pub(crate) fn run(arguments: &VariablesArguments, context: &Context) -> Done {
    let path = format!("{}/variables{}", context.place_path()?, version_query(arguments.version.as_deref()));
    let variables = context.client()?.get(&path)?;
    if context.output() == OutputFormat::Json || arguments.format == VariablesFormat::Json {
        output::line(&variables.to_string());
        return Ok(ExitCode::SUCCESS);
    }
    let pairs: Vec<(&str, &str)> = variables
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        .collect();
    if arguments.format == VariablesFormat::Shell {
        output::print(&shell(&pairs));
        return Ok(ExitCode::SUCCESS);
    }
    output::print(&dotenv(&pairs));
    for (name, _) in pairs.iter().filter(|(_, value)| !reads_alike(value)) {
        output::error_line(&format!(
            "hint: not every dotenv reader understands the value of {name}; `tieline run` or --format shell is exact"
        ));
    }
    Ok(ExitCode::SUCCESS)
}
