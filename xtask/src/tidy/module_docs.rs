//! Every module begins with a `//!` that says what it owns and what it must not do.

use super::{Source, Violation};

/// Every file of a `src` folder begins with a `//!` that says something.
pub(crate) fn check(sources: &[Source]) -> Vec<Violation> {
    let mute = |source: &&Source| {
        let first = source.text.lines().find(|line| !line.trim().is_empty());
        source.is_module() && first.and_then(|line| line.strip_prefix("//!")).is_none_or(|text| text.trim().is_empty())
    };
    let violation = |source: &Source| Violation {
        file: source.path.clone(),
        line: 1,
        cause: "the module does not say what it owns: a reader should know the room from the door".into(),
        fix: "begin the file with `//!`: what it owns, and what it must not do".into(),
    };
    sources.iter().filter(mute).map(violation).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_begin_with_a_doc() {
        for (path, text, good) in [
            ("crates/core/src/a.rs", "//! Owns a.\nuse b;\n", true),
            ("crates/core/src/a.rs", "\n//! Owns a.\n", true),
            ("crates/core/src/a.rs", "use b;\n//! Late.\n", false),
            ("crates/core/src/a.rs", "//!\nuse b;\n", false),
            ("crates/core/src/a.rs", "", false),
            ("xtask/src/a.rs", "fn main() {}\n", false),
            ("crates/core/tests/a.rs", "use b;\n", true),
        ] {
            assert_eq!(check(&[Source::example(path, text)]).is_empty(), good, "{path}: {text:?}");
        }
    }
}
