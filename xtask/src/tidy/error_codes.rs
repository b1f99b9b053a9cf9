//! Every error code has a page that explains it, and every page a code that is used.
//!
//! A code is written `code!("snake_case")` where it is raised; pages are what `tieline_core::explain::pages` returns.

use std::collections::{BTreeMap, BTreeSet};

use super::{Source, Violation};

const EXPLAIN: &str = "crates/core/src/explain.rs";
/// How the type of a table of pages is written; the entries of such a table are not uses of their codes.
const TABLE: &str = "&[(&str, &str)] = &[";

/// Every code has one page, every page a use, and no code is written without `code!`.
pub(crate) fn check(sources: &[Source], pages: &[(&str, &str)]) -> Vec<Violation> {
    let mut violations = wrong_pages(pages);
    let known: BTreeSet<&str> = pages.iter().map(|(code, _)| *code).collect();
    let mut used = BTreeSet::new();
    for source in sources.iter().filter(|source| source.is_rust_code() && source.path.starts_with("crates/")) {
        let code = without_comments_and_tables(source.code());
        used.extend(known.iter().filter(|page| code.contains(&format!("\"{page}\""))));
        let at = |offset, cause, fix: &str| Violation {
            file: source.path.clone(),
            line: source.line_at(offset),
            cause,
            fix: fix.to_owned(),
        };
        for (offset, name) in arguments(&code, "code!(") {
            if !known.contains(name) {
                violations.push(at(
                    offset,
                    format!("the error code {name} has no page: `tieline explain {name}` would know nothing"),
                    "add (code, page) to a table of crates/core/src/explain.rs: what happened, why, what to do",
                ));
            }
        }
        for (offset, name) in arguments(&code, " code: ").chain(literals_of_code_functions(&code)) {
            violations.push(at(
                offset,
                format!("the error code {name} is not marked, so nobody can check that it has a page"),
                "write it as code!(\"…\")",
            ));
        }
    }
    violations.extend(known.difference(&used).map(|page| {
        Violation::of_file(EXPLAIN, format!("nothing raises the error code {page}"), "remove its page from its table")
    }));
    violations
}

fn wrong_pages(pages: &[(&str, &str)]) -> Vec<Violation> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for (code, _) in pages {
        *count.entry(code).or_default() += 1;
    }
    let wrong = |cause: String| Violation::of_file(EXPLAIN, cause, "mend the entry of its table");
    let twice = count.iter().filter(|(_, n)| **n > 1).map(|(code, n)| wrong(format!("{code} has {n} pages")));
    let empty = pages.iter().filter(|(_, text)| text.trim().is_empty());
    let misspelt = pages.iter().filter(|(code, _)| !is_code(code));
    twice
        .chain(empty.map(|(code, _)| wrong(format!("the page of {code} is empty"))))
        .chain(misspelt.map(|(code, _)| wrong(format!("\"{code}\" is not written in snake_case"))))
        .collect()
}

fn is_code(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The text with comment lines and the lines of page tables blanked out, so that offsets keep their line.
fn without_comments_and_tables(text: &str) -> String {
    let mut in_table = false;
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        in_table |= line.contains(TABLE);
        if in_table || line.trim_start().starts_with("//") {
            kept.extend(line.chars().filter(|&c| c == '\n'));
        } else {
            kept.push_str(line);
        }
        in_table &= !line.trim_end().ends_with("];");
    }
    kept
}

/// Offset and text of every string literal that follows an opening, with blanks between.
fn arguments<'a>(code: &'a str, opening: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    code.match_indices(opening).filter_map(move |(offset, _)| {
        let literal = code[offset + opening.len()..].trim_start().strip_prefix('"')?;
        Some((offset, literal.split_once('"')?.0))
    })
}

/// Offset and text of every bare literal that looks like a code inside a function named `code`.
fn literals_of_code_functions(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (start, _) in code.match_indices("fn code(") {
        let mut place = start;
        for (index, part) in body(&code[start..]).split('"').enumerate() {
            if index % 2 == 1 && is_code(part) && !code[..place].trim_end_matches('"').trim_end().ends_with("code!(") {
                found.push((place, part));
            }
            place += part.len() + 1;
        }
    }
    found
}

/// A function's text from its start to the brace that closes its body.
fn body(function: &str) -> &str {
    let mut depth = 0;
    for (offset, character) in function.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 1 => return &function[..offset],
            '}' => depth -= 1,
            _ => {}
        }
    }
    function
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGES: &[(&str, &str)] = &[("name_taken", "The name is taken.")];

    #[test]
    fn codes_and_pages_match() {
        for (text, causes) in [
            ("let x = code!(\"name_taken\");\n", &[][..]),
            ("let x = code!(\n    \"name_taken\"\n);\n", &[]),
            ("code!(\"name_taken\"); code!(\"gone\");\n", &["gone has no page"]),
            ("", &["nothing raises"]),
            ("// code!(\"name_taken\")\n", &["nothing raises"]),
            ("const P: &[(&str, &str)] = &[\n    (\"name_taken\", \"…\"),\n];\n", &["nothing raises"]),
            ("const P: &[(&str, &str)] = &[];\nlet x = code!(\"name_taken\");\n", &[]),
            ("#[cfg(test)]\nmod tests { const A: &str = code!(\"name_taken\"); }\n", &["nothing raises"]),
            ("Problem { code: \"name_taken\".into() }\n", &["not marked"]),
            ("fn code(&self) -> &str { match self { A => \"name_taken\" } }\n", &["not marked"]),
            ("fn code(&self) -> &str { match self { A => code!(\"name_taken\") } }\n", &[]),
            ("fn code(&self) -> &str { code!(\"name_taken\") }\nfn other() -> &str { \"other\" }\n", &[]),
        ] {
            let violations = check(&[Source::example("crates/core/src/a.rs", text)], PAGES);
            let found: Vec<_> = violations.iter().map(|violation| violation.cause.as_str()).collect();
            assert_eq!(found.len(), causes.len(), "{text}: {found:?}");
            assert!(found.iter().zip(causes).all(|(found, cause)| found.contains(cause)), "{text}: {found:?}");
        }
    }

    #[test]
    fn a_violation_names_its_line() {
        let source = Source::example("crates/core/src/a.rs", "// a\n\nraise(code!(\"gone\"));\n");
        assert_eq!(check(&[source], &[])[0].line, 3);
    }

    #[test]
    fn pages_are_written_well() {
        let source = Source::example("crates/core/src/a.rs", "[\"a\", \"b\", \"A-b\"]");
        for (pages, good) in [
            (&[("a", "text")][..], true),
            (&[("a", "text"), ("a", "text")], false),
            (&[("b", " ")], false),
            (&[("A-b", "text")], false),
        ] {
            assert_eq!(check(std::slice::from_ref(&source), pages).is_empty(), good, "{pages:?}");
        }
    }
}
