//! The gateway's table: what is derived, and how it is followed.

mod derived;
mod followed;
pub(crate) mod mirror;
mod random;
