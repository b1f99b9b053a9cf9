//! Resolution as a descriptor's author meets it: a file, some connections, and the plan that comes of them.

#![expect(clippy::expect_used, clippy::panic, reason = "a test ends at the first surprise")]

mod build;
mod names;
mod problems;
mod properties;
mod references;
mod refresh;
