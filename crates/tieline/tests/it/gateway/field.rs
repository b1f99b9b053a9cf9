//! What the tests of the gateway stand on: organization `acme` with a provider in the project `shop`, consumers in `shop` and
//! `office`, endpoints that answer with what they got, and calls made with nothing but what was injected.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::oauth::{self, Answer};
use crate::world::{Reply, TestServer};

/// An endpoint that answers every request with its own name, the path that was asked for and the headers that came. It ends
/// with the test.
pub(crate) fn endpoint(name: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("its address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            std::thread::spawn(move || {
                let lines = BufReader::new(stream.try_clone().expect("the stream")).lines();
                let head: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
                let Some((first, headers)) = head.split_first() else { return };
                let headers: BTreeMap<_, _> = headers.iter().filter_map(|line| line.split_once(": ")).collect();
                let body = json!({ "name": name, "path": first.split(' ').nth(1), "headers": headers }).to_string();
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                let _ = stream.write_all((head + &body).as_bytes());
            });
        }
    });
    address
}

/// A server with the organization, its two projects and their components.
pub(crate) struct Field {
    pub(crate) server: TestServer,
    admin: String,
}

impl Field {
    pub(crate) fn open() -> Self {
        Self::on(TestServer::start())
    }

    /// Makes everything on a server that is empty.
    pub(crate) fn on(server: TestServer) -> Self {
        let field = Self { admin: server.admin_token(), server };
        field.done("POST", "/organizations", &json!({ "handle": "acme" }));
        for (project, components) in [("shop", ["orders", "web"]), ("office", ["desk", "clerk"])] {
            field.done("POST", "/organizations/acme/projects", &json!({ "handle": project }));
            for component in components {
                let place = format!("/organizations/acme/projects/{project}/components");
                field.done("POST", &place, &json!({ "handle": component, "type": "service" }));
            }
        }
        field
    }

    /// Asks as the administrator, below the organization unless the path says otherwise.
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let path =
            if path.starts_with("/organizations") { path.to_owned() } else { format!("/organizations/acme{path}") };
        self.server.ask(method, &path, Some(&self.admin), body)
    }

    /// As [`Field::ask`], for what must be done.
    #[track_caller]
    pub(crate) fn done(&self, method: &str, path: &str, body: &Value) -> Value {
        let reply = self.ask(method, path, (!body.is_null()).then_some(body));
        assert!(reply.status < 300, "{method} {path} {body}: {reply:?}");
        reply.body
    }

    #[track_caller]
    pub(crate) fn deploy(&self, place: &str, environment: &str, version: &str, source: &Value, addresses: &Value) {
        let (project, component) = place.split_once('/').expect("project/component");
        let body = json!({ "environment": environment, "version": version, "source": source, "addresses": addresses });
        self.done("POST", &format!("/projects/{project}/components/{component}/deployments"), &body);
    }

    /// Offers `shop/orders` with one endpoint `api`, seen by the organization and the world.
    #[track_caller]
    pub(crate) fn offer(&self, environment: &str, version: &str, address: &str) {
        let text = "schemaVersion: 1.2\nendpoints:\n  - name: api\n    type: REST\n    networkVisibilities: [Organization, \
                    Public]\n    service: { port: 9090, basePath: /base }\n";
        let source = json!({ "file": "component.yaml", "text": text });
        self.deploy("shop/orders", environment, version, &source, &json!({ "api": address }));
    }

    /// Makes a connection; `more` says what differs from one of the component `office/desk` to `shop/orders`.
    #[track_caller]
    pub(crate) fn connect(&self, name: &str, more: &Value) {
        self.done("POST", "/connections", &Self::connection(name, more));
    }

    pub(crate) fn connection(name: &str, more: &Value) -> Value {
        let mut body = json!({ "name": name, "service": "service:/shop/orders/v1/api", "level": "component",
            "project": "office", "component": "desk", "access_mode": "organization" });
        for (key, value) in more.as_object().expect("an object") {
            body[key] = value.clone();
        }
        body
    }

    /// Deploys a consumer that refers to connections.
    #[track_caller]
    pub(crate) fn consume(&self, place: &str, environment: &str, references: &[(&str, &str)]) {
        let mut text = "schemaVersion: 1.2\ndependencies:\n  connectionReferences:\n".to_owned();
        for (name, reference) in references {
            text += &format!("    - {{ name: {name}, resourceRef: '{reference}' }}\n");
        }
        let text = if references.is_empty() { "schemaVersion: 1.2\n".to_owned() } else { text };
        self.deploy(place, environment, "v1.0", &json!({ "file": "component.yaml", "text": text }), &json!({}));
    }

    /// What is injected into a component.
    #[track_caller]
    pub(crate) fn injected(&self, place: &str, environment: &str, connection: &str) -> Injected {
        let (project, component) = place.split_once('/').expect("project/component");
        let path = format!("/projects/{project}/components/{component}/environments/{environment}/variables");
        Injected { variables: self.done("GET", &path, &Value::Null), prefix: prefix(connection) }
    }

    /// The address of a gateway of the server.
    pub(crate) fn gateway(&self, side: &str) -> String {
        let file = std::fs::read_to_string(self.server.data().join("server.json")).expect("server.json");
        let file: Value = serde_json::from_str(&file).expect("JSON");
        file[format!("gateway_{side}")].as_str().expect("an address").to_owned()
    }

    /// The id of the only subscription of a service.
    #[track_caller]
    pub(crate) fn subscription(&self) -> String {
        let list = self.done("GET", "/subscriptions", &Value::Null);
        let items = list["items"].as_array().unwrap_or_else(|| panic!("{list}"));
        assert_eq!(items.len(), 1, "{list}");
        items[0]["id"].as_str().expect("an id").to_owned()
    }
}

