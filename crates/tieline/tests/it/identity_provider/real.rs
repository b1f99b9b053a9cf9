//! npm's `oidc-provider`, which the OpenID Foundation certified, in a process of its own; see
//! `tests/clients/identity-provider.mjs`.

use serde_json::{Value, json};

use crate::node::Module;
use crate::oauth;

/// The initial access token that it asks for.
pub(crate) const TOKEN: &str = "canary-initial-access-token";
/// The audience of its tokens.
pub(crate) const AUDIENCE: &str = "https://gateway.acme.example";

/// A running one.
pub(crate) struct IdentityProvider {
    module: Module,
    issuer: String,
}

impl IdentityProvider {
    pub(crate) fn start() -> Self {
        let module = Module::start("identity-provider.mjs", &[("REGISTRATION_TOKEN", TOKEN), ("AUDIENCE", AUDIENCE)]);
        let issuer = module.line();
        Self { module, issuer }
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Stops to listen.
    pub(super) fn down(&self) {
        self.module.tell("down");
    }

    /// Listens again.
    pub(super) fn up(&self) {
        self.module.tell("up");
    }

    /// Signs with another key.
    pub(super) fn rotate(&self) {
        self.module.tell("rotate");
    }

    /// The ids of its clients.
    pub(super) fn clients(&self) -> Vec<String> {
        serde_json::from_str(&self.module.tell("clients")).expect("ids")
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
}
