//! The services that Tieline's is measured beside, each in a process of its own on the core of servers.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::server::CORE;
use crate::{machine, minimal};

/// The script that runs npm's oidc-provider.
const SCRIPT: &str = include_str!("../../../oidc-provider.mjs");

/// A running peer.
pub(super) struct Peer {
    child: Child,
    /// Host and port.
    pub(super) address: String,
}

impl Peer {
    /// What does only what no token service can leave out.
    pub(super) fn minimal(algorithm: &str) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["minimal", algorithm]);
        Self::start(command)
    }

    /// npm's oidc-provider, from a folder in which it was installed.
    pub(super) fn oidc_provider(modules: &Path, world: &Path, algorithm: &str) -> Result<Self> {
        let script = world.join("oidc-provider.mjs");
        std::fs::write(&script, SCRIPT)?;
        let (id, secret) = minimal::CLIENT.split_once(':').context("a pair")?;
        let mut command = Command::new("node");
        command.arg(script).arg(modules).args([algorithm, id, secret]);
        let log = world.join("oidc-provider.log");
        command.env("NODE_ENV", "production").stderr(std::fs::File::create(&log)?);
        Self::start(command).with_context(|| std::fs::read_to_string(log).unwrap_or_default())
    }

    fn start(mut command: Command) -> Result<Self> {
        machine::pin(CORE)?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        machine::unpin()?;
        let mut peer = Self { child: child?, address: String::new() };
        let output = peer.child.stdout.take().context("stdout")?;
        BufReader::new(output).read_line(&mut peer.address)?;
        peer.address.truncate(peer.address.trim_end().len());
        ensure!(!peer.address.is_empty(), "a peer ended before it was ready");
        Ok(peer)
    }

    /// Its process.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
