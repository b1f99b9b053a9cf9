//! What the store promises, on SQLite and PostgreSQL alike: each test runs on both, with a database of its own.
#![expect(clippy::expect_used, reason = "a test ends at the first surprise")]

mod concurrency;
mod database;
mod functions;
mod plans;
mod texts;
