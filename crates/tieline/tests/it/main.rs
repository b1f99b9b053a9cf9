//! Whole-app tests: the real binary, with its own data folder and free ports. [`world`] starts and asks it.
#![expect(clippy::expect_used, clippy::panic, reason = "a test ends at the first surprise")]

mod audit;
mod authorization;
mod backup;
mod canary;
mod console;
mod demo;
mod deploy;
mod descriptor;
mod endings;
mod feed;
mod gateway;
mod graph;
mod hostile;
mod identity_provider;
mod killed;
mod node;
mod oauth;
mod operations;
mod reference;
mod registration;
mod rotation;
mod run;
mod shop;
mod sign_in_provider;
mod world;
