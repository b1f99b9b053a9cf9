//! Client libraries of others, unchanged, against a running server: each finds it where it can, gets a token by both ways of
//! proving a client, and verifies it by the published keys where it can.
//!
//! The programs lie in `tests/clients`. With an address as argument they call it with the token and report the status:
//! here an endpoint behind the gateway. Those named `component` read only what Choreo injects too.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use oauth2::basic::BasicClient;
use oauth2::{
    AuthType, ClientId, ClientSecret, IntrospectionUrl, Scope, TokenIntrospectionResponse as _, TokenResponse as _,
    TokenUrl,
};
use serde_json::{Value, json};

use super::{DEFINITION, DESCRIPTOR, Provider};
use crate::gateway::field::{Field, endpoint};
use crate::world::{TestServer, command};

/// Where the libraries are installed.
pub(crate) fn installed() -> PathBuf {
    let folder = std::env::var("TIELINE_TEST_CLIENTS").expect(
        "TIELINE_REQUIRE_SERVICES=1, and TIELINE_TEST_CLIENTS names no folder: see scripts/install-test-services",
    );
    PathBuf::from(folder)
}

/// A program of `tests/clients`.
pub(crate) fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

/// Runs a program as the provider's client; what it prints.
fn run(provider: &Provider, mut command: Command, stdin: &str) -> String {
    let (client, secret) = &provider.client;
    command.env("ISSUER", provider.server.url()).env("CLIENT_ID", client).env("CLIENT_SECRET", secret);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    child.stdin.take().expect("stdin").write_all(stdin.as_bytes()).expect("the program reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Runs a module of Node. It comes by stdin: what it imports is looked for where it runs.
fn node(provider: &Provider, name: &str, arguments: &[&str]) -> Value {
    let mut command = Command::new("node");
    command.args(["--input-type=module", "-"]).args(arguments).current_dir(installed());
    let module = std::fs::read_to_string(program(name)).expect("the module");
    serde_json::from_str(&run(provider, command, &module)).expect("JSON")
}

fn python(provider: &Provider, name: &str, arguments: &[&str]) -> Value {
    let mut command = Command::new(installed().join("venv/bin/python"));
    command.arg(program(name)).args(arguments);
    serde_json::from_str(&run(provider, command, "")).expect("JSON")
}

/// What a program found by either way of proving a client.
#[track_caller]
fn check(found: &Value, expect: &Value) {
    for method in ["basic", "body"] {
        assert_eq!(&found[method], expect, "{method}: {found}");
    }
}

/// A consumer of another project: its injected client, and the address of the service as it is injected. One algorithm each,
/// so that all are verified by somebody else's code.
fn open(algorithm: &str) -> (Provider, String) {
    let field = offered(&["--signing-algorithm", algorithm]);
    let injected = field.injected("office/desk", "development", "orders");
    assert_eq!(injected.value("TOKENURL"), format!("{}/oauth2/token", field.server.url()));
    let client = (injected.value("CONSUMERKEY"), injected.value("CONSUMERSECRET"));
    (Provider { server: field.server, client }, injected.url() + "/items")
}

/// `office/desk` is deployed with a connection to `shop/orders`, whose definition declares scopes.
fn offered(flags: &[&str]) -> Field {
    let field = Field::on(TestServer::start_with(flags));
    let source = json!({ "file": "component.yaml", "text": DESCRIPTOR, "definitions": { "openapi.yaml": DEFINITION } });
    field.deploy("shop/orders", "development", "v1.0", &source, &json!({ "api": endpoint("orders") }));
    field.connect("orders", &json!({}));
    field.consume("office/desk", "development", &[("orders", "service:/shop/orders/v1/api")]);
    field
}

/// Runs a component with what is injected; what it prints is what the endpoint answered.
#[track_caller]
fn component(program: &[&str], module: Option<&str>) {
    let field = offered(&[]);
    let place = ["--organization", "acme", "--project", "office", "--component", "desk", "--env", "development", "--"];
    let mut run = command(&[&["run"], &place[..], program].concat());
    run.env("TIELINE_DATA", field.server.data()).env("XDG_STATE_HOME", field.server.folder().join("state"));
    if let Some(module) = module {
        run.current_dir(installed()).stdin(std::fs::File::open(self::program(module)).expect("the module"));
    }
    let output = run.output().expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&answer["name"], &answer["path"]), (&json!("orders"), &json!("/items")), "{answer}");
}

