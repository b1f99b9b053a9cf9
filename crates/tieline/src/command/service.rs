//! `tieline service` and `tieline resource`: the marketplace.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Value, json};
use tieline_core::code;

use crate::client::{Client, segment};
use crate::command::service_text;
use crate::context::Context;
use crate::failure::{Done, Failure};
use crate::output::OutputFormat;
use crate::{output, registration};

#[derive(Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    /// List what you may connect to
    #[command(after_help = "Example:\n  tieline service list --search mail --kind third-party --organization acme")]
    List {
        /// Words that must all occur, each also as the beginning of a longer one
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Where the words are looked for
        #[arg(long, value_name = "FIELD", value_parser = ["name", "label", "content", "all"], default_value = "all")]
        field: String,
        /// Only of this type or kind, as internal, database or postgresql; may be given several times
        #[arg(long, value_name = "KIND", value_delimiter = ',')]
        kind: Vec<String>,
        /// Only internal services with this visibility
        #[arg(long, value_parser = ["public", "organization", "project"], ignore_case = true)]
        visibility: Option<String>,
        /// Only in this category
        #[arg(long, value_name = "TEXT")]
        category: Option<String>,
        /// Also what is not listed, if you own it; each with its environments and how many connections lead to it
        #[arg(long)]
        all: bool,
    },
    /// Show a service with its keys, operations and documents
    View {
        /// Reference, as `service list` prints it
        reference: String,
    },
    /// List who uses a service, for those who own it
    Consumers {
        /// Reference, as `service list` prints it
        reference: String,
    },
    /// Show what a service's API definition says: operations, what they take and answer, types
    #[command(after_help = "Example:\n  tieline service definition service:/shop/orders/v1/api")]
    Definition {
        /// Reference, as `service list` prints it
        reference: String,
        /// Print the definition itself, as it was registered or deployed
        #[arg(long)]
        raw: bool,
    },
    /// Register a third-party service, or bring it to what its file says
    #[command(after_help = "Example:\n  tieline service register --file SERVICE.yaml --organization acme")]
    Register {
        /// The registration
        #[arg(long, value_name = "SERVICE.yaml")]
        file: PathBuf,
        /// Take away what is in use
        #[arg(long)]
        force: bool,
    },
    /// Offer a service to new connections
    Publish {
        /// Reference, as `service list --all` prints it
        reference: String,
    },
    /// Take a service out of the marketplace; existing connections go on
    Unpublish {
        /// Reference, as `service list` prints it
        reference: String,
    },
    /// Change what is written about a service, or the schemes of an internal one
    #[command(after_help = "Example:\n  tieline service update service:/shop/orders/v1/api --schemes oauth2,none")]
    Update {
        /// Reference, as `service list` prints it
        reference: String,
        /// Authentication schemes that an internal service enables
        #[arg(long, value_name = "SCHEME", value_delimiter = ',', value_parser = ["oauth2", "api-key", "none"])]
        schemes: Option<Vec<String>>,
        /// Whether its owners approve each subscription; those that are there stay as they are
        #[arg(long, value_name = "BOOL")]
        approval: Option<bool>,
        /// One line about it
        #[arg(long, value_name = "TEXT")]
        summary: Option<String>,
        /// Label, in place of those before; may be given several times
        #[arg(long, value_name = "TEXT")]
        label: Option<Vec<String>>,
        /// Category, in place of those before; may be given several times
        #[arg(long, value_name = "TEXT")]
        category: Option<Vec<String>>,
        /// File with a page about it (Markdown)
        #[arg(long, value_name = "FILE")]
        overview: Option<PathBuf>,
        /// File with a related document (Markdown)
        #[arg(long, value_name = "FILE")]
        document: Option<PathBuf>,
    },
    /// Delete a registered service
    Delete {
        /// Reference, as `service list --all` prints it
        reference: String,
        /// Delete the connections too that lead to it
        #[arg(long)]
        force: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ResourceCommand {
    /// Register a database, cache, broker or store, or bring it to what its file says
    #[command(after_help = "Example:\n  tieline resource register --file RESOURCE.yaml --organization acme")]
    Register {
        /// The registration
        #[arg(long, value_name = "RESOURCE.yaml")]
        file: PathBuf,
        /// Take away what is in use
        #[arg(long)]
        force: bool,
    },
}

pub(crate) fn run(command: ServiceCommand, context: &Context) -> Done {
    let place = format!("{}/services", context.organization_path()?);
    match command {
        ServiceCommand::List { search, field, kind, visibility, category, all } => {
            let kinds = (!kind.is_empty()).then(|| kind.join(","));
            let list = context.client()?.list(&query(
                &place,
                &[
                    ("search", search),
                    ("field", Some(field)),
                    ("kind", kinds),
                    ("visibility", visibility.map(|word| capitalised(&word))),
                    ("category", category),
                    ("project", context.project_if_any().cloned()),
                    ("all", all.then(|| "true".to_owned())),
                    ("limit", Some("200".to_owned())),
                ],
            ))?;
            output::value(context.output(), &Value::Array(list.clone()), |_| service_text::list(&list, all));
        }
        ServiceCommand::View { reference } => {
            let service = context.client()?.get(&of(&place, &reference, "", context))?;
            output::value(context.output(), &service, service_text::view);
        }
        ServiceCommand::Consumers { reference } => {
            let found = context.client()?.get(&of(&place, &reference, "/consumers", context))?;
            output::value(context.output(), &found, service_text::consumers);
        }
        ServiceCommand::Definition { reference, raw: false } => {
            let outline = context.client()?.get(&of(&place, &reference, "/outline", context))?;
            output::value(context.output(), &outline, service_text::outline);
        }
        ServiceCommand::Definition { reference, raw: true } => {
            let service = context.client()?.get(&of(&place, &reference, "", context))?;
            definition(&service, &reference, context)?;
        }
        ServiceCommand::Register { file, force } => {
            let body = registration::service(&file, context.project_flag().map(String::as_str))?;
            register(&context.client()?, &place, force, &body, context)?;
        }
        ServiceCommand::Publish { reference } => publish(&of(&place, &reference, "/publish", context), context)?,
        ServiceCommand::Unpublish { reference } => publish(&of(&place, &reference, "/unpublish", context), context)?,
        ServiceCommand::Update { reference, schemes, approval, summary, label, category, overview, document } => {
            let read = |file: Option<PathBuf>| file.map(|file| registration::text_file(&file)).transpose();
            let body = json!({
                "schemes": schemes, "approval": approval, "summary": summary, "labels": label, "categories": category,
                "overview": read(overview)?, "document": read(document)?,
            });
            let service = context.client()?.patch(&of(&place, &reference, "", context), &body)?;
            output::value(context.output(), &service, service_text::view);
        }
        ServiceCommand::Delete { reference, force } => {
            let path = of(&place, &reference, "", context);
            let separator = if path.contains('?') { '&' } else { '?' };
            let done = context.client()?.delete(&format!("{path}{separator}force={force}"))?;
            output::value(context.output(), &done, |_| format!("Deleted {reference}."));
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn run_resource(command: ResourceCommand, context: &Context) -> Done {
    let ResourceCommand::Register { file, force } = command;
    let body = registration::resource(&file)?;
    let place = format!("{}/resources", context.organization_path()?);
    register(&context.client()?, &place, force, &body, context)?;
    Ok(ExitCode::SUCCESS)
}

fn register(client: &Client, place: &str, force: bool, body: &Value, context: &Context) -> Result<(), Failure> {
    let service = client.post(&format!("{place}?force={force}"), body)?;
    output::value(context.output(), &service, service_text::registered);
    Ok(())
}

/// Prints a definition as it is, for a file or another program; as JSON it is one string.
fn definition(service: &Value, reference: &str, context: &Context) -> Result<(), Failure> {
    match (context.output(), service["definition"].as_str()) {
        (_, None) => Err(Failure::no(
            code!("definition_missing"),
            format!("{reference} has no API definition"),
            "tieline service view shows everything else about it",
        )),
        (OutputFormat::Json, Some(text)) => {
            output::print_json(&text);
            Ok(())
        }
        (OutputFormat::Text, Some(text)) => {
            output::verbatim(text);
            Ok(())
        }
    }
}

fn publish(path: &str, context: &Context) -> Result<(), Failure> {
    let service = context.client()?.post(path, &json!({}))?;
    output::value(context.output(), &service, service_text::registered);
    Ok(())
}

/// The path of a service in the API; a reference without project means the project at hand.
fn of(place: &str, reference: &str, action: &str, context: &Context) -> String {
    let path = format!("{place}/{}{action}", segment(reference));
    query(&path, &[("project", context.project_if_any().cloned())])
}

/// A path with those parameters that have a value.
fn query(path: &str, parameters: &[(&str, Option<String>)]) -> String {
    let given = parameters.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let pairs: Vec<String> = given.map(|(name, value)| format!("{name}={}", segment(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// `Public` for `public`: the word of the API.
fn capitalised(word: &str) -> String {
    let lower = word.to_lowercase();
    let (first, rest) = lower.split_at(lower.chars().next().map_or(0, char::len_utf8));
    first.to_uppercase() + rest
}
