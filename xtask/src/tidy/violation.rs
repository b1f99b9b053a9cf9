//! One broken rule: where, why it is wrong, and what to do.

use std::fmt;

/// A broken rule at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// File, relative to the repository.
    pub(crate) file: String,
    /// Line, from 1; 0 for the whole file.
    pub(crate) line: usize,
    /// What is wrong and why that matters.
    pub(crate) cause: String,
    /// What to do next.
    pub(crate) fix: String,
}

impl Violation {
    /// A violation of a whole file.
    pub(crate) fn of_file(file: &str, cause: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: 0, cause: cause.into(), fix: fix.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": {}\n    hint: {}", self.cause, self.fix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_names_place_cause_and_fix() {
        let whole = Violation::of_file("a.rs", "too long", "split it");
        assert_eq!(whole.to_string(), "a.rs: too long\n    hint: split it");
        assert_eq!(Violation { line: 7, ..whole }.to_string(), "a.rs:7: too long\n    hint: split it");
    }
}
