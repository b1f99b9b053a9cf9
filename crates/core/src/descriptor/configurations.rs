//! The component's own variables and files: `configurations` of component.yaml, from 1.1 on.

use std::collections::{HashMap, HashSet};

use super::{
    EXTENSION,
    model::{ConfigForm, EnvEntry, EnvSource, FileEntry, Place, SchemaVersion},
    reader::{Field, Map, Report, shortened},
};
use crate::name::is_variable_name;

/// What `configurations` holds.
#[derive(Debug, Default)]
pub(super) struct Configurations {
    pub env: Vec<EnvEntry>,
    pub files: Vec<FileEntry>,
}

/// The types of form values that Tieline knows.
const FORM_TYPES: [&str; 4] = ["string", "number", "boolean", "secret"];

/// Reads `configurations` or its other spelling `configuration`; variables of both spellings share their names.
pub(super) fn read(
    fields: [Field<'_>; 2],
    version: SchemaVersion,
    place: Place,
    report: &mut Report,
) -> Configurations {
    let mut reader = Reader { version, place, names: HashMap::new() };
    let mut read = Configurations::default();
    for field in fields {
        if version < SchemaVersion::V1_1 {
            super::warn_too_new(&field, SchemaVersion::V1_1, report);
            continue;
        }
        let Some(map) = field.map(report) else { continue };
        map.warn_unknown(&["env", "file"], report);
        let items = map.get("env").list(report).unwrap_or_default();
        read.env.extend(items.iter().filter_map(|item| reader.variable(&item.map(report)?, report)));
        let file = map.get("file");
        if version < SchemaVersion::V1_2 {
            super::warn_too_new(&file, SchemaVersion::V1_2, report);
        } else {
            read.files.extend(files(&file, report));
        }
    }
    read
}

struct Reader {
    version: SchemaVersion,
    place: Place,
    /// Line of the first variable of each name.
    names: HashMap<String, u32>,
}

impl Reader {
    fn variable(&mut self, map: &Map<'_>, report: &mut Report) -> Option<EnvEntry> {
        map.warn_unknown(&["name", "value", "valueFrom"], report);
        let name = self.name(&map.get("name"), report);
        let value = map.get("value").text(report).map(|text| text.written).filter(|text| !text.is_empty());
        let mut sources: Vec<EnvSource> = value.into_iter().map(EnvSource::Value).collect();
        let mut publicly = map.is_truthy("value");
        let from = map.get("valueFrom");
        let from = from.map(report);
        if let Some(from) = &from {
            publicly |= self.value_from(from, &mut sources, report);
        }
        let has_template = matches!(sources.last(), Some(EnvSource::Template(_)));
        if !publicly && has_template {
            let message = "a template, which only Tieline reads";
            report.problem(EXTENSION, &map.at, message, "nothing to do, if only Tieline runs this component");
        } else if !publicly {
            let hint =
                "add value, valueFrom.connectionRef, valueFrom.configGroupRef or, from 1.2 on, valueFrom.configForm";
            report.problem("variable_without_value", &map.at, format!("{} has no value", map.at.path), hint);
        }
        if sources.len() > 1 {
            let message = format!("{} has {} sources for one value", map.at.path, sources.len());
            report.finding("variable_has_two_sources", &map.at, message, "keep one of them");
        }
        Some(EnvEntry { at: map.at.clone(), name: name?, source: sources.into_iter().next()? })
    }

    fn name(&mut self, field: &Field<'_>, report: &mut Report) -> Option<String> {
        let name = field.required_text(report)?.value;
        if !is_variable_name(&name) {
            let message = format!("\"{}\" is not a name for an environment variable", shortened(&name));
            let hint = "use letters, digits and _, not beginning with a digit";
            report.problem("variable_name_invalid", &field.at, message, hint);
            return None;
        }
        if let Some(line) = self.names.insert(name.clone(), field.at.line) {
            let message = format!("the variable {} is set twice, before in line {line}", shortened(&name));
            report.file_problem("variable_repeated", &field.at, message, "keep one of them");
        }
        Some(name)
    }

    /// Collects the sources; says whether the public rules see one.
    fn value_from(&self, map: &Map<'_>, sources: &mut Vec<EnvSource>, report: &mut Report) -> bool {
        map.warn_unknown(&["connectionRef", "configGroupRef", "configForm", "template"], report);
        if let Some((name, key)) = pair(&map.get("connectionRef"), report) {
            sources.push(EnvSource::ConnectionRef { name: name.trim().to_owned(), key });
        }
        if let Some((name, key)) = pair(&map.get("configGroupRef"), report) {
            sources.push(EnvSource::ConfigGroupRef { name, key });
        }
        let form = map.get("configForm");
        let forms = self.version >= SchemaVersion::V1_2;
        if forms {
            sources.extend(config_form(&form, report).map(EnvSource::ConfigForm));
        } else {
            super::warn_too_new(&form, SchemaVersion::V1_2, report);
        }
        self.template(&map.get("template"), sources, report);
        map.is_truthy("connectionRef") || map.is_truthy("configGroupRef") || (forms && map.is_truthy("configForm"))
    }

    fn template(&self, field: &Field<'_>, sources: &mut Vec<EnvSource>, report: &mut Report) {
        if field.is_missing() {
            return;
        }
        if matches!(self.place, Place::Wso2 | Place::Choreo) {
            let message = "a template has no effect here: only descriptors in .tieline/ may have templates";
            report.warning("template_misplaced", &field.at, message, "move the descriptor to .tieline/");
            return;
        }
        let template = report.leniently(|report| field.required_text(report));
        sources.extend(template.map(|text| EnvSource::Template(text.written)));
    }
}

/// Our findings about variables that only show once the whole file is read.
pub(super) fn check_connections(env: &[EnvEntry], referenced: &HashSet<String>, report: &mut Report) {
    for entry in env {
        if let EnvSource::ConnectionRef { name, .. } = &entry.source
            && !referenced.contains(name)
        {
            let message = format!("the connection {} is not referenced in this file", shortened(name));
            let hint = "add it to dependencies.connectionReferences";
            report.finding("connection_not_referenced", &entry.at, message, hint);
        }
    }
}

fn pair(field: &Field<'_>, report: &mut Report) -> Option<(String, String)> {
    let map = field.map(report)?;
    map.warn_unknown(&["name", "key"], report);
    let (name, key) = (map.get("name").required_text(report), map.get("key").required_text(report));
    Some((name?.written, key?.written))
}

fn config_form(field: &Field<'_>, report: &mut Report) -> Option<ConfigForm> {
    let map = field.map(report)?;
    map.warn_unknown(&["displayName", "required", "type", "values", "properties", "items"], report);
    let (name, kind) = (map.get("displayName"), map.get("type"));
    let display_name = name.text(report).map(|text| text.written).filter(|text| !text.is_empty());
    let required = map.get("required").boolean(report).unwrap_or_default();
    let kind_text = kind.text(report).map(|text| text.written).filter(|text| !text.is_empty());
    let hint = "add displayName and a type: string, number, boolean or secret";
    if display_name.is_none() && !name.is_null() || kind_text.is_none() && !kind.is_null() {
        report.finding("form_incomplete", &map.at, "the form has no name or no type", hint);
    }
    if let Some(text) = &kind_text
        && !FORM_TYPES.contains(&text.as_str())
    {
        let message = format!("\"{}\" is not a type of form value", shortened(text));
        report.finding("form_type_unknown", &kind.at, message, "choose string, number, boolean or secret");
    }
    Some(ConfigForm { display_name, required, kind: kind_text })
}

/// The files, whose shape the public rules leave open: faults in it are findings.
fn files(field: &Field<'_>, report: &mut Report) -> Vec<FileEntry> {
    report.leniently(|report| {
        let items = field.list(report).unwrap_or_default();
        items.iter().filter_map(|item| file(&item.map(report)?, report)).collect()
    })
}

fn file(map: &Map<'_>, report: &mut Report) -> Option<FileEntry> {
    map.warn_unknown(&["name", "mountPath", "type", "values"], report);
    let name = map.get("name").required_text(report).map(|text| text.written);
    let mount_path = map.get("mountPath").required_text(report).map(|text| text.written);
    let kind_field = map.get("type");
    let kind = kind_field.text(report).map(|text| text.written);
    if let Some(text) = &kind
        && !["yaml", "json", "toml"].contains(&text.as_str())
    {
        let message = format!("\"{}\" is not a type of file", shortened(text));
        report.finding("file_type_unknown", &kind_field.at, message, "choose yaml, json or toml");
    }
    map.get("values").list(report);
    Some(FileEntry { at: map.at.clone(), name, mount_path, kind })
}
