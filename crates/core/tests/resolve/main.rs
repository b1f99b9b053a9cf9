//! Resolution as a descriptor's author meets it: a file, some connections, and the plan that comes of them.

mod build;
mod names;
mod problems;
mod properties;
mod references;
mod refresh;
