//! `tieline descriptor`: check and migrate descriptors, without a server.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use serde::Serialize;
use similar::TextDiff;
use tieline_core::{
    code,
    descriptor::{Checked, MigrateError, Migrated, migrate, model::Format, render},
    diagnostic::Diagnostic,
};

use crate::{
    descriptor_file::{self, DescriptorFile, DescriptorFileError},
    failure::{Done, Failure},
    output::{OutputFormat, print, print_json},
};

/// Check and migrate the descriptors of components; needs no server
#[derive(Debug, Subcommand)]
pub(crate) enum DescriptorCommand {
    /// Say everything that is wrong with a descriptor
    Check(CheckArguments),
    /// Rewrite a descriptor as component.yaml 1.2, beside the old file, which stays
    Migrate(MigrateArguments),
}

/// Which descriptor a command reads.
#[derive(Debug, Args)]
pub(crate) struct Input {
    /// A descriptor, or the folder of a component
    path: PathBuf,
    /// What the file is, where its name and content do not tell
    #[arg(long, value_name = "FILE_NAME", value_parser = parse_format)]
    format: Option<Format>,
}

/// Arguments of `descriptor check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    input: Input,
    /// Take the files that schemaFilePath names to exist
    #[arg(long)]
    assume_schema_files: bool,
}

/// Arguments of `descriptor migrate`.
#[derive(Debug, Args)]
pub(crate) struct MigrateArguments {
    #[command(flatten)]
    input: Input,
    /// Only show the difference
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command. Exit code 1 means: not valid, or nothing migrated.
pub(crate) fn run(command: DescriptorCommand, output: OutputFormat) -> Done {
    match command {
        DescriptorCommand::Check(arguments) => check(&arguments, output),
        DescriptorCommand::Migrate(arguments) => migrate_file(&arguments, output),
    }
}

/// The answer of `descriptor check`, as the outside contract has it.
#[derive(Serialize)]
struct CheckAnswer<'a> {
    file: String,
    format: Option<&'static str>,
    schema_version: Option<&'a str>,
    valid: bool,
    problems: &'a [Diagnostic],
    findings: &'a [Diagnostic],
    warnings: &'a [Diagnostic],
}

/// The answer of `descriptor migrate`.
#[derive(Serialize)]
struct MigrateAnswer<'a> {
    file: String,
    target: String,
    diff: &'a str,
    notes: &'a [Diagnostic],
    written: bool,
}

