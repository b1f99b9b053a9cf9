//! The commands, one room per noun: each reads its flags, calls the API, and prints the answer.

pub(crate) mod application;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod component;
pub(crate) mod connection;
mod connection_offer;
pub(crate) mod context;
pub(crate) mod deployment;
pub(crate) mod descriptor;
pub(crate) mod environment;
pub(crate) mod explain;
pub(crate) mod graph;
pub(crate) mod graph_text;
pub(crate) mod identity_provider;
pub(crate) mod key;
pub(crate) mod login_link;
pub(crate) mod organization;
pub(crate) mod plan;
pub(crate) mod project;
pub(crate) mod restore;
pub(crate) mod rotation;
pub(crate) mod run;
pub(crate) mod service;
pub(crate) mod service_text;
pub(crate) mod subscription;
pub(crate) mod token;
pub(crate) mod variables;
