//! An organization's own identity provider: what may be set, which clients it has, and what becomes of them.

mod clients;
pub(crate) mod fake;
mod setting;

use serde_json::{Value, json};
use tieline_core::wire::identity_provider::{IdentityProviderSet, IdentityProviderView};

use self::fake::{ISSUER, TOKEN};
use crate::world::{ACME, World};

fn request(more: &Value) -> IdentityProviderSet {
    let mut body = json!({ "issuer": ISSUER, "registration_token": TOKEN });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    serde_json::from_value(body).unwrap()
}

pub(crate) async fn set(world: &World) -> IdentityProviderView {
    world.control.identity_provider_set(&world.admin, ACME, request(&json!({}))).await.unwrap()
}
