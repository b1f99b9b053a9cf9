//! The demo's small programs, as a hidden command: a stock service, a mail service that checks its key, and a caller
//! that knows nothing but its environment variables.

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
        /// What to call: NAME=URL_VARIABLE[,KEY_VARIABLE]
        #[arg(long)]
        call: Vec<String>,
    },
}

/// Runs a program until its standard input ends.
pub(crate) fn run(arguments: ProgramArguments) -> Done {
    let router = match arguments.program {
        ProgramKind::Inventory => {
            Router::new().route("/stock/items", get(|| async { axum::Json(json!(["bolt", "nut", "washer"])) }))
        }
        ProgramKind::MailGate => mail_gate(required("MAIL_GATE_KEY")?),
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
    key: Option<String>,
}

impl Call {
    fn read(text: &str) -> Result<Self, Failure> {
        let (name, variables) = text.split_once('=').ok_or_else(|| failed("--call is written NAME=URL_VARIABLE"))?;
        let (url, key) = variables.split_once(',').map_or((variables, None), |(url, key)| (url, Some(key)));
        Ok(Self { name: name.to_owned(), url: required(url)?, key: key.map(required).transpose()? })
    }

    /// A mail service is asked to send, a stock service for its items.
    fn make(&self) -> Value {
        let path = if self.key.is_some() { "send" } else { "items" };
        let config =
            ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5))).http_status_as_error(false);
        let mut request = config.build().new_agent().get(format!("{}/{path}", self.url));
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        match request.call() {
            Ok(mut response) => {
                let status = response.status().as_u16();
                let text = response.body_mut().read_to_string().unwrap_or_default();
                json!({ "status": status, "body": serde_json::from_str::<Value>(&text).unwrap_or_default() })
            }
            Err(error) => json!({ "status": 0, "body": error.to_string() }),
        }
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
fn required(name: &str) -> Result<String, Failure> {
    std::env::var(name).map_err(|_| failed(&format!("the variable {name} was not injected")))
}
