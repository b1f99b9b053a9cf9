//! Services to connect to: deployed by components of their own, or registered.

use serde_json::{Value, json};
use tieline_core::model::ComponentType;
use tieline_core::wire::tenancy::{ComponentCreate, ProjectCreate};

use crate::world::{ACME, World};

/// Makes a component, and its project if that is missing.
pub(crate) async fn component(world: &World, project: &str, handle: &str, component_type: ComponentType) {
    let known = world.control.project_list(&world.admin, ACME).await.unwrap();
    if !known.iter().any(|found| found.handle == project) {
        let request = ProjectCreate { handle: project.to_owned() };
        world.control.project_create(&world.admin, ACME, request).await.unwrap();
    }
    let request = ComponentCreate { handle: handle.to_owned(), component_type };
    world.control.component_create(&world.admin, ACME, project, request).await.unwrap();
}

/// Makes a component and deploys it to development, with the endpoint `api` at the base path `/base`.
pub(crate) async fn internal(world: &World, project: &str, handle: &str, kind: &str, visibilities: &str) {
    component(world, project, handle, ComponentType::Service).await;
    deploy(world, project, handle, "development", (kind, visibilities)).await;
}

/// Deploys a provider: its endpoint listens at `http://10.0.0.1:8080`.
pub(crate) async fn deploy(world: &World, project: &str, handle: &str, environment: &str, endpoint: (&str, &str)) {
    let (kind, visibilities) = endpoint;
    let text = format!(
        "schemaVersion: 1.2\nendpoints:\n  - name: api\n    type: {kind}\n    networkVisibilities: [{visibilities}]\n    \
         service: {{ port: 8080, basePath: /base }}\n"
    );
    let request = serde_json::from_value(json!({
        "environment": environment, "version": "v1.0", "addresses": { "api": "http://10.0.0.1:8080" },
        "source": { "file": ".choreo/component.yaml", "text": text },
    }));
    world.control.deploy(&world.admin, ACME, project, handle, request.unwrap()).await.unwrap();
}

/// Registers the third-party service `Mail`, with endpoints that are each assigned to environments.
pub(crate) async fn mail(world: &World, endpoints: &[(&str, &[&str])]) {
    let endpoint = |(name, environments): &(&str, &[&str])| -> Value {
        json!({
            "name": name, "url": format!("https://{name}.example"), "environments": environments,
            "values": { "ApiKey": format!("canary of {name}") },
        })
    };
    let request = serde_json::from_value(json!({
        "name": "Mail", "version": "v1",
        "parameters": [{ "name": "ApiKey", "secret": true }, { "name": "Sender", "optional": true }],
        "endpoints": endpoints.iter().map(endpoint).collect::<Vec<_>>(),
    }));
    world.control.service_register(&world.admin, ACME, request.unwrap(), false, None).await.unwrap();
}
