//! The console: who is let in, what a page says of itself, and a person's walk through it in a real browser.

pub(crate) mod accounts;
mod applications;
pub(crate) mod browser;
mod connection;
mod deployments;
mod first;
mod forms;
mod graph;
mod live;
mod look;
mod market;
mod registration;
mod sessions;
mod settings;
pub(crate) mod visit;
mod walk;
