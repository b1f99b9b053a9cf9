//! The token service through its use cases, on every database at hand.

mod clients;
mod keys;
mod tokens;

use serde_json::{Value, json};
use tieline_control::Scope;
use tieline_control::oauth::{ClientProof, OAuthError, OAuthRefusal};
use tieline_core::access_token::Claims;
use tieline_core::model::ComponentType;
use tieline_core::secret::Secret;

use crate::provider;
use crate::world::{ACME, SHOP, World};

const ORDERS: &str = "service:/shop/orders/v1/api";
const DEFINITION: &str = "openapi: 3.0.0
components: { securitySchemes: { default: { type: oauth2 } } }
paths:
  /orders:
    get: { security: [{ default: [read] }] }
    post: { security: [{ default: [write] }] }
";

/// Deploys the provider `orders`, whose definition declares the scopes `read` and `write`.
async fn orders(world: &World) {
    provider::component(world, SHOP, "orders", ComponentType::Service).await;
    let text = "schemaVersion: 1.2\nendpoints:\n  - name: api\n    type: REST\n    networkVisibilities: [Organization]\n    \
         service: { port: 8080 }\n    schemaFilePath: openapi.yaml\n";
    let source =
        json!({ "file": ".choreo/component.yaml", "text": text, "definitions": { "openapi.yaml": DEFINITION } });
    let request = json!({
        "environment": "development", "version": "v1.0", "addresses": { "api": "http://10.0.0.1:8080" }, "source": source,
    });
    let request = serde_json::from_value(request).unwrap();
    world.control.deploy(&world.admin, ACME, SHOP, "orders", request).await.unwrap();
}

/// Connects to `orders`, and answers what the client of an environment shows.
async fn connect(world: &World, name: &str, environment: &str, more: Value) -> ClientProof {
    let mut request = json!({ "name": name, "service": ORDERS, "access_mode": "organization", "project": SHOP });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let request = serde_json::from_value(request).unwrap();
    let id = world.control.connection_create(&world.admin, ACME, request).await.unwrap().id.to_string();
    let view = world.control.connection_view(&world.admin, ACME, &id, Scope::default(), true).await.unwrap();
    let parameters = view.environments[environment].parameters.as_ref().unwrap();
    let value = |key: &str| parameters.iter().find(|parameter| parameter.key == key).unwrap().value.clone().unwrap();
    proof(&value("ConsumerKey"), &value("ConsumerSecret"))
}

fn proof(client: &str, secret: &str) -> ClientProof {
    ClientProof { client: client.to_owned(), secret: Secret::new(secret), address: "192.0.2.1".parse().unwrap() }
}

async fn issue(world: &World, proof: &ClientProof) -> String {
    world.control.access_token_issue(proof, "client_credentials", None).await.unwrap().access_token
}

/// What a token says, unverified.
fn claims(token: &str) -> Claims {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap();
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

#[track_caller]
fn refusal<T: std::fmt::Debug>(result: Result<T, OAuthError>) -> OAuthRefusal {
    match result {
        Err(OAuthError::Refused { refusal, .. }) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}
