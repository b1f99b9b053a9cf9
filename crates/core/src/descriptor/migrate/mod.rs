//! Old descriptors to component.yaml 1.2: the text, with its comments, and what the new text says otherwise.
//!
//! A component.yaml of an older version is edited in place, one value of it; the two older formats are written anew.
//! Every result is checked before it is returned. Nothing is written to disk here.

mod comments;
mod rewrite;

use super::{
    Checked, EXTENSION, Options, check, input,
    model::{Format, Place, SchemaVersion},
    tree::{self, Tree, Value},
};
use crate::diagnostic::Diagnostic;

/// A descriptor as component.yaml 1.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The whole new text.
    pub text: String,
    /// What was not carried over as it stood, with the place in the old text.
    pub notes: Vec<Diagnostic>,
}

/// Why a descriptor was not rewritten.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MigrateError {
    /// The file is a component.yaml 1.2.
    #[error("the file is a component.yaml 1.2 already")]
    Current,
    /// The file has problems of its own, so that its meaning is not certain.
    #[error("the file has problems; mend them first")]
    Invalid,
    /// What had no effect in the old version would be wrong in the new one; these are the problems.
    #[error("the file would have problems as component.yaml 1.2")]
    ResultInvalid(Vec<Diagnostic>),
}

/// Rewrites a descriptor that has been checked; `source` is the text that was checked.
///
/// # Errors
/// When there is nothing to do, or when the result would not be a valid descriptor.
pub fn migrate(checked: &Checked, source: &[u8]) -> Result<Migrated, MigrateError> {
    let Some(descriptor) = &checked.descriptor else { return Err(MigrateError::Invalid) };
    if checked.problems.iter().any(|problem| problem.code != EXTENSION && problem.code != "schema_file_missing") {
        return Err(MigrateError::Invalid);
    }
    if descriptor.schema_version == Some(SchemaVersion::V1_2) {
        return Err(MigrateError::Current);
    }
    let text = input::text(source).map_err(|_| MigrateError::Invalid)?;
    let tree = tree::parse_with_comments(text);
    let mut notes: Vec<Diagnostic> =
        checked.warnings.iter().filter_map(|warning| note(warning, descriptor.format)).collect();
    let new_text = match descriptor.format {
        Format::Component => raise_version(text, &tree).ok_or(MigrateError::Invalid)?,
        Format::ComponentConfig | Format::Endpoints => {
            let written = rewrite::rewrite(text, &tree, descriptor.format, &mut notes);
            if text.contains("\r\n") { written.replace('\n', "\r\n") } else { written }
        }
    };
    let options = Options { format: Some(Format::Component), place: Place::None, schema_file_exists: &|_| true };
    let outcome = check(new_text.as_bytes(), &options);
    let problems: Vec<Diagnostic> = outcome.problems.into_iter().filter(|problem| problem.code != EXTENSION).collect();
    if !problems.is_empty() {
        return Err(MigrateError::ResultInvalid(problems));
    }
    notes.sort_by_key(|note| (note.line, note.column));
    Ok(Migrated { text: new_text, notes })
}

/// The text with the value of schemaVersion replaced.
fn raise_version(text: &str, tree: &Tree) -> Option<String> {
    let Value::Map(entries) = &tree.root.as_ref()?.value else { return None };
    let entry = entries.iter().find(|entry| entry.key == "schemaVersion")?;
    let (before, after) = (text.get(..entry.node.start.byte)?, text.get(entry.node.end_byte..)?);
    Some(format!("{before}{}{after}", SchemaVersion::V1_2.as_str()))
}

/// What a warning of the old text means for the new one.
fn note(warning: &Diagnostic, format: Format) -> Option<Diagnostic> {
    let (code, message) = match (warning.code.as_str(), format) {
        ("field_unknown", Format::ComponentConfig | Format::Endpoints) => {
            ("migrate_field_dropped", format!("{} is not known and was left out", warning.path))
        }
        ("field_too_new", _) => {
            ("migrate_now_effective", format!("{} had no effect so far and has one from now on", warning.path))
        }
        _ => return None,
    };
    let hint = "look at it in the old file".to_owned();
    Some(Diagnostic { code: code.to_owned(), message, hint, ..warning.clone() })
}
