//! A service behind the gateway, and a component that consumes it by OAuth2 and by API key.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::load::{self, Request};
use crate::world::World;

/// Where the gateway serves it.
pub(crate) const ROUTE: &str = "/bench/development/main/orders/v1";

const PROVIDER: &str = "\
schemaVersion: 1.2
endpoints:
  - { name: api, type: REST, service: { port: 8080 }, networkVisibilities: [Organization] }
";
const DESCRIPTOR: &str = "\
schemaVersion: 1.2
dependencies:
  connectionReferences:
    - { name: orders, resourceRef: service:orders/v1 }
";

/// What the consumer was given.
pub(crate) struct Consumer {
    id: String,
    secret: String,
    pub(crate) api_key: String,
}

impl Consumer {
    /// Deploys a provider that listens at an address, and a consumer with a connection to it.
    pub(crate) fn make(world: &World, address: &str) -> Result<Self> {
        world.write("orders/.tieline/component.yaml", PROVIDER)?;
        world.tieline(&["component", "create", "orders", "--type", "service", "--project", "main"])?;
        deploy(world, "orders", &["--address", &format!("api=http://{address}")])?;
        world.write("shop/.tieline/component.yaml", DESCRIPTOR)?;
        world.tieline(&["component", "create", "shop", "--type", "service", "--project", "main"])?;
        let create =
            ["connection", "create", "orders", "--service", "service:/main/orders/v1/api", "--project", "main"];
        let mode = ["--access-mode", "organization", "--authentication-scheme", "oauth2"];
        world.tieline(&[&create[..], &mode].concat())?;
        deploy(world, "shop", &[])?;
        let view = world.tieline(&["connection", "view", "orders", "--project", "main", "--reveal"])?;
        let value = |key| parameter(&view, key);
        Ok(Self { id: value("ConsumerKey")?, secret: value("ConsumerSecret")?, api_key: value("ChoreoAPIKey")? })
    }

    /// Its client id.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Its request for a token.
    pub(crate) fn asks(&self) -> Request {
        self.form("/oauth2/token", "grant_type=client_credentials")
    }

    /// Its request to revoke one.
    pub(crate) fn revokes(&self, token: &str) -> Request {
        self.form("/oauth2/revoke", &format!("token={token}"))
    }

    fn form(&self, path: &str, body: &str) -> Request {
        Request::form(path, &STANDARD.encode(format!("{}:{}", self.id, self.secret)), body)
    }

    /// So many tokens.
    pub(crate) fn tokens(&self, world: &World, number: usize) -> Result<Vec<String>> {
        let answers = load::collect(&world.server()?.address, &self.asks(), number)?;
        let token = |answer: Vec<u8>| {
            let answer: Value = serde_json::from_slice(&answer)?;
            Ok(answer["access_token"].as_str().context("no token")?.to_owned())
        };
        answers.into_iter().map(token).collect()
    }
}

/// The value of a parameter in development, of a connection that was viewed with its secrets.
pub(crate) fn parameter(view: &Value, key: &str) -> Result<String> {
    let parameters = view["environments"]["development"]["parameters"].as_array().context("no parameters")?;
    let found = parameters.iter().find(|parameter| parameter["key"] == key);
    found.and_then(|found| found["value"].as_str()).map(str::to_owned).with_context(|| format!("no value of {key}"))
}

fn deploy(world: &World, component: &str, more: &[&str]) -> Result<()> {
    let place = ["--project", "main", "--component", component, "--env", "development", "--version", "v1.0"];
    world.tieline(&[&["deploy", component][..], &place, more].concat())?;
    Ok(())
}
