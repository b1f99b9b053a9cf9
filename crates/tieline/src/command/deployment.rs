//! `tieline plan`, `deploy`, `promote`, `rollback`, `undeploy` and `deployment list`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tieline_core::policy::Policy;

use crate::client::segment;
use crate::context::Context;
use crate::failure::Done;
use crate::output::{self, OutputFormat};
use crate::{command, source};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tieline plan --component orders --env development          the descriptor in this folder
  tieline plan services/orders --component orders --env production
  tieline plan --component orders --from development --env production    what a promotion would take there")]
pub(crate) struct PlanArguments {
    /// The component's folder, or its descriptor [default: this folder's, or else the live release]
    path: Option<PathBuf>,
    /// Environment whose live release is planned instead of a descriptor
    #[arg(long, value_name = "HANDLE", conflicts_with = "path")]
    from: Option<String>,
    /// Major, when several are live
    #[arg(long, value_name = "vN")]
    version: Option<String>,
    /// Take values that nothing provides yet for no problem
    #[arg(long)]
    allow_pending: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tieline deploy --component orders --env development --version v1.0
  tieline deploy . --component orders --env development --version v1.1 --address api=http://10.0.0.7:8080
  tieline deploy --component shop --env development --version v1.0 --create-connections

It returns when the deployment is complete. Who else uses what it offers is planned again: the first fifty before it returns, the others by
themselves in the seconds after; until then they keep the values that they have.")]
pub(crate) struct DeployArguments {
    /// The component's folder, or its descriptor
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Version
    #[arg(long, value_name = "vN.N")]
    version: String,
    /// Where an endpoint listens [default: http://127.0.0.1:<port>]; may be given several times
    #[arg(long, value_name = "ENDPOINT=URL", value_parser = pair)]
    address: Vec<(String, String)>,
    /// When instances take a later snapshot: immediate, window:"SAT 02:00-04:00 UTC", or manual (at the next start)
    #[arg(long, value_name = "POLICY")]
    policy: Option<Policy>,
    /// Deploy although values are pending
    #[arg(long)]
    allow_pending: bool,
    /// Make missing connections, at component level
    #[arg(long)]
    create_connections: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tieline promote --component orders --from development --to production")]
pub(crate) struct PromoteArguments {
    /// Environment whose live release is taken
    #[arg(long, value_name = "HANDLE")]
    from: String,
    /// Environment that it is taken to
    #[arg(long, value_name = "HANDLE")]
    to: String,
    /// Major, when several are live
    #[arg(long, value_name = "vN")]
    version: Option<String>,
    /// Where an endpoint listens there; may be given several times
    #[arg(long, value_name = "ENDPOINT=URL", value_parser = pair)]
    address: Vec<(String, String)>,
    /// Promote although values are pending
    #[arg(long)]
    allow_pending: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tieline rollback --component orders --env production")]
pub(crate) struct RollbackArguments {
    /// Deployment to go back to [default: the one before the live one]
    #[arg(long, value_name = "DEPLOYMENT")]
    to: Option<String>,
    /// Major, when several are live
    #[arg(long, value_name = "vN")]
    version: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tieline undeploy --component orders --env development")]
pub(crate) struct UndeployArguments {
    /// Major, when several are live
    #[arg(long, value_name = "vN")]
    version: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeploymentCommand {
    /// List the deployments of a component, the latest first
    #[command(after_help = "Examples:
  tieline deployment list --component orders --env production
  tieline deployment list --component orders --live")]
    List {
        /// Only those that are live
        #[arg(long)]
        live: bool,
    },
    /// Show what a deployment runs with, and what changed since the one before it
    #[command(after_help = "Example:
  tieline deployment view 0199f0a2-7c1e-7d4b-9f0e-2b9d1c3a5e77 --component orders")]
    View {
        /// Id, as `deployment list` prints it
        deployment: String,
    },
}

pub(crate) fn plan(arguments: &PlanArguments, context: &Context) -> Done {
    let source = match (&arguments.path, &arguments.from) {
        (Some(path), _) => Some(source::read(path)?),
        (None, None) => source::read_if_any(Path::new("."))?,
        (None, Some(_)) => None,
    };
    let body = json!({
        "environment": context.environment()?, "source": source, "from": arguments.from,
        "version": arguments.version, "allow_pending": arguments.allow_pending,
    });
    let plan = context.client()?.post(&format!("{}/plan", context.component_path()?), &body)?;
    output::value(context.output(), &plan, command::plan::text);
    Ok(if plan["ready"] == true { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(crate) fn deploy(arguments: DeployArguments, context: &Context) -> Done {
    let body = json!({
        "environment": context.environment()?, "version": arguments.version,
        "source": source::read(&arguments.path)?,
        "addresses": arguments.address.into_iter().collect::<BTreeMap<_, _>>(),
        "policy": arguments.policy.unwrap_or_default(), "allow_pending": arguments.allow_pending,
        "create_connections": arguments.create_connections,
    });
    let made = context.client()?.post(&format!("{}/deployments", context.component_path()?), &body)?;
    shown(context, &made, "Deployed")
}

pub(crate) fn promote(arguments: PromoteArguments, context: &Context) -> Done {
    let body = json!({
        "from": arguments.from, "to": arguments.to, "version": arguments.version,
        "addresses": arguments.address.into_iter().collect::<BTreeMap<_, _>>(),
        "allow_pending": arguments.allow_pending,
    });
    let made = context.client()?.post(&format!("{}/promotions", context.component_path()?), &body)?;
    shown(context, &made, "Promoted")
}

pub(crate) fn rollback(arguments: &RollbackArguments, context: &Context) -> Done {
    let body = json!({ "environment": context.environment()?, "to": arguments.to, "version": arguments.version });
    let made = context.client()?.post(&format!("{}/rollbacks", context.component_path()?), &body)?;
    shown(context, &made, "Rolled back")
}

pub(crate) fn undeploy(arguments: &UndeployArguments, context: &Context) -> Done {
    let path = format!("{}/deployment{}", context.place_path()?, version_query(arguments.version.as_deref()));
    let ended = context.client()?.delete(&path)?;
    shown(context, &ended, "Undeployed")
}

pub(crate) fn run(command: &DeploymentCommand, context: &Context) -> Done {
    let live = match command {
        DeploymentCommand::List { live } => live,
        DeploymentCommand::View { deployment } => {
            let path = format!("{}/deployments/{}", context.component_path()?, segment(deployment));
            let found = context.client()?.get(&path)?;
            output::value(context.output(), &found, command::plan::snapshot);
            return Ok(ExitCode::SUCCESS);
        }
    };
    let mut path = format!("{}/deployments?live={live}", context.component_path()?);
    if let Ok(environment) = context.environment() {
        path += &format!("&environment={}", segment(environment));
    }
    let list = context.client()?.list(&path)?;
    output::value(context.output(), &Value::Array(list.clone()), |_| {
        let row = |deployment: &Value| {
            let mut row = deployment.clone();
            row["running"] = running(&deployment["progress"]).into();
            row
        };
        let columns = [
            ("DEPLOYMENT", "deployment"),
            ("ENVIRONMENT", "environment"),
            ("VERSION", "version"),
            ("STATE", "state"),
            ("POLICY", "policy"),
            ("RUNNING", "running"),
            ("MADE", "created_at"),
        ];
        let columns = columns.into_iter().filter(|(title, _)| *live || *title != "RUNNING").collect::<Vec<_>>();
        output::table(&list.iter().map(row).collect::<Vec<_>>(), &columns)
    });
    Ok(ExitCode::SUCCESS)
}

/// How many instances hold the snapshot of a live deployment, and what is still to come.
fn running(progress: &Value) -> String {
    let count = |field: &str| progress[field].as_u64().unwrap_or_default();
    let mut text = match count("former") {
        0 => count("current").to_string(),
        former => format!("{} of {}, the others with an earlier snapshot", count("current"), count("current") + former),
    };
    if progress["planning"] == true {
        text += ", being planned again";
    }
    text
}

/// The query that chooses a major.
pub(crate) fn version_query(version: Option<&str>) -> String {
    version.map_or_else(String::new, |version| format!("?version={}", segment(version)))
}

fn shown(context: &Context, deployment: &Value, verb: &str) -> Done {
    output::value(context.output(), deployment, |deployment| {
        let field = |name: &str| output::cell(&deployment[name]);
        let mut text = format!("{verb} {} {} in {}.\n", field("component"), field("version"), field("environment"));
        text += &format!("  deployment  {}\n  snapshot    {}\n", field("deployment"), field("snapshot"));
        for service in deployment["services"].as_array().into_iter().flatten() {
            text += &format!("  service     {}\n", output::cell(service));
        }
        for (name, degraded) in deployment["degraded"].as_object().into_iter().flatten() {
            let (since, reason) = (output::cell(&degraded["since"]), output::cell(&degraded["reason"]));
            text += &format!("  degraded    {name} since {since}: {reason}\n");
        }
        text + &command::plan::remarks("warning", &deployment["warnings"])
    });
    if context.output() == OutputFormat::Text && deployment["state"] == "live" {
        let (component, environment) =
            (output::cell(&deployment["component"]), output::cell(&deployment["environment"]));
        let file = context.file();
        let mut scope = String::new();
        // What the folder remembers need not be said again; what was said by a flag has to be.
        for (flag, value, kept) in [
            ("organization", context.organization()?, &file.organization),
            ("project", context.project()?, &file.project),
        ] {
            if kept.as_deref() != Some(value) {
                scope += &format!("--{flag} {value} ");
            }
        }
        output::line(&format!(
            "hint: start it with `tieline run {scope}--component {component} --env {environment} -- COMMAND`"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}
