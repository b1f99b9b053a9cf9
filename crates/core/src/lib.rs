//! What Tieline knows without asking anybody: types, rules, parsers, resolution and error codes.
//!
//! Nothing here does I/O, reads a clock, draws randomness or runs async: what is not an argument does not exist.

pub mod descriptor;
pub mod diagnostic;
pub mod endpoint;
pub mod name;
pub mod reference;
