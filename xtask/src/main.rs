//! The house's own checks: `cargo xtask tidy`. Owns no rule of Tieline and is linked by nothing.

use std::process::ExitCode;

mod tidy;

fn main() -> anyhow::Result<ExitCode> {
    match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [command] if command == "tidy" => tidy::run(),
        _ => anyhow::bail!("usage: cargo xtask tidy"),
    }
}
