//! The demo's small programs, as a hidden command: a stock service, a mail service that checks its key, a caller that
//! knows nothing but its environment variables, and a consumer under load.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::failed;
use super::load::{self, LoadArguments};
use crate::failure::{Done, Failure};
use crate::{output, server};

#[derive(Debug, Args)]
pub(crate) struct ProgramArguments {
    #[command(subcommand)]
    program: ProgramKind,
}

#[derive(Debug, Subcommand)]
enum ProgramKind {
    /// Answers what is in stock
    Inventory,
    /// Takes mail from whoever has the key in MAIL_GATE_KEY
    MailGate,
    /// Calls what its environment variables lead to
    Caller {
        /// What to call: NAME=URL_VARIABLE[,KEY_VARIABLE | ,TOKEN_URL_VARIABLE,ID_VARIABLE,SECRET_VARIABLE]
        #[arg(long)]
        call: Vec<String>,
    },
    /// Calls through the gateway again and again
    Load(LoadArguments),
}

/// Runs a program until its standard input ends.
pub(crate) fn run(arguments: ProgramArguments) -> Done {
    let router = match arguments.program {
        ProgramKind::Inventory => {
            Router::new().route("/stock/items", get(|| async { axum::Json(json!(["bolt", "nut", "washer"])) }))
        }
        ProgramKind::MailGate => mail_gate(required("MAIL_GATE_KEY")?),
        ProgramKind::Load(arguments) => return load::run(&arguments).map(|()| ExitCode::SUCCESS),
        ProgramKind::Caller { call } => caller(call.iter().map(|call| Call::read(call)).collect::<Result<_, _>>()?),
    };
    server::runtime()?.block_on(async {
        let broken = |error: std::io::Error| failed(&error.to_string());
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(broken)?;
        output::line(&format!("listening http://{}", listener.local_addr().map_err(broken)?));
        let serving = axum::serve(listener, router).into_future();
        let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        tokio::select! {
            served = serving => served.map_err(broken)?,
            _ = ended => {}
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn mail_gate(key: String) -> Router {
    let expected = Arc::new(key);
    let send = move |headers: HeaderMap| async move {
        match headers.get("x-api-key").and_then(|key| key.to_str().ok()) {
            Some(key) if key == *expected => (StatusCode::OK, axum::Json(json!("mail accepted"))),
            _ => (StatusCode::UNAUTHORIZED, axum::Json(json!("the key is wrong"))),
        }
    };
    Router::new().route("/send", get(send))
}

/// One thing that a caller calls.
#[derive(Clone)]
struct Call {
    name: String,
    url: String,
    proof: Proof,
}

/// How a caller proves who it is.
#[derive(Clone)]
enum Proof {
    None,
    Key(String),
    Client { token_url: String, id: String, secret: String },
}

impl Call {
    fn read(text: &str) -> Result<Self, Failure> {
        let malformed = || failed("--call is written NAME=VARIABLE[,VARIABLE]…");
        let (name, variables) = text.split_once('=').ok_or_else(malformed)?;
        let values = variables.split(',').map(required).collect::<Result<Vec<_>, _>>()?;
        let (url, proof) = match <[String; 4]>::try_from(values) {
            Ok([url, token_url, id, secret]) => (url, Proof::Client { token_url, id, secret }),
            Err(values) => match values.as_slice() {
                [url] => (url.clone(), Proof::None),
                [url, key] => (url.clone(), Proof::Key(key.clone())),
                _ => return Err(malformed()),
            },
        };
        Ok(Self { name: name.to_owned(), url, proof })
    }

    fn make(&self) -> Value {
        self.answer().unwrap_or_else(|error| json!({ "status": 0, "body": error.to_string() }))
    }

    /// A mail service is asked to send, a stock service for its items.
    fn answer(&self) -> Result<Value, ureq::Error> {
        let config =
            ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5))).http_status_as_error(false);
        let agent = config.build().new_agent();
        let request = |path| agent.get(format!("{}/{path}", self.url));
        let mut response = match &self.proof {
            Proof::None => request("items"),
            Proof::Key(key) => request("send").header("x-api-key", key),
            Proof::Client { token_url, id, secret } => {
                let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
                let token: Value = agent.post(token_url).send_form(form)?.body_mut().read_json()?;
                request("items").header("authorization", format!("Bearer {}", output::cell(&token["access_token"])))
            }
        }
        .call()?;
        let status = response.status().as_u16();
        let body: Value = serde_json::from_str(&response.body_mut().read_to_string()?).unwrap_or_default();
        // Of a refusal, what it says in words.
        Ok(json!({ "status": status, "body": body.get("title").unwrap_or(&body) }))
    }
}

fn caller(calls: Vec<Call>) -> Router {
    let answer = move || async move {
        let made = tokio::task::spawn_blocking(move || {
            calls.iter().map(|call| (call.name.clone(), call.make())).collect::<BTreeMap<_, _>>()
        });
        axum::Json(json!(made.await.unwrap_or_default()))
    };
    Router::new().route("/", get(answer))
}

/// A variable that must have been injected.
pub(super) fn required(name: &str) -> Result<String, Failure> {
    std::env::var(name).map_err(|_| failed(&format!("the variable {name} was not injected")))
}
