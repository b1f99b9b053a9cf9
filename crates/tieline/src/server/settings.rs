//! What a server is told at its start, checked as a whole before anything is touched.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use tieline_control::SignInProvider;
use tieline_core::code;
use tieline_core::model::SigningAlgorithm;
use tieline_store::Location;

use super::sign_in::SignInArguments;
use crate::context::default_data_folder;
use crate::failure::Failure;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tieline server                                            everything in one process, on SQLite
  tieline server --database postgres://tieline@db/tieline --behind-proxy --listen 0.0.0.0:7070 \\
      --public-url https://tieline.example.com
  tieline server --public-url https://tieline.example.com --behind-proxy --sign-in-name Acme \\
      --sign-in-issuer https://id.example/realms/acme --sign-in-client-id tieline \\
      --sign-in-client-secret-file /run/secrets/tieline-sign-in")]
pub(crate) struct ServerArguments {
    /// Database: sqlite:PATH or postgres://USER@HOST/DATABASE [default: SQLite in the data folder]
    #[arg(long, value_name = "URL", env = "TIELINE_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// Where the API, token service and console listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7070")]
    listen: SocketAddr,
    /// Where the internal gateway listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7071")]
    gateway_internal: SocketAddr,
    /// Where the external gateway listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7072")]
    gateway_external: SocketAddr,
    /// Address of this server as clients see it [default: the bound address]
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Address of the internal gateway as components see it [default: the bound address]
    #[arg(long, value_name = "URL")]
    gateway_internal_url: Option<String>,
    /// Address of the external gateway as its callers see it [default: the bound address]
    #[arg(long, value_name = "URL")]
    gateway_external_url: Option<String>,
    /// Certificate chain (PEM) for all listeners
    #[arg(long, value_name = "FILE", requires = "tls_key", conflicts_with = "behind_proxy")]
    tls_cert: Option<PathBuf>,
    /// Private key (PEM) of the certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// A proxy in front ends TLS: listening beyond loopback without a certificate is allowed
    #[arg(long)]
    behind_proxy: bool,
    /// File of the master key, made by the database's first start [default: master.key in the data folder]
    #[arg(long, value_name = "FILE")]
    master_key: Option<PathBuf>,
    /// Let endpoints listen on loopback although the installation has several organizations
    #[arg(long)]
    allow_loopback: bool,
    /// How access tokens are signed: es256, eddsa or rs256
    #[arg(long, value_name = "ALGORITHM", default_value_t = SigningAlgorithm::Es256)]
    signing_algorithm: SigningAlgorithm,
    #[command(flatten)]
    sign_in: SignInArguments,
}

/// What a server is told at its start.
#[derive(Debug, Clone)]
pub(crate) struct ServerSettings {
    /// Where server.json, admin.token and, by default, database and key lie.
    pub(crate) data: PathBuf,
    /// The database.
    pub(crate) database: Location,
    /// Where the API listens.
    pub(crate) listen: SocketAddr,
    /// Where the internal gateway listens.
    pub(crate) gateway_internal: SocketAddr,
    /// Where the external gateway listens.
    pub(crate) gateway_external: SocketAddr,
    /// The API's address as clients see it.
    pub(crate) public_url: Option<String>,
    /// The internal gateway's address as components see it.
    pub(crate) gateway_internal_url: Option<String>,
    /// The external gateway's address as its callers see it.
    pub(crate) gateway_external_url: Option<String>,
    /// Certificate and key.
    pub(crate) tls: Option<TlsFiles>,
    /// Where the master key lies.
    pub(crate) master_key: PathBuf,
    /// Whether endpoints may listen on loopback although the installation has several organizations.
    pub(crate) allow_loopback: bool,
    /// Whether the gateway logs each call on stdout.
    pub(crate) access_log: bool,
    /// Whether a proxy in front ends TLS, and tells where requests come from.
    pub(crate) behind_proxy: bool,
    /// How access tokens are signed.
    pub(crate) signing_algorithm: SigningAlgorithm,
    /// By whom people sign in to the console, beside what Tieline has itself.
    pub(crate) sign_in_provider: Option<SignInProvider>,
}

/// Certificate and key.
#[derive(Debug, Clone)]
pub(crate) struct TlsFiles {
    /// The certificate chain.
    pub(crate) certificate: PathBuf,
    /// The private key.
    pub(crate) key: PathBuf,
}

impl ServerSettings {
    /// Everything in one folder, on free ports of this machine.
    pub(crate) fn local(data: PathBuf) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            database: Location::Sqlite(data.join("tieline.db")),
            listen: any,
            gateway_internal: any,
            gateway_external: any,
            public_url: None,
            gateway_internal_url: None,
            gateway_external_url: None,
            tls: None,
            master_key: data.join("master.key"),
            allow_loopback: false,
            access_log: false,
            behind_proxy: false,
            signing_algorithm: SigningAlgorithm::Es256,
            sign_in_provider: None,
            data,
        }
    }

    /// Checks the flags as a whole.
    pub(crate) fn from_arguments(arguments: ServerArguments, data: Option<PathBuf>) -> Result<Self, Failure> {
        let data = data.unwrap_or_else(default_data_folder);
        let tls = arguments.tls_cert.zip(arguments.tls_key).map(|(certificate, key)| TlsFiles { certificate, key });
        let settings = Self {
            database: database(arguments.database.as_deref(), &data)?,
            listen: arguments.listen,
            gateway_internal: arguments.gateway_internal,
            gateway_external: arguments.gateway_external,
            public_url: url(arguments.public_url, "--public-url")?,
            gateway_internal_url: url(arguments.gateway_internal_url, "--gateway-internal-url")?,
            gateway_external_url: url(arguments.gateway_external_url, "--gateway-external-url")?,
            master_key: arguments.master_key.unwrap_or_else(|| data.join("master.key")),
            allow_loopback: arguments.allow_loopback,
            access_log: true,
            behind_proxy: arguments.behind_proxy,
            signing_algorithm: arguments.signing_algorithm,
            sign_in_provider: arguments.sign_in.provider()?,
            tls,
            data,
        };
        for address in [settings.listen, settings.gateway_internal, settings.gateway_external] {
            if !address.ip().is_loopback() && settings.tls.is_none() && !settings.behind_proxy {
                return Err(Failure::usage(
                    code!("listen_insecure"),
                    format!("listening on {address}, beyond loopback, would send secrets in clear"),
                    "give --tls-cert and --tls-key, or --behind-proxy when a proxy in front ends TLS",
                ));
            }
        }
        Ok(settings)
    }
}

/// The database that is named, or SQLite in the data folder.
pub(crate) fn database(given: Option<&str>, data: &std::path::Path) -> Result<Location, Failure> {
    given.map_or_else(|| Ok(Location::Sqlite(data.join("tieline.db"))), Location::parse).map_err(|error| {
        let hint = "leave --database out for SQLite in the data folder";
        Failure::usage(code!("database_invalid"), error.to_string(), hint)
    })
}

fn url(given: Option<String>, flag: &str) -> Result<Option<String>, Failure> {
    let Some(url) = given else { return Ok(None) };
    let trimmed = url.trim_end_matches('/');
    let good = trimmed.parse::<ureq::http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() && uri.query().is_none()
    });
    if !good {
        let message = format!("{flag} {url:?} is not an address");
        return Err(Failure::usage(code!("url_invalid"), message, "write it as https://tieline.example.com"));
    }
    Ok(Some(trimmed.to_owned()))
}
