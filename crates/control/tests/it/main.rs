//! The use cases as a whole, on every database at hand: one room per noun, and the world in which they are tried.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a world that cannot be made is a failed test")]

mod application;
mod collisions;
mod connection;
mod deployment;
mod frame;
mod graph;
mod hostile;
mod identity_provider;
mod key;
mod memory;
mod oauth;
mod paging;
mod provider;
mod reach;
mod rotation;
mod service;
mod session;
mod sign_in_provider;
mod subscription;
mod table;
mod tenants;
mod upkeep;
mod user;
mod world;
