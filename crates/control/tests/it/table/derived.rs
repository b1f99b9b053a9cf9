//! What of the model the table says, after each kind of change.

use jiff::SignedDuration;
use serde_json::{Value as Json, json};
use tieline_core::endpoint::EndpointType;
use tieline_core::model::{ComponentType, Role, Scheme};
use tieline_core::route_table::{Entry, SubscriptionState};
use tieline_core::secret::Digest;

use super::mirror::Mirror;
use crate::deployment::build::{
    DEV, LIVE, ORDERS, connect, deploy, offers, orders, promote, roll_back, undeploy, uses, worlds,
};
use crate::world::{ACME, SHOP, World, refused};

async fn update(world: &World, fields: Json) -> Result<(), tieline_control::Error> {
    let request = serde_json::from_value(fields).unwrap();
    world.control.service_update(&world.admin, ACME, ORDERS, None, request, None).await.map(|_| ())
}

#[tokio::test]
async fn a_route_keeps_the_name_that_its_endpoint_was_listed_with() {
    for world in worlds(&["orders"]).await {
        let endpoints = |name: &str| {
            let one = |name: &str, port: u16| {
                format!(
                    "  - {{ name: {name}, port: {port}, type: REST, networkVisibility: Organization, context: / }}\n"
                )
            };
            let text = format!("version: 0.1\nendpoints:\n{}{}", one("api", 8080), one(name, 8081));
            deploy("orders", "").with("source", json!({ "file": ".choreo/endpoints.yaml", "text": text }))
        };
        for environment in [DEV, LIVE] {
            endpoints("Admin").to(environment).done(&world).await;
        }
        let before = Mirror::of(&world).await.paths().join(" ");
        assert!(before.contains("/acme/production/shop/orders/Admin/v1"), "{before}");
        endpoints("admin").version("v1.1").done(&world).await;
        assert_eq!(Mirror::of(&world).await.paths().join(" "), before, "{}", world.database);
        assert_eq!(world.control.table_rebuild().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_route_says_what_is_deployed_in_its_environment() {
    for world in worlds(&["orders"]).await {
        orders().done(&world).await;
        let public = offers(&[("api", 8080, "Public"), ("inner", 8081, "Project"), ("more", 8082, "Organization")]);
        let next = deploy("orders", public).to(LIVE).version("v1.1").at("api", "https://10.0.0.2");
        next.at("inner", "http://10.0.0.2:8081").at("more", "http://10.0.0.2:8082").done(&world).await;
        let mirror = Mirror::of(&world).await;
        let expect = [
            "/acme/development/shop/orders/v1",
            "/acme/production/shop/orders/more/v1",
            "/acme/production/shop/orders/v1",
        ];
        assert_eq!(mirror.paths(), expect, "{}", world.database);
        let [development, _, production] = mirror.routes()[..] else { panic!() };
        assert_eq!((development.internal, development.external), (true, false), "v1.0 is not public");
        assert_eq!((production.internal, production.external), (true, true));
        assert_eq!(
            (development.address.as_str(), production.address.as_str()),
            ("http://10.0.0.1:8080", "https://10.0.0.2")
        );
        assert_eq!((development.base_path.as_str(), development.protocol), ("/base", EndpointType::REST));
        assert_eq!((development.reference.as_str(), development.service), (ORDERS, production.service));
        assert_eq!(development.schemes, [Scheme::OAuth2, Scheme::ApiKey]);
        assert_eq!(development.environment_handle, DEV);
    }
}

#[tokio::test]
async fn routes_follow_deployments() {
    for world in worlds(&["orders"]).await {
        let address = |mirror: &Mirror| mirror.routes().first().map(|route| route.address.clone());
        orders().done(&world).await;
        orders().version("v1.1").at("api", "http://10.0.0.7:1").done(&world).await;
        assert_eq!(address(&Mirror::of(&world).await).as_deref(), Some("http://10.0.0.7:1"), "the last one");
        roll_back(&world, "orders", None).await.unwrap();
        assert_eq!(address(&Mirror::of(&world).await).as_deref(), Some("http://10.0.0.1:8080"));
        promote(&world, "orders", json!({ "addresses": { "api": "http://10.0.0.9:1" } })).await.unwrap();
        assert_eq!(Mirror::of(&world).await.paths().len(), 2);
        undeploy(&world, "orders", DEV).await;
        assert_eq!(Mirror::of(&world).await.paths(), ["/acme/production/shop/orders/v1"]);
        deploy("orders", offers(&[("api", 8080, "Project")]))
            .to(LIVE)
            .at("api", "http://10.0.0.1:1")
            .done(&world)
            .await;
        assert_eq!(Mirror::of(&world).await.paths(), [""; 0], "no gateway carries it any more");
        deploy("orders", offers(&[("api", 8080, "Public")]))
            .version("v2.0")
            .at("api", "http://10.0.0.1:1")
            .done(&world)
            .await;
        assert_eq!(Mirror::of(&world).await.paths(), ["/acme/development/shop/orders/v2"]);
        world.control.component_delete(&world.admin, ACME, SHOP, "orders", true).await.unwrap();
        assert_eq!(Mirror::of(&world).await.paths(), [""; 0]);
    }
}

#[tokio::test]
async fn what_gateways_do_not_carry_has_no_route() {
    for world in worlds(&["orders"]).await {
        let text = "schemaVersion: 1.2\nendpoints:\n  - { name: a, type: GRPC, networkVisibilities: [Project], service: { port: 8080 } }\n  - { name: b, type: TCP, networkVisibilities: [Project], service: { port: 8081 } }\n";
        deploy("orders", text).at("a", "http://10.0.0.1:1").at("b", "tcp://10.0.0.1:2").done(&world).await;
        assert_eq!(Mirror::of(&world).await.paths(), [""; 0]);
    }
}

#[tokio::test]
async fn schemes_and_networks_are_followed() {
    for world in worlds(&["orders"]).await {
        orders().done(&world).await;
        update(&world, json!({ "schemes": ["none"] })).await.unwrap();
        assert_eq!(Mirror::of(&world).await.routes()[0].schemes, [Scheme::None]);
        let networks = serde_json::from_value(json!({ "allowed_addresses": ["10.0.0.0/8"] })).unwrap();
        world.control.environment_update(&world.admin, ACME, DEV, networks, None).await.unwrap();
        assert_eq!(Mirror::of(&world).await.routes()[0].allowed, ["10.0.0.0/8"]);
        world.control.environment_delete(&world.admin, ACME, DEV, true).await.unwrap();
        assert_eq!(Mirror::of(&world).await.paths(), [""; 0]);
    }
}

#[tokio::test]
async fn how_production_is_called_is_for_administrators_of_the_project() {
    for world in worlds(&["orders"]).await {
        let developer = world.actor(Role::Developer, Some(SHOP)).await;
        orders().done(&world).await;
        let schemes = |names: &[&str]| serde_json::from_value(json!({ "schemes": names })).unwrap();
        let change = async |names: &[&str]| {
            world.control.service_update(&developer, ACME, ORDERS, None, schemes(names), None).await
        };
        change(&["oauth2"]).await.unwrap();
        orders().to(LIVE).done(&world).await;
        assert_eq!(refused(change(&["oauth2", "none"]).await).code, "forbidden", "{}", world.database);
        change(&["oauth2"]).await.unwrap();
    }
}

#[tokio::test]
async fn connections_of_one_application_have_one_subscription() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        let first = connect(&world, "web", "orders", json!({ "access_mode": "organization" })).await.id;
        let using = deploy("web", uses(&[("orders", ORDERS)]));
        using.done(&world).await;
        let mirror = Mirror::of(&world).await;
        let [only] = mirror.subscriptions()[..] else { panic!("{mirror:?}") };
        assert_eq!(
            (only.connection, only.state, only.plan.as_str()),
            (Some(first), SubscriptionState::Live, "unlimited")
        );
        assert_eq!(only.environment, mirror.routes()[0].environment);
        assert_eq!(only.consumer, only.environment, "development calls development");
        let variables = world.variables("web", DEV).await;
        assert_eq!(only.client, variables["CHOREO_ORDERS_CONSUMERKEY"]);
        let [key] = mirror.api_keys()[..] else { panic!("{mirror:?}") };
        assert_eq!(key.digest, Digest::of(&variables["CHOREO_ORDERS_CHOREOAPIKEY"]).to_string());
        assert_eq!((key.connection, key.application, key.component), (first, Some(only.application), None));
        assert_eq!((key.consumer, key.service, key.environment), (only.consumer, only.service, only.environment));

        let second = connect(&world, "web", "again", json!({ "access_mode": "organization" })).await.id;
        deploy("web", uses(&[("orders", ORDERS), ("again", ORDERS)])).done(&world).await;
        let mirror = Mirror::of(&world).await;
        let [merged] = mirror.subscriptions()[..] else { panic!("{mirror:?}") };
        assert_eq!((merged.connection, &merged.client), (None, &variables["CHOREO_ORDERS_CONSUMERKEY"]));
        assert_eq!(mirror.api_keys().len(), 2);
        deploy("web", uses(&[("again", ORDERS)])).done(&world).await;
        assert_eq!(Mirror::of(&world).await.subscriptions()[0].connection, Some(second));
        undeploy(&world, "web", DEV).await;
        let mirror = Mirror::of(&world).await;
        assert_eq!((mirror.subscriptions().len(), mirror.api_keys().len()), (0, 0), "none outlives its reference");
    }
}

#[tokio::test]
async fn who_holds_a_deleted_connection_keeps_its_subscription_and_nobody_else() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        let id = connect(&world, "web", "orders", json!({ "access_mode": "organization" })).await.id.to_string();
        let using = deploy("web", uses(&[("orders", ORDERS)]));
        using.done(&world).await;
        using.to(LIVE).done(&world).await;
        assert_eq!(Mirror::of(&world).await.subscriptions().len(), 2);
        let scope = tieline_control::Scope::default();
        world.control.connection_delete(&world.admin, ACME, &id, scope, true, None).await.unwrap();
        assert_eq!(Mirror::of(&world).await.subscriptions().len(), 2);
        undeploy(&world, "web", DEV).await;
        assert_eq!(Mirror::of(&world).await.subscriptions().len(), 1, "{}", world.database);
        undeploy(&world, "web", LIVE).await;
        assert_eq!(Mirror::of(&world).await.subscriptions().len(), 0);
    }
}

