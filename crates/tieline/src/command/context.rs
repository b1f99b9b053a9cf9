//! `tieline context`: the scope, remembered in `.tieline/context.yaml` beside the source. It names no server and holds no
//! token: what comes with a source does not decide who is sent one.

use std::process::ExitCode;

use clap::Subcommand;
use tieline_core::code;

use crate::context::{Context, ContextFile};
use crate::failure::{Done, Failure};
use crate::output;

#[derive(Debug, Subcommand)]
pub(crate) enum ContextCommand {
    /// Remember the given flags for commands started in this folder
    #[command(after_help = "Example:\n  tieline context set --organization acme --project shop --component orders")]
    Set,
    /// Show what is remembered
    View,
}

pub(crate) fn run(command: ContextCommand, context: &Context) -> Done {
    let remembered = match command {
        ContextCommand::Set => {
            let merged = context.merged();
            write(&merged)?;
            merged
        }
        ContextCommand::View => context.file().clone(),
    };
    let value = serde_json::to_value(&remembered).unwrap_or_default();
    output::value(context.output(), &value, |value| {
        let fields = value.as_object().into_iter().flatten();
        let text: String = fields.map(|(key, value)| format!("{key}: {}\n", output::cell(value))).collect();
        if text.is_empty() { "(nothing is remembered)".to_owned() } else { text }
    });
    Ok(ExitCode::SUCCESS)
}

fn write(file: &ContextFile) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        let message = format!(".tieline/context.yaml cannot be written: {error}");
        Failure::no(code!("context_invalid"), message, "mend the folder's permissions")
    };
    let value = serde_json::to_value(file).unwrap_or_default();
    // A JSON string is a YAML double-quoted scalar, so that no handle or path needs an escape of its own.
    let lines = value.as_object().into_iter().flatten().map(|(key, value)| format!("{key}: {value}\n"));
    std::fs::create_dir_all(".tieline").map_err(failed)?;
    std::fs::write(".tieline/context.yaml", lines.collect::<String>()).map_err(failed)
}