fn check(arguments: &CheckArguments, output: OutputFormat) -> Done {
    let file = read(&arguments.input)?;
    let checked = file.check(arguments.assume_schema_files);
    match output {
        OutputFormat::Text => print(&report(&file, &checked)),
        OutputFormat::Json => print_json(&CheckAnswer {
            file: file.path.display().to_string(),
            format: checked.format.map(Format::file_name),
            schema_version: checked.schema_version.as_deref(),
            valid: checked.is_valid(),
            problems: &checked.problems,
            findings: &checked.findings,
            warnings: &checked.warnings,
        }),
    }
    Ok(if checked.is_valid() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Every remark with its place, then the verdict in one line.
fn report(file: &DescriptorFile, checked: &Checked) -> String {
    let name = file.path.display().to_string();
    let source = String::from_utf8_lossy(&file.content);
    let lists = [("error", &checked.problems), ("finding", &checked.findings), ("warning", &checked.warnings)];
    let mut text = String::new();
    for (severity, list) in lists {
        for diagnostic in list {
            text.push_str(&render(diagnostic, severity, &name, &source));
            text.push('\n');
        }
    }
    let counts: Vec<String> =
        [("problem", &checked.problems), ("finding", &checked.findings), ("warning", &checked.warnings)]
            .iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|(word, list)| format!("{} {word}{}", list.len(), if list.len() == 1 { "" } else { "s" }))
            .collect();
    let verdict = if checked.is_valid() { "valid" } else { "not valid" };
    let counts = if counts.is_empty() { String::new() } else { format!(" ({})", counts.join(", ")) };
    text + &format!("{name}: {verdict}{counts}\n")
}

fn migrate_file(arguments: &MigrateArguments, output: OutputFormat) -> Done {
    let (file, target, migrated) = migrated(arguments)?;
    let diff = difference(&file, &target, &migrated.text);
    match output {
        OutputFormat::Text => print(&migration_report(&file, &target, &migrated, &diff, arguments.dry_run)),
        OutputFormat::Json => print_json(&MigrateAnswer {
            file: file.path.display().to_string(),
            target: target.display().to_string(),
            diff: &diff,
            notes: &migrated.notes,
            written: !arguments.dry_run,
        }),
    }
    Ok(ExitCode::SUCCESS)
}

/// Rewrites the file and, unless only the difference was asked for, writes the result.
fn migrated(arguments: &MigrateArguments) -> Result<(DescriptorFile, PathBuf, Migrated), Failure> {
    let file = read(&arguments.input)?;
    let checked = file.check(true);
    let migrated = migrate(&checked, &file.content).map_err(|error| refusal(&file, &error))?;
    let target = target(&file.path, checked.format);
    if target != file.path && target.exists() {
        return Err(Failure::no(
            code!("migrate_target_exists"),
            format!("{} exists already, and wins over {}", target.display(), file.path.display()),
            "compare the two, and remove the one that is out of date",
        ));
    }
    if !arguments.dry_run {
        write(&target, &migrated.text).map_err(|error| {
            let message = format!("{} cannot be written: {error}", target.display());
            Failure::no(code!("migrate_not_written"), message, "check the rights of the folder")
        })?;
    }
    Ok((file, target, migrated))
}

fn refusal(file: &DescriptorFile, error: &MigrateError) -> Failure {
    let path = file.path.display();
    let (code, hint) = match error {
        MigrateError::Current => (code!("migrate_current"), "there is nothing to do".to_owned()),
        MigrateError::Invalid => (code!("migrate_invalid"), format!("tieline descriptor check {path} lists them")),
        MigrateError::ResultInvalid(problems) => {
            let list: Vec<String> = problems.iter().map(|problem| problem.message.clone()).collect();
            (code!("migrate_invalid"), format!("mend or remove in {path}: {}", list.join("; ")))
        }
    };
    Failure::no(code, format!("{path}: {error}"), hint)
}

fn migration_report(file: &DescriptorFile, target: &Path, migrated: &Migrated, diff: &str, dry_run: bool) -> String {
    let source = String::from_utf8_lossy(&file.content);
    let mut text = format!("{diff}\n");
    for note in &migrated.notes {
        text.push_str(&render(note, "note", &file.path.display().to_string(), &source));
        text.push('\n');
    }
    let target = target.display();
    text + &match (dry_run, target.to_string() == file.path.display().to_string()) {
        (true, _) => format!("hint: without --dry-run this is written to {target}\n"),
        (false, true) => format!("{target} is written\n"),
        (false, false) => format!("{target} is written; {} stays and no longer counts\n", file.path.display()),
    }
}

fn difference(file: &DescriptorFile, target: &Path, new: &str) -> String {
    let old = String::from_utf8_lossy(&file.content);
    let (from, to) = (file.path.display().to_string(), target.display().to_string());
    TextDiff::from_lines(old.as_ref(), new).unified_diff().context_radius(3).header(&from, &to).to_string()
}

/// Where the new text belongs: beside the old file, with the name of the new format.
fn target(path: &Path, format: Option<Format>) -> PathBuf {
    let new = Format::Component.file_name();
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let old = format.map_or(new, Format::file_name);
    if old == new {
        return path.to_owned();
    }
    path.with_file_name(format!("{}{new}", name.strip_suffix(old).unwrap_or_default()))
}

/// Writes the whole file or nothing of it.
fn write(target: &Path, text: &str) -> std::io::Result<()> {
    let name = target.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let unfinished = target.with_file_name(format!(".{name}.unfinished"));
    fs::write(&unfinished, text)?;
    fs::rename(&unfinished, target).inspect_err(|_| {
        let _ = fs::remove_file(&unfinished);
    })
}

fn read(input: &Input) -> Result<DescriptorFile, Failure> {
    descriptor_file::read(&input.path, input.format).map_err(|error| {
        let (code, hint) = match &error {
            DescriptorFileError::NotFound(_) => (
                code!("descriptor_not_found"),
                "a descriptor lies in .tieline/, .wso2/ or .choreo/ below the component's folder, as component.yaml",
            ),
            DescriptorFileError::Unreadable(..) => {
                (code!("descriptor_unreadable"), "check the path and the rights of the file")
            }
        };
        Failure::no(code, error.to_string(), hint)
    })
}

fn parse_format(text: &str) -> Result<Format, String> {
    Format::parse(text).ok_or_else(|| {
        let names: Vec<&str> = Format::ALL.iter().map(|format| format.file_name()).collect();
        format!("choose {}", names.join(", "))
    })
}
