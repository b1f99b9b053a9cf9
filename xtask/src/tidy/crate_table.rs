//! ARCHITECTURE.md names exactly the crates that exist, so that it stays true.

use std::collections::BTreeMap;

use super::{Graph, Source, Violation};

const DOCUMENT: &str = "ARCHITECTURE.md";
const HEADING: &str = "## Crates";

/// The rows of the crate table are the workspace's crates: no more, no fewer, each once.
pub(crate) fn check(graph: &Graph, sources: &[Source]) -> Vec<Violation> {
    let Some(document) = sources.iter().find(|source| source.path == DOCUMENT) else {
        return vec![Violation::of_file(DOCUMENT, "the file is missing", "write it: shape, crates, invariants")];
    };
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    let mut violations = Vec::new();
    for (line, name) in table_rows(&document.text) {
        let exists = graph.members.values().any(|folder| folder == name);
        let twice = rows.insert(name, line).is_some();
        if !exists || twice {
            let cause =
                if exists { "has two rows in the crate table" } else { "is in the crate table but does not exist" };
            violations.push(Violation {
                file: DOCUMENT.into(),
                line,
                cause: format!("{name} {cause}"),
                fix: "remove the row: the table holds the crates that exist".into(),
            });
        }
    }
    for folder in graph.members.values().filter(|folder| !rows.contains_key(folder.as_str())) {
        violations.push(Violation::of_file(
            DOCUMENT,
            format!("the crate {folder} is not in the crate table"),
            format!("add a row that begins with | `{folder}` under `{HEADING}`: what it owns, what it must never do"),
        ));
    }
    violations
}

/// Line number and name of every table row under the heading whose first cell is a name in backticks.
fn table_rows(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .skip_while(|(_, line)| !line.starts_with(HEADING))
        .skip(1)
        .take_while(|(_, line)| !line.starts_with("## "))
        .filter_map(|(index, line)| Some((index + 1, line.strip_prefix("| `")?.split_once('`')?.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_workspace() {
        let graph = Graph::example(&["core", "store"], &[]);
        for (text, wrong) in [
            ("## Crates\n| crate | owns |\n|---|---|\n| `core` → | x |\n| `store` | y |\n## Else\n| `z` | |\n", 0),
            ("## Crates\n| `core` | x |\n", 1),
            ("## Crates\n| `core` | x |\n| `store` | y |\n| `gateway` | z |\n", 1),
            ("## Crates\n| `core` | x |\n| `core` | x |\n| `store` | y |\n", 1),
            ("no table\n", 2),
        ] {
            assert_eq!(check(&graph, &[Source::example("ARCHITECTURE.md", text)]).len(), wrong, "{text}");
        }
        assert_eq!(check(&graph, &[]).len(), 1);
    }
}
