//! Connections: made at a level, with keys and values per environment, shown, changed and deleted.

mod allowed;
mod create;
mod delete;
mod external;
mod find;
mod guide;
pub(crate) mod keys;
mod mapping;
mod names;
mod offer;
mod preview;
mod read;
mod show;
mod update;
pub(crate) mod values;

pub use allowed::ConnectionAllowed;
pub use delete::Force;
pub use find::Scope;
