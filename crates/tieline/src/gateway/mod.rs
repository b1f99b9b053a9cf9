//! `tieline gateway`: a gateway in a process of its own, which follows the control plane and serves on without it.

mod disk;
pub(crate) mod embedded;
mod follow;
pub(crate) mod listen;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use clap::Args;
use serde_json::json;
use tieline_core::clock::Clock;
use tieline_core::code;
use tieline_core::secret::Secret;
use tieline_gateway::{Gateway, Settings, Side, Table};
use tieline_vault::system::{SystemClock, SystemRandomness};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::client::Client;
use crate::failure::{Done, Failure};
use crate::server::{self, TlsFiles};
use crate::wire::bind;

use self::follow::{Follower, Heard};

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  tieline token create edge --role gateway > edge.token
  tieline gateway --server https://tieline.example.com --token-file edge.token --data /var/lib/tieline-gateway \\
      --listen-external 0.0.0.0:8443 --tls-cert edge.pem --tls-key edge.key")]
pub(crate) struct GatewayArguments {
    /// Address of the control plane
    #[arg(long, value_name = "URL")]
    server: String,
    /// Reach the server by http:// beyond loopback although token and table travel in clear
    #[arg(long)]
    insecure_server: bool,
    /// File with a token of the role gateway
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
    /// Where the internal gateway listens; port 0 takes a free one
    #[arg(long, value_name = "ADDR", required_unless_present = "listen_external")]
    listen_internal: Option<SocketAddr>,
    /// Where the external gateway listens
    #[arg(long, value_name = "ADDR")]
    listen_external: Option<SocketAddr>,
    /// Where figures (/metrics) and health (/health/live, /health/ready) are served
    #[arg(long, value_name = "ADDR")]
    metrics: Option<SocketAddr>,
    /// Certificate chain (PEM) for both gateways
    #[arg(long, value_name = "FILE", requires = "tls_key", conflicts_with = "behind_proxy")]
    tls_cert: Option<PathBuf>,
    /// Private key (PEM) of the certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// A proxy in front ends TLS: listening beyond loopback without a certificate is allowed
    #[arg(long)]
    behind_proxy: bool,
}

/// Runs a gateway until SIGTERM or SIGINT.
pub(crate) fn run(arguments: GatewayArguments, data: Option<PathBuf>) -> Done {
    let data = data.ok_or_else(|| {
        let hint = "give --data DIR: a folder of this gateway's own, which keeps its table";
        Failure::usage(code!("usage"), "a gateway keeps its table in a folder, and none is given", hint)
    })?;
    refuse_insecure(&arguments)?;
    server::log();
    let runtime = server::runtime()?;
    let done = runtime.block_on(serve(arguments, data));
    // Who follows may be waiting for the control plane's next word, and has nothing to lose.
    runtime.shutdown_background();
    done
}

