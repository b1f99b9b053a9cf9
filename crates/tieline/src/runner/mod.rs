//! Starting a component's command with a snapshot's variables. It asks no server and decides nothing: whoever fetches
//! snapshots hands them in.

pub(crate) mod cache;
pub(crate) mod child;
pub(crate) mod ending;
pub(crate) mod follow;
pub(crate) mod signals;
pub(crate) mod variables;
pub(crate) mod watch;
