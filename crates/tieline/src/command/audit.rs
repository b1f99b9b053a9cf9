//! `tieline audit`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::client::segment;
use crate::context::Context;
use crate::failure::{Done, Exit, Failure};
use crate::output;

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List what was done, the latest first
    #[command(after_help = "Example:\n  tieline audit list --action token_create --since 2026-01-01T00:00:00Z")]
    List {
        #[command(flatten)]
        chain: Chain,
        /// Only of this action, as connection_create
        #[arg(long, value_name = "ACTION")]
        action: Option<String>,
        /// Only about this object
        #[arg(long, value_name = "OBJECT")]
        object: Option<String>,
        /// Only by this actor, as token:admin#1f2e3d4c, or by all of a name, as token:admin
        #[arg(long, value_name = "ACTOR")]
        actor: Option<String>,
        /// Only from this time on, as 2026-01-01T00:00:00Z
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// At most so many of the latest; 0 for all
        #[arg(long, value_name = "NUMBER", default_value_t = 100)]
        limit: usize,
    },
    /// Prove that no entry was changed or taken out; exit code 1 when one was
    Verify {
        #[command(flatten)]
        chain: Chain,
    },
}

/// Which chain of entries.
#[derive(Debug, Args)]
pub(crate) struct Chain {
    /// The installation's own audit, in place of an organization's
    #[arg(long)]
    installation: bool,
}

impl Chain {
    fn path(&self, context: &Context) -> Result<String, Failure> {
        Ok(if self.installation {
            "/installation/audit".to_owned()
        } else {
            format!("{}/audit", context.organization_path()?)
        })
    }
}

pub(crate) fn run(command: AuditCommand, context: &Context) -> Done {
    let client = context.client()?;
    match command {
        AuditCommand::List { chain, action, object, actor, since, limit } => {
            let page = if limit == 0 { 1000 } else { limit.min(1000) };
            let filters = [("action", action), ("object", object), ("actor", actor), ("since", since)];
            let given = filters.into_iter().filter_map(|(name, value)| Some((name, value?)));
            let query: String = given.map(|(name, value)| format!("&{name}={}", segment(&value))).collect();
            let path = format!("{}?limit={page}{query}", chain.path(context)?);
            let list = client.list_up_to(&path, if limit == 0 { usize::MAX } else { limit })?;
            output::value(context.output(), &Value::Array(list.clone()), |_| {
                let columns = [
                    ("NUMBER", "sequence"),
                    ("TIME", "at"),
                    ("ACTOR", "actor"),
                    ("ACTION", "action"),
                    ("OBJECT", "object"),
                    ("RESULT", "result"),
                ];
                output::table(&list, &columns)
            });
            Ok(ExitCode::SUCCESS)
        }
        AuditCommand::Verify { chain } => {
            let verdict = client.get(&format!("{}/verdict", chain.path(context)?))?;
            let valid = verdict["valid"] == true;
            output::value(context.output(), &verdict, |verdict| {
                let (entries, hash) = (output::cell(&verdict["entries"]), output::cell(&verdict["last_hash"]));
                if valid {
                    format!("{entries} entries, each following from the one before it.\nlast hash: {hash}")
                } else {
                    format!(
                        "broken: {}; the {entries} entries before it are as they were written",
                        output::cell(&verdict["problem"])
                    )
                }
            });
            Ok(if valid { ExitCode::SUCCESS } else { ExitCode::from(Exit::No as u8) })
        }
    }
}
