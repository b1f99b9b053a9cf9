//! No file names a folder of the machine or the person that wrote it: a clone has other ones.

use super::{Source, Violation};

/// Beginnings of such paths, written apart so that this file does not hold them.
const PATHS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/tm", "p/bash"),
];

/// No file holds an absolute path into somebody's folders.
pub(crate) fn check(sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for source in sources {
        for path in PATHS {
            for (offset, _) in source.text.match_indices(path) {
                if inside_longer_path(&source.text[..offset]) {
                    continue;
                }
                violations.push(Violation {
                    file: source.path.clone(),
                    line: source.line_at(offset),
                    cause: format!("a path of the machine it was written on: {path}…"),
                    fix: "use a path relative to the repository, or a variable such as $HOME".into(),
                });
            }
        }
    }
    violations
}

/// Whether what stands before a match makes it part of a relative path or of an address.
fn inside_longer_path(before: &str) -> bool {
    before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '}' | ')' | '/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_machines() {
        for (text, lines) in [
            ("see docs/guide.md", &[][..]),
            (concat!("a\ncd /wo", "rk/tree\n"), &[2]),
            (concat!("\"/ro", "ot/.cargo\""), &[1]),
            (concat!("HOME=/ho", "me/ann"), &[1]),
            (concat!("https://example.com/wo", "rk/list"), &[]),
            (concat!("target/wo", "rk/x"), &[]),
            ("/tmp/tieline.sock", &[]),
        ] {
            let found: Vec<_> = check(&[Source::example("a", text)]).iter().map(|violation| violation.line).collect();
            assert_eq!(found, lines, "{text}");
        }
    }
}
