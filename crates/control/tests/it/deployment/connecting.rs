//! From a reference in a file to a connection: made on demand, found by name or by id.

use serde_json::json;
use tieline_core::reference::endpoint_id;

use super::build::{DEV, ORDERS, connect, deploy, dump, offers, orders, uses, worlds};

#[tokio::test]
async fn missing_connections_are_made_when_asked() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        let web = deploy("web", uses(&[("orders", ORDERS), ("again", "orders/v1/ORGANIZATION")]));
        let problems = web.problems(&world).await;
        assert!(problems.iter().all(|problem| problem.code == "connection_missing"), "{problems:?}");
        web.with("create_connections", json!(true)).done(&world).await;
        let values = world.variables("web", DEV).await;
        assert_eq!(values["CHOREO_ORDERS_SERVICEURL"], "http://10.0.0.1:8080/base");
        assert_eq!(values["CHOREO_AGAIN_SERVICEURL"], "http://127.0.0.1:7071/acme/development/shop/orders/v1");
    }
}

#[tokio::test]
async fn connections_that_cannot_be_made_are_a_problem_and_none_is_left() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        let web = deploy("web", uses(&[("orders", ORDERS), ("none", "service:/shop/none/v1")]));
        let before = dump(&world).await;
        let problems = web.with("create_connections", json!(true)).problems(&world).await;
        let codes: Vec<_> = problems.iter().map(|problem| problem.code.as_str()).collect();
        assert!(codes.contains(&"service_not_found") && codes.contains(&"connection_missing"), "{codes:?}");
        assert_eq!(dump(&world).await, before);
    }
}

#[tokio::test]
async fn files_of_version_1_0_name_connections_by_id() {
    let text = |reference: &str, id: &str| {
        format!(
            "schemaVersion: \"1.0\"\ndependencies:\n  serviceReferences:\n    - name: {reference}\n      \
             connectionConfig: {id}\n      env:\n        - from: ServiceURL\n          to: ORDERS_URL\n"
        )
    };
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        let id = "f7e0dc5b-0c62-4b4e-9c1c-35f0cd7eb1f4";
        let endpoint = endpoint_id(8080, tieline_core::endpoint::EndpointType::REST, "/base");
        let reference = format!("choreo:///acme/shop/orders/{endpoint}/v1.0/PROJECT");
        let web = deploy("web", text(&reference, id));
        let problem = web.problem(&world).await;
        assert!(problem.hint.ends_with(&format!("--access-mode project --id {id}")), "{}", problem.hint);
        web.clone().with("create_connections", json!(true)).done(&world).await;
        let values = world.variables("web", DEV).await;
        assert_eq!(values.into_iter().collect::<Vec<_>>(), [("ORDERS_URL".into(), "http://10.0.0.1:8080/base".into())]);

        // The endpoint id changes with the port: one endpoint is still meant, of two it is not known which.
        deploy("orders", offers(&[("api", 8081, "Project, Organization")])).done(&world).await;
        let made = web.done(&world).await;
        assert_eq!(made.warnings[0].code, "endpoint_id_stale");
        let two = [("api", 8081, "Project, Organization"), ("admin", 8082, "Project")];
        deploy("orders", offers(&two)).done(&world).await;
        assert_eq!(web.problem(&world).await.code, "endpoint_id_unknown");
    }
}

#[tokio::test]
async fn a_connection_of_another_component_does_not_exist() {
    for world in worlds(&["orders", "web", "other"]).await {
        orders().done(&world).await;
        let connection = connect(&world, "other", "orders", json!({})).await;
        assert_eq!(deploy("web", uses(&[("orders", ORDERS)])).problem(&world).await.code, "connection_missing");
        let by_id = format!(
            "schemaVersion: 1.2\ndependencies:\n  serviceReferences:\n    - name: \
             choreo:///acme/shop/orders/api/v1/PROJECT\n      connectionConfig: {}\n      env: []\n",
            connection.id
        );
        assert_eq!(deploy("web", by_id).problem(&world).await.code, "connection_missing");
        connect(&world, "web", "orders", json!({ "level": "project", "component": null, "name": "shared" })).await;
        deploy("web", uses(&[("shared", ORDERS)])).done(&world).await;
        deploy("other", uses(&[("shared", ORDERS)])).done(&world).await;
    }
}

