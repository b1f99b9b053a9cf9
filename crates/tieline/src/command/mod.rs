//! The commands, one module per noun: each converts arguments to one call and its outcome to output.

pub(crate) mod descriptor;
