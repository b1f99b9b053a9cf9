//! Every environment variable that Tieline itself reads.

/// Where the server is, as `--url`.
pub(crate) const URL: &str = "TIELINE_URL";
/// The bearer token, as `--token`.
pub(crate) const TOKEN: &str = "TIELINE_TOKEN";
/// The data folder, as `--data`.
pub(crate) const DATA: &str = "TIELINE_DATA";
/// The master key's lines, in place of a key file.
pub(crate) const MASTER_KEY: &str = "TIELINE_MASTER_KEY";
/// What the server logs, as `tracing` filters are written.
pub(crate) const LOG: &str = "TIELINE_LOG";
