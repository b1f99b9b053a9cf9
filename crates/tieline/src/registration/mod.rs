//! Registration files, `SERVICE.yaml` and `RESOURCE.yaml`: read with every file and variable that they point to, and
//! turned into the body of the API call. Which names and values are good, the server says.

mod value;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tieline_core::code;
use tieline_core::wire::service::ParameterRegister;

use crate::failure::Failure;
use value::{Given, text, value};

/// Largest registration file, in bytes; documents and definitions lie beside it.
const MAX_BYTES: u64 = 1024 * 1024;

/// What third-party services and resources are described with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceFile {
    name: String,
    version: String,
    project: Option<String>,
    summary: Option<String>,
    overview: Option<Given>,
    document: Option<Given>,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
    definition: Option<PathBuf>,
    #[serde(default)]
    parameters: Vec<ParameterRegister>,
    endpoints: Vec<EndpointFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndpointFile {
    name: String,
    url: Given,
    #[serde(default)]
    environments: Vec<String>,
    #[serde(default)]
    values: BTreeMap<String, Given>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResourceFile {
    name: String,
    kind: String,
    summary: Option<String>,
    overview: Option<Given>,
    document: Option<Given>,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
    credentials: Vec<CredentialFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialFile {
    name: String,
    #[serde(default)]
    environments: Vec<String>,
    #[serde(default)]
    values: BTreeMap<String, Given>,
}

/// A file that is being read.
struct Place<'a> {
    path: &'a Path,
    source: &'a str,
}

impl Place<'_> {
    /// The folder that paths in the file are relative to.
    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

/// The body that registers the third-party service of a file; `project` wins over what the file says.
pub(crate) fn service(path: &Path, project: Option<&str>) -> Result<Value, Failure> {
    let source = source(path)?;
    let place = Place { path, source: &source };
    let file: ServiceFile = parse(&place)?;
    let mut endpoints = Vec::new();
    for endpoint in file.endpoints {
        let url = text(endpoint.url, "url", &place)?;
        let values = values(endpoint.values, &place)?;
        endpoints.push(json!({
            "name": endpoint.name, "url": url, "environments": endpoint.environments, "values": values,
        }));
    }
    let definition = file.definition.map(|definition| beside(&place, &definition)).transpose()?;
    Ok(json!({
        "name": file.name, "version": file.version, "project": project.or(file.project.as_deref()),
        "summary": file.summary.unwrap_or_default(),
        "overview": optional(file.overview, "overview", &place)?,
        "document": optional(file.document, "document", &place)?,
        "labels": file.labels, "categories": file.categories, "definition": definition,
        "parameters": file.parameters, "endpoints": endpoints,
    }))
}

/// The body that registers the resource of a file.
pub(crate) fn resource(path: &Path) -> Result<Value, Failure> {
    let source = source(path)?;
    let place = Place { path, source: &source };
    let file: ResourceFile = parse(&place)?;
    let mut credentials = Vec::new();
    for credential in file.credentials {
        let values = values(credential.values, &place)?;
        credentials.push(json!({
            "name": credential.name, "environments": credential.environments, "values": values,
        }));
    }
    Ok(json!({
        "name": file.name, "kind": file.kind, "summary": file.summary.unwrap_or_default(),
        "overview": optional(file.overview, "overview", &place)?,
        "document": optional(file.document, "document", &place)?,
        "labels": file.labels, "categories": file.categories, "credentials": credentials,
    }))
}

/// A text file that a flag names.
pub(crate) fn text_file(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn source(path: &Path) -> Result<String, Failure> {
    let size = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?.len();
    if size > MAX_BYTES {
        return Err(Failure::no(
            code!("registration_invalid"),
            format!("{} has {size} bytes; a registration file has at most {MAX_BYTES}", path.display()),
            "put documents and definitions into files of their own and name those",
        ));
    }
    text_file(path)
}

fn parse<T: DeserializeOwned>(place: &Place<'_>) -> Result<T, Failure> {
    // Snippets would show neighbouring lines, and a neighbour may be a password.
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: 20, max_documents: 1 },
        strict_booleans: true,
        ignore_binary_tag_for_string: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(place.source, options).map_err(|error| {
        let at = error.location().map_or_else(String::new, |at| format!(":{}:{}", at.line(), at.column()));
        Failure::no(
            code!("registration_invalid"),
            format!("{}{at}: {error}", place.path.display()),
            "correct the file; the README shows one of each kind",
        )
    })
}

fn values(given: BTreeMap<String, Given>, place: &Place<'_>) -> Result<BTreeMap<String, Option<String>>, Failure> {
    let read = |(key, given): (String, Given)| Ok((key.clone(), value(given, &key, place)?));
    given.into_iter().map(read).collect()
}

fn optional(given: Option<Given>, what: &str, place: &Place<'_>) -> Result<String, Failure> {
    given.map_or_else(|| Ok(String::new()), |given| text(given, what, place))
}

fn beside(place: &Place<'_>, file: &Path) -> Result<String, Failure> {
    text_file(&place.folder().join(file))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let message = format!("{} cannot be read: {error}", path.display());
    Failure::no(code!("file_unreadable"), message, "check the path and its permissions")
}

#[cfg(test)]
mod tests;
