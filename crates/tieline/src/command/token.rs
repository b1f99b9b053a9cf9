//! `tieline token`.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};
use tieline_core::code;

use crate::client::segment;
use crate::context::Context;
use crate::failure::{Done, Failure};
use crate::output::{self, OutputFormat};

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token, and print it for the only time
    #[command(after_help = "\
Examples:
  tieline token create ci --role developer --project shop --organization acme
  tieline token create shop-production --role runner --project shop --component orders --env production --expires 90d
  tieline token create edge --role gateway          for a gateway that runs alone
  tieline token create laptop --own                 to act as yourself, with what you may do")]
    Create {
        /// What people call it, and how the audit names its holder
        name: String,
        /// One of your own, with which you act as yourself; it ends after 90 days unless --expires says otherwise
        #[arg(long)]
        own: bool,
        /// What its holder may do
        #[arg(long, value_name = "ROLE", required_unless_present = "own", conflicts_with = "own",
            value_parser = ["viewer", "developer", "project-admin", "organization-admin", "runner", "gateway"])]
        role: Option<String>,
        /// When it stops being accepted: a number with m, h, d or w, as 90d [default: never]
        #[arg(long, value_name = "SPAN")]
        expires: Option<String>,
    },
    /// List the tokens that you administer
    List {
        /// Your own, in place of an organization's
        #[arg(long, conflicts_with = "installation")]
        own: bool,
        /// Those of the installation's administrators and gateways, in place of an organization's
        #[arg(long)]
        installation: bool,
    },
    /// Take a token out of use
    Revoke {
        /// One of your own, in place of an organization's
        #[arg(long, conflicts_with = "installation")]
        own: bool,
        /// One of the installation's administrators' or gateways', in place of an organization's
        #[arg(long)]
        installation: bool,
        /// Name or id
        #[arg(value_name = "TOKEN")]
        named: String,
    },
}

pub(crate) fn run(command: TokenCommand, context: &Context) -> Done {
    let client = context.client()?;
    let path = match &command {
        TokenCommand::List { installation: true, .. } | TokenCommand::Revoke { installation: true, .. } => {
            "/installation/tokens".to_owned()
        }
        TokenCommand::Create { own: true, .. }
        | TokenCommand::List { own: true, .. }
        | TokenCommand::Revoke { own: true, .. } => "/account/tokens".to_owned(),
        TokenCommand::Create { role: Some(role), .. } if role == "gateway" => "/installation/tokens".to_owned(),
        _ => format!("{}/tokens", context.organization_path()?),
    };
    match command {
        TokenCommand::Create { own: true, name, expires, .. } => {
            let expires = expires.as_deref().map(seconds).transpose()?;
            let made = client.post(&path, &json!({ "name": name, "expires_in_seconds": expires }))?;
            output::value(context.output(), &made, |made| output::cell(&made["token"]));
            if context.output() == OutputFormat::Text {
                output::error_line(&format!(
                    "hint: keep it now, it is not shown again; give it as TIELINE_TOKEN; end it with `tieline token revoke \
                     {name} --own`",
                ));
            }
        }
        TokenCommand::Create { name, role, expires, .. } => {
            let role = role.unwrap_or_default();
            let expires = expires.as_deref().map(seconds).transpose()?;
            let (runner, gateway) = (role == "runner", role == "gateway");
            let body = json!({
                "name": name,
                "role": role,
                // The scope that a context file remembers limits no organization admin, and only runners to a component.
                "project": if gateway || role == "organization-admin" { None } else { context.project_if_any() },
                "component": if runner { Some(context.component()?) } else { None },
                "environment": if runner { Some(context.environment()?) } else { None },
                "expires_in_seconds": expires,
            });
            let made = client.post(&path, &body)?;
            output::value(context.output(), &made, |made| output::cell(&made["token"]));
            if context.output() == OutputFormat::Text {
                output::error_line(&format!(
                    "hint: keep it now, it is not shown again; its holder gives it as {}; end it with `tieline token \
                     revoke {name}{}`",
                    if gateway { "--token-file" } else { "TIELINE_TOKEN" },
                    if gateway { " --installation" } else { "" },
                ));
            }
        }
        TokenCommand::List { own, .. } => {
            let list = client.list(&path)?;
            output::value(context.output(), &Value::Array(list.clone()), |_| {
                if own {
                    return output::table(
                        &list,
                        &[("NAME", "name"), ("MADE", "created_at"), ("EXPIRES", "expires_at")],
                    );
                }
                let columns = [
                    ("NAME", "name"),
                    ("ROLE", "role"),
                    ("PROJECT", "project"),
                    ("COMPONENT", "component"),
                    ("ENVIRONMENT", "environment"),
                    ("STATE", "state"),
                    ("EXPIRES", "expires_at"),
                ];
                output::table(&list, &columns)
            });
        }
        TokenCommand::Revoke { named, .. } => {
            let done = client.delete(&format!("{path}/{}", segment(&named)))?;
            output::value(context.output(), &done, |_| format!("The token {named} is no longer accepted."));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The seconds of a span as `90d`.
pub(super) fn seconds(span: &str) -> Result<i64, Failure> {
    let unit = match span.chars().last() {
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 24 * 3600,
        Some('w') => 7 * 24 * 3600,
        _ => 0,
    };
    let count = span.get(..span.len().saturating_sub(1)).and_then(|digits| digits.parse::<u32>().ok());
    count.map(|count| i64::from(count) * unit).filter(|seconds| *seconds > 0).ok_or_else(|| {
        let message = format!("{span:?} is not a span of time");
        Failure::usage(code!("span_invalid"), message, "write a number with m, h, d or w, as 90d")
    })
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn spans() {
        for (span, expect) in [
            ("30m", Some(1800)),
            ("12h", Some(43_200)),
            ("90d", Some(7_776_000)),
            ("2w", Some(1_209_600)),
            ("0d", None),
            ("-1d", None),
            ("90", None),
            ("d", None),
            ("", None),
            ("9ä", None),
        ] {
            assert_eq!(seconds(span).ok(), expect, "{span}");
        }
    }
}
