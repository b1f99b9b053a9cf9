//! What deployments list in the marketplace, and what they may not take away.

use serde_json::json;
use tieline_control::PageQuery;
use tieline_core::model::ComponentType;

use super::build::ORDERS;
use super::build::{
    DEV, LIVE, connect, deploy, listed, not_ready, offers, orders, promote, roll_back, service, undeploy, uses, worlds,
};

#[tokio::test]
async fn one_service_per_endpoint_and_major() {
    for world in worlds(&["orders"]).await {
        let text = offers(&[("api", 8080, "Organization"), ("admin", 8081, "Project")]);
        let made = deploy("orders", text.clone()).done(&world).await;
        assert_eq!(made.services, ["service:/shop/orders/v1/admin", ORDERS]);
        deploy("orders", text).version("v2.3").done(&world).await;
        let references =
            ["v1/admin", "v1/api", "v2/admin", "v2/api"].map(|rest| format!("service:/shop/orders/{rest}"));
        assert_eq!(listed(&world).await, references);
        let shown = service(&world, "service:/shop/orders/v2.1/ADMIN").await;
        assert_eq!((shown.name.as_str(), shown.version.as_str()), ("orders - admin", "v2.3"));
        assert_eq!(service(&world, "service:/shop/orders/v1").await.reference, ORDERS, "the first is the default");
    }
}

#[tokio::test]
async fn majors_run_side_by_side() {
    for world in worlds(&["orders"]).await {
        orders().done(&world).await;
        orders().version("v2.0").at("api", "http://10.0.0.2:8080").done(&world).await;
        orders().version("v2.1").done(&world).await;
        let all = world
            .control
            .deployment_list(&world.admin, "acme", "shop", "orders", Some(DEV), &PageQuery::default())
            .await
            .unwrap()
            .items;
        let states: Vec<_> = all.iter().map(|one| (one.version.as_str(), one.state.as_str())).collect();
        assert_eq!(states, [("v2.1", "live"), ("v2.0", "replaced"), ("v1.0", "live")]);
        let several = world.control.undeploy(&world.admin, "acme", "shop", "orders", DEV, None).await;
        assert_eq!(crate::world::refused(several).code, "several_majors_live");
        world.control.undeploy(&world.admin, "acme", "shop", "orders", DEV, Some("v1")).await.unwrap();
        assert_eq!(listed(&world).await, ["service:/shop/orders/v2/api"]);
    }
}

#[tokio::test]
async fn a_redeployment_refreshes_what_the_marketplace_says() {
    let api = |title: &str| format!("openapi: 3.0.0\ninfo: {{ title: {title}, version: '1' }}\npaths: {{}}\n");
    let text = |visibility: &str| offers(&[("api", 8080, visibility)]) + "    schemaFilePath: openapi.yaml\n";
    for world in worlds(&["orders"]).await {
        deploy("orders", text("Organization")).definition("openapi.yaml", &api("First")).done(&world).await;
        let first = service(&world, ORDERS).await;
        assert_eq!((first.summary.as_str(), first.definition_type.as_deref()), ("First", Some("openapi3")));

        let again = deploy("orders", text("Organization, Public")).version("v1.1");
        again.definition("openapi.yaml", &api("Second")).done(&world).await;
        let second = service(&world, ORDERS).await;
        assert_eq!((second.summary.as_str(), second.version.as_str()), ("Second", "v1.1"));
        assert_eq!(format!("{:?}", second.visibilities), "[Organization, Public]");

        let update = serde_json::from_value(json!({ "summary": "Ours" })).unwrap();
        world.control.service_update(&world.admin, "acme", ORDERS, None, update, None).await.unwrap();
        let third = deploy("orders", text("Public")).version("v1.2").definition("openapi.yaml", &api("Third"));
        third.done(&world).await;
        assert_eq!(service(&world, ORDERS).await.summary, "Ours", "what the owner wrote stays");
    }
}

#[tokio::test]
async fn the_listing_stands_for_the_latest_minor_that_is_live() {
    for world in worlds(&["orders"]).await {
        let older = offers(&[("api", 8080, "Organization"), ("old", 8082, "Organization")]);
        let newer = offers(&[("api", 8080, "Organization"), ("new", 8081, "Organization")]);
        let of = |name: &str| format!("service:/shop/orders/v1/{name}");
        deploy("orders", older.clone()).version("v1.9").done(&world).await;
        deploy("orders", newer).version("v1.10").done(&world).await;
        assert_eq!(listed(&world).await, [of("api"), of("new")]);

        deploy("orders", older).to(LIVE).version("v1.9").done(&world).await;
        assert_eq!(listed(&world).await, [of("api"), of("new")], "an older minor elsewhere takes nothing back");
        assert_eq!(service(&world, ORDERS).await.version, "v1.10");

        undeploy(&world, "orders", DEV).await;
        assert_eq!(listed(&world).await, [of("api"), of("old")], "v1.9 is the latest that is left");
        assert_eq!(service(&world, ORDERS).await.version, "v1.9");
        undeploy(&world, "orders", LIVE).await;
        assert!(listed(&world).await.is_empty());
        orders().done(&world).await;
        assert_eq!(listed(&world).await, [ORDERS]);
    }
}

