//! The endpoints of every format: those of component.yaml, and those of the older formats with their flat fields.

use std::collections::HashSet;

use super::{
    Options,
    model::{Endpoint, Location},
    reader::{Field, Map, Report, Text, shortened},
};
use crate::{
    endpoint::{EndpointType, Visibility},
    reference::is_reserved_segment,
};

/// The bounds of a port by the public rules, themselves excluded.
const PORT_ABOVE: f64 = 1000.0;
const PORT_BELOW: f64 = 65535.0;

/// Longest name and display name, counted in UTF-16 units as JavaScript counts.
const LONGEST_NAME: usize = 50;

/// Reads `endpoints` of component.yaml.
pub(super) fn component(field: &Field<'_>, options: &Options<'_>, report: &mut Report) -> Vec<Endpoint> {
    let Some(items) = field.list(report) else { return Vec::new() };
    let mut names = HashSet::new();
    let mut endpoints = Vec::new();
    for item in &items {
        let Some(map) = item.map(report) else { continue };
        endpoints.extend(component_endpoint(&map, options, report));
        let name = map.get("name");
        let text = name.text(&mut Report::default());
        if let Some(text) = text
            && !text.value.is_empty()
            && !names.insert(text.value.clone())
        {
            let message = format!("two endpoints have the name {}", shortened(&text.value));
            report.file_problem("endpoint_name_repeated", &name.at, message, "give each endpoint its own name");
        }
    }
    endpoints
}

/// Reads `endpoints` of endpoints.yaml and `spec.inbound` of component-config.yaml. Visibility defaults to Project here,
/// as the comments of Choreo's own samples say; only component.yaml defaults to Public.
pub(super) fn flat(field: &Field<'_>, options: &Options<'_>, report: &mut Report) -> Vec<Endpoint> {
    let items = field.list(report).unwrap_or_default();
    items.iter().filter_map(|item| flat_endpoint(&item.map(report)?, options, report)).collect()
}

/// The path of an API definition.
pub(super) fn schema_file(field: &Field<'_>, options: &Options<'_>, report: &mut Report) -> Option<String> {
    let path = field.text(report)?.written;
    if path.is_empty() {
        return None;
    }
    if leaves_folder(&path) {
        let message = format!("\"{}\" leads out of the component's folder", shortened(&path));
        report.finding("schema_file_escapes", &field.at, message, "keep the definition below the component's folder");
    }
    if !(options.schema_file_exists)(&path) {
        let message = format!("there is no file \"{}\" in the component's folder", shortened(&path));
        let hint = "write the path relative to the component's folder, or check with --assume-schema-files";
        report.file_problem("schema_file_missing", &field.at, message, hint);
    }
    Some(path)
}

fn component_endpoint(map: &Map<'_>, options: &Options<'_>, report: &mut Report) -> Option<Endpoint> {
    const KNOWN: &[&str] =
        &["name", "displayName", "service", "type", "networkVisibilities", "networkVisibility", "schemaFilePath"];
    map.warn_unknown(KNOWN, report);
    let name = component_name(&map.get("name"), report);
    let display_name = display_name(&map.get("displayName"), report);
    let (port, base_path) = match map.get("service").map_or_empty(report) {
        Some(service) => {
            service.warn_unknown(&["basePath", "port"], report);
            (port(&service.get("port"), report), base_path(&service.get("basePath"), report))
        }
        None => (None, None),
    };
    let kind = kind(&map.get("type"), report);
    let visibilities = component_visibilities(map, kind, report);
    let schema_file = schema_file(&map.get("schemaFilePath"), options, report);
    Some(Endpoint {
        at: map.at.clone(),
        name: name?,
        display_name,
        port: port?,
        kind: kind?,
        base_path: base_path.unwrap_or_else(|| "/".to_owned()),
        visibilities: visibilities?,
        schema_file,
    })
}

fn flat_endpoint(map: &Map<'_>, options: &Options<'_>, report: &mut Report) -> Option<Endpoint> {
    map.warn_unknown(&["name", "port", "type", "networkVisibility", "context", "schemaFilePath"], report);
    let name = map.get("name").required_text(report);
    let port = port(&map.get("port"), report);
    let kind = kind(&map.get("type"), report);
    let visibility = map.get("networkVisibility");
    let visibilities = match visibility_word(&visibility, report) {
        Some(visibility) => Some(vec![visibility]),
        None => visibility.is_missing().then(|| vec![Visibility::Project]),
    };
    if let (Some(kind), Some(visibilities)) = (kind, &visibilities)
        && kind.project_only()
        && visibilities.as_slice() != [Visibility::Project]
    {
        let message = format!("a {} endpoint is reachable within its project only, whatever is written", kind.as_str());
        report.warning("endpoint_project_only", &visibility.at, message, "write networkVisibility: Project");
    }
    let context = context(&map.get("context"), kind, report);
    let schema_file = schema_file(&map.get("schemaFilePath"), options, report);
    Some(Endpoint {
        at: map.at.clone(),
        name: name?.value,
        display_name: None,
        port: port?,
        kind: kind?,
        base_path: context.unwrap_or_else(|| "/".to_owned()),
        visibilities: visibilities?,
        schema_file,
    })
}

fn component_name(field: &Field<'_>, report: &mut Report) -> Option<String> {
    let Text { value: name, .. } = field.required_text(report)?;
    let hint = "begin with a small letter; then small letters, digits, _ and -, at most 50 characters";
    let begins_well = name.starts_with(|c: char| c.is_ascii_lowercase());
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    if !begins_well || !name.bytes().all(allowed) || name.len() > LONGEST_NAME {
        let message = format!("\"{}\" is not a name for an endpoint", shortened(&name));
        report.problem("endpoint_name_invalid", &field.at, message, hint);
        return None;
    }
    if is_reserved_segment(&name) {
        let message = format!("an endpoint named {name} cannot be referred to: references read it otherwise");
        report.finding("endpoint_name_reserved", &field.at, message, "name it after what it offers");
    }
    Some(name)
}