async fn serve(arguments: GatewayArguments, data: PathBuf) -> Done {
    server::make_folder(&data)?;
    let mut interruption = server::interruption()?;
    let table = Arc::new(Table::new(&SystemRandomness));
    let client = Client::new(&arguments.server, token(&arguments.token_file)?);
    let follower = Follower::new(client, &data, Arc::clone(&table))?;
    let heard = follower.heard();
    let tls = arguments.tls_cert.zip(arguments.tls_key).map(|(certificate, key)| TlsFiles { certificate, key });
    let (stop, stopping) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let mut addresses = serde_json::Map::new();
    let (mut own, mut sides) = (Vec::new(), Vec::new());
    for (name, address, flag, side) in [
        ("gateway_internal", arguments.listen_internal, "--listen-internal", Side::Internal),
        ("gateway_external", arguments.listen_external, "--listen-external", Side::External),
    ] {
        let Some(address) = address else { continue };
        let bound = bind(address, flag).await?;
        own.push(bound.address);
        let scheme = if tls.is_some() { "https" } else { "http" };
        addresses.insert(name.to_owned(), json!(format!("{scheme}://{}", bound.address)));
        sides.push((bound.listener, side));
    }
    let metrics = match arguments.metrics {
        Some(address) => Some(bind(address, "--metrics").await?),
        None => None,
    };
    own.extend(metrics.iter().map(|bound| bound.address));
    let settings = Settings { behind_proxy: arguments.behind_proxy, own, ..Settings::default() };
    let log = Box::new(std::io::stdout());
    let gateway = Arc::new(Gateway::new(settings, Arc::clone(&table), Arc::new(SystemClock), Some(log)));
    for side in sides {
        listen::serve(&mut tasks, &gateway, side, tls.as_ref(), &stopping)?;
    }
    if let Some(bound) = metrics {
        addresses.insert("metrics".to_owned(), json!(format!("http://{}", bound.address)));
        tasks.spawn(server::serve(bound.listener, figures(&gateway, &heard), stopping.clone()));
    }
    crate::output::error_line(&format!("tieline {} serves {}", env!("CARGO_PKG_VERSION"), json!(addresses)));
    let follows = stopping.clone();
    tasks.spawn_blocking(move || follower.run(&follows));
    interruption.wait().await;
    stop.send_replace(true);
    while tokio::time::timeout(std::time::Duration::from_secs(35), tasks.join_next())
        .await
        .is_ok_and(|done| done.is_some())
    {
        if tasks.len() <= 1 {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn refuse_insecure(arguments: &GatewayArguments) -> Result<(), Failure> {
    if !arguments.insecure_server && !is_private(&arguments.server) {
        let server = &arguments.server;
        return Err(Failure::usage(
            code!("server_insecure"),
            format!("{server} would be asked in clear: whoever sits between reads the token, and writes the table"),
            "give the server's https:// address, or --insecure-server where nobody else sits between",
        ));
    }
    let secure = arguments.tls_cert.is_some() || arguments.behind_proxy;
    for address in [arguments.listen_internal, arguments.listen_external].into_iter().flatten() {
        if !address.ip().is_loopback() && !secure {
            return Err(Failure::usage(
                code!("listen_insecure"),
                format!("listening on {address}, beyond loopback, would send secrets in clear"),
                "give --tls-cert and --tls-key, or --behind-proxy when a proxy in front ends TLS",
            ));
        }
    }
    Ok(())
}

/// Whether what is said to a server is said to it alone: by TLS, or within this machine. What is no address fails later.
fn is_private(server: &str) -> bool {
    let Ok(uri) = server.parse::<ureq::http::Uri>() else { return true };
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let loopback =
        host.parse::<IpAddr>().map_or(host.eq_ignore_ascii_case("localhost"), |address| address.is_loopback());
    loopback || uri.scheme_str() != Some("http")
}

fn token(file: &std::path::Path) -> Result<Secret, Failure> {
    let read = std::fs::read_to_string(file).map(|text| Secret::new(text.trim()));
    read.map_err(|error| {
        let hint = "make one with `tieline token create NAME --role gateway`, and put it into a file";
        Failure::no(code!("file_unreadable"), format!("{} cannot be read: {error}", file.display()), hint)
    })
}

fn figures(gateway: &Arc<Gateway>, heard: &Arc<Mutex<Heard>>) -> Router {
    let known = Arc::clone(heard);
    let ready = move || async move {
        let heard = *known.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.at.is_some() {
            (StatusCode::OK, "ready")
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "the control plane was never heard, and there is no table on disk")
        }
    };
    let (gateway, heard) = (Arc::clone(gateway), Arc::clone(heard));
    let metrics = move || async move {
        let heard = *heard.lock().unwrap_or_else(PoisonError::into_inner);
        let age = heard.at.map(|at| SystemClock.now().duration_since(at).as_secs().max(0));
        let age = age.map_or_else(String::new, |age| {
            format!(
                "# HELP tieline_gateway_table_age_seconds Since when the control plane was not heard.\n\
                 # TYPE tieline_gateway_table_age_seconds gauge\n# UNIT tieline_gateway_table_age_seconds seconds\n\
                 tieline_gateway_table_age_seconds {age}\n"
            )
        });
        let number = format!(
            "# HELP tieline_gateway_table_number The number of the last change that is in the table.\n\
             # TYPE tieline_gateway_table_number gauge\ntieline_gateway_table_number {}\n",
            heard.number
        );
        let text = gateway.metrics().replace("# EOF\n", &format!("{number}{age}# EOF\n"));
        ([(axum::http::header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
    };
    Router::new()
        .route("/metrics", get(metrics))
        .route("/health/live", get(|| async { "live" }))
        .route("/health/ready", get(ready))
}
