//! `tieline application`: the OAuth applications of connections, and their keys in each environment.

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::Value;

use crate::client::segment;
use crate::context::Context;
use crate::failure::Done;
use crate::output;

#[derive(Debug, Subcommand)]
pub(crate) enum ApplicationCommand {
    /// List the OAuth applications whose connections you may see
    #[command(after_help = "Example:\n  tieline application list --organization acme")]
    List,
    /// Show an application: its client ids, its secrets without their values, and the connections that use it
    #[command(after_help = "Example:\n  tieline application view 0199f0a2-7c1e-7d4b-9f0e-2b9d1c3a5e77")]
    View {
        /// Id, as `application list` and `connection view` print it
        application: String,
    },
}

pub(crate) fn run(command: ApplicationCommand, context: &Context) -> Done {
    let (client, place) = (context.client()?, format!("{}/applications", context.organization_path()?));
    match command {
        ApplicationCommand::List => {
            let list = client.list(&place)?;
            output::value(context.output(), &Value::Array(list.clone()), |_| table(&list));
        }
        ApplicationCommand::View { application } => {
            let found = client.get(&format!("{place}/{}", segment(&application)))?;
            output::value(context.output(), &found, view);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn table(list: &[Value]) -> String {
    let row = |found: &Value| with(found, "owner", owner(found));
    let columns =
        [("ID", "id"), ("LEVEL", "level"), ("OF", "owner"), ("CONNECTIONS", "connections"), ("MADE", "created_at")];
    output::table(&list.iter().map(row).collect::<Vec<_>>(), &columns)
}

/// An object with one more field.
fn with(found: &Value, field: &str, text: String) -> Value {
    let mut found = found.clone();
    found[field] = text.into();
    found
}

/// Whose it is, as `shop/web`, or the connection that has it for itself.
fn owner(found: &Value) -> String {
    let place: Vec<_> = ["project", "component"].iter().filter_map(|field| found[*field].as_str()).collect();
    match (found["connection"].as_str(), place.as_slice()) {
        (Some(connection), []) => connection.to_owned(),
        (Some(connection), place) => format!("{connection} ({})", place.join("/")),
        (None, place) => place.join("/"),
    }
}

fn view(found: &Value) -> String {
    let cell = |field: &str| output::cell(&found[field]);
    let mut text = format!("{}, of the {} {}\n", cell("id"), cell("level"), owner(found));
    for (environment, client) in found["environments"].as_object().into_iter().flatten() {
        let named = match (client["client_id"].as_str(), client["issuer"].as_str()) {
            (Some(id), Some(issuer)) => format!("client id {id} at {issuer}"),
            (Some(id), None) => format!("client id {id}"),
            (None, _) => output::cell(&client["reason"]),
        };
        text += &format!("\n{environment}: {named}\n");
        let secrets = client["secrets"].as_array().cloned().unwrap_or_default();
        let columns = [("SECRET", "state"), ("OF", "component"), ("MADE", "created_at"), ("UNTIL", "until")];
        text += &output::table(&secrets, &columns);
    }
    let uses = found["used_by"].as_array().cloned().unwrap_or_default();
    text += &format!("\nconnections that use it: {}\n", cell("connections"));
    let columns = [("NAME", "name"), ("ID", "id"), ("SERVICE", "service"), ("CALLS", "calls")];
    let rows: Vec<_> = uses.iter().map(|used| with(used, "calls", calls(used))).collect();
    text + &output::table(&rows, &columns)
}

/// What may be called through a connection, as `development in staging (live)`.
fn calls(used: &Value) -> String {
    if used["deleted"] == true {
        return "deleted, and held by deployments".to_owned();
    }
    let subscriptions = used["subscriptions"].as_array().into_iter().flatten();
    let call = |found: &Value| {
        let cell = |field: &str| output::cell(&found[field]);
        format!("{} in {} ({})", cell("environment"), cell("provider_environment"), cell("state"))
    };
    subscriptions.map(call).collect::<Vec<_>>().join(", ")
}
