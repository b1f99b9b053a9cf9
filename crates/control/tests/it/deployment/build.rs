//! Descriptors and deployments in one line each.

use serde_json::{Value as Json, json};
use tieline_control::{Error, PageQuery, Refusal};
use tieline_core::diagnostic::Diagnostic;
use tieline_core::model::ComponentType;
use tieline_core::wire::connection::ConnectionView;
use tieline_core::wire::plan::{DeploymentView, PlanView};
use tieline_core::wire::service::ServiceView;
use tieline_store::backup::TABLES;

use crate::world::{ACME, SHOP, World, refused};

pub(super) const DEV: &str = "development";
pub(super) const LIVE: &str = "production";
pub(super) const ORDERS: &str = "service:/shop/orders/v1/api";

/// A descriptor with endpoints `(name, port, visibilities)`.
pub(super) fn offers(endpoints: &[(&str, u16, &str)]) -> String {
    let mut text = "schemaVersion: 1.2\nendpoints:\n".to_owned();
    for (name, port, visibilities) in endpoints {
        text += &format!(
            "  - name: {name}\n    service: {{ port: {port}, basePath: /base }}\n    type: REST\n    \
             networkVisibilities: [{visibilities}]\n"
        );
    }
    text
}

/// A descriptor that refers to connections `(name, reference)`.
pub(super) fn uses(references: &[(&str, &str)]) -> String {
    let mut text = "schemaVersion: 1.2\n".to_owned();
    text += &dependencies(references);
    text
}

/// The section of a descriptor that refers to connections.
pub(super) fn dependencies(references: &[(&str, &str)]) -> String {
    let mut text = "dependencies:\n  connectionReferences:\n".to_owned();
    for (name, reference) in references {
        text += &format!("    - name: {name}\n      resourceRef: {reference}\n");
    }
    text
}

/// One deployment to be made, of a component of [`SHOP`] to development as v1.0 unless said otherwise.
#[derive(Clone)]
pub(super) struct Deploy {
    component: String,
    request: Json,
}

pub(super) fn deploy(component: &str, text: impl Into<String>) -> Deploy {
    let source = json!({ "file": ".choreo/component.yaml", "text": text.into() });
    Deploy {
        component: component.to_owned(),
        request: json!({ "environment": DEV, "version": "v1.0", "source": source, "addresses": {} }),
    }
}

impl Deploy {
    pub(super) fn to(self, environment: &str) -> Self {
        self.with("environment", json!(environment))
    }

    pub(super) fn version(self, version: &str) -> Self {
        self.with("version", json!(version))
    }

    pub(super) fn with(mut self, field: &str, value: Json) -> Self {
        self.request[field] = value;
        self
    }

    pub(super) fn at(mut self, endpoint: &str, address: &str) -> Self {
        self.request["addresses"][endpoint] = json!(address);
        self
    }

    pub(super) fn definition(mut self, path: &str, text: &str) -> Self {
        self.request["source"]["definitions"] = json!({ path: text });
        self
    }

    pub(super) async fn carry_out(&self, world: &World) -> Result<DeploymentView, Error> {
        let request = serde_json::from_value(self.request.clone()).unwrap();
        world.control.deploy(&world.admin, ACME, SHOP, &self.component, request).await
    }

    /// Plans the same source for the same environment.
    pub(super) async fn plan(&self, world: &World) -> Result<PlanView, Error> {
        let (environment, source) = (&self.request["environment"], &self.request["source"]);
        let request = serde_json::from_value(json!({ "environment": environment, "source": source })).unwrap();
        world.control.plan(&world.admin, ACME, SHOP, &self.component, request).await
    }

    pub(super) async fn planned(&self, world: &World) -> PlanView {
        self.plan(world).await.unwrap()
    }

    pub(super) async fn done(&self, world: &World) -> DeploymentView {
        match self.carry_out(world).await {
            Ok(made) => made,
            Err(Error::NotReady(plan)) => panic!("{}: {:#?}", world.database, plan.problems),
            Err(error) => panic!("{}: {error}", world.database),
        }
    }

