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
/// The OpenID provider by which people sign in, as `--sign-in-issuer`.
pub(crate) const SIGN_IN_ISSUER: &str = "TIELINE_SIGN_IN_ISSUER";
/// Tieline's client id there, as `--sign-in-client-id`.
pub(crate) const SIGN_IN_CLIENT_ID: &str = "TIELINE_SIGN_IN_CLIENT_ID";
/// The file of its secret, as `--sign-in-client-secret-file`.
pub(crate) const SIGN_IN_CLIENT_SECRET_FILE: &str = "TIELINE_SIGN_IN_CLIENT_SECRET_FILE";
/// What people call the provider, as `--sign-in-name`.
pub(crate) const SIGN_IN_NAME: &str = "TIELINE_SIGN_IN_NAME";
