//! A gateway of the release binary in a process of its own, fed by a server.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::load::{self, Request};
use crate::machine;
use crate::world::World;

/// A running gateway.
pub(crate) struct LoneGateway {
    child: Child,
    begin: Instant,
    /// Host and port.
    pub(crate) address: String,
}

impl LoneGateway {
    /// Starts one in a folder of the world on a core; what the folder keeps is what it begins with.
    pub(crate) fn start(world: &World, folder: &str, core: usize) -> Result<Self> {
        let token = world.folder().join(format!("{folder}.token"));
        if !token.exists() {
            let made = world.tieline(&["token", "create", folder, "--role", "gateway"])?;
            std::fs::write(&token, made["token"].as_str().context("no token")?)?;
        }
        machine::pin(core)?;
        let begin = Instant::now();
        let child = Command::new(world.binary())
            .args(["gateway", "--server", &format!("http://{}", world.address()), "--listen-internal", "127.0.0.1:0"])
            .arg("--token-file")
            .arg(&token)
            .arg("--data")
            .arg(world.folder().join(folder))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        machine::unpin()?;
        let mut gateway = Self { child: child?, begin, address: String::new() };
        let mut said = BufReader::new(gateway.child.stderr.take().context("stderr")?).lines();
        let line = said.find(|line| line.as_ref().is_ok_and(|line| line.contains(" serves ")));
        let line = line.context("the gateway ended before it listened")??;
        let addresses = line.split_once(" serves ").map(|(_, addresses)| addresses).unwrap_or_default();
        let addresses: Value = serde_json::from_str(addresses)?;
        let address = addresses["gateway_internal"].as_str().context("no address")?;
        gateway.address = address.trim_start_matches("http://").to_owned();
        // What it says later is read, so that it is never kept waiting, until it ends.
        std::thread::spawn(move || said.count());
        Ok(gateway)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it answers a call as it will; returns how long that took from its start.
    pub(crate) fn serves(&self, request: &Request) -> Result<Duration> {
        let at = load::until(&self.address, request, |status| status == 200, Duration::from_secs(300))?;
        Ok(at - self.begin)
    }

    /// Ends it cleanly.
    pub(crate) fn stop(mut self) -> Result<()> {
        kill(Pid::from_raw(i32::try_from(self.pid())?), Signal::SIGTERM)?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for LoneGateway {
    fn drop(&mut self) {
        // After `stop` it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
