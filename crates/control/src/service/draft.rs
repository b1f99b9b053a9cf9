//! A registration that obeys every rule which needs no look at the database: the form in which third-party services and
//! resources are alike.

use std::collections::BTreeMap;

use tieline_core::code;
use tieline_core::kind::{SERVICE_URL, same_key};
use tieline_core::model::{Parameter, ServiceType};
use tieline_core::name::variable_part;
use tieline_core::reference::Reference;
use tieline_core::secret::Secret;
use tieline_core::wire::service::ParameterRegister;
use tieline_store::tenancy::Project;

use super::text::{MAX_VALUE, Texts, check, free_name, too_many, within};
use crate::{Error, Result};

/// A service as its registration says that it should be.
pub(super) struct Draft {
    pub(super) service_type: ServiceType,
    pub(super) kind: String,
    pub(super) reference: Reference,
    pub(super) name: String,
    pub(super) major: i64,
    pub(super) version: String,
    pub(super) project: Option<Project>,
    pub(super) texts: Texts,
    pub(super) parameters: Vec<Parameter>,
    pub(super) entries: Vec<EntryDraft>,
}

/// An endpoint or credential as its registration says that it should be.
pub(super) struct EntryDraft {
    pub(super) name: String,
    pub(super) environments: Vec<String>,
    /// A value that is none stays as it is.
    pub(super) values: BTreeMap<String, Option<Secret>>,
}

/// What an entry of a service is called in messages.
pub(super) fn entry_word(service_type: ServiceType) -> &'static str {
    if service_type == ServiceType::ThirdParty { "endpoint" } else { "credential" }
}

/// Where the registration says the value of a key, below its entry.
pub(super) fn value_path(key: &str) -> String {
    if key == SERVICE_URL { "url".to_owned() } else { format!("values.{key}") }
}

/// The parameters of a third-party registration, of which no two may become the same variable.
pub(super) fn parameters(registered: Vec<ParameterRegister>) -> Result<Vec<Parameter>> {
    too_many("parameters", registered.len())?;
    let mut parameters: Vec<Parameter> = Vec::new();
    for (at, registered) in registered.into_iter().enumerate() {
        let parameter = parameter(registered, &parameters);
        parameters.push(parameter.map_err(|error| error.at(format!("parameters[{at}]")))?);
    }
    Ok(parameters)
}

fn parameter(registered: ParameterRegister, known: &[Parameter]) -> Result<Parameter> {
    let key = registered.name.trim();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ');
    if !key.starts_with(|c: char| c.is_ascii_alphabetic()) || key.len() > 64 || !key.chars().all(allowed) {
        return Err(Error::invalid(
            code!("parameter_invalid"),
            format!("{:?} cannot be the name of a parameter", registered.name),
            "use up to 64 letters, digits, blanks, _ . and -, beginning with a letter, as ApiKey",
        )
        .at("name"));
    }
    let taken = std::iter::once(SERVICE_URL).chain(known.iter().map(|known| known.key.as_str()));
    let meets = |known: &&str| variable_part(known) == variable_part(key) || same_key(known, key);
    if let Some(other) = taken.into_iter().find(meets) {
        return Err(Error::invalid(
            code!("parameter_name_taken"),
            format!("the parameters {other:?} and {key:?} would become the same environment variable"),
            "rename one of them; ServiceURL is always there and is set by `url`",
        )
        .at("name"));
    }
    within("description", &registered.description, 4096)?;
    let value_type = registered.value_type.unwrap_or_else(|| "string".to_owned());
    within("type", &value_type, 64)?;
    Ok(Parameter {
        key: key.to_owned(),
        value_type,
        description: registered.description.trim().to_owned(),
        sensitive: registered.secret,
        optional: registered.optional,
    })
}

/// Entries whose names differ and whose values all belong to a key. An empty value is no value.
pub(super) fn entries(word: &str, drafts: Vec<EntryDraft>, parameters: &[Parameter]) -> Result<Vec<EntryDraft>> {
    too_many(&format!("{word}s"), drafts.len())?;
    let mut entries: Vec<EntryDraft> = Vec::new();
    for (at, draft) in drafts.into_iter().enumerate() {
        let entry = entry(word, draft, &entries, parameters);
        entries.push(entry.map_err(|error| error.at(format!("{word}s[{at}]")))?);
    }
    Ok(entries)
}

fn entry(word: &str, draft: EntryDraft, known: &[EntryDraft], parameters: &[Parameter]) -> Result<EntryDraft> {
    let name = free_name(&format!("{word}s"), &draft.name)?;
    if known.iter().any(|known| known.name.eq_ignore_ascii_case(&name)) {
        return Err(Error::invalid(
            code!("entry_name_taken"),
            format!("two {word}s are named {name:?}; names differ ignoring case"),
            "rename one of them",
        )
        .at("name"));
    }
    let mut values = BTreeMap::new();
    for (key, value) in draft.values {
        if !parameters.iter().any(|parameter| parameter.key == key) {
            return Err(unknown_key(word, &name, &key, parameters).at(value_path(&key)));
        }
        let Some(value) = value else {
            values.insert(key, None);
            continue;
        };
        check(&format!("the value of {key} of the {word} {name:?}"), value.expose(), MAX_VALUE)
            .map_err(|error| error.at(value_path(&key)))?;
        if !value.expose().is_empty() {
            values.insert(key, Some(value));
        }
    }
    Ok(EntryDraft { name, environments: draft.environments, values })
}

fn unknown_key(word: &str, name: &str, key: &str, parameters: &[Parameter]) -> Error {
    let known: Vec<&str> = parameters.iter().map(|parameter| parameter.key.as_str()).collect();
    Error::invalid(
        code!("parameter_unknown"),
        format!("the {word} {name:?} has a value for {key:?}, which is no parameter of this service"),
        format!("its keys are {}", known.join(", ")),
    )
}
