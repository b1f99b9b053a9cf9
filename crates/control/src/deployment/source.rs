//! What is deployed: a descriptor with the files that it names, checked, and kept with its release.

use tieline_core::descriptor::model::{Descriptor, Format, Place};
use tieline_core::descriptor::{Checked, Options, check};
use tieline_core::diagnostic::Diagnostic;
use tieline_core::secret::Digest;
use tieline_core::wire::plan::Source;

use crate::{Error, Result};

/// A checked source.
pub(super) struct Prepared {
    pub(super) source: Source,
    pub(super) place: Place,
    pub(super) descriptor: Descriptor,
    /// What keeps it from being deployed.
    pub(super) problems: Vec<Diagnostic>,
    pub(super) warnings: Vec<Diagnostic>,
}

/// Checks a source by the rules of its format and folder. A text that is no descriptor at all is a problem as well.
pub(super) fn prepare(source: Source) -> Prepared {
    let (place, format) = place_and_format(&source.file);
    let exists = |path: &str| source.definitions.contains_key(path);
    let options = Options { format, place, schema_file_exists: &exists };
    let checked: Checked = check(source.text.as_bytes(), &options);
    let problems = checked.blocking().cloned().collect();
    let descriptor = checked.descriptor.unwrap_or_else(|| Descriptor::empty(format.unwrap_or(Format::Component)));
    Prepared { source, place, descriptor, problems, warnings: checked.warnings }
}

/// The source of a release, as it was checked when it was deployed.
pub(super) fn prepared_again(json: &serde_json::Value) -> Result<Prepared> {
    let source: Source = serde_json::from_value(json.clone())
        .map_err(|error| Error::Inconsistent(format!("a release's source is unreadable: {error}")))?;
    Ok(prepare(source))
}

/// The hash that tells whether two sources are the same release.
pub(super) fn digest(source: &Source) -> String {
    let content = serde_json::json!([source.file, source.text, source.definitions]);
    Digest::of(&content.to_string()).to_string()
}

/// The folder decides the dialect, the file's name the format.
fn place_and_format(file: &str) -> (Place, Option<Format>) {
    let mut parts = file.rsplit(['/', '\\']);
    let name = parts.next().unwrap_or_default();
    let place = parts.next().map_or(Place::None, Place::from_folder_name);
    (place, Format::from_file_name(name))
}
