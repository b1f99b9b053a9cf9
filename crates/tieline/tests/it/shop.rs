//! A server with an organization, a provider and a consumer, for tests of deploying and running.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::world::{Answer, TestServer, command};

/// Organization `acme` with the project `shop` and its components `orders` and `web`.
pub(crate) struct Shop {
    pub(crate) server: TestServer,
}

/// The place of the component `web` in development.
pub(crate) const WEB: [&str; 4] = ["--component", "web", "--env", "development"];

impl Shop {
    pub(crate) fn open() -> Self {
        let server = TestServer::start();
        let scope = ["--organization", "acme", "--project", "shop"];
        server.tieline(&["organization", "create", "acme"]).done();
        server.tieline(&["project", "create", "shop", "--organization", "acme"]).done();
        for component in ["orders", "web"] {
            server.tieline(&[&["component", "create", component, "--type", "service"], &scope[..]].concat()).done();
        }
        let shop = Self { server };
        shop.write(
            "orders",
            "schemaVersion: 1.2\nendpoints:\n  - name: api\n    service: { port: 8080, basePath: /v1 }\n    type: \
             REST\n    networkVisibilities: [Project, Organization]\n",
        );
        shop
    }

    /// Writes a component's descriptor.
    pub(crate) fn write(&self, component: &str, text: &str) {
        let folder = self.server.folder().join(component).join(".choreo");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("component.yaml"), text).expect("a descriptor");
    }

    /// Writes a descriptor of `web` with variables of its own, and deploys it.
    pub(crate) fn deploy_web(&self, variables: &[(&str, &str)], more: &[&str]) -> Value {
        let mut text = "schemaVersion: 1.2\nconfigurations:\n  env:\n".to_owned();
        for (name, value) in variables {
            text += &format!("    - name: {name}\n      value: {}\n", Value::from(*value));
        }
        self.write("web", &text);
        let arguments = [&["deploy", "web", "--version", "v1.0", "--output", "json"], &WEB[..], more].concat();
        self.tieline(&arguments).done().json()
    }

    /// Deploys the provider.
    pub(crate) fn deploy_orders(&self) -> Value {
        let arguments = ["deploy", "orders", "--component", "orders", "--env", "development", "--version", "v1.0"];
        self.tieline(&[&arguments[..], &["--output", "json"]].concat()).done().json()
    }

    /// Runs a command in the shop's project.
    pub(crate) fn tieline(&self, arguments: &[&str]) -> Answer {
        self.command(arguments).output().expect("the binary runs").into()
    }

    /// A command in the shop's project, to be started. What it keeps goes into the server's folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(&["--organization", "acme", "--project", "shop"]);
        command
            .args(arguments)
            .current_dir(self.server.folder())
            .env("TIELINE_DATA", self.server.data())
            .env("XDG_STATE_HOME", self.state())
            .env_remove("HOME");
        command
    }

    /// `tieline run` of a shell script as `web` in development.
    pub(crate) fn run(&self, flags: &[&str], script: &str) -> Command {
        self.command(&[&["run"], &WEB[..], flags, &["--", "sh", "-c", script]].concat())
    }

    /// Where runners keep their last snapshots.
    pub(crate) fn state(&self) -> PathBuf {
        self.server.folder().join("state")
    }
}
