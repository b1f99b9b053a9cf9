//! The console: who is let in, what a page says of itself, and a person's walk through it in a real browser.

pub(crate) mod browser;
mod forms;
mod look;
mod market;
mod sessions;
pub(crate) mod visit;
mod walk;