fn prefix(connection: &str) -> String {
    format!("CHOREO_{}_", connection.to_uppercase().replace('-', "_"))
}

/// The variables of one connection, as a component reads them.
pub(crate) struct Injected {
    variables: Value,
    prefix: String,
}

impl Injected {
    #[track_caller]
    pub(crate) fn value(&self, key: &str) -> String {
        let name = format!("{}{key}", self.prefix);
        self.variables[&name].as_str().unwrap_or_else(|| panic!("{name}: {}", self.variables)).to_owned()
    }

    pub(crate) fn url(&self) -> String {
        self.value("SERVICEURL")
    }

    /// The header of a token, got as a component written for Choreo gets it.
    #[track_caller]
    pub(crate) fn bearer(&self) -> Credential {
        let basic = oauth::basic(&self.value("CONSUMERKEY"), &self.value("CONSUMERSECRET"));
        let headers = [("authorization", basic.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let answer = oauth::send(&self.value("TOKENURL"), "POST", "", &headers, "grant_type=client_credentials");
        let token = answer.body["access_token"].as_str().unwrap_or_else(|| panic!("{answer:?}"));
        Credential("authorization", format!("Bearer {token}"))
    }

    #[track_caller]
    pub(crate) fn key(&self) -> Credential {
        Credential("choreo-api-key", self.value("CHOREOAPIKEY"))
    }
}

/// A header that proves who calls.
#[derive(Clone)]
pub(crate) struct Credential(pub(crate) &'static str, pub(crate) String);

/// Calls an address with a credential, or none.
#[track_caller]
pub(crate) fn get(address: &str, credential: Option<&Credential>) -> Answer {
    let headers: Vec<_> = credential.iter().map(|credential| (credential.0, credential.1.as_str())).collect();
    oauth::send(address, "GET", "", &headers, "")
}

/// The status of a call, and the code of the refusal if it is one.
#[track_caller]
pub(crate) fn outcome(address: &str, credential: Option<&Credential>) -> (u16, String) {
    let answer = get(address, credential);
    (answer.status, answer.body["code"].as_str().unwrap_or_default().to_owned())
}

/// A call that the endpoint answered.
pub(crate) fn fine() -> (u16, String) {
    (200, String::new())
}

/// A refused call.
pub(crate) fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
