//! No file holds more than 400 lines of code that is not a test: a long file is two ideas that share a room.

use super::{Source, Violation};

const LIMIT: usize = 400;
/// The length that no exception excuses.
const HARD_LIMIT: usize = 700;

/// Files that may be longer for a while, each with its reason. The list only shrinks.
pub(crate) const EXCEPTIONS: &[(&str, &str)] = &[];

/// Every file keeps to its limit, and every exception is still needed.
pub(crate) fn check(sources: &[Source], exceptions: &[(&str, &str)]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| source.is_rust_code()) {
        let lines = source.code().lines().count();
        let excused = exceptions.iter().any(|(path, _)| *path == source.path);
        let limit = if excused { HARD_LIMIT } else { LIMIT };
        if lines > limit {
            violations.push(Violation {
                file: source.path.clone(),
                line: limit + 1,
                cause: format!("{lines} lines of code, {limit} at most: two ideas share a room"),
                fix: "split the file along its ideas; each module says in its //! what it owns".into(),
            });
        }
    }
    for (path, _) in exceptions {
        let lines = sources.iter().find(|source| source.path == *path).map(|source| source.code().lines().count());
        if lines.is_none_or(|lines| lines <= LIMIT) {
            violations.push(Violation::of_file(
                path,
                format!("an exception for more than {LIMIT} lines is no longer needed"),
                "remove it from EXCEPTIONS in xtask/src/tidy/length.rs",
            ));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        let excuse: &[(&str, &str)] = &[("a.rs", "is being split")];
        for (path, lines, exceptions, good) in [
            ("a.rs", 400, &[][..], true),
            ("a.rs", 401, &[], false),
            ("a.rs", 401, excuse, true),
            ("a.rs", 700, excuse, true),
            ("a.rs", 701, excuse, false),
            ("a.rs", 400, excuse, false),
            ("b.rs", 10, excuse, false),
            ("crates/core/tests/a.rs", 401, &[], true),
            ("a.md", 401, &[], true),
        ] {
            let source = Source::example(path, &"x\n".repeat(lines));
            assert_eq!(check(&[source], exceptions).is_empty(), good, "{path} {lines} {exceptions:?}");
        }
    }

    #[test]
    fn test_modules_do_not_count() {
        let text = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", "x\n".repeat(400), "y\n".repeat(400));
        assert!(check(&[Source::example("a.rs", &text)], &[]).is_empty());
    }
}
