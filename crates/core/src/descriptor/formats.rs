//! The three formats: which one a file is, and what stands at its top.

use super::{
    Options,
    configurations::{self, Configurations},
    dependencies::{self, Dependencies},
    endpoints,
    model::{Descriptor, Format, Location, Proxy, SchemaVersion},
    reader::{Field, Map, Report, shortened},
};

const API_VERSION: &str = "core.choreo.dev/v1beta1";
const KIND: &str = "ComponentConfig";

/// The field that tells each format.
const MARKS: [(&str, Format); 3] =
    [("schemaVersion", Format::Component), ("apiVersion", Format::ComponentConfig), ("version", Format::Endpoints)];

/// The format that the fields at the top tell.
pub(super) fn detect(map: &Map<'_>) -> Option<Format> {
    let has = |name: &str| !map.get(name).is_missing();
    MARKS.into_iter().find(|(mark, _)| has(mark)).map(|(_, format)| format)
}

/// The format that a text tells which is too broken to be read.
pub(super) fn detect_in_broken(text: &str) -> Option<Format> {
    let marked =
        |line: &str, mark: &str| line.strip_prefix(mark).is_some_and(|rest| rest.trim_start().starts_with(':'));
    let found = |(mark, _): &(&str, Format)| text.lines().any(|line| marked(line, mark));
    MARKS.into_iter().find(found).map(|(_, format)| format)
}

/// Reads a file of a format; with the version as it is called in the outcome of the check.
pub(super) fn read(
    format: Format,
    map: &Map<'_>,
    options: &Options<'_>,
    report: &mut Report,
) -> (Descriptor, Option<String>) {
    match format {
        Format::Component => component(map, options, report),
        Format::ComponentConfig => (component_config(map, options, report), None),
        Format::Endpoints => (endpoints_file(map, options, report), None),
    }
}

fn component(map: &Map<'_>, options: &Options<'_>, report: &mut Report) -> (Descriptor, Option<String>) {
    const KNOWN: &[&str] = &["schemaVersion", "endpoints", "dependencies", "configurations", "configuration", "proxy"];
    map.warn_unknown(KNOWN, report);
    let (version, written) = schema_version(&map.get("schemaVersion"), report);
    let endpoints = endpoints::component(&map.get("endpoints"), options, report);
    // A version that is not known is read as the latest, so that the rest of the file is checked as well.
    let assumed = version.unwrap_or(SchemaVersion::V1_2);
    let dependencies = dependencies::component(&map.get("dependencies"), assumed, report);
    let fields = [map.get("configurations"), map.get("configuration")];
    let Configurations { env, files } = configurations::read(fields, assumed, options.place, report);
    configurations::check_connections(&env, &dependencies.names, report);
    let proxy = proxy(&map.get("proxy"), options, report);
    let Dependencies { service_references, connection_references, .. } = dependencies;
    let descriptor = Descriptor {
        format: Format::Component,
        schema_version: version,
        endpoints,
        service_references,
        connection_references,
        env,
        files,
        proxy,
    };
    (descriptor, written)
}

fn schema_version(field: &Field<'_>, report: &mut Report) -> (Option<SchemaVersion>, Option<String>) {
    let written = field.text(&mut Report::default()).map(|text| text.written).filter(|text| !text.is_empty());
    let Some(number) = field.required_number(report) else { return (None, written) };
    let known = |version: &SchemaVersion| version.as_str().parse() == Ok(number);
    match SchemaVersion::ALL.into_iter().find(known) {
        Some(version) => (Some(version), Some(version.as_str().to_owned())),
        None => {
            let message = format!("schema version {number} is not known");
            report.problem("schema_version_unknown", &field.at, message, "write 1.0, 1.1 or 1.2");
            (None, written)
        }
    }
}

/// The proxy section, into which the public rules do not look: faults in it are findings.
fn proxy(field: &Field<'_>, options: &Options<'_>, report: &mut Report) -> Option<Proxy> {
    report.leniently(|report| {
        let map = field.map(report)?;
        map.warn_unknown(&["type", "schemaFilePath", "networkVisibilities", "thumbnailPath", "docPath"], report);
        let mut text = |name: &str| map.get(name).text(report).map(|text| text.written);
        let (kind, thumbnail_path, doc_path) = (text("type"), text("thumbnailPath"), text("docPath"));
        let schema_file = endpoints::schema_file(&map.get("schemaFilePath"), options, report);
        let visibilities = map.get("networkVisibilities").list(report).unwrap_or_default();
        let visibilities = visibilities.iter().filter_map(|item| Some(item.text(report)?.written)).collect();
        Some(Proxy { at: map.at.clone(), kind, schema_file, visibilities, thumbnail_path, doc_path })
    })
}

fn component_config(map: &Map<'_>, options: &Options<'_>, report: &mut Report) -> Descriptor {
    warn_old(Format::ComponentConfig, &map.at, report);
    map.warn_unknown(&["apiVersion", "kind", "spec"], report);
    must_be("api_version_unknown", API_VERSION, &map.get("apiVersion"), report);
    must_be("config_kind_invalid", KIND, &map.get("kind"), report);
    let mut descriptor = Descriptor::empty(Format::ComponentConfig);
    if let Some(spec) = map.get("spec").map(report) {
        spec.warn_unknown(&["inbound", "outbound"], report);
        descriptor.endpoints = endpoints::flat(&spec.get("inbound"), options, report);
        descriptor.service_references = dependencies::outbound(&spec.get("outbound"), report).service_references;
    }
    descriptor
}

fn endpoints_file(map: &Map<'_>, options: &Options<'_>, report: &mut Report) -> Descriptor {
    warn_old(Format::Endpoints, &map.at, report);
    map.warn_unknown(&["version", "endpoints"], report);
    map.get("version").required_text(report);
    let field = map.get("endpoints");
    if field.is_missing() {
        field.missing::<()>(report);
    }
    Descriptor { endpoints: endpoints::flat(&field, options, report), ..Descriptor::empty(Format::Endpoints) }
}

fn must_be(code: &'static str, expected: &str, field: &Field<'_>, report: &mut Report) {
    if let Some(text) = field.required_text(report)
        && text.value != expected
    {
        let message = format!("{} is \"{}\"", field.at.path, shortened(&text.value));
        report.problem(code, &field.at, message, &format!("write {}: {expected}", field.at.path));
    }
}

fn warn_old(format: Format, at: &Location, report: &mut Report) {
    let message = format!("{} is an old format", format.file_name());
    report.warning("format_old", at, message, "tieline descriptor migrate rewrites it to component.yaml 1.2");
}