#[tokio::test]
async fn an_endpoint_that_is_default_or_in_use_is_not_taken_away() {
    for world in worlds(&["orders", "web"]).await {
        let both = [("api", 8080, "Organization"), ("admin", 8081, "Organization")];
        deploy("orders", offers(&both)).done(&world).await;
        let without_default = deploy("orders", offers(&both[1..])).version("v1.1");
        assert_eq!(without_default.problem(&world).await.code, "default_endpoint_missing");

        let admin = "service:/shop/orders/v1/admin";
        connect(&world, "web", "admin", json!({ "service": admin })).await;
        deploy("web", uses(&[("admin", admin)])).done(&world).await;
        let without_admin = deploy("orders", offers(&both[..1])).version("v1.1");
        let problem = without_admin.problem(&world).await;
        assert_eq!(problem.code, "endpoint_in_use");
        let planned = without_admin.planned(&world).await;
        assert_eq!(planned.problems, std::slice::from_ref(&problem), "a plan says so before");
        assert!(
            problem.message.contains("in development: shop/web (v1.0, connection \"admin\")"),
            "{}",
            problem.message
        );

        // Nobody in production is led to it, and the marketplace goes on standing for v1.0.
        deploy("orders", offers(&both[..1])).to(LIVE).version("v0.9").done(&world).await;
        undeploy(&world, "web", DEV).await;
        without_admin.done(&world).await;
        assert!(!listed(&world).await.contains(&admin.to_owned()));
        let other_default = deploy("orders", offers(&both[1..])).version("v2.0");
        other_default.done(&world).await;
    }
}

#[tokio::test]
async fn an_older_minor_elsewhere_is_measured_by_who_is_led_there() {
    for world in worlds(&["orders", "web"]).await {
        let both = [("api", 8080, "Organization"), ("admin", 8081, "Organization")];
        let admin = "service:/shop/orders/v1/admin";
        deploy("orders", offers(&both)).version("v1.1").done(&world).await;
        deploy("orders", offers(&both)).to(LIVE).version("v1.1").done(&world).await;
        connect(&world, "web", "admin", json!({ "service": admin })).await;
        deploy("web", uses(&[("admin", admin)])).done(&world).await;
        // Development's consumer is led to development.
        deploy("orders", offers(&both[..1])).to(LIVE).version("v1.0").done(&world).await;
        deploy("web", uses(&[("admin", admin)])).to(LIVE).done(&world).await;
        deploy("orders", offers(&both)).to(LIVE).version("v1.1").done(&world).await;
        let problem = deploy("orders", offers(&both[..1])).to(LIVE).version("v1.0").problem(&world).await;
        assert!(problem.message.contains("in production: shop/web"), "{}", problem.message);
    }
}

#[tokio::test]
async fn a_visibility_in_use_is_not_narrowed() {
    for world in worlds(&["orders", "web"]).await {
        deploy("orders", offers(&[("api", 8080, "Organization, Public")])).done(&world).await;
        connect(&world, "web", "orders", json!({ "access_mode": "public" })).await;
        let narrowed = deploy("orders", offers(&[("api", 8080, "Organization")])).version("v1.1");
        deploy("web", uses(&[("orders", ORDERS)])).done(&world).await;
        let problem = narrowed.problem(&world).await;
        assert_eq!(problem.code, "visibility_in_use");
        assert!(problem.message.contains("shop/web") && problem.line == 3, "{problem:?}");
        world.control.service_unpublish(&world.admin, "acme", ORDERS, None, None).await.unwrap();
        assert_eq!(narrowed.problem(&world).await.code, "visibility_in_use", "also when it is not published");
        undeploy(&world, "web", DEV).await;
        narrowed.done(&world).await;
        assert!(listed(&world).await.is_empty(), "what was taken from the marketplace stays out of it");
    }
}

#[tokio::test]
async fn rollback_takes_no_endpoint_from_its_consumers() {
    for world in worlds(&["orders", "web"]).await {
        let both = [("api", 8080, "Organization"), ("admin", 8081, "Organization")];
        let admin = "service:/shop/orders/v1/admin";
        deploy("orders", offers(&both[..1])).done(&world).await;
        deploy("orders", offers(&both)).version("v1.1").done(&world).await;
        connect(&world, "web", "admin", json!({ "service": admin })).await;
        deploy("web", uses(&[("admin", admin)])).done(&world).await;
        let refused = not_ready(roll_back(&world, "orders", None).await);
        assert_eq!(refused.problems[0].code, "endpoint_in_use");
        undeploy(&world, "web", DEV).await;
        roll_back(&world, "orders", None).await.unwrap();
        assert_eq!(listed(&world).await, [ORDERS]);
    }
}

#[tokio::test]
async fn every_problem_is_said_at_once() {
    for world in worlds(&["orders"]).await {
        orders().done(&world).await;
        let text = offers(&[("other", 8081, "Organization")])
            + &super::build::dependencies(&[("gone", "service:/shop/none/v1")]);
        let refused = deploy("orders", text).at("other", "http://169.254.169.254").at("typo", "http://10.0.0.9");
        let problems = refused.problems(&world).await;
        let mut codes: Vec<_> = problems.iter().map(|problem| problem.code.as_str()).collect();
        codes.sort_unstable();
        assert_eq!(codes, ["address_refused", "connection_missing", "default_endpoint_missing", "endpoint_unknown"]);
    }
}

#[tokio::test]
async fn an_external_consumer_is_never_deployed() {
    for world in worlds(&["orders"]).await {
        orders().done(&world).await;
        world.component("partner", ComponentType::ExternalConsumer).await;
        let partner = deploy("partner", uses(&[("orders", ORDERS)]));
        assert_eq!(crate::world::refused(partner.plan(&world).await).code, "component_never_deploys");
        let refusal = deploy("partner", uses(&[("orders", ORDERS)])).refused(&world).await;
        assert_eq!(refusal.code, "component_never_deploys");
        assert_eq!(crate::world::refused(promote(&world, "partner", json!({})).await).code, "component_never_deploys");
    }
}
