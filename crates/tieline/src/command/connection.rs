//! `tieline connection`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use tieline_core::code;

use super::connection_offer::{offered, previewed, targets};
use super::rotation;
use crate::client::{Client, segment};
use crate::context::Context;
use crate::failure::{Done, Failure};
use crate::output::{self, OutputFormat};

#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionCommand {
    /// Connect the organization, a project or a component to a service
    #[command(
        after_help = "Examples:\n  tieline connection create orders --service service:/shop/orders/v1/api --project web --component site\n  tieline connection create mail --service thirdparty:Mail/v1 --map production=live"
    )]
    Create(Create),
    /// Show what may be chosen for a connection to a service, and why the rest may not
    Offer {
        /// Reference of the service, as `tieline service list` prints it
        #[arg(long, value_name = "REFERENCE")]
        service: String,
        /// Where the connection would live; the narrowest scope given when absent
        #[arg(long, value_name = "LEVEL", value_parser = ["organization", "project", "component"])]
        level: Option<String>,
    },
    /// Say what each environment of a connection may lead to
    Targets {
        /// Its name in the scope, or its id
        connection: String,
    },
    /// List the connections that a scope may use
    List,
    /// Show a connection with its variables in each environment
    View {
        /// Its name in the scope, or its id
        connection: String,
        /// Show the secrets that you may read; audited
        #[arg(long)]
        reveal: bool,
    },
    /// Print what to put into the descriptor, and code that uses the connection
    Guide {
        /// Its name in the scope, or its id
        connection: String,
        /// Only this language
        #[arg(long, value_name = "LANGUAGE", value_parser = ["node", "python", "go", "java", "rust", "curl"])]
        language: Option<String>,
    },
    /// Change what a connection is for, or where its environments lead
    #[command(
        after_help = "Deployments that use it are planned again: the first fifty before it returns, the others by themselves in the seconds after."
    )]
    Update {
        /// Its name in the scope, or its id
        connection: String,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Endpoint, credential or provider environment of an environment; nothing after = takes the choice back
        #[arg(long = "map", value_name = "ENVIRONMENT=TARGET")]
        map: Vec<String>,
    },
    /// Rotate the keys of a connection without an outage
    Rotate(rotation::Rotate),
    /// Cut one component off: revoke the keys that it alone holds
    Revoke(rotation::Revoke),
    /// Delete a connection
    Delete {
        /// Its name in the scope, or its id
        connection: String,
        /// Delete it although components use it: those that run keep its values until their next deployment
        #[arg(long)]
        force: bool,
        /// Revoke its keys at once, and say whom that breaks
        #[arg(long, requires = "force")]
        revoke_now: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Name: 3 to 50 letters and digits, with single _ - . or blanks inside
    name: String,
    /// Reference of the service, as `tieline service list` prints it
    #[arg(long, value_name = "REFERENCE")]
    service: String,
    /// Where it lives; the narrowest scope given when absent
    #[arg(long, value_name = "LEVEL", value_parser = ["organization", "project", "component"])]
    level: Option<String>,
    /// How it calls an internal service
    #[arg(long, value_name = "MODE", value_parser = ["project", "organization", "public"])]
    access_mode: Option<String>,
    /// How it proves who calls
    #[arg(long, value_name = "SCHEME", value_parser = ["oauth2", "api-key", "none"])]
    authentication_scheme: Option<String>,
    /// Endpoint, credential or provider environment of an environment; may be given several times
    #[arg(long = "map", value_name = "ENVIRONMENT=TARGET")]
    map: Vec<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    description: String,
    /// The id that files already carry
    #[arg(long, value_name = "UUID")]
    id: Option<uuid::Uuid>,
    /// Give it an OAuth application of its own
    #[arg(long)]
    own_application: bool,
    /// Whose secret it injects: one for all, or one for each component
    #[arg(long, value_name = "WHOSE", value_parser = ["shared", "per-component"])]
    secrets: Option<String>,
    /// Only show what it would inject, and make nothing
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(command: ConnectionCommand, context: &Context) -> Done {
    if let ConnectionCommand::View { connection, reveal } = &command
        && context.organization().is_err()
        && connection.parse::<uuid::Uuid>().is_ok()
    {
        let found = view_anywhere(context, connection, *reveal)?;
        output::value(context.output(), &found, viewed);
        return Ok(ExitCode::SUCCESS);
    }
    let path = format!("{}/connections", context.organization_path()?);
    let scope = scope(context);
    let one = |connection: &str, rest: &str| format!("{path}/{}{rest}?{scope}", segment(connection));
    match command {
        ConnectionCommand::Create(create) => {
            let dry_run = create.dry_run;
            let body = body(create, context)?;
            let client = context.client()?;
            if dry_run {
                let path = format!("{}/connection-previews", context.organization_path()?);
                output::value(context.output(), &client.post(&path, &body)?, previewed);
                return Ok(ExitCode::SUCCESS);
            }
            let made = client.post(&path, &body)?;
            let guide = descriptor(context, &client, &path, &made)?;
            output::value(context.output(), &made, |made| created(made, &guide));
        }
        ConnectionCommand::Offer { service, level } => {
            let level = level.map(|level| format!("&level={level}")).unwrap_or_default();
            let path = format!("{}/services/{}/offer?{scope}{level}", context.organization_path()?, segment(&service));
            output::value(context.output(), &context.client()?.get(&path)?, offered);
        }
        ConnectionCommand::Targets { connection } => {
            let found = context.client()?.get(&one(&connection, "/targets"))?;
            output::value(context.output(), &found, |found| targets(found.as_array().map_or(&[], Vec::as_slice)));
        }
        ConnectionCommand::List => {
            let list = context.client()?.list(&format!("{path}?{scope}"))?;
            output::value(context.output(), &Value::Array(list.clone()), |_| listed(&list));
        }
        ConnectionCommand::View { connection, reveal } => {
            let reveal = if reveal { "&reveal=true" } else { "" };
            let found = context.client()?.get(&format!("{}{reveal}", one(&connection, "")))?;
            output::value(context.output(), &found, viewed);
        }
        ConnectionCommand::Guide { connection, language } => {
            let mut guide = context.client()?.get(&one(&connection, "/guide"))?;
            if let (Some(language), Some(code)) = (&language, guide["code"].as_object_mut()) {
                code.retain(|name, _| name == language);
            }
            output::value(context.output(), &guide, guided);
        }
        ConnectionCommand::Update { connection, description, map } => {
            let mapping = (!map.is_empty()).then(|| mapping(&map)).transpose()?;
            let body = json!({ "description": description, "mapping": mapping });
            let changed = context.client()?.patch(&one(&connection, ""), &body)?;
            output::value(context.output(), &changed, viewed);
        }
        ConnectionCommand::Rotate(arguments) => {
            rotation::rotate(&arguments, &one(&arguments.connection, "/rotate"), context)?;
        }
        ConnectionCommand::Revoke(arguments) => {
            rotation::revoke(&one(&arguments.connection, "/revoke"), context)?;
        }
        ConnectionCommand::Delete { connection, force, revoke_now } => {
            let force = if force { format!("&force=true&revoke_now={revoke_now}") } else { String::new() };
            let consumers = context.client()?.delete(&format!("{}{force}", one(&connection, "")))?;
            output::value(context.output(), &json!({}), |_| deleted(&connection, &consumers, revoke_now));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// An id stands alone: without an organization it is looked for in every one that the caller has a part in.
fn view_anywhere(context: &Context, id: &str, reveal: bool) -> Result<Value, Failure> {
    let client = context.client()?;
    let mut last = None;
    for organization in client.list("/organizations")? {
        let handle = segment(organization["handle"].as_str().unwrap_or_default());
        match client.get(&format!("/organizations/{handle}/connections/{id}?reveal={reveal}")) {
            Err(failure) if failure.code == "connection_not_found" => last = Some(failure),
            answer => return answer,
        }
    }
    Err(last.unwrap_or_else(|| {
        let hint = "see those that you may use with `tieline connection list`";
        Failure::no(tieline_core::code!("connection_not_found"), format!("there is no connection {id}"), hint)
    }))
}

/// What became of a deleted connection, and of those who used it.
fn deleted(connection: &str, consumers: &Value, revoked: bool) -> String {
    let consumers = consumers.as_array().cloned().unwrap_or_default();
    if consumers.is_empty() {
        return format!("Deleted the connection {connection}.");
    }
    let what = if revoked { "no longer works for" } else { "is kept, until their next deployment, by" };
    let columns = [("PROJECT", "project"), ("COMPONENT", "component"), ("ENVIRONMENT", "environment")];
    format!("Deleted the connection {connection}. It {what}:\n\n{}", output::table(&consumers, &columns))
}

/// The scope as a query.
fn scope(context: &Context) -> String {
    let project = context.project_if_any().map(|project| format!("project={}", segment(project)));
    let component = context.component_if_any().map(|component| format!("component={}", segment(component)));
    project.into_iter().chain(component).collect::<Vec<_>>().join("&")
}

fn body(create: Create, context: &Context) -> Result<Value, Failure> {
    Ok(json!({
        "name": create.name,
        "service": create.service,
        "level": create.level,
        "project": context.project_if_any(),
        "component": context.component_if_any(),
        "access_mode": create.access_mode,
        "authentication_scheme": create.authentication_scheme,
        "mapping": mapping(&create.map)?,
        "description": create.description,
        "id": create.id,
        "own_application": create.own_application,
        "secrets": create.secrets,
    }))
}

fn mapping(pairs: &[String]) -> Result<Map<String, Value>, Failure> {
    let pair = |text: &String| {
        let split = text.split_once('=').map(|(environment, target)| (environment.to_owned(), Value::from(target)));
        split.ok_or_else(|| {
            Failure::usage(
                code!("usage"),
                format!("{text:?} maps nothing"),
                "write --map ENVIRONMENT=ENDPOINT_OR_CREDENTIAL",
            )
        })
    };
    pairs.iter().map(pair).collect()
}

/// What to paste, which only people are shown.
fn descriptor(context: &Context, client: &Client, path: &str, made: &Value) -> Result<Value, Failure> {
    match (context.output(), made["id"].as_str()) {
        (OutputFormat::Text, Some(id)) => client.get(&format!("{path}/{}/guide", segment(id))),
        _ => Ok(Value::Null),
    }
}

fn created(made: &Value, guide: &Value) -> String {
    let name = output::cell(&made["name"]);
    let id = output::cell(&made["id"]);
    let mut text = format!("Made the {} connection {name} ({id}).\n\n", place(made));
    text += &environments(made);
    if let Some(descriptor) = guide["descriptor"]["1.2"].as_str() {
        text += "\nPut this into the component's .choreo/component.yaml:\n\n";
        text += &indented(descriptor);
    }
    text + &format!("\nhint: see code that uses it with `tieline connection guide {id}`\n")
}

fn viewed(connection: &Value) -> String {
    let mut text = format!(
        "{} ({}): {} connection to {}\n",
        output::cell(&connection["name"]),
        output::cell(&connection["id"]),
        place(connection),
        output::cell(&connection["service"])
    );
    if connection["access_mode"].is_string() {
        text += &format!(
            "access {}, authentication {}",
            output::cell(&connection["access_mode"]),
            output::cell(&connection["authentication_scheme"])
        );
        if let Some(application) = connection["application"].as_str() {
            text += &format!(", application {application}");
        }
        text.push('\n');
    }
    text + "\n" + &environments(connection)
}

/// The variables in each environment.
pub(super) fn environments(connection: &Value) -> String {
    let mut text = String::new();
    for (environment, state) in connection["environments"].as_object().into_iter().flatten() {
        text += &format!("{environment}: {}", output::cell(&state["status"]));
        for field in ["reason", "warning"] {
            if let Some(why) = state[field].as_str() {
                text += &format!(" ({why})");
            }
        }
        let subscription = &state["subscription"];
        if subscription["state"].is_string() && subscription["state"] != "live" {
            text += &format!(", subscription {}", output::cell(&subscription["state"]));
            if let Some(reason) = subscription["reason"].as_str().filter(|reason| !reason.is_empty()) {
                text += &format!(" ({reason})");
            }
        }
        text.push('\n');
        text += &rotation::under_way(state);
        text += &consumers(state);
        let rows: Vec<_> = state["parameters"].as_array().into_iter().flatten().map(row).collect();
        text += &indented(&output::table(&rows, &[("VARIABLE", "variable"), ("VALUE", "value")]));
    }
    text
}

/// Who uses it in an environment.
fn consumers(state: &Value) -> String {
    let named = |consumer: &Value| {
        let place = format!("{}/{}", output::cell(&consumer["project"]), output::cell(&consumer["component"]));
        format!("{place} ({})", consumer["version"].as_str().unwrap_or("external"))
    };
    let mut used: Vec<_> = state["consumers"].as_array().into_iter().flatten().map(named).collect();
    match state["consumers_elsewhere"].as_u64() {
        None | Some(0) => {}
        Some(hidden) => used.push(format!("{hidden} in projects that you may not see")),
    }
    if used.is_empty() { String::new() } else { format!("used by {}\n", used.join(", ")) }
}

fn row(parameter: &Value) -> Value {
    let value = match parameter["state"].as_str() {
        Some("masked") => "********".into(),
        Some("pending") if parameter["optional"] == true => "(none, optional)".into(),
        Some("pending") => "(pending)".into(),
        _ => parameter["value"].clone(),
    };
    json!({ "variable": parameter["variable"], "value": value })
}

fn listed(list: &[Value]) -> String {
    let rows: Vec<_> = list
        .iter()
        .map(|connection| {
            let states = connection["environments"].as_object().into_iter().flatten();
            let pending: Vec<_> =
                states.filter(|(_, state)| state["status"] == "pending").map(|(name, _)| name.as_str()).collect();
            let mut row = connection.clone();
            row["place"] = place(connection).into();
            row["pending"] = pending.join(", ").into();
            row
        })
        .collect();
    output::table(
        &rows,
        &[("NAME", "name"), ("LEVEL", "place"), ("SERVICE", "service"), ("PENDING IN", "pending"), ("ID", "id")],
    )
}

fn guided(guide: &Value) -> String {
    let mut text = String::new();
    for (version, descriptor) in guide["descriptor"].as_object().into_iter().flatten() {
        text += &format!("component.yaml {version}:\n\n{}\n", indented(descriptor.as_str().unwrap_or_default()));
    }
    for (language, code) in guide["code"].as_object().into_iter().flatten() {
        text += &format!("{language}:\n\n{}\n", indented(code.as_str().unwrap_or_default()));
    }
    text
}

pub(super) fn place(connection: &Value) -> String {
    let level = output::cell(&connection["level"]);
    match (connection["project"].as_str(), connection["component"].as_str()) {
        (Some(project), Some(component)) => format!("{level} ({project}/{component})"),
        (Some(project), None) => format!("{level} ({project})"),
        _ => level,
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect()
}
