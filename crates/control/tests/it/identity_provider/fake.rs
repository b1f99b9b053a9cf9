//! An identity provider that answers as it is told, and remembers what it was asked for.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use serde_json::{Value, json};
use tieline_core::identity_provider::{Fault, Management, ProviderClient, Reach};
use tieline_core::secret::Secret;

/// Its issuer.
pub(crate) const ISSUER: &str = "https://id.example/acme";
/// The initial access token that it asks for.
pub(crate) const TOKEN: &str = "canary-initial";

/// The provider, as everybody shares it.
#[derive(Default)]
pub(crate) struct FakeProvider(Mutex<State>);

/// What it knows and does.
pub(crate) struct State {
    /// Its metadata.
    pub(crate) metadata: Value,
    /// Its keys.
    pub(crate) keys: Value,
    /// What it answers whatever it is asked.
    pub(crate) fault: Option<Fault>,
    /// What is different in its answers to registrations.
    pub(crate) odd: Value,
    /// What it answers whoever exchanges a code, and how it was asked: the proof, and the form.
    pub(crate) tokens: Value,
    pub(crate) exchanged: Vec<(Option<String>, String)>,
    /// What it says of whom an access token is about.
    pub(crate) person: Value,
    /// Its clients: by id, what they are called.
    pub(crate) clients: BTreeMap<String, String>,
    /// How often it was asked anything.
    pub(crate) asked: usize,
    made: usize,
}

impl Default for State {
    fn default() -> Self {
        Self {
            metadata: json!({
                "issuer": ISSUER, "token_endpoint": format!("{ISSUER}/token"), "jwks_uri": format!("{ISSUER}/jwks"),
                "registration_endpoint": format!("{ISSUER}/reg"),
                "authorization_endpoint": format!("{ISSUER}/auth"), "userinfo_endpoint": format!("{ISSUER}/me"),
            }),
            keys: json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "first", "x": "x", "y": "y" }] }),
            fault: None,
            odd: json!({}),
            tokens: json!({}),
            exchanged: Vec::new(),
            person: json!({}),
            clients: BTreeMap::new(),
            asked: 0,
            made: 0,
        }
    }
}

impl FakeProvider {
    /// Its state, to look at or to change.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn asked(&self) -> Result<MutexGuard<'_, State>, Fault> {
        let mut state = self.state();
        state.asked += 1;
        match &state.fault {
            Some(fault) => Err(fault.clone()),
            None => Ok(state),
        }
    }
}

impl ProviderClient for FakeProvider {
    fn document(&self, url: &str, token: Option<&Secret>, _: &Reach) -> Result<Value, Fault> {
        let state = self.asked()?;
        match url {
            "https://id.example/acme/me" if token.map(Secret::expose) == Some("canary-access") => {
                Ok(state.person.clone())
            }
            "https://id.example/acme/.well-known/openid-configuration" => Ok(state.metadata.clone()),
            "https://id.example/acme/jwks" => Ok(state.keys.clone()),
            _ => Err(Fault::Denied("it answered 404".to_owned())),
        }
    }

    fn exchange(&self, url: &str, proof: Option<&Secret>, form: &Secret, _: &Reach) -> Result<Secret, Fault> {
        let mut state = self.asked()?;
        assert_eq!(url, "https://id.example/acme/token");
        state.exchanged.push((proof.map(|proof| proof.expose().to_owned()), form.expose().to_owned()));
        Ok(Secret::new(state.tokens.to_string()))
    }

    fn register(&self, url: &str, token: Option<&Secret>, body: &Value, _: &Reach) -> Result<Secret, Fault> {
        let mut state = self.asked()?;
        assert_eq!(url, "https://id.example/acme/reg");
        if token.map(Secret::expose) != Some(TOKEN) {
            return Err(Fault::Denied("it answered 401: invalid_token".to_owned()));
        }
        state.made += 1;
        let id = format!("idp-{}", state.made);
        let mut answer = json!({
            "client_id": id, "client_secret": format!("canary-secret-{id}"), "client_secret_expires_at": 0,
            "registration_client_uri": format!("{ISSUER}/reg/{id}"), "registration_access_token": format!("canary-{id}"),
        });
        for (name, value) in state.odd.as_object().unwrap() {
            answer[name] = value.clone();
        }
        let name = body["client_name"].as_str().unwrap().to_owned();
        state.clients.insert(id, name);
        Ok(Secret::new(answer.to_string()))
    }

    fn unregister(&self, management: &Management, _: &Reach) -> Result<(), Fault> {
        let mut state = self.asked()?;
        let id = management.uri.rsplit('/').next().unwrap();
        assert_eq!(management.token.expose(), format!("canary-{id}"));
        state.clients.remove(id);
        Ok(())
    }
}
