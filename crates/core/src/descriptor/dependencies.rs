//! The references of every format: to connections by their id, and to connections by their name.

use std::collections::HashSet;

use uuid::{Uuid, Variant};

use super::{
    EXTENSION,
    model::{ConnectionReference, EnvMapping, SchemaVersion, ServiceReference},
    reader::{Field, Map, Report, shortened},
};
use crate::{
    name::{ConnectionName, is_variable_name},
    reference::{Reference, ReferenceError},
};

/// What `dependencies` (or `spec.outbound`) holds.
#[derive(Debug, Default)]
pub(super) struct Dependencies {
    pub service_references: Vec<ServiceReference>,
    pub connection_references: Vec<ConnectionReference>,
    /// Names of all connections referenced by name, also those whose reference cannot be read.
    pub names: HashSet<String>,
}

/// Reads `dependencies` of component.yaml; connection references from 1.1 on.
pub(super) fn component(field: &Field<'_>, version: SchemaVersion, report: &mut Report) -> Dependencies {
    let Some(map) = field.map(report) else { return Dependencies::default() };
    map.warn_unknown(&["serviceReferences", "connectionReferences"], report);
    let service_references = service_references(&map.get("serviceReferences"), report);
    let mut read = Dependencies { service_references, ..Dependencies::default() };
    let by_name = map.get("connectionReferences");
    if version >= SchemaVersion::V1_1 {
        connection_references(&by_name, &mut read, report);
    } else {
        super::warn_too_new(&by_name, SchemaVersion::V1_1, report);
    }
    read
}

/// Reads `spec.outbound` of component-config.yaml.
pub(super) fn outbound(field: &Field<'_>, report: &mut Report) -> Dependencies {
    let Some(map) = field.map(report) else { return Dependencies::default() };
    map.warn_unknown(&["serviceReferences"], report);
    let service_references = service_references(&map.get("serviceReferences"), report);
    Dependencies { service_references, ..Dependencies::default() }
}

fn service_references(field: &Field<'_>, report: &mut Report) -> Vec<ServiceReference> {
    let items = field.list(report).unwrap_or_default();
    items.iter().filter_map(|item| service_reference(&item.map(report)?, report)).collect()
}

fn service_reference(map: &Map<'_>, report: &mut Report) -> Option<ServiceReference> {
    map.warn_unknown(&["name", "connectionConfig", "env"], report);
    let name_field = map.get("name");
    let name = name_field.required_text(report);
    let reference = name.as_ref().and_then(|name| {
        let read = Reference::parse_service_reference(&name.value);
        reference(read, "service_reference_invalid", &name_field, report)
    });
    let connection_id = connection_id(&map.get("connectionConfig"), report);
    let env_field = map.get("env");
    let items = if env_field.is_missing() { env_field.missing(report) } else { env_field.list(report) };
    let items = items.unwrap_or_default();
    let env = items.iter().filter_map(|item| mapping(&item.map(report)?, report)).collect();
    Some(ServiceReference {
        at: map.at.clone(),
        name: name?.written,
        reference: reference?,
        connection_id: connection_id?,
        env,
    })
}

/// A UUID of version 1 to 5 with the usual variant, or nil, written with hyphens: what the public rules accept.
fn connection_id(field: &Field<'_>, report: &mut Report) -> Option<Uuid> {
    let text = field.required_text(report)?.value;
    let id = Uuid::try_parse(&text).ok().filter(|id| {
        let usual = id.get_variant() == Variant::RFC4122 && (1..=5).contains(&id.get_version_num());
        text.len() == 36 && (id.is_nil() || usual)
    });
    if id.is_none() {
        let message = format!("\"{}\" is not a connection id", shortened(&text));
        let hint = "copy the id that tieline connection view prints";
        report.problem("connection_id_invalid", &field.at, message, hint);
    }
    id
}

fn mapping(map: &Map<'_>, report: &mut Report) -> Option<EnvMapping> {
    map.warn_unknown(&["from", "to"], report);
    let from = map.get("from").required_text(report);
    let to_field = map.get("to");
    let to = to_field.required_text(report);
    if let Some(to) = &to
        && !is_variable_name(&to.written)
    {
        let message = format!("\"{}\" is not a name for an environment variable", shortened(&to.written));
        let hint = "use letters, digits and _, not beginning with a digit";
        report.finding("mapping_variable_invalid", &to_field.at, message, hint);
    }
    Some(EnvMapping { at: map.at.clone(), from: from?.written, to: to?.written })
}

fn connection_references(field: &Field<'_>, read: &mut Dependencies, report: &mut Report) {
    for item in &field.list(report).unwrap_or_default() {
        let Some(map) = item.map(report) else { continue };
        map.warn_unknown(&["name", "resourceRef"], report);
        let name_field = map.get("name");
        let name = connection_name(&name_field, report);
        if let Some(name) = &name
            && !read.names.insert(name.clone())
        {
            let message = format!("the connection {name} is referenced twice");
            report.finding("connection_repeated", &name_field.at, message, "keep one of the references");
        }
        let ref_field = map.get("resourceRef");
        let written = ref_field.required_text(report);
        let reference = written.as_ref().and_then(|text| {
            reference(Reference::parse_resource_ref(&text.value), "resource_reference_invalid", &ref_field, report)
        });
        if let (Some(name), Some(written), Some(reference)) = (name, written, reference) {
            let resource_ref = written.written;
            read.connection_references.push(ConnectionReference { at: map.at.clone(), name, resource_ref, reference });
        }
    }
}

fn connection_name(field: &Field<'_>, report: &mut Report) -> Option<String> {
    let text = field.required_text(report)?;
    match ConnectionName::parse(&text.value) {
        Ok(name) => Some(name.as_str().to_owned()),
        Err(error) => {
            let hint = "3 to 50 letters and digits, with single _ - . or blanks between them";
            report.problem("connection_name_invalid", &field.at, error.to_string(), hint);
            None
        }
    }
}

/// The reference as read, or the problem with it; an extension is both.
fn reference(
    read: Result<Reference, ReferenceError>,
    code: &'static str,
    field: &Field<'_>,
    report: &mut Report,
) -> Option<Reference> {
    match read {
        Ok(reference) => {
            if reference.is_extension() {
                let message = format!("{} uses {reference}, which only Tieline reads", field.at.path);
                report.file_problem(
                    EXTENSION,
                    &field.at,
                    message,
                    "nothing to do, if only Tieline runs this component",
                );
            }
            Some(reference)
        }
        Err(error) => {
            let message = format!("{}: \"{}\" is not a reference", field.at.path, shortened(&error.text));
            report.file_problem(code, &field.at, message, &error.rule);
            None
        }
    }
}
