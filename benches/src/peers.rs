//! The programs that a gateway is measured beside: nginx and HAProxy from the distribution, each in a process of one
//! thread on the core of servers, and wrk, which sends the load. What is not installed is named.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::machine;

/// Where Debian puts programs that are not on everybody's path.
const FOLDERS: [&str; 2] = ["/usr/sbin", "/usr/bin"];

/// A running peer.
pub(crate) struct Peer {
    child: Child,
    /// Host and port.
    pub(crate) address: String,
}

impl Peer {
    /// nginx with the inside of its `http` block; `ADDRESS` there becomes where it listens.
    pub(crate) fn nginx(folder: &Path, http: &str, core: usize) -> Result<Self> {
        let address = free_address()?;
        let file = folder.join(format!("nginx-{address}.conf"));
        let http = http.replace("ADDRESS", &address);
        std::fs::write(
            &file,
            format!(
                "daemon off; master_process off; worker_processes 1; pid {0}/nginx-{address}.pid; error_log stderr crit;\n\
                 events {{ worker_connections 4096; }}\n\
                 http {{ access_log off; keepalive_requests 100000000; {http} }}\n",
                folder.display()
            ),
        )?;
        let mut command = Command::new(find("nginx")?);
        command.arg("-c").arg(&file).arg("-p").arg(folder);
        Self::start(command, address, core)
    }

    /// HAProxy with these lines of its one frontend or listener; `ADDRESS` there becomes where it listens.
    pub(crate) fn haproxy(folder: &Path, lines: &str, core: usize) -> Result<Self> {
        let address = free_address()?;
        let file = folder.join(format!("haproxy-{address}.cfg"));
        let lines = lines.replace("ADDRESS", &address);
        let global = "global\n nbthread 1\n maxconn 2000\ndefaults\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n";
        std::fs::write(&file, format!("{global}{lines}"))?;
        let mut command = Command::new(find("haproxy")?);
        command.args(["-db", "-q", "-f"]).arg(&file);
        Self::start(command, address, core)
    }

    fn start(mut command: Command, address: String, core: usize) -> Result<Self> {
        machine::pin(core)?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn();
        machine::unpin()?;
        let mut peer = Self { child: child?, address };
        let begin = Instant::now();
        while std::net::TcpStream::connect(&peer.address).is_err() {
            if let Some(status) = peer.child.try_wait()? {
                bail!("a peer ended with {status}");
            }
            ensure!(begin.elapsed() < Duration::from_secs(10), "a peer was not ready within ten seconds");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(peer)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
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

/// What a load came to.
pub(crate) struct Load {
    /// Answers.
    pub(crate) answers: f64,
    /// Answers per second.
    pub(crate) rate: f64,
    /// The time that 99 of 100 answers took at most.
    pub(crate) slowest: Duration,
}

/// Sends as many requests as are answered, over so many connections.
pub(crate) fn wrk(url: &str, headers: &[String], connections: usize, seconds: u64, core: usize) -> Result<Load> {
    let mut command = Command::new(find("wrk")?);
    command.args(["-t1", &format!("-c{connections}"), &format!("-d{seconds}s"), "--latency"]);
    for header in headers {
        command.args(["-H", header]);
    }
    machine::pin(core)?;
    let done = command.arg(url).output();
    machine::unpin()?;
    let done = done?;
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    ensure!(done.status.success() && !text.contains("Non-2xx"), "wrk {url}: {text}");
    let field = |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name)).map(str::trim);
    let rate: f64 = field("Requests/sec:").context("no rate")?.parse()?;
    let answers: f64 =
        text.lines().find_map(|line| line.trim().split_once(" requests in ")).context("no count")?.0.parse()?;
    Ok(Load { answers, rate, slowest: time(field("99%").context("no 99%")?)? })
}

/// A time as wrk writes it, as `1.25ms`.
fn time(text: &str) -> Result<Duration> {
    let end = text.find(|c: char| c.is_ascii_alphabetic()).context("no unit")?;
    let unit = match &text[end..] {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        other => bail!("unknown unit {other}"),
    };
    Ok(Duration::from_secs_f64(text[..end].parse::<f64>()? * unit))
}

fn find(program: &str) -> Result<std::path::PathBuf> {
    let found = FOLDERS.iter().map(|folder| Path::new(folder).join(program)).find(|path| path.is_file());
    found.with_context(|| format!("{program} is missing: install it from the distribution"))
}

fn free_address() -> Result<String> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}
