//! From a descriptor to a pinned snapshot and to the process that runs with it: plan, deploy, promote, roll back,
//! undeploy, deliver.

mod cause;
mod delivery;
mod deploy;
mod entry;
mod facts;
mod listing;
mod pin;
mod plan;
mod promote;
mod refresh;
mod rollback;
mod source;
mod undeploy;
mod view;

pub(crate) use delivery::{Delivered, Report};

pub use delivery::SnapshotQuery;
