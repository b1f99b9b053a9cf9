//! A real server on free ports with a data folder of its own, and the two ways to ask it: the command line and HTTP.
//!
//! [`TestServer::start`] returns when the server answers; dropping it kills the process and removes the folder.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;
use tieline_store::{Location, Store};

/// A running server.
pub(crate) struct TestServer {
    folder: Arc<TempDir>,
    data: PathBuf,
    flags: Vec<String>,
    process: Child,
    log: Arc<Mutex<String>>,
    url: String,
}

/// What a command answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Its exit code; none when a signal ended it.
    pub(crate) code: Option<i32>,
    /// Its stdout.
    pub(crate) stdout: String,
    /// Its stderr.
    pub(crate) stderr: String,
}

impl Answer {
    /// The one JSON value on stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The error object on stderr, as `--output json` writes it.
    #[track_caller]
    pub(crate) fn error(&self) -> Value {
        serde_json::from_str(&self.stderr).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// This answer, if the command did what was asked.
    #[track_caller]
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// Runs the binary with nothing of this process's environment that it reads.
pub(crate) fn tieline(arguments: &[&str]) -> Answer {
    command(arguments).output().expect("the binary runs").into()
}

/// The binary, to be started.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tieline"));
    for variable in [
        "TIELINE_URL",
        "TIELINE_TOKEN",
        "TIELINE_DATA",
        "TIELINE_DATABASE",
        "TIELINE_MASTER_KEY",
        "TIELINE_LOG",
        "TIELINE_SIGN_IN_ISSUER",
        "TIELINE_SIGN_IN_CLIENT_ID",
        "TIELINE_SIGN_IN_CLIENT_SECRET_FILE",
        "TIELINE_SIGN_IN_NAME",
    ] {
        command.env_remove(variable);
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

impl TestServer {
    /// A server with an empty data folder, on SQLite.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// A server with an empty data folder and more flags.
    pub(crate) fn start_with(flags: &[&str]) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let data = folder.path().join("data");
        Self::begin(folder, data, flags.iter().map(ToString::to_string).collect())
    }

    /// A second server beside this one, on a data folder that a test prepared below [`TestServer::folder`].
    pub(crate) fn beside(&self, data: &Path, flags: &[&str]) -> Self {
        Self::begin(Arc::clone(&self.folder), data.to_owned(), flags.iter().map(ToString::to_string).collect())
    }

    /// As [`TestServer::start`], with a log of everything that any part of the server has to say.
    pub(crate) fn start_traced() -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let data = folder.path().join("data");
        let process = prepare(&data, &[]).env("TIELINE_LOG", "trace").spawn().expect("the binary starts");
        Self::begun(folder, data, Vec::new(), process)
    }

    fn begin(folder: Arc<TempDir>, data: PathBuf, flags: Vec<String>) -> Self {
        let process = launch(&data, &flags);
        Self::begun(folder, data, flags, process)
    }

    fn begun(folder: Arc<TempDir>, data: PathBuf, flags: Vec<String>, mut process: Child) -> Self {
        let log = Arc::new(Mutex::new(String::new()));
        let mut stderr = BufReader::new(process.stderr.take().expect("its stderr"));
        // At its loudest the log repeats bytes of the wire: a reader that insisted on UTF-8 would stop, and then the server.
        let mut line = move || {
            let mut bytes = Vec::new();
            let read = stderr.read_until(b'\n', &mut bytes).unwrap_or(0);
            (read > 0).then(|| String::from_utf8_lossy(&bytes).into_owned())
        };
        let mut url = None;
        while let Some(line) = line() {
            *log.lock().expect("the log") += &line;
            if let Some((_, rest)) = line.split_once(" serves ") {
                url = rest.split(',').next().map(str::to_owned);
                break;
            }
        }
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            while let Some(line) = line() {
                *kept.lock().expect("the log") += &line;
            }
        });
        let url = url.unwrap_or_else(|| panic!("the server did not start: {}", log.lock().expect("the log")));
        Self { folder, data, flags, process, log, url }
    }

    /// A folder of the test's own, which goes with the last server in it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The server's process.
    pub(crate) fn process(&self) -> u32 {
        self.process.id()
    }

    /// The data folder.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// The API's address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Everything that the server wrote to stderr so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    /// The lines of the access log, as soon as there are so many.
    pub(crate) fn access_log(&self, count: usize) -> Vec<Value> {
        loop {
            let text = std::fs::read_to_string(access_log(&self.data)).expect("the access log");
            if text.matches('\n').count() >= count {
                return text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            }
            std::thread::yield_now();
        }
    }

    /// The token of the first administrator.
    pub(crate) fn admin_token(&self) -> String {
        let text = std::fs::read_to_string(self.data.join("admin.token")).expect("admin.token");
        text.trim().to_owned()
    }

    /// The server's SQLite database, for what no operation does.
    pub(crate) async fn store(&self) -> Store {
        Store::open(&Location::Sqlite(self.data.join("tieline.db"))).await.expect("the database")
    }

    /// Runs a command against this server as its administrator.
    pub(crate) fn tieline(&self, arguments: &[&str]) -> Answer {
        let output = command(arguments).env("TIELINE_DATA", &self.data).output();
        output.expect("the binary runs").into()
    }

    /// As [`TestServer::tieline`], for the JSON of a command that must succeed.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        self.tieline(&[arguments, &["--output", "json"]].concat()).done().json()
    }

    /// Asks an operation over HTTP. `path` begins behind `/api/v1`; no token for nobody.
    pub(crate) fn ask(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Reply {
        self.ask_with(method, path, token, body, &[])
    }

    /// As [`TestServer::ask`], with more headers.
    pub(crate) fn ask_with(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Reply {
        try_ask(&self.url, method, path, token, body, headers).expect("the server answers")
    }

    /// Kills the server as a power cut would, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        // A server that is gone already is as good.
        let _ = self.process.kill();
        self.process.wait().expect("its end");
    }

    /// Asks it to end, and waits until it is gone; answers how long that took.
    pub(crate) fn stop(&mut self) -> Duration {
        let begin = Instant::now();
        kill(Pid::from_raw(i32::try_from(self.process.id()).expect("a pid")), Signal::SIGTERM).expect("it runs");
        self.process.wait().expect("its end");
        begin.elapsed()
    }

    /// Starts it again on the same folder after [`TestServer::kill`].
    pub(crate) fn restart(mut self) -> Self {
        self.kill();
        Self::begin(Arc::clone(&self.folder), self.data.clone(), self.flags.clone())
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What an operation answered.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body, as JSON if it is, else as text.
    pub(crate) body: Value,
    headers: ureq::http::HeaderMap,
}

impl Reply {
    /// A header of the answer.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The code of a problem.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// Asks a server that may be gone; none when it did not answer.
pub(crate) fn try_ask(
    url: &str,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&Value>,
    headers: &[(&str, &str)],
) -> Option<Reply> {
    let rooms = ["/account", "/organizations", "/installation", "/gateway", "/login-links"];
    let prefix = if rooms.iter().any(|room| path.starts_with(room)) { "/api/v1" } else { "" };
    let mut request = ureq::http::Request::builder().method(method).uri(format!("{url}{prefix}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into();
    let mut answer = match body {
        Some(body) => agent.run(request.body(body.to_string()).expect("a request")).ok()?,
        None => agent.run(request.body(()).expect("a request")).ok()?,
    };
    let text = answer.body_mut().read_to_string().ok()?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Some(Reply { status: answer.status().as_u16(), body, headers: answer.headers().clone() })
}

/// Starts a server process; whether it comes up shows on its stderr.
pub(crate) fn launch(data: &Path, flags: &[String]) -> Child {
    prepare(data, flags).spawn().expect("the binary starts")
}

fn prepare(data: &Path, flags: &[String]) -> Command {
    let data = data.to_str().expect("UTF-8");
    let free = "127.0.0.1:0";
    let ports = ["--listen", free, "--gateway-internal", free, "--gateway-external", free];
    let mut command = command(&["server", "--data", data]);
    let log = std::fs::File::options().create(true).append(true).open(access_log(Path::new(data))).expect("a log");
    command.args(ports).args(flags).stdout(log).stderr(Stdio::piped());
    command
}

/// The file of a server's stdout, where the gateway logs calls.
fn access_log(data: &Path) -> PathBuf {
    data.with_extension("access.log")
}
