//! The reference pages under `docs/reference`, written from the code: every command with its help, every error code with
//! its page, and the API's OpenAPI document. A test fails when a page is stale.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Command, CommandFactory};
use tieline_core::{code, explain};

use crate::cli::Cli;
use crate::failure::{Done, Failure};

#[derive(Debug, Args)]
pub(crate) struct ReferenceArguments {
    /// Folder to write the pages into
    #[arg(default_value = "docs/reference")]
    folder: PathBuf,
}

/// Writes the pages.
pub(crate) fn run(arguments: &ReferenceArguments) -> Done {
    let pages = [
        ("commands.md", commands()),
        ("errors.md", errors()),
        ("openapi.json", tieline_web::openapi().to_pretty_json().unwrap_or_default() + "\n"),
    ];
    for (name, text) in pages {
        write(&arguments.folder.join(name), &text)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    made.and_then(|()| std::fs::write(path, text)).map_err(|error| {
        let message = format!("{} cannot be written: {error}", path.display());
        Failure::no(code!("reference_not_written"), message, "name another folder")
    })
}

fn commands() -> String {
    let mut text = "# Commands\n\nWritten by `cargo run --bin tieline -- reference`; do not edit.\n".to_owned();
    let mut root = Cli::command().term_width(100);
    root.build();
    describe(&mut root, &mut text);
    text
}

/// One command and those below it. The flags of every command are described once, with the first.
fn describe(command: &mut Command, text: &mut String) {
    let name = command.get_bin_name().unwrap_or("tieline").to_owned();
    let first = name == "tieline";
    let mut shown = command.clone().mut_args(|argument| {
        let everywhere = argument.is_global_set() || argument.get_id() == "help";
        // What the environment holds while the pages are written is nobody's business.
        argument.hide_env_values(true).hide(everywhere && !first)
    });
    // Writing to a string cannot fail.
    let _ = write!(text, "\n## {name}\n\n```text\n{}\n```\n", shown.render_long_help().to_string().trim_end());
    for sub in command.get_subcommands_mut().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        describe(sub, text);
    }
}

fn errors() -> String {
    let mut text =
        "# Error codes\n\nWritten by `cargo run --bin tieline -- reference`; do not edit. `tieline explain CODE` \
                    prints a page.\n"
            .to_owned();
    let mut pages: Vec<_> = explain::pages().collect();
    pages.sort_unstable();
    for (code, page) in pages {
        let _ = write!(text, "\n## {code}\n\n{page}\n");
    }
    text
}
