//! Endpoints: where they are, whether they may be called, and the connections to them.
//!
//! Every connection serves one call after another and is moved on by the task of the call that uses it: no task of its
//! own, no hand-over between tasks. Idle ones rest with their target and go when it goes.

mod connect;
mod link;
mod target;

pub(crate) use self::connect::{Connector, Fault};
pub(crate) use self::link::Link;
pub(crate) use self::target::Target;
