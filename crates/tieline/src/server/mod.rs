//! `tieline server`: settings, the start, the listeners, and the drain at the end.

mod files;
mod listener;
mod provider_client;
mod serving;
mod settings;
mod sign_in;
pub(crate) mod upkeep;

use std::path::PathBuf;
use std::process::ExitCode;

use tieline_core::code;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::{Done, Failure};
use crate::wire::Server;

pub(crate) use files::{keep_admin_token, make_folder, read_keyring, write_server_file};
pub(crate) use listener::TlsListener;
pub(crate) use provider_client::HttpProviderClient;
pub(crate) use serving::serve;
pub(crate) use settings::{ServerArguments, ServerSettings, TlsFiles, database};

/// Runs a server until SIGTERM or SIGINT.
pub(crate) fn run(arguments: ServerArguments, data: Option<PathBuf>) -> Done {
    let settings = ServerSettings::from_arguments(arguments, data)?;
    log();
    runtime()?.block_on(async {
        let mut interruption = interruption()?;
        let server = Server::start(&settings).await?;
        crate::output::error_line(&format!(
            "tieline {} serves {}, internal gateway {}, external gateway {}",
            env!("CARGO_PKG_VERSION"),
            server.url(),
            server.gateway_internal(),
            server.gateway_external()
        ));
        crate::output::error_line(&format!("data folder {}", settings.data.display()));
        if let Some(address) = server.sign_in() {
            crate::output::error_line(&format!("sign in to the console, once and within ten minutes: {address}"));
        }
        interruption.wait().await;
        server.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// What asks a long-running command to end.
pub(crate) struct Interruption {
    terminate: Signal,
    interrupt: Signal,
}

/// Listens for SIGTERM and SIGINT from now on.
pub(crate) fn interruption() -> Result<Interruption, Failure> {
    let listen = |kind| {
        signal(kind).map_err(|error| {
            let hint = "this is a fault of the system; try again";
            Failure::no(code!("start_failed"), format!("signals cannot be received: {error}"), hint)
        })
    };
    Ok(Interruption { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
}

impl Interruption {
    /// Waits for either.
    pub(crate) async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// A runtime for the server and the few commands that open a database themselves.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    // Readers of hostile documents recurse to a bound that must fit many times; memory is taken only when it is used.
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().thread_stack_size(8 * 1024 * 1024).build().map_err(|error| {
        let hint = "see the machine's limits on threads and open files";
        Failure::no(code!("start_failed"), format!("the runtime does not start: {error}"), hint)
    })
}

/// Logs to stderr: JSON when nobody looks, text on a terminal. Values and headers are never logged.
pub(crate) fn log() {
    use std::io::IsTerminal;
    let filter = tracing_subscriber::EnvFilter::try_from_env(crate::environment_variables::LOG)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,sqlx=warn"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second server in one process (tests) finds the first one's log: that is the one to keep.
    let _ = if std::io::stderr().is_terminal() { builder.try_init() } else { builder.json().try_init() };
}
