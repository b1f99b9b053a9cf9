//! A value that was resolved is never taken from a running component because something else went away.

use serde_json::json;
use tieline_control::Force;

use super::build::{DEV, ORDERS, connect, deploy, live, orders, undeploy, uses, worlds};

#[tokio::test]
async fn an_undeployed_provider_leaves_its_consumers_values() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        connect(&world, "web", "orders", json!({})).await;
        let before = deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        let values = world.variables("web", DEV).await;

        undeploy(&world, "orders", DEV).await;
        assert_eq!(world.variables("web", DEV).await, values);
        let after = live(&world, "web", DEV).await;
        assert_eq!(after.snapshot, before.snapshot, "nobody restarts for it");
        let since = after.degraded["CHOREO_ORDERS_SERVICEURL"].clone();
        assert_eq!(since.since.to_string(), "2026-01-01T00:00:00Z");
        assert!(since.reason.contains("not deployed in development"), "{since:?}");

        // A redeployment carries it forward too, since when included.
        let again = deploy("web", uses(&[("orders", ORDERS)])).version("v1.1").done(&world).await;
        assert_eq!(again.degraded["CHOREO_ORDERS_SERVICEURL"], since);
        assert!(again.warnings.iter().any(|warning| warning.code == "value_carried_forward"));

        orders().at("api", "http://10.0.0.5:8080").done(&world).await;
        let mended = live(&world, "web", DEV).await;
        assert!(mended.degraded.is_empty());
        assert_eq!(world.variables("web", DEV).await["CHOREO_ORDERS_SERVICEURL"], "http://10.0.0.5:8080/base");
    }
}

#[tokio::test]
async fn an_unpublished_provider_and_a_forced_deletion_leave_them_as_well() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        let connection = connect(&world, "web", "orders", json!({ "access_mode": "organization" })).await;
        deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        let values = world.variables("web", DEV).await;
        assert_eq!(values.len(), 5);

        world.control.service_unpublish(&world.admin, "acme", ORDERS, None, None).await.unwrap();
        assert_eq!(world.variables("web", DEV).await, values);

        let id = connection.id.to_string();
        world.control.connection_delete(&world.admin, "acme", &id, Default::default(), true, None).await.unwrap();
        orders().version("v1.1").done(&world).await;
        assert_eq!(world.variables("web", DEV).await, values);
        let problem = deploy("web", uses(&[("orders", ORDERS)])).problem(&world).await;
        assert_eq!(problem.code, "connection_missing", "new use stops at once");
        assert_eq!(world.variables("web", DEV).await, values);
    }
}

#[tokio::test]
async fn a_deletion_that_revokes_at_once_names_whom_it_breaks_and_takes_no_variable() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        let connection = connect(&world, "web", "orders", json!({ "access_mode": "organization" })).await;
        deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        let values = world.variables("web", DEV).await;
        let id = connection.id.to_string();
        let broken = world
            .control
            .connection_delete(&world.admin, "acme", &id, Default::default(), Force::RevokeNow, None)
            .await
            .unwrap();
        let named: Vec<_> = broken.iter().map(|view| (view.component.as_str(), view.environment.as_str())).collect();
        assert_eq!(named, [("web", DEV)], "{}", world.database);
        assert_eq!(world.variables("web", DEV).await, values, "what it runs with it keeps");
        assert_eq!(live(&world, "web", DEV).await.degraded.len(), values.len());

        // Revoked and not only out of use: nothing brings the keys back.
        deploy("web", "schemaVersion: 1.2\n").version("v1.1").done(&world).await;
        let refusal = crate::world::refused(super::build::roll_back(&world, "web", None).await);
        assert_eq!(refusal.code, "values_revoked");
        assert_eq!(world.control.purge().await.unwrap().secrets, 2, "those of production, which nobody held");
    }
}

