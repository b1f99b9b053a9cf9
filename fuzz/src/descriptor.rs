//! Mutates descriptors and checks that reading, rendering and migrating any of them ends, without a panic, within
//! the limits.
//!
//! `cargo run --manifest-path fuzz/Cargo.toml -- --seconds 600 [--seed N] [--slowest MILLISECONDS] [FILE]…` takes further seeds from
//! files; a finding is written to `fuzz/artifacts/` and ends the run with exit code 1. A plain program rather than a libFuzzer
//! target, so that the stable toolchain builds it everywhere.

mod mutate;
mod reading;
mod run;

use std::process::ExitCode;

use tieline_core::{
    descriptor::{
        CODES, Options, check, migrate,
        model::{Format, Place},
        render,
    },
    reference::Reference,
};

const SEEDS: [&str; 4] = [
    include_str!("../seeds/component.yaml"),
    include_str!("../seeds/component-config.yaml"),
    include_str!("../seeds/endpoints.yaml"),
    include_str!("../seeds/odd.yaml"),
];

const WORDS: [&str; 64] = [
    "schemaVersion: 1.2\n",
    "schemaVersion: 1.0\n",
    "version: 0.1\n",
    "apiVersion: core.choreo.dev/v1beta1\n",
    "kind: ComponentConfig\n",
    "spec:\n",
    "inbound:\n",
    "outbound:\n",
    "endpoints:\n",
    "- name: ",
    "name: ",
    "displayName: ",
    "service:\n",
    "basePath: ",
    "port: ",
    "type: ",
    "networkVisibilities: ",
    "networkVisibility: ",
    "schemaFilePath: ",
    "context: ",
    "dependencies:\n",
    "serviceReferences:\n",
    "connectionReferences:\n",
    "connectionConfig: ",
    "resourceRef: ",
    "env:\n",
    "env: []\n",
    "from: ",
    "to: ",
    "configurations:\n",
    "configuration:\n",
    "value: ",
    "valueFrom:\n",
    "connectionRef: ",
    "configGroupRef: ",
    "configForm: ",
    "template: ",
    "file:\n",
    "proxy:\n",
    "REST",
    "TCP",
    "Public",
    "Project",
    "null",
    "~",
    "true",
    "9090",
    "1e400",
    "0x2382",
    ".inf",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!x ",
    "|\n",
    ">\n",
    "# c\n",
    "---\n",
];

fn main() -> ExitCode {
    reading::fuzz("descriptor", &SEEDS, &WORDS, exercise)
}

/// Runs everything that reads a descriptor. The outcome names what the input reached, so that new ground is kept.
fn exercise(input: &[u8]) -> Result<Vec<String>, String> {
    let mut marks = Vec::new();
    let source = String::from_utf8_lossy(input);
    for (format, place) in [
        (None, Place::Tieline),
        (Some(Format::Component), Place::Choreo),
        (Some(Format::ComponentConfig), Place::None),
        (Some(Format::Endpoints), Place::Wso2),
    ] {
        let options = Options { format, place, schema_file_exists: &|path| path.len() % 2 == 0 };
        let checked = check(input, &options);
        let lists = [&checked.problems, &checked.findings, &checked.warnings];
        for diagnostic in lists.into_iter().flatten() {
            if !CODES.iter().any(|(code, _)| *code == diagnostic.code) {
                return Err(format!("the code {} has no page", diagnostic.code));
            }
            marks.push(format!("{format:?} {} {}", diagnostic.code, without_digits(&diagnostic.path)));
        }
        for diagnostic in lists.into_iter().flatten().take(5) {
            if render(diagnostic, "error", "x.yaml", &source).chars().any(|c| c.is_control() && c != '\n') {
                return Err("a control character in a message".to_owned());
            }
        }
        if checked.descriptor.is_none() && checked.is_valid() {
            return Err("valid, but nothing was understood".to_owned());
        }
        if let Ok(migrated) = migrate(&checked, input) {
            let options = Options { format: Some(Format::Component), place, schema_file_exists: &|_| true };
            let again = check(migrated.text.as_bytes(), &options);
            if again.problems.iter().any(|problem| problem.code != "extension") {
                return Err(format!("migrated to an invalid file: {:?}\n{}", again.problems, migrated.text));
            }
            marks.push(format!("{format:?} migrated {}", migrated.notes.len()));
        }
    }
    for line in source.lines().take(50) {
        for read in [Reference::parse_resource_ref(line), Reference::parse_service_reference(line)] {
            if let Ok(reference) = read
                && Reference::parse_resource_ref(&reference.to_string()).map(|again| again.to_string())
                    != Ok(reference.to_string())
            {
                return Err(format!("{reference} does not read as itself"));
            }
        }
    }
    Ok(marks)
}

fn without_digits(path: &str) -> String {
    path.chars().filter(|c| !c.is_ascii_digit()).take(80).collect()
}