#[tokio::test]
async fn what_is_revoked_at_once_opens_nothing_at_once() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        let id = connect(&world, "web", "orders", json!({ "access_mode": "organization" })).await.id.to_string();
        deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        let (scope, force) = (tieline_control::Scope::default(), tieline_control::Force::RevokeNow);
        world.control.connection_delete(&world.admin, ACME, &id, scope, force, None).await.unwrap();
        let mirror = Mirror::of(&world).await;
        assert_eq!((mirror.subscriptions().len(), mirror.api_keys().len()), (0, 0), "{}", world.database);
    }
}

#[tokio::test]
async fn each_component_has_its_key_and_loses_it_when_it_goes() {
    for world in worlds(&["orders", "web", "app"]).await {
        orders().done(&world).await;
        let request = json!({ "name": "orders", "service": ORDERS, "level": "project", "project": SHOP,
            "access_mode": "organization", "secrets": "per-component" });
        world.control.connection_create(&world.admin, ACME, serde_json::from_value(request).unwrap()).await.unwrap();
        for component in ["web", "app"] {
            deploy(component, uses(&[("orders", ORDERS)])).done(&world).await;
        }
        let mirror = Mirror::of(&world).await;
        assert_eq!((mirror.subscriptions().len(), mirror.api_keys().len()), (1, 2));
        assert!(mirror.api_keys().iter().all(|key| key.component.is_some()));
        world.control.component_delete(&world.admin, ACME, SHOP, "web", true).await.unwrap();
        let mirror = Mirror::of(&world).await;
        assert_eq!((mirror.subscriptions().len(), mirror.api_keys().len()), (1, 1), "{}", world.database);
        world.control.component_delete(&world.admin, ACME, SHOP, "app", true).await.unwrap();
        let mirror = Mirror::of(&world).await;
        assert_eq!((mirror.subscriptions().len(), mirror.api_keys().len()), (0, 0), "{}", world.database);
    }
}

