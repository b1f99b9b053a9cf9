//! Where the demo plays: a folder, a server, and the programs that were started. Programs end with the demo: each reads
//! its standard input, and the end of it is the end of the program.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tieline_core::format::shell_word;

use super::cast::Consumer;
use super::failed;
use crate::environment_variables as variables;
use crate::failure::Failure;
use crate::output::{self, OutputFormat};

/// Where the demo plays.
pub(super) struct Stage {
    root: PathBuf,
    binary: PathBuf,
    format: OutputFormat,
}

/// A running program.
pub(super) struct Program {
    child: Child,
    /// Where it listens.
    pub(super) address: String,
}

impl Stage {
    pub(super) fn new(root: &Path, format: OutputFormat) -> Result<Self, Failure> {
        let binary = std::env::current_exe().map_err(|error| failed(&format!("this program is not found: {error}")))?;
        let stage = Self { root: root.to_owned(), binary, format };
        // What anybody would do once: remember the organization beside the source.
        let context = stage.command(&["context", "set", "--organization", "demo"]).output();
        context.map_err(|error| failed(&error.to_string()))?;
        Ok(stage)
    }

    pub(super) fn root(&self) -> String {
        self.root.display().to_string()
    }

    pub(super) fn binary(&self) -> String {
        self.binary.display().to_string()
    }

    /// A heading.
    pub(super) fn say(&self, text: &str) {
        self.line(&format!("\n── {text}"));
    }

    /// A line for who watches; there is none for who wants JSON.
    pub(super) fn line(&self, text: &str) {
        if self.format == OutputFormat::Text {
            output::line(text);
        }
    }

    /// Writes a file below the folder.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.root.join(name);
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        made.and_then(|()| std::fs::write(&path, text))
            .map_err(|error| failed(&format!("{} cannot be written: {error}", path.display())))
    }

    /// Shows and runs a command.
    pub(super) fn tieline(&self, arguments: &[&str]) -> Result<(), Failure> {
        self.tieline_with(arguments, &[])
    }

    /// Shows and runs a command with environment variables of its own.
    pub(super) fn tieline_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), Failure> {
        let words: Vec<String> = arguments.iter().map(|word| shown(word)).collect();
        self.line(&format!("$ tieline {}", words.join(" ")));
        let mut command = self.command(arguments);
        let done = command.envs(environment.iter().copied()).output().map_err(|error| failed(&error.to_string()))?;
        if done.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&done.stderr).into_owned() + &String::from_utf8_lossy(&done.stdout);
        Err(failed(&format!("`tieline {}` failed:\n{}", words.join(" "), said.trim())))
    }

    /// Runs a command and reads its JSON.
    pub(super) fn ask(&self, arguments: &[&str]) -> Result<Value, Failure> {
        let done = self.command(arguments).args(["--output", "json"]).output();
        let done = done.map_err(|error| failed(&error.to_string()))?;
        serde_json::from_slice(&done.stdout).map_err(|_| failed(&String::from_utf8_lossy(&done.stderr)))
    }

    /// Starts one of the demo's programs.
    pub(super) fn start(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Result<Program, Failure> {
        let mut command = self.command(&["demo-program"]);
        command.args(arguments).envs(environment.iter().copied());
        Program::start(command)
    }

    /// Deploys a consumer, and starts it as its users would: through `tieline run`, with the snapshot's values.
    pub(super) fn play_consumer(&self, consumer: &Consumer) -> Result<Program, Failure> {
        let place = consumer.place();
        self.write(&format!("{}/.choreo/component.yaml", consumer.component), &consumer.descriptor)?;
        self.tieline(&[&["deploy", consumer.component][..], &place, &["--version", "v1.0"]].concat())?;
        let binary = self.binary();
        let calls: String = consumer.calls.iter().map(|call| format!(" --call {}", shown(call))).collect();
        self.line(&format!("$ tieline run {} -- tieline demo-program caller{calls}", place.join(" ")));
        let mut command = self.command(&["run"]);
        command.args(place).args(["--", &binary, "demo-program", "caller"]);
        for call in consumer.calls {
            command.args(["--call", call]);
        }
        Program::start(command)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(&self.root).stdin(Stdio::null());
        // A server that the user works with is none of the demo's business.
        for name in [variables::URL, variables::TOKEN] {
            command.env_remove(name);
        }
        command.env(variables::DATA, self.root.join("data"));
        command.env("XDG_STATE_HOME", self.root.join("state"));
        command
    }
}

impl Program {
    /// Starts a program and waits until it says where it listens.
    fn start(mut command: Command) -> Result<Self, Failure> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|error| failed(&format!("a program does not start: {error}")))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(|error| failed(&error.to_string()))?;
        }
        match line.trim().strip_prefix("listening ") {
            Some(address) => Ok(Self { address: address.to_owned(), child }),
            None => Err(failed("a program ended before it listened")),
        }
    }

    /// Has a consumer make its calls; none when it does not answer.
    pub(super) fn ask(&self) -> Option<BTreeMap<String, Value>> {
        let agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).build().new_agent();
        let text = agent.get(&self.address).call().ok()?.body_mut().read_to_string().ok()?;
        serde_json::from_str(&text).ok()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The program ends by itself when its standard input does; whether it had ended before does not matter.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// A word as it would be typed.
fn shown(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { shell_word(word) }
}
