//! `tieline key`.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use crate::context::Context;
use crate::failure::Done;
use crate::output;

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make another master key and wrap every sealed value under it, or another key to sign tokens with
    #[command(after_help = "\
Examples:
  tieline key rotate
  tieline key rotate --signing")]
    Rotate {
        /// No other server runs on the same PostgreSQL: one would go on sealing with the former key
        #[arg(long, conflicts_with = "signing")]
        only_server: bool,
        /// The key that signs access tokens, in place of the master key
        #[arg(long)]
        signing: bool,
        /// Without overlap: every access token that was issued so far is refused at once
        #[arg(long, requires = "signing")]
        now: bool,
    },
}

pub(crate) fn run(command: &KeyCommand, context: &Context) -> Done {
    let KeyCommand::Rotate { only_server, signing, now } = command;
    if *signing {
        return rotate_signing(*now, context);
    }
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

fn rotate_signing(now: bool, context: &Context) -> Done {
    let done = context.client()?.post("/installation/signing-keys", &json!({ "now": now }))?;
    output::value(context.output(), &done["items"], |keys| {
        let columns =
            [("KEY", "kid"), ("ALGORITHM", "algorithm"), ("SIGNS FROM", "signs_from"), ("RETIRES", "retires_at")];
        output::table(keys.as_array().map_or(&[], Vec::as_slice), &columns)
    });
    Ok(ExitCode::SUCCESS)
}