#[tokio::test]
async fn an_external_consumer_is_subscribed_by_its_connection() {
    for world in worlds(&["orders"]).await {
        world.component("partner", ComponentType::ExternalConsumer).await;
        orders().done(&world).await;
        let more = json!({ "access_mode": "organization", "authentication_scheme": "api-key" });
        let id = connect(&world, "partner", "orders", more).await.id;
        let mirror = Mirror::of(&world).await;
        let [key] = mirror.api_keys()[..] else { panic!("{mirror:?}") };
        assert_eq!((key.connection, key.application, mirror.subscriptions().len()), (id, None, 0));
        orders().to(LIVE).done(&world).await;
        assert_eq!(Mirror::of(&world).await.api_keys().len(), 2);
    }
}

#[tokio::test]
async fn servers_are_forgotten_that_were_not_seen_for_a_day() {
    for world in worlds(&[]).await {
        let mut transaction = world.store.write().await.unwrap();
        let other = "10.0.0.9:7070".parse().unwrap();
        transaction.listener_save(other, world.at()).await.unwrap();
        transaction.commit().await.unwrap();
        let own = async || {
            world.control.table_begin().await.unwrap();
            let mirror = Mirror::of(&world).await;
            let Entry::Installation(installation) = &mirror.entries["installation"] else { panic!("{mirror:?}") };
            installation.own.clone()
        };
        let this = "127.0.0.1:7070".parse().unwrap();
        // A server on SQLite has its database to itself.
        let both = if world.database == "SQLite" { vec![this] } else { vec![other, this] };
        for (hours, expect) in [(0, &both), (23, &both), (2, &vec![this])] {
            world.pass(SignedDuration::from_hours(hours));
            assert_eq!(&own().await, expect, "{}", world.database);
        }
    }
}

