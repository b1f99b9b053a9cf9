//! The `tieline` binary: reads the command line, runs one command, ends with its exit code.

mod cli;
mod client;
mod command;
mod context;
mod demo;
mod descriptor_file;
mod environment_variables;
mod failure;
mod gateway;
mod output;
mod reference;
mod registration;
mod runner;
mod server;
mod source;
mod wire;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
