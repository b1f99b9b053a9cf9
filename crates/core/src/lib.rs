//! What Tieline knows without asking anybody: types, rules, parsers, resolution and error codes.
//!
//! Nothing here does I/O, reads a clock, draws randomness or runs async: what is not an argument does not exist.

pub mod access;
pub mod access_token;
pub mod address;
pub mod clock;
pub mod collision;
pub mod definition;
pub mod descriptor;
pub mod diagnostic;
pub mod endpoint;
pub mod explain;
pub mod format;
pub mod graph;
pub mod guide;
pub mod id;
pub mod identity_provider;
pub mod kind;
pub mod model;
pub mod name;
pub mod offer;
pub mod password;
pub mod policy;
pub mod randomness;
pub mod rate_plan;
pub mod reference;
pub mod resolve;
pub mod route_table;
pub mod secret;
pub mod service_url;
pub mod table_feed;
pub mod version;
pub mod wire;
