//! The token service from outside: what clients send, what they are answered, and real client libraries.

mod endpoints;
mod keys;
pub(crate) mod libraries;

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::TestServer;

/// Organization `acme` with the service `orders`, whose definition declares scopes, and a connection to it.
pub(crate) struct Provider {
    pub(crate) server: TestServer,
    /// Client id and secret of the connection in development.
    pub(crate) client: (String, String),
}

/// What the token service answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    headers: ureq::http::HeaderMap,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

const DESCRIPTOR: &str = "schemaVersion: 1.2
endpoints:
  - { name: api, type: REST, service: { port: 9090 }, networkVisibilities: [Organization], schemaFilePath: openapi.yaml }
";

const DEFINITION: &str = "openapi: 3.0.0
components: { securitySchemes: { default: { type: oauth2 } } }
paths: { /orders: { get: { security: [{ default: [read] }] }, post: { security: [{ default: [write] }] } }, /items: { get: {} } }
";

impl Provider {
    pub(crate) fn open(flags: &[&str]) -> Self {
        Self::on(TestServer::start_with(flags))
    }

    /// Makes everything on a server that is empty.
    pub(crate) fn on(server: TestServer) -> Self {
        let admin = server.admin_token();
        let source =
            json!({ "file": "component.yaml", "text": DESCRIPTOR, "definitions": { "openapi.yaml": DEFINITION } });
        let deploy = json!({
            "environment": "development", "version": "v1.0", "source": source, "addresses": { "api": "http://10.0.0.1:9090" },
        });
        let connection = json!({
            "name": "orders", "service": "service:/shop/orders/v1/api", "level": "project", "project": "shop",
            "access_mode": "organization",
        });
        for (path, body) in [
            ("/organizations", json!({ "handle": "acme" })),
            ("/organizations/acme/projects", json!({ "handle": "shop" })),
            ("/organizations/acme/projects/shop/components", json!({ "handle": "orders", "type": "service" })),
            ("/organizations/acme/projects/shop/components/orders/deployments", deploy),
            ("/organizations/acme/connections", connection),
        ] {
            let reply = server.ask("POST", path, Some(&admin), Some(&body));
            assert_eq!(reply.status, 201, "{path}: {reply:?}");
        }
        let view =
            server.ask("GET", "/organizations/acme/connections/orders?project=shop&reveal=true", Some(&admin), None);
        let parameters = view.body["environments"]["development"]["parameters"].as_array().expect("parameters").clone();
        let value = |key: &str| {
            let found = parameters.iter().find(|parameter| parameter["key"] == key);
            found.and_then(|found| found["value"].as_str()).expect("a value").to_owned()
        };
        Self { client: (value("ConsumerKey"), value("ConsumerSecret")), server }
    }

    /// The credentials as RFC 6749, 2.3.1 joins them.
    pub(crate) fn basic(&self) -> String {
        basic(&self.client.0, &self.client.1)
    }

    /// Sends a form.
    pub(crate) fn form(&self, path: &str, authorization: Option<&str>, form: &str) -> Answer {
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        let headers: Vec<_> = authorization.map(|value| ("authorization", value)).into_iter().chain(kind).collect();
        send(self.server.url(), "POST", path, &headers, form)
    }

    /// A token.
    pub(crate) fn token(&self) -> String {
        let answer = self.form("/oauth2/token", Some(&self.basic()), "grant_type=client_credentials");
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["access_token"].as_str().expect("a token").to_owned()
    }

    /// Whether a token counts.
    pub(crate) fn active(&self, token: &str) -> bool {
        let answer = self.form("/oauth2/introspect", Some(&self.basic()), &format!("token={token}"));
        answer.body["active"].as_bool().unwrap_or_else(|| panic!("{answer:?}"))
    }

    /// The names of the published keys.
    pub(crate) fn published(&self) -> Vec<String> {
        let set = self.server.ask("GET", "/oauth2/jwks", None, None).body;
        let keys = set["keys"].as_array().expect("keys");
        keys.iter().map(|key| key["kid"].as_str().expect("a name").to_owned()).collect()
    }
}

pub(crate) fn basic(client: &str, secret: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{client}:{secret}")))
}

pub(crate) fn send(url: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = ureq::http::Request::builder().method(method).uri(format!("{url}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into();
    let mut answer = agent.run(request.body(body.to_owned()).expect("a request")).expect("the server answers");
    let text = answer.body_mut().read_to_string().expect("text");
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer { status: answer.status().as_u16(), body, headers: answer.headers().clone() }
}
