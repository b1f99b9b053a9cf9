//! The data plane: checks each call against a table that it holds in memory, and forwards it.
//!
//! It knows public keys and digests, never a secret; it asks neither the control plane nor a database, so it serves while
//! both are down. What decides about a call came by [`Table::apply`].

mod body;
mod check;
mod doors;
mod headers;
mod hop;
mod log;
mod metrics;
mod observed;
mod path;
mod proxy;
mod rate;
mod refusal;
mod serve;
mod settings;
mod share;
pub mod stream;
mod table;
mod tunnel;
mod upstream;

pub use proxy::Gateway;
pub use serve::Accept;
pub use settings::{Settings, Side};
pub use table::{Replacement, Table};
