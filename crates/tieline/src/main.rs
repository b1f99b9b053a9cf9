//! The `tieline` binary.

mod command;
mod descriptor_file;
mod output;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{command::descriptor, output::OutputFormat};

/// Catalogue services, connect components to them, and have the credentials in their environment variables
#[derive(Debug, Parser)]
#[command(name = "tieline", version, propagate_version = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
    /// What to print
    #[arg(long, global = true, value_enum, default_value_t)]
    output: OutputFormat,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(subcommand)]
    Descriptor(descriptor::DescriptorCommand),
}

fn main() -> ExitCode {
    let CommandLine { command, output } = CommandLine::parse();
    match command {
        Command::Descriptor(command) => descriptor::run(command, output),
    }
}
