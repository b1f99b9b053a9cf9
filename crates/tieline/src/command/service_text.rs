//! How services read in a terminal.

use serde::Deserialize as _;
use serde_json::{Value, json};
use tieline_core::definition::outline_text;
use tieline_core::wire::outline::Outline;

use crate::output::{cell, table};

/// A list, one service per line; of `all` with where each stands.
pub(crate) fn list(services: &[Value], all: bool) -> String {
    let standing = [("LISTED", "listed"), ("ENVIRONMENTS", "environments"), ("CONNECTIONS", "connections")];
    let mut columns = vec![("REFERENCE", "reference"), ("NAME", "name"), ("KIND", "kind"), ("VERSION", "version")];
    columns.extend(if all { &standing[..] } else { &[("VISIBILITY", "visibilities")] });
    columns.push(("SUMMARY", "summary"));
    table(services, &columns)
}

/// What registering, publishing or unpublishing made of a service.
pub(crate) fn registered(service: &Value) -> String {
    let reference = cell(&service["reference"]);
    let state = match service["unlisted"].as_str() {
        None => "It is listed in the marketplace.".to_owned(),
        Some(why) => format!("It is not listed in the marketplace: {why}."),
    };
    let hint = if service["listed"] == true {
        format!("\nhint: connect to it with `tieline connection create NAME --service {}`", quoted(&reference))
    } else {
        String::new()
    };
    format!("{reference} ({}, {}). {state}{hint}", cell(&service["kind"]), cell(&service["version"]))
}

/// What the definition of a service says.
pub(crate) fn outline(outline: &Value) -> String {
    // A server of another version may have said what is not known here.
    Outline::deserialize(outline).map_or_else(|_| format!("{outline:#}"), |outline| outline_text(&outline))
}

/// Everything about a service.
pub(crate) fn view(service: &Value) -> String {
    let mut text = format!("{}  {}\n", cell(&service["name"]), cell(&service["version"]));
    for (title, field) in [
        ("reference", "reference"),
        ("kind", "kind"),
        ("project", "project"),
        ("component", "component"),
        ("endpoint", "endpoint"),
        ("visibility", "visibilities"),
        ("schemes", "schemes"),
        ("approval", "approval"),
        ("summary", "summary"),
        ("labels", "labels"),
        ("categories", "categories"),
        ("definition", "definition_type"),
        ("environments", "environments"),
        ("listed", "listed"),
        ("why not", "unlisted"),
        ("connections", "connections"),
        ("changed", "updated_at"),
    ] {
        let empty = service[field].as_array().is_some_and(Vec::is_empty) || service[field] == "";
        if !service[field].is_null() && !empty {
            text += &format!("  {title:<13} {}\n", cell(&service[field]));
        }
    }
    let rows = |field: &str| service[field].as_array().cloned().unwrap_or_default();
    let columns = [
        ("KEY", "key"),
        ("TYPE", "type"),
        ("SECRET", "sensitive"),
        ("OPTIONAL", "optional"),
        ("DESCRIPTION", "description"),
    ];
    text += &section("Keys of a connection", &rows("parameters"), &columns);
    let entries: Vec<Value> = rows("entries").iter().flat_map(entry_rows).collect();
    let columns = [("NAME", "name"), ("ENVIRONMENTS", "environments"), ("KEY", "key"), ("VALUE", "value")];
    text += &section("Endpoints and credentials", &entries, &columns);
    let columns = [("OPERATION", "verb"), ("PATH", "path"), ("SUMMARY", "summary")];
    text += &section("Operations", &rows("operations"), &columns);
    for field in ["overview", "document"] {
        if let Some(page) = service[field].as_str().filter(|page| !page.is_empty()) {
            text += &format!("\n{}\n", page.trim_end());
        }
    }
    text
}

fn section(title: &str, rows: &[Value], columns: &[(&str, &str)]) -> String {
    if rows.is_empty() { String::new() } else { format!("\n{title}\n{}", table(rows, columns)) }
}

/// One row for each value of an entry; a secret that is set reads as stars.
fn entry_rows(entry: &Value) -> Vec<Value> {
    let values = entry["values"].as_object().into_iter().flatten();
    let row = |(key, value): (&String, &Value)| {
        let shown = if value.is_null() { json!("********") } else { value.clone() };
        json!({ "name": entry["name"], "environments": entry["environments"], "key": key, "value": shown })
    };
    values.map(row).collect()
}

/// A reference as one word of a shell.
fn quoted(reference: &str) -> String {
    if reference.contains(' ') { format!("{reference:?}") } else { reference.to_owned() }
}

/// Who uses a service.
pub(super) fn consumers(found: &Value) -> String {
    let rows = found["consumers"].as_array().cloned().unwrap_or_default();
    let hidden = found["hidden"].as_u64().unwrap_or_default();
    if rows.is_empty() && hidden == 0 {
        return "Nobody uses it.\n".to_owned();
    }
    let columns = [
        ("PROJECT", "project"),
        ("COMPONENT", "component"),
        ("ENVIRONMENT", "environment"),
        ("VERSION", "version"),
        ("CONNECTION", "connection"),
    ];
    let mut text = table(&rows, &columns);
    if hidden > 0 {
        text += &format!("{hidden} in projects that you may not see\n");
    }
    text
}