#[tokio::test]
async fn each_component_gets_its_own_secret_where_that_was_asked() {
    for world in worlds(&["orders", "web", "other"]).await {
        orders().done(&world).await;
        let more = json!({ "level": "organization", "project": null, "component": null, "secrets": "per-component" });
        connect(&world, "web", "orders", more).await;
        for component in ["web", "other"] {
            deploy(component, uses(&[("orders", "/shop/orders/v1")])).done(&world).await;
        }
        let (web, other) = (world.variables("web", DEV).await, world.variables("other", DEV).await);
        assert_eq!(web["CHOREO_ORDERS_CONSUMERKEY"], other["CHOREO_ORDERS_CONSUMERKEY"]);
        assert_ne!(web["CHOREO_ORDERS_CONSUMERSECRET"], other["CHOREO_ORDERS_CONSUMERSECRET"]);
        let before = super::build::live(&world, "web", DEV).await.snapshot;
        orders().version("v1.1").done(&world).await;
        assert_eq!(super::build::live(&world, "web", DEV).await.snapshot, before, "a refresh keeps its secret");
    }
}

#[tokio::test]
async fn extensions_are_accepted_and_findings_are_not() {
    for world in worlds(&["web"]).await {
        let cache = json!({
            "name": "one/sessions", "kind": "redis", "credentials": [{ "name": "dev", "environments": [DEV], "values": {
                "HostName": "cache.example", "Port": "6379", "DatabaseName": "0", "Username": "app", "Password": "p" } }],
        });
        let request = serde_json::from_value(cache).unwrap();
        world.control.resource_register(&world.admin, "acme", request, false, None).await.unwrap();
        connect(&world, "web", "sessions", json!({ "service": "cache:one/sessions" })).await;
        let text = uses(&[("sessions", "cache:one/sessions")]);
        deploy("web", text.clone()).done(&world).await;
        assert_eq!(world.variables("web", DEV).await["CHOREO_SESSIONS_PASSWORD"], "p");
        let twice = uses(&[("sessions", "cache:one/sessions"), ("sessions", "cache:one/sessions")]);
        let problems = deploy("web", twice).problems(&world).await;
        assert!(problems.iter().any(|problem| problem.code == "connection_repeated"), "{problems:#?}");
    }
}

#[tokio::test]
async fn a_web_app_gets_the_address_of_a_shared_connection() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        world.component("site", tieline_core::model::ComponentType::WebApp).await;
        connect(&world, "web", "orders", json!({ "level": "organization", "project": null, "component": null })).await;
        for (component, count) in [("web", 5), ("site", 1)] {
            deploy(component, uses(&[("orders", ORDERS)])).done(&world).await;
            assert_eq!(world.variables(component, DEV).await.len(), count, "{component}");
        }
    }
}

#[tokio::test]
async fn what_waits_for_an_assignment_completes_when_it_is_registered() {
    let gate = |environments: &[&str]| {
        let endpoint = json!({ "name": "main", "url": "https://mail.example", "environments": environments,
            "values": { "ApiKey": "k" } });
        let request = json!({ "name": "Mail Gate", "version": "v1", "parameters": [{ "name": "ApiKey", "secret": true }],
            "endpoints": [endpoint] });
        serde_json::from_value(request).unwrap()
    };
    for world in worlds(&["web"]).await {
        world.control.service_register(&world.admin, "acme", gate(&[DEV]), false, None).await.unwrap();
        connect(&world, "web", "mail", json!({ "service": "thirdparty:Mail Gate/v1" })).await;
        let web = deploy("web", uses(&[("mail", "thirdparty:Mail Gate/v1")])).to(super::build::LIVE);
        let problems = web.problems(&world).await;
        assert!(problems.iter().all(|problem| problem.code == "value_pending"), "{problems:#?}");
        web.with("allow_pending", json!(true)).done(&world).await;
        assert!(world.variables("web", super::build::LIVE).await.is_empty());
        world
            .control
            .service_register(&world.admin, "acme", gate(&[DEV, super::build::LIVE]), false, None)
            .await
            .unwrap();
        let values = world.variables("web", super::build::LIVE).await;
        assert_eq!(values["CHOREO_MAIL_SERVICEURL"], "https://mail.example");
        assert_eq!(values["CHOREO_MAIL_APIKEY"], "k");
    }
}
