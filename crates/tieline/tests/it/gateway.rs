//! Calls through the gateway: embedded in the server, and in a process of its own that serves on without it.

mod choices;
pub(crate) mod field;
mod hot;
mod reach;
mod telling;
mod versions;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use self::field::endpoint;
use crate::world::{TestServer, command};

/// Calls through a gateway; answers the status, and the name of the endpoint that answered.
pub(crate) fn call(gateway: &str, key: Option<&str>) -> (u16, String) {
    let mut stream = TcpStream::connect(gateway.trim_start_matches("http://")).expect("the gateway");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    let key = key.map_or_else(String::new, |key| format!("choreo-api-key: {key}\r\n"));
    let request =
        format!("GET /acme/development/shop/orders/v1/x HTTP/1.1\r\nhost: gw\r\nconnection: close\r\n{key}\r\n");
    stream.write_all(request.as_bytes()).expect("the request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let body: Value =
        answer.rsplit("\r\n\r\n").next().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    (status, body["name"].as_str().unwrap_or_default().to_owned())
}

/// `orders` is offered at an address, `web` uses it by API key; returns the key.
fn furnish(server: &TestServer) -> String {
    let admin = server.admin_token();
    server.tieline(&["organization", "create", "acme"]).done();
    server.tieline(&["project", "create", "shop", "--organization", "acme"]).done();
    let shop = ["--organization", "acme", "--project", "shop"];
    for component in ["orders", "web"] {
        server.tieline(&[&["component", "create", component, "--type", "service"], &shop[..]].concat()).done();
    }
    offer(server, &endpoint("first"));
    let connection = json!({ "name": "orders", "service": "service:/shop/orders/v1/api", "level": "component",
        "project": "shop", "component": "web", "access_mode": "organization", "authentication_scheme": "api-key" });
    let made = server.ask("POST", "/organizations/acme/connections", Some(&admin), Some(&connection));
    assert_eq!(made.status, 201, "{made:?}");
    let text = "schemaVersion: 1.2\ndependencies:\n  connectionReferences:\n    - name: orders\n      resourceRef: service:/shop/orders/v1/api\n";
    deploy(server, "web", text, json!({}));
    let place = "/organizations/acme/projects/shop/components/web/environments/development/variables";
    let variables = server.ask("GET", place, Some(&admin), None).body;
    variables["CHOREO_ORDERS_CHOREOAPIKEY"].as_str().unwrap_or_else(|| panic!("{variables}")).to_owned()
}

fn offer(server: &TestServer, address: &str) {
    let text = "schemaVersion: 1.2\nendpoints:\n  - name: api\n    type: REST\n    networkVisibilities: [Organization]\n    service: { port: 9090 }\n";
    deploy(server, "orders", text, json!({ "api": address }));
}

fn deploy(server: &TestServer, component: &str, text: &str, addresses: Value) {
    let body = json!({ "environment": "development", "version": "v1.0", "addresses": addresses,
        "source": { "file": "component.yaml", "text": text } });
    let path = format!("/organizations/acme/projects/shop/components/{component}/deployments");
    let reply = server.ask("POST", &path, Some(&server.admin_token()), Some(&body));
    assert_eq!(reply.status, 201, "{reply:?}");
}

pub(crate) fn embedded(server: &TestServer) -> String {
    let file = std::fs::read_to_string(server.data().join("server.json")).expect("server.json");
    let file: Value = serde_json::from_str(&file).expect("JSON");
    file["gateway_internal"].as_str().expect("an address").to_owned()
}

fn subscription(server: &TestServer) -> String {
    let list = server.json(&["subscription", "list", "--organization", "acme"]);
    list[0]["id"].as_str().unwrap_or_else(|| panic!("{list}")).to_owned()
}

#[test]
fn what_was_done_is_served_when_the_command_returns() {
    let server = TestServer::start();
    let key = furnish(&server);
    let gateway = embedded(&server);
    assert_eq!(call(&gateway, Some(&key)), (200, "first".to_owned()));
    assert_eq!(call(&gateway, None).0, 401);
    offer(&server, &endpoint("second"));
    assert_eq!(call(&gateway, Some(&key)), (200, "second".to_owned()), "a deployment switches");
    let id = subscription(&server);
    let acme = ["--organization", "acme"];
    server.tieline(&[&["subscription", "block", &id, "--reason", "too loud"], &acme[..]].concat()).done();
    assert_eq!(call(&gateway, Some(&key)).0, 403);
    server.tieline(&[&["subscription", "unblock", &id], &acme[..]].concat()).done();
    assert_eq!(call(&gateway, Some(&key)).0, 200);
    server
        .tieline(&["undeploy", "--component", "orders", "--project", "shop", "--env", "development", acme[0], acme[1]])
        .done();
    assert_eq!(call(&gateway, Some(&key)).0, 404);
    let figures = server.ask("GET", "/metrics", Some(&server.admin_token()), None).body;
    let text = figures.as_str().expect("text");
    assert!(text.matches("# EOF").count() == 1 && text.contains("tieline_gateway"), "{text}");
    let server = server.restart();
    offer(&server, &endpoint("third"));
    assert_eq!(call(&embedded(&server), Some(&key)), (200, "third".to_owned()));
}

/// A gateway in a process of its own.
struct Remote {
    process: Child,
    internal: String,
    metrics: String,
    lines: std::io::Lines<BufReader<std::process::ChildStderr>>,
}

impl Remote {
    fn start(server: &str, token: &Path, data: &Path) -> Self {
        let (token, data) = (token.to_str().expect("UTF-8"), data.to_str().expect("UTF-8"));
        let free = "127.0.0.1:0";
        let mut command = command(&["gateway", "--server", server, "--token-file", token, "--data", data]);
        command.args(["--listen-internal", free, "--metrics", free]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("the binary starts");
        let mut lines = BufReader::new(process.stderr.take().expect("its stderr")).lines();
        let served = lines.find_map(|line| Some(line.expect("a line").split_once(" serves ")?.1.to_owned()));
        let served: Value = serde_json::from_str(&served.expect("it serves")).expect("JSON");
        let address = |name: &str| served[name].as_str().unwrap_or_else(|| panic!("{served}")).to_owned();
        Self { process, internal: address("gateway_internal"), metrics: address("metrics"), lines }
    }

    /// Waits until a call is answered so.
    fn until(&self, key: &str, expect: (u16, &str)) {
        for _ in 0..20_000 {
            let answer = call(&self.internal, Some(key));
            if (answer.0, expect.1.is_empty() || answer.1 == expect.1) == (expect.0, true) {
                return;
            }
            std::thread::yield_now();
        }
        panic!("the gateway never answered {expect:?}: {:?}", call(&self.internal, Some(key)));
    }

    fn figure(&self, path: &str) -> String {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.get(format!("{}{path}", self.metrics)).call().expect("an answer");
        format!("{} {}", answer.status().as_u16(), answer.body_mut().read_to_string().expect("text"))
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_gateway_of_its_own_forwards_to_none_of_its_own_listeners() {
    let server = TestServer::start();
    let key = furnish(&server);
    let (token, data) = (server.folder().join("edge.token"), server.folder().join("edge"));
    std::fs::write(&token, server.tieline(&["token", "create", "edge", "--role", "gateway"]).done().stdout)
        .expect("a file");
    let remote = Remote::start(server.url(), &token, &data);
    remote.until(&key, (200, "first"));
    for own in [&remote.internal, &remote.metrics] {
        offer(&server, own);
        remote.until(&key, (502, ""));
        offer(&server, &endpoint("first"));
        remote.until(&key, (200, "first"));
    }
}

#[test]
fn a_gateway_of_its_own_serves_on_without_the_server_and_starts_from_its_file() {
    let mut server = TestServer::start();
    let key = furnish(&server);
    let (token, data) = (server.folder().join("edge.token"), server.folder().join("edge"));
    std::fs::write(&token, server.tieline(&["token", "create", "edge", "--role", "gateway"]).done().stdout)
        .expect("a file");
    let remote = Remote::start(server.url(), &token, &data);
    remote.until(&key, (200, "first"));
    let ready = (0..20_000).any(|_| remote.figure("/health/ready").starts_with("200"));
    assert!(ready, "{}", remote.figure("/health/ready"));
    let id = subscription(&server);
    server.tieline(&["subscription", "block", &id, "--organization", "acme"]).done();
    remote.until(&key, (403, ""));
    server.tieline(&["subscription", "unblock", &id, "--organization", "acme"]).done();
    offer(&server, &endpoint("second"));
    remote.until(&key, (200, "second"));

    let url = server.url().to_owned();
    server.kill();
    assert_eq!(call(&remote.internal, Some(&key)), (200, "second".to_owned()), "it serves on");
    drop(remote);
    let mut again = Remote::start(&url, &token, &data);
    assert_eq!(call(&again.internal, Some(&key)), (200, "second".to_owned()), "it starts from its file");
    assert_eq!(call(&again.internal, None).0, 401);
    let figures = again.figure("/metrics");
    assert!(figures.contains("tieline_gateway_table_age_seconds "), "{figures}");
    let told = again.lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("table_age_seconds")));
    assert!(told.is_some(), "the log says how old the table is");
}

/// A control plane that sends these lines and then nothing, until what is sent next comes over the channel.
fn control_plane(lines: Vec<Value>, more: std::sync::mpsc::Receiver<Value>) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("its address"));
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a gateway");
        let asked = BufReader::new(stream.try_clone().expect("the stream")).lines();
        assert!(asked.map_while(Result::ok).any(|line| line.is_empty()), "a whole request");
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\nconnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).expect("it listens");
        for line in lines.into_iter().chain(more) {
            stream.write_all(format!("{line}\n").as_bytes()).expect("it listens");
        }
    });
    address
}