#[tokio::test]
async fn another_connection_of_the_same_name_does_not_slip_in() {
    for world in worlds(&["orders", "web"]).await {
        for secrets in ["shared", "per-component"] {
            orders().done(&world).await;
            let more =
                json!({ "access_mode": "organization", "level": "project", "component": null, "secrets": secrets });
            let first = connect(&world, "web", "orders", more.clone()).await.id.to_string();
            let before = deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
            let values = world.variables("web", DEV).await;
            world
                .control
                .connection_delete(&world.admin, "acme", &first, Default::default(), true, None)
                .await
                .unwrap();
            let second = connect(&world, "web", "orders", more).await.id.to_string();
            orders().version("v1.1").done(&world).await;
            assert_eq!(world.variables("web", DEV).await, values, "its keys are subscribed, those of another are not");
            let after = live(&world, "web", DEV).await;
            assert_eq!((&after.snapshot, after.degraded.len()), (&before.snapshot, 5), "{secrets}: {after:?}");

            deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
            assert_ne!(world.variables("web", DEV).await, values, "a deployment takes the other one");
            assert!(live(&world, "web", DEV).await.degraded.is_empty());
            undeploy(&world, "web", DEV).await;
            world
                .control
                .connection_delete(&world.admin, "acme", &second, Default::default(), false, None)
                .await
                .unwrap();
        }
    }
}

#[tokio::test]
async fn project_mode_waits_for_its_provider() {
    for world in worlds(&["orders", "web"]).await {
        orders().done(&world).await;
        connect(&world, "web", "orders", json!({})).await;
        undeploy(&world, "orders", DEV).await;
        let web = deploy("web", uses(&[("orders", ORDERS)]));
        let problem = web.problem(&world).await;
        assert_eq!((problem.code.as_str(), problem.line), ("value_pending", 4));

        let waiting = web.with("allow_pending", json!(true)).done(&world).await;
        assert!(world.variables("web", DEV).await.is_empty());
        assert_eq!(waiting.warnings[0].code, "value_pending");
        orders().done(&world).await;
        assert_eq!(world.variables("web", DEV).await.len(), 1, "it completes by itself");
        assert_ne!(live(&world, "web", DEV).await.snapshot, waiting.snapshot);
    }
}

#[tokio::test]
async fn a_component_finds_itself_where_it_will_be() {
    for world in worlds(&["orders"]).await {
        let text = super::build::offers(&[("api", 8080, "Project")]);
        let own = text.clone() + &super::build::dependencies(&[("self", ORDERS)]);
        deploy("orders", text).at("api", "http://10.0.0.1:8080").done(&world).await;
        connect(&world, "orders", "self", json!({})).await;
        for (environment, address) in
            [(super::build::LIVE, "http://10.0.0.2:80"), (DEV, "http://10.0.0.1:8080"), (DEV, "http://10.0.0.3:80")]
        {
            let deploy = deploy("orders", own.clone()).to(environment).at("api", address);
            let planned = deploy.planned(&world).await;
            assert!(planned.ready, "{environment}: {:?}", planned.problems);
            let made = deploy.done(&world).await;
            assert_eq!(live(&world, "orders", environment).await.snapshot, made.snapshot);
            let url = &world.variables("orders", environment).await["CHOREO_SELF_SERVICEURL"];
            assert_eq!(*url, format!("{address}/base"), "{}", world.database);
        }
    }
}

#[tokio::test]
async fn two_components_may_depend_on_each_other() {
    for world in worlds(&["orders", "web"]).await {
        let offer = |name: &str, port| super::build::offers(&[(name, port, "Organization")]);
        let both = |own: String, other: &str, reference: &str| own + &super::build::dependencies(&[(other, reference)]);
        let web = "service:/shop/web/v1/site";
        deploy("orders", offer("api", 8080)).done(&world).await;
        deploy("web", offer("site", 8081)).done(&world).await;
        connect(&world, "web", "orders", json!({})).await;
        connect(&world, "orders", "site", json!({ "service": web })).await;
        for environment in [DEV, super::build::LIVE] {
            let first = deploy("web", both(offer("site", 8081), "orders", ORDERS)).to(environment).done(&world).await;
            let waits = first.warnings.iter().any(|warning| warning.code == "provider_not_deployed");
            assert_eq!(waits, environment == super::build::LIVE, "{:?}", first.warnings);
            deploy("orders", both(offer("api", 8080), "site", web)).to(environment).done(&world).await;
            let url = &world.variables("web", environment).await["CHOREO_ORDERS_SERVICEURL"];
            assert_eq!(*url, format!("http://127.0.0.1:7071/acme/{environment}/shop/orders/v1"));
        }
    }
}
