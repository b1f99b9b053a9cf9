//! `tieline key`.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use crate::context::Context;
use crate::failure::Done;
use crate::output;

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make another master key and wrap every sealed value under it, while the server runs
    #[command(after_help = "Example:\n  tieline key rotate")]
    Rotate {
        /// No other server runs on the same PostgreSQL: one would go on sealing with the former key
        #[arg(long)]
        only_server: bool,
    },
}

pub(crate) fn run(command: &KeyCommand, context: &Context) -> Done {
    let KeyCommand::Rotate { only_server } = command;
    let done = context.client()?.post("/installation/key", &json!({ "only_server": only_server }))?;
    output::value(context.output(), &done, |done| {
        format!(
            "The master key is {}; {} sealed values were wrapped anew.\n\
             The former key {} lies in {} on the server.\n\
             hint: keep both apart from the backups; a backup made before this needs the former key, and `tieline \
             restore FILE --master-key` takes it",
            output::cell(&done["fingerprint"]),
            output::cell(&done["resealed"]),
            output::cell(&done["former_fingerprint"]),
            output::cell(&done["former_key_file"]),
        )
    });
    Ok(ExitCode::SUCCESS)
}