#[tokio::test]
async fn what_holds_for_the_installation_is_known() {
    for world in worlds(&[]).await {
        world.control.table_begin().await.unwrap();
        world.control.table_begin().await.unwrap();
        let own = |mirror: &Mirror| match &mirror.entries["installation"] {
            Entry::Installation(own) => own.clone(),
            other => panic!("{other:?}"),
        };
        let mirror = Mirror::of(&world).await;
        assert_eq!((own(&mirror).loopback, own(&mirror).own), (true, vec!["127.0.0.1:7070".parse().unwrap()]));
        let Entry::Issuer(issuer) = &mirror.entries["issuer/"] else { panic!("{mirror:?}") };
        assert_eq!((issuer.issuer.as_str(), &issuer.organization), ("http://127.0.0.1:7070", &None));
        let keys = issuer.keys.len();
        let rotate = serde_json::from_value(json!({ "now": false })).unwrap();
        world.control.signing_key_rotate(&world.admin, rotate).await.unwrap();
        world.stranger("other").await;
        let mirror = Mirror::of(&world).await;
        assert!(!own(&mirror).loopback, "endpoints of a second organization are not on this machine");
        let Entry::Issuer(issuer) = &mirror.entries["issuer/"] else { panic!("{mirror:?}") };
        assert_eq!(issuer.keys.len(), keys + 1, "published before it signs");
    }
}
