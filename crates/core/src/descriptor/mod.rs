//! Descriptors: the files in a component's source that declare its endpoints and what it depends on.
//!
//! [`check`] reads every format and version into one [`model`] and says everything that is wrong, each with its place.
//! Three lists are kept apart: *problems* break the public rules, *findings* break Tieline's stricter ones, *warnings*
//! never block. Nothing here opens a file or knows which connections exist.

pub mod model;

use crate::diagnostic::Diagnostic;
use model::{Descriptor, Format, Place};

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
#[must_use]
pub fn check(_input: &[u8], _options: &Options<'_>) -> Checked {
    Checked::default()
}
