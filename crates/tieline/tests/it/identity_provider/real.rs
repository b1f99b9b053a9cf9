//! npm's `oidc-provider`, which the OpenID Foundation certified, in a process of its own; see
//! `tests/clients/identity-provider.mjs`.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::oauth;
use crate::oauth::libraries::{installed, program};

/// The initial access token that it asks for.
pub(crate) const TOKEN: &str = "canary-initial-access-token";
/// The audience of its tokens.
pub(crate) const AUDIENCE: &str = "https://gateway.acme.example";

/// A running one.
pub(crate) struct IdentityProvider {
    process: Child,
    talk: RefCell<(ChildStdin, BufReader<ChildStdout>)>,
    issuer: String,
}

impl IdentityProvider {
    pub(crate) fn start() -> Self {
        let module = std::fs::read_to_string(program("identity-provider.mjs")).expect("the module");
        let mut command = Command::new("node");
        // What a module imports is looked for where it runs, if it is no file.
        command.args(["--input-type=module", "--eval", &module]).current_dir(installed());
        command.env("REGISTRATION_TOKEN", TOKEN).env("AUDIENCE", AUDIENCE);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("node");
        let (stdin, stdout) = (process.stdin.take().expect("stdin"), process.stdout.take().expect("stdout"));
        let talk = RefCell::new((stdin, BufReader::new(stdout)));
        let mut provider = Self { process, talk, issuer: String::new() };
        provider.issuer = provider.line();
        provider
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Stops to listen.
    pub(super) fn down(&self) {
        self.tell("down");
    }

    /// Listens again.
    pub(super) fn up(&self) {
        self.tell("up");
    }

    /// Signs with another key.
    pub(super) fn rotate(&self) {
        self.tell("rotate");
    }

    /// The ids of its clients.
    pub(super) fn clients(&self) -> Vec<String> {
        serde_json::from_str(&self.tell("clients")).expect("ids")
    }

    /// Registers a client without Tieline; answers its id and secret.
    pub(super) fn register(&self, name: &str) -> (String, String) {
        let body = json!({ "client_name": name, "grant_types": ["client_credentials"], "response_types": [],
            "redirect_uris": [] });
        let bearer = format!("Bearer {TOKEN}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let answer = oauth::send(&self.issuer, "POST", "/reg", &headers, &body.to_string());
        let field = |name: &str| match &answer.body[name] {
            Value::String(text) => text.clone(),
            _ => panic!("{answer:?}"),
        };
        (field("client_id"), field("client_secret"))
    }

    fn tell(&self, what: &str) -> String {
        writeln!(self.talk.borrow_mut().0, "{what}").expect("it reads");
        self.line()
    }

    fn line(&self) -> String {
        let mut line = String::new();
        self.talk.borrow_mut().1.read_line(&mut line).expect("it answers");
        assert!(!line.is_empty(), "the provider ended");
        line.trim_end().to_owned()
    }
}

impl Drop for IdentityProvider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