#[test]
fn a_component_written_for_choreo_calls_with_curl() {
    component(&["sh", program("component.sh").to_str().expect("UTF-8")], None);
}

#[test]
#[cfg_attr(not(clients), ignore = "TIELINE_TEST_CLIENTS is not set")]
fn components_written_for_choreo_call_with_their_libraries() {
    component(&["node", "--input-type=module", "-"], Some("component.mjs"));
    let python = installed().join("venv/bin/python");
    component(&[python.to_str().expect("UTF-8"), program("component.py").to_str().expect("UTF-8")], None);
}

#[test]
#[cfg_attr(not(clients), ignore = "TIELINE_TEST_CLIENTS is not set")]
fn node_openid_client() {
    for algorithm in ["es256", "eddsa"] {
        let (provider, address) = open(algorithm);
        let found = node(&provider, "openid-client.mjs", &[&address]);
        let client = &provider.client.0;
        check(&found, &json!({ "active": true, "client": client, "scope": "read", "status": 200, "revoked": true }));
    }
}

#[test]
#[cfg_attr(not(clients), ignore = "TIELINE_TEST_CLIENTS is not set")]
fn node_simple_oauth2() {
    let (provider, address) = open("rs256");
    let found = node(&provider, "simple-oauth2.mjs", &[&address]);
    check(&found, &json!({ "client": provider.client.0, "scope": "read write", "status": 200 }));
}

#[test]
#[cfg_attr(not(clients), ignore = "TIELINE_TEST_CLIENTS is not set")]
fn python_requests_oauthlib() {
    for algorithm in ["es256", "rs256"] {
        let (provider, address) = open(algorithm);
        let found = python(&provider, "requests_oauthlib_client.py", &[&address]);
        check(&found, &json!({ "client": provider.client.0, "scope": "read write", "status": 200 }));
    }
}

#[test]
#[cfg_attr(not(clients), ignore = "TIELINE_TEST_CLIENTS is not set")]
fn python_authlib() {
    let (provider, address) = open("eddsa");
    let found = python(&provider, "authlib_client.py", &[&address]);
    let client = &provider.client.0;
    check(&found, &json!({ "client": client, "scope": "write", "active": true, "status": 200, "revoked": true }));
}

#[test]
#[cfg_attr(not(clients), ignore = "TIELINE_TEST_CLIENTS is not set")]
fn curl() {
    let (provider, address) = open("es256");
    let mut command = Command::new("sh");
    command.arg(program("curl.sh")).arg(&address);
    let found: Value = serde_json::from_str(&run(&provider, command, "")).expect("JSON");
    for method in ["basic", "body"] {
        let token = found[method]["access_token"].as_str().expect("a token");
        assert!(provider.active(token), "{found}");
        assert_eq!(found[method]["status"], 200);
    }
}

#[test]
fn rust_oauth2() {
    let (provider, address) = open("es256");
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let send = |request: oauth2::HttpRequest| -> Result<oauth2::HttpResponse, ureq::Error> {
        let (head, mut body) = agent.run(request)?.into_parts();
        Ok(oauth2::HttpResponse::from_parts(head, body.read_to_vec()?))
    };
    for method in [AuthType::BasicAuth, AuthType::RequestBody] {
        let url = provider.server.url();
        let client = BasicClient::new(ClientId::new(provider.client.0.clone()))
            .set_client_secret(ClientSecret::new(provider.client.1.clone()))
            .set_auth_type(method)
            .set_token_uri(TokenUrl::new(format!("{url}/oauth2/token")).expect("an address"))
            .set_introspection_url(IntrospectionUrl::new(format!("{url}/oauth2/introspect")).expect("an address"));
        let token = client.exchange_client_credentials().add_scope(Scope::new("read".to_owned())).request(&send);
        let token = token.expect("a token");
        assert_eq!(token.scopes().map(|scopes| scopes[0].as_str()), Some("read"));
        assert_eq!(token.expires_in().map(|time| time.as_secs()), Some(900));
        let bearer = format!("Bearer {}", token.access_token().secret());
        let answer = agent.get(&address).header("authorization", bearer).call().expect("the gateway answers");
        assert_eq!(answer.status(), 200);
        let told = client.introspect(token.access_token()).request(&send).expect("an answer");
        assert!(told.active() && told.client_id().map(|id| id.as_str()) == Some(&provider.client.0));
    }
}