#[test]
fn a_gateway_of_its_own_serves_nothing_before_its_first_table_is_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let token = folder.path().join("edge.token");
    std::fs::write(&token, "tl_gateway_x").expect("a file");
    let id = uuid::Uuid::nil();
    let path = "/acme/development/shop/orders/v1";
    let route = json!({ "route": { "path": path, "organization": "acme", "service": id,
        "reference": "service:/shop/orders/v1/api", "environment": id, "environment_handle": "development",
        "address": endpoint("orders"), "base_path": "", "protocol": "REST", "internal": true, "external": false,
        "schemes": ["none"] } });
    let installation = json!({ "installation": { "loopback": true, "own": [] } });
    let (send, more) = std::sync::mpsc::channel();
    let begin = json!({ "begin": { "generation": "1-a", "whole": true } });
    let changes = json!({ "changes": { format!("route{path}"): route, "installation": installation } });
    let url = control_plane(vec![begin, changes], more);
    let remote = Remote::start(&url, &token, &folder.path().join("edge"));
    for _ in 0..200 {
        assert_eq!(call(&remote.internal, None).0, 503);
        assert!(remote.figure("/health/ready").starts_with("503"));
    }
    send.send(json!({ "reached": 7 })).expect("it waits");
    let served = (0..20_000).any(|_| call(&remote.internal, None) == (200, "orders".to_owned()));
    assert!(served, "{:?}", call(&remote.internal, None));
    assert!((0..20_000).any(|_| remote.figure("/health/ready").starts_with("200")), "it says so once it serves");
}
