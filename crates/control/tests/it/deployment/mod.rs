//! Plan, deploy, promote, roll back, undeploy, and what follows from each, as whole use cases.

mod addresses;
pub(crate) mod build;
mod carrying;
mod connecting;
mod delivery;
mod history;
mod listing;
mod pinning;
mod replan;
mod subscriptions;
