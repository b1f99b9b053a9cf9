//! Measures Tieline against its goals and prints tables: each figure beside what it is compared with in the same run.
//!
//! It links nothing of Tieline: it drives the release binary, its HTTP API, and, to fill databases, SQL.

mod consumer;
mod database;
mod endpoint;
mod load;
mod lone;
mod machine;
mod measure;
mod minimal;
mod peers;
mod server;
mod table;
mod world;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};

/// Measures Tieline against its goals.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
    /// The release binary [default: the one beside this program]
    #[arg(long, global = true, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Connections in the small database
    #[arg(long, global = true, value_name = "NUMBER", default_value_t = 1_000)]
    small: u64,
    /// Connections in the large database
    #[arg(long, global = true, value_name = "NUMBER", default_value_t = 1_000_000)]
    large: u64,
    /// Server on which databases for PostgreSQL's figures are made and dropped; empty for none
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "TIELINE_TEST_POSTGRES",
        default_value = "postgres://postgres@127.0.0.1:5432/postgres"
    )]
    postgres: String,
    /// One short round of each: shows that all works; the figures say nothing
    #[arg(long, global = true)]
    quick: bool,
    /// Folder in which `npm install oidc-provider` ran, to measure it beside the token service
    #[arg(long, global = true, value_name = "FOLDER", env = "TIELINE_BENCH_MODULES")]
    modules: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
enum What {
    /// What `tieline run` costs before the command starts
    Run,
    /// Snapshot reads of the API on one core, and what a million connections add to them
    Reads,
    /// How fast a server is ready, and its memory
    Start,
    /// Search over 100 000 services
    Search,
    /// What follows a changed value that 10 000 deployments use
    Replan,
    /// Everyday changes, and what a million connections add to them
    Changes,
    /// Tokens of the token service on one core
    Token,
    /// Calls through the gateway on one core, beside nginx and HAProxy
    Gateway,
    /// A rotation of keys under load
    Rotation,
    /// How long it takes until gateways act on a change
    Propagation,
    /// Pages of the console
    Pages,
    /// What 100 000 routes and a million subscriptions cost
    Routes,
    /// All of these
    All,
    /// The token service that Tieline's is measured beside
    #[command(hide = true)]
    Minimal {
        /// How it signs
        algorithm: String,
    },
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let What::Minimal { algorithm } = &arguments.what {
        return minimal::serve(algorithm);
    }
    let binary = match arguments.binary {
        Some(binary) => binary,
        None => std::env::current_exe()?.with_file_name("tieline"),
    };
    ensure!(binary.is_file(), "{} is missing: cargo build --release -p tieline", binary.display());
    let binary = binary.canonicalize()?;
    let postgres = Some(arguments.postgres).filter(|url| !url.is_empty());
    let modules = arguments.modules.map(|folder| folder.canonicalize()).transpose().context("--modules")?;
    let bench = measure::Bench {
        binary,
        small: arguments.small,
        large: arguments.large,
        postgres,
        modules,
        quick: arguments.quick,
    };
    let wanted = |what| arguments.what == what || arguments.what == What::All;
    if wanted(What::Run) {
        measure::run::measure(&bench).context("run")?;
    }
    let scale = measure::scale::Wanted {
        start: wanted(What::Start),
        reads: wanted(What::Reads),
        changes: wanted(What::Changes),
    };
    if scale.start || scale.reads || scale.changes {
        measure::scale::measure(&bench, scale).context("scale")?;
    }
    if wanted(What::Search) {
        measure::search::measure(&bench).context("search")?;
    }
    if wanted(What::Pages) {
        measure::pages::measure(&bench).context("pages")?;
    }
    if wanted(What::Gateway) {
        measure::gateway::measure(&bench).context("gateway")?;
    }
    if wanted(What::Rotation) {
        measure::rotation::measure(&bench).context("rotation")?;
    }
    if wanted(What::Propagation) {
        measure::propagation::measure(&bench).context("propagation")?;
    }
    if wanted(What::Routes) {
        measure::routes::measure(&bench).context("routes")?;
    }
    if wanted(What::Token) {
        measure::token::measure(&bench).context("token")?;
    }
    if wanted(What::Replan) {
        measure::replan::measure(&bench).context("replan")?;
    }
    Ok(())
}
