//! The `tieline` binary.

#[expect(dead_code, reason = "the run command is what starts commands")]
mod runner;

fn main() {}
