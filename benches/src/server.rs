//! A server of the release binary, on a data folder and a core of its own.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::machine;

/// The core of servers; load comes from the next one.
pub(crate) const CORE: usize = 0;

/// A running server.
pub(crate) struct Server {
    child: Child,
    data: PathBuf,
    /// How long it took from its start until it was ready.
    pub(crate) ready_after: Duration,
    /// Host and port of the API.
    pub(crate) address: String,
    /// Host and port of the internal gateway.
    pub(crate) gateway: String,
}

impl Server {
    /// Starts a server and waits until it is ready.
    pub(crate) fn start(binary: &Path, data: &Path, database: &str) -> Result<Self> {
        Self::start_with(binary, data, database, &[])
    }

    /// As [`Server::start`], with more flags.
    pub(crate) fn start_with(binary: &Path, data: &Path, database: &str, flags: &[&str]) -> Result<Self> {
        // The same at each start, as in an installation: others would make every snapshot anew.
        let addresses = ["--public-url", "http://tieline.example", "--gateway-internal-url", "http://internal.example"];
        let more = ["--gateway-external-url", "http://external.example"];
        Self::begin(binary, data, database, &[&addresses[..], &more, flags].concat())
    }

    /// As [`Server::start`], with the addresses at which it listens.
    pub(crate) fn start_as_bound(binary: &Path, data: &Path, database: &str) -> Result<Self> {
        Self::begin(binary, data, database, &[])
    }

    fn begin(binary: &Path, data: &Path, database: &str, flags: &[&str]) -> Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data)?;
        let log = std::fs::File::create(data.join("log"))?;
        machine::pin(CORE)?;
        let begin = Instant::now();
        let child = Command::new(binary)
            .args(["server", "--database", database, "--listen", "127.0.0.1:0"])
            .args(["--gateway-internal", "127.0.0.1:0", "--gateway-external", "127.0.0.1:0"])
            .arg("--data")
            .arg(data)
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        machine::pin(CORE + 1)?;
        let mut server = Self {
            child,
            data: data.to_owned(),
            ready_after: Duration::ZERO,
            address: String::new(),
            gateway: String::new(),
        };
        (server.address, server.gateway) = server.wait_until_ready(begin)?;
        server.ready_after = begin.elapsed();
        machine::unpin()?;
        Ok(server)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The installation administrator's token.
    pub(crate) fn admin_token(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.data.join("admin.token"))?.trim().to_owned())
    }

    /// Ends it cleanly.
    pub(crate) fn stop(mut self) -> Result<()> {
        kill(Pid::from_raw(i32::try_from(self.pid())?), Signal::SIGTERM)?;
        ensure!(self.child.wait()?.success(), "the server did not end cleanly");
        Ok(())
    }

    fn wait_until_ready(&mut self, begin: Instant) -> Result<(String, String)> {
        let file = self.data.join("server.json");
        while begin.elapsed() < Duration::from_secs(60) {
            // The file is written whole, when the server answers.
            if let Ok(text) = std::fs::read(&file) {
                let written: Value = serde_json::from_slice(&text)?;
                let address = |name: &str| {
                    let url = written[name].as_str().with_context(|| format!("server.json has no {name}"))?;
                    anyhow::Ok(url.trim_start_matches("http://").to_owned())
                };
                return Ok((address("url")?, address("gateway_internal")?));
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status}: {}", std::fs::read_to_string(self.data.join("log"))?);
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        bail!("the server was not ready within a minute")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After `stop` it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
