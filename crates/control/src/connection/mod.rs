//! Connections: made at a level, with keys and values per environment, shown, changed and deleted.

pub(crate) mod keys;
pub(crate) mod values;