    /// The problems of a deployment that must be refused, which leaves nothing behind.
    pub(super) async fn problems(&self, world: &World) -> Vec<Diagnostic> {
        let before = dump(world).await;
        let problems = not_ready(self.carry_out(world).await).problems;
        assert_eq!(dump(world).await, before, "a refused deployment changes nothing at all ({})", world.database);
        problems
    }

    pub(super) async fn problem(&self, world: &World) -> Diagnostic {
        let mut problems = self.problems(world).await;
        assert_eq!(problems.len(), 1, "{problems:#?}");
        problems.remove(0)
    }

    pub(super) async fn refused(&self, world: &World) -> Refusal {
        refused(self.carry_out(world).await)
    }
}

#[track_caller]
pub(super) fn not_ready<T: std::fmt::Debug>(result: Result<T, Error>) -> PlanView {
    match result {
        Err(Error::NotReady(plan)) => *plan,
        other => panic!("expected a plan that is not ready, got {other:?}"),
    }
}

/// Every row of every table.
pub(crate) async fn dump(world: &World) -> String {
    let mut transaction = world.store.read().await.unwrap();
    let mut text = String::new();
    for table in TABLES.iter() {
        let rows = transaction.backup_page(table, None).await.unwrap();
        text += &format!("{} {rows:?}\n", table.name);
    }
    text
}

/// A world on every database with service components of the given names.
pub(super) async fn worlds(components: &[&str]) -> Vec<World> {
    let worlds = World::all().await;
    for world in &worlds {
        for component in components {
            world.component(component, ComponentType::Service).await;
        }
    }
    worlds
}

/// The provider `orders`, with an endpoint for its project and the organization.
pub(super) fn orders() -> Deploy {
    deploy("orders", offers(&[("api", 8080, "Project, Organization")])).at("api", "http://10.0.0.1:8080")
}

/// Connects a component of [`SHOP`] at component level.
pub(super) async fn connect(world: &World, component: &str, name: &str, more: Json) -> ConnectionView {
    let mut request = json!({
        "name": name, "service": ORDERS, "level": "component", "project": SHOP, "component": component,
    });
    for (key, value) in more.as_object().unwrap() {
        request[key] = value.clone();
    }
    world.control.connection_create(&world.admin, ACME, serde_json::from_value(request).unwrap()).await.unwrap()
}

pub(super) async fn service(world: &World, reference: &str) -> ServiceView {
    world.control.service_view(&world.admin, ACME, reference, None).await.unwrap()
}

/// The references that the marketplace lists, sorted.
pub(super) async fn listed(world: &World) -> Vec<String> {
    let page = world.control.service_list(&world.admin, ACME, &Default::default()).await.unwrap();
    let mut references: Vec<_> = page.items.into_iter().map(|service| service.reference).collect();
    references.sort();
    references
}

/// The live deployment of a component.
pub(super) async fn live(world: &World, component: &str, environment: &str) -> DeploymentView {
    let all = world
        .control
        .deployment_list(&world.admin, ACME, SHOP, component, Some(environment), &PageQuery::default())
        .await
        .unwrap()
        .items;
    all.into_iter().find(|deployment| deployment.state == "live").unwrap()
}

pub(super) async fn undeploy(world: &World, component: &str, environment: &str) {
    world.control.undeploy(&world.admin, ACME, SHOP, component, environment, None).await.unwrap();
}

pub(super) async fn promote(world: &World, component: &str, more: Json) -> Result<DeploymentView, Error> {
    let mut request = json!({ "from": DEV, "to": LIVE });
    for (key, value) in more.as_object().unwrap() {
        request[key] = value.clone();
    }
    let request = serde_json::from_value(request).unwrap();
    world.control.promote(&world.admin, ACME, SHOP, component, request).await
}

pub(super) async fn roll_back(world: &World, component: &str, to: Option<&str>) -> Result<DeploymentView, Error> {
    let request = serde_json::from_value(json!({ "environment": DEV, "to": to })).unwrap();
    world.control.rollback(&world.admin, ACME, SHOP, component, request).await
}
