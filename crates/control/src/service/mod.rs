//! The marketplace: what can be connected to, how it is registered, found, shown, offered and withdrawn.

pub(crate) mod assignment;
pub(crate) mod find;
pub(crate) mod parameters;
