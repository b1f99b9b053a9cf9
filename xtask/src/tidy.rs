//! Runs every check over the repository and prints what is wrong. The rules live in the modules below, one each, as
//! functions from data to violations; only `graph` and `source` read anything.

use std::io::{Write, stderr};
use std::process::ExitCode;

mod arrows;
mod banned;
mod crate_table;
mod error_codes;
mod graph;
mod length;
mod machine_paths;
mod module_docs;
mod source;
mod violation;

use graph::Graph;
use source::Source;
use violation::Violation;

/// Checks the repository, prints the violations and a summary, and answers with the exit code.
///
/// # Errors
/// When the repository cannot be read: no git, no cargo, or an unreadable file.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let violations = check_repository()?;
    let mut out = stderr().lock();
    for violation in &violations {
        writeln!(out, "{violation}")?;
    }
    if violations.is_empty() {
        writeln!(out, "tidy: nothing to mend")?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "tidy: {} to mend", violations.len())?;
    Ok(ExitCode::FAILURE)
}

fn check_repository() -> anyhow::Result<Vec<Violation>> {
    let graph = Graph::read()?;
    let sources = Source::read_all(&graph.root)?;
    let pages: Vec<_> = tieline_core::explain::pages().collect();
    Ok([
        arrows::check(&graph, arrows::ARROWS),
        banned::check(&graph, banned::BANS),
        crate_table::check(&graph, &sources),
        error_codes::check(&sources, &pages),
        length::check(&sources, length::EXCEPTIONS),
        machine_paths::check(&sources),
        module_docs::check(&sources),
    ]
    .concat())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_repository_is_tidy() {
        let violations = super::check_repository().expect("the repository can be read");
        let text: Vec<_> = violations.iter().map(ToString::to_string).collect();
        assert!(text.is_empty(), "\n{}", text.join("\n"));
    }
}
