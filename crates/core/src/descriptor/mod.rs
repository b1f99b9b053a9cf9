//! Descriptors: the files in a component's source that declare its endpoints and what it depends on.
//!
//! [`check`] reads every format and version into one [`model`] and says everything that is wrong, each with its place.
//! Three lists are kept apart: *problems* break the public rules, *findings* break Tieline's stricter ones, *warnings*
//! never block. Nothing here opens a file or knows which connections exist.

mod codes;
mod configurations;
mod dependencies;
mod endpoints;
mod formats;
mod input;
mod migrate;
pub mod model;
mod reader;
mod render;
mod scalar;
mod tree;

pub use codes::{CODES, explanation};
pub use migrate::{MigrateError, Migrated, migrate};
pub use render::render;
pub use tree::MAX_BYTES;

use crate::code;
use crate::diagnostic::Diagnostic;
use model::{Descriptor, Format, Location, Place, SchemaVersion};
use reader::{Field, Report};
use tree::{Fault, Spot};

/// What a check needs to know besides the text.
pub struct Options<'a> {
    /// The format, where it is known; else the content tells.
    pub format: Option<Format>,
    /// The folder in which the file lies.
    pub place: Place,
    /// Whether the API definition at this path, relative to the component's folder, exists.
    pub schema_file_exists: &'a dyn Fn(&str) -> bool,
}

/// The outcome of a check: what was understood and every remark, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// What the file says; none when it is no descriptor at all.
    pub descriptor: Option<Descriptor>,
    /// Its format; none when neither told nor recognised.
    pub format: Option<Format>,
    /// Its version, as `1.2` (component.yaml), or as written in the older formats.
    pub schema_version: Option<String>,
    /// What breaks the public rules. Problems with the code [`EXTENSION`] are extensions of Tieline's, which public
    /// tools refuse and plans accept.
    pub problems: Vec<Diagnostic>,
    /// What breaks only Tieline's stricter rules: accepted by `check`, refused by plans and deployments.
    pub findings: Vec<Diagnostic>,
    /// What is worth knowing and never blocks.
    pub warnings: Vec<Diagnostic>,
}

/// Code of the problems that only public tools have with a file: references and templates that are Tieline's own.
pub const EXTENSION: &str = "extension";

impl Checked {
    /// The public verdict: whether there is no problem at all.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.problems.is_empty()
    }

    /// What keeps a plan or a deployment from using the file: findings, and problems that are not Tieline's extensions.
    pub fn blocking(&self) -> impl Iterator<Item = &Diagnostic> {
        self.problems.iter().filter(|problem| problem.code != EXTENSION).chain(&self.findings)
    }
}

/// Reads a descriptor and checks every rule. Never panics, whatever the input; input beyond the limits is a problem.
/// Takes at most [`MAX_BYTES`] into account: a longer input is refused, so a caller need not read more than one byte
/// beyond.
#[must_use]
pub fn check(input: &[u8], options: &Options<'_>) -> Checked {
    let mut report = Report::default();
    let mut checked = Checked { format: options.format, ..Checked::default() };
    match input::text(input) {
        Err(fault) => add_fault(&fault, &mut report),
        Ok(text) => read_text(text, options, &mut checked, &mut report),
    }
    let by_place = |diagnostic: &Diagnostic| (diagnostic.line, diagnostic.column);
    report.problems.sort_by_key(by_place);
    report.findings.sort_by_key(by_place);
    report.warnings.sort_by_key(by_place);
    Checked { problems: report.problems, findings: report.findings, warnings: report.warnings, ..checked }
}

fn read_text(text: &str, options: &Options<'_>, checked: &mut Checked, report: &mut Report) {
    let tree = tree::parse(text);
    for fault in &tree.faults {
        add_fault(fault, report);
    }
    let Some(root) = &tree.root else {
        checked.format = checked.format.or_else(|| formats::detect_in_broken(text));
        if tree.faults.is_empty() {
            add_fault(&empty_file(), report);
        }
        return;
    };
    let root = Field::root(root);
    if root.is_null() {
        return add_fault(&empty_file(), report);
    }
    let Some(map) = root.map(report) else { return };
    checked.format = checked.format.or_else(|| formats::detect(&map));
    let Some(format) = checked.format else {
        let message = "the file is no descriptor: it has none of schemaVersion, apiVersion and version";
        report.problem("format_unknown", &root.at, message, "begin a component.yaml with schemaVersion: 1.2");
        return;
    };
    let (descriptor, schema_version) = formats::read(format, &map, options, report);
    checked.descriptor = Some(descriptor);
    checked.schema_version = schema_version;
}

fn add_fault(fault: &Fault, report: &mut Report) {
    let at = Location { path: String::new(), line: fault.spot.line, column: fault.spot.column };
    report.problem(fault.code, &at, fault.message.clone(), fault.hint);
}

fn empty_file() -> Fault {
    Fault {
        code: code!("file_empty"),
        message: "the file is empty".to_owned(),
        hint: "begin a component.yaml with schemaVersion: 1.2",
        spot: Spot::default(),
    }
}

/// Warns that a section has no effect in the version of this file.
fn warn_too_new(field: &Field<'_>, since: SchemaVersion, report: &mut Report) {
    if !field.is_missing() {
        let message = format!("{} has no effect before schema version {}", field.at.path, since.as_str());
        let hint = format!("set schemaVersion to {}", since.as_str());
        report.warning("field_too_new", &field.at, message, &hint);
    }
}