fn display_name(field: &Field<'_>, report: &mut Report) -> Option<String> {
    let text = field.text(report)?;
    if text.value.encode_utf16().count() > LONGEST_NAME {
        let message = format!("the display name is longer than {LONGEST_NAME} characters");
        report.problem("endpoint_display_name_too_long", &field.at, message, "shorten it");
        return None;
    }
    Some(text.written).filter(|text| !text.is_empty())
}

fn port(field: &Field<'_>, report: &mut Report) -> Option<u16> {
    let port = field.required_number(report)?;
    if port <= PORT_ABOVE || port >= PORT_BELOW {
        let message = format!("{} is not a port that an endpoint may have", super::scalar::javascript_text(port));
        report.problem("endpoint_port_invalid", &field.at, message, "choose a port from 1001 to 65534");
        return None;
    }
    let whole = (1001..65535).find(|candidate| f64::from(*candidate) == port);
    if whole.is_none() {
        let message = format!("{port} is not a whole number");
        report.finding("endpoint_port_fraction", &field.at, message, "write the port as a whole number");
    }
    whole
}

fn base_path(field: &Field<'_>, report: &mut Report) -> Option<String> {
    let text = field.text(report)?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_');
    if !text.value.starts_with('/') || !text.value.bytes().all(allowed) {
        let message = format!("\"{}\" is not a base path", shortened(&text.value));
        let hint = "begin with /; then letters, digits, /, - and _";
        report.problem("endpoint_base_path_invalid", &field.at, message, hint);
        return None;
    }
    Some(text.value)
}

/// The base path of the older formats; HTTP endpoints must have one there.
fn context(field: &Field<'_>, kind: Option<EndpointType>, report: &mut Report) -> Option<String> {
    let wanted = kind.filter(|kind| matches!(kind, EndpointType::REST | EndpointType::GraphQL | EndpointType::WS));
    let is_empty = field.text(&mut Report::default()).is_some_and(|text| text.value.is_empty());
    if let Some(kind) = wanted
        && (is_empty || field.is_missing())
    {
        let message = format!("{} is required for {} endpoints", field.at.path, kind.as_str());
        report.file_problem("endpoint_base_path_missing", &field.at, message, "add context: /");
    }
    base_path(field, report)
}

fn kind(field: &Field<'_>, report: &mut Report) -> Option<EndpointType> {
    let text = field.required_text(report)?;
    let kind = EndpointType::parse(&text.value);
    if kind.is_none() {
        let message = format!("\"{}\" is not a type of endpoint", shortened(&text.value));
        let hint = "choose REST, GraphQL, GRPC, TCP, UDP or WS, written exactly so";
        report.problem("endpoint_type_unknown", &field.at, message, hint);
    }
    kind
}

/// The visibilities, each once; none when they cannot be read, Public when none are written. The older singular
/// spelling is read where the list is missing; the public rules do not know it here.
fn component_visibilities(map: &Map<'_>, kind: Option<EndpointType>, report: &mut Report) -> Option<Vec<Visibility>> {
    let (list, single) = (map.get("networkVisibilities"), map.get("networkVisibility"));
    let read: Option<Vec<Option<Visibility>>> = match list.list(report) {
        Some(items) => Some(items.iter().map(|item| visibility_word(item, report)).collect()),
        None => list.is_missing().then(Vec::new),
    };
    let written: Option<Vec<Visibility>> = read.and_then(|items| items.into_iter().collect());
    if let Some(kind) = kind
        && kind.project_only()
        && written.as_ref().is_some_and(|list| list.as_slice() != [Visibility::Project])
    {
        let message = format!("a {} endpoint is reachable within its project only", kind.as_str());
        let at: &Location = if list.is_missing() { &map.at } else { &list.at };
        report.file_problem("endpoint_not_project_only", at, message, "write networkVisibilities: [Project]");
    }
    let mut visibilities = written?;
    if list.is_missing() && !single.is_missing() {
        visibilities.extend(report.leniently(|report| visibility_word(&single, report)));
    } else if !single.is_missing() {
        let message = "networkVisibility has no effect beside networkVisibilities";
        report.warning("field_shadowed", &single.at, message, "remove it");
    }
    let mut seen = HashSet::new();
    visibilities.retain(|visibility| seen.insert(*visibility));
    Some(if visibilities.is_empty() { vec![Visibility::Public] } else { visibilities })
}

fn visibility_word(field: &Field<'_>, report: &mut Report) -> Option<Visibility> {
    let text = field.text(report)?;
    let visibility = Visibility::parse(&text.value);
    if visibility.is_none() {
        let message = format!("\"{}\" is not a network visibility", shortened(&text.value));
        let hint = "choose Project, Organization or Public, written exactly so";
        report.problem("endpoint_visibility_unknown", &field.at, message, hint);
    }
    visibility
}

/// Whether a path, taken below a folder, ends outside of it. A leading `/` means the folder itself, as in the public
/// validator.
fn leaves_folder(path: &str) -> bool {
    let mut depth = 0_i32;
    for part in path.split(['/', '\\']) {
        depth += match part {
            "" | "." => 0,
            ".." => -1,
            _ => 1,
        };
        if depth < 0 {
            return true;
        }
    }
    false
}
