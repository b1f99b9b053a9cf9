//! The graph, after real deployments: who depends on whom, what breaks, and what somebody else may know of it.

use serde_json::json;
use tieline_control::Actor;
use tieline_core::model::{ComponentType, Role};
use tieline_core::wire::graph::{GraphQuery, GraphStatus, GraphView};

use crate::provider;
use crate::world::{ACME, SHOP, World, refused};

const LEDGER: &str = "service:/shop/ledger/v1/api";
const ORDERS: &str = "service:/shop/orders/v1/api";
const MAIL: &str = "thirdparty:Mail/v1";

/// `web` uses `orders`, and so does `partner/shopper`; `orders` uses `ledger`, and `Mail` in production alone.
async fn shop(world: &World) {
    provider::internal(world, SHOP, "ledger", "REST", "Organization").await;
    provider::component(world, SHOP, "orders", ComponentType::Service).await;
    provider::component(world, SHOP, "web", ComponentType::WebApp).await;
    provider::component(world, "partner", "shopper", ComponentType::Service).await;
    provider::mail(world, &[("live", &["production"])]).await;
    world.connect("orders", "ledger", LEDGER).await;
    world.connect("orders", "mail", MAIL).await;
    let uses = |connections: &[(&str, &str)]| {
        let references: String = connections
            .iter()
            .map(|(name, reference)| format!("    - name: {name}\n      resourceRef: {reference}\n"))
            .collect();
        format!("dependencies:\n  connectionReferences:\n{references}")
    };
    let endpoint = "endpoints:\n  - name: api\n    type: REST\n    networkVisibilities: [Organization]\n    \
                    service: { port: 8080 }\n";
    let ledger = uses(&[("ledger", LEDGER)]);
    deploy(world, SHOP, "orders", "development", &format!("{endpoint}{ledger}")).await;
    let both = uses(&[("ledger", LEDGER), ("mail", MAIL)]);
    deploy(world, SHOP, "orders", "production", &format!("{endpoint}{both}")).await;
    world.connect("web", "orders", ORDERS).await;
    deploy(world, SHOP, "web", "production", &uses(&[("orders", ORDERS)])).await;
    let request = serde_json::from_value(json!({
        "name": "orders", "service": ORDERS, "level": "component", "project": "partner", "component": "shopper",
    }));
    world.control.connection_create(&world.admin, ACME, request.unwrap()).await.unwrap();
    deploy(world, "partner", "shopper", "production", &uses(&[("orders", ORDERS)])).await;
}

async fn deploy(world: &World, project: &str, component: &str, environment: &str, text: &str) {
    let request = serde_json::from_value(json!({
        "environment": environment, "version": "v1.0",
        "source": { "file": ".choreo/component.yaml", "text": format!("schemaVersion: 1.2\n{text}") },
    }));
    world.control.deploy(&world.admin, ACME, project, component, request.unwrap()).await.unwrap();
}

async fn view(world: &World, actor: &Actor, query: GraphQuery) -> GraphView {
    world.control.graph_view(actor, ACME, &query).await.unwrap()
}

/// Each dependency, as `consumer environment provider`.
fn edges(view: &GraphView) -> Vec<String> {
    view.edges.iter().map(|edge| format!("{} {} {}", edge.from, edge.environment, edge.to)).collect()
}

/// Who breaks, as `node environment` with the number of steps.
fn broken(view: &GraphView) -> Vec<(String, usize)> {
    let impact = view.impact.as_ref().unwrap();
    impact.broken.iter().map(|it| (format!("{} {}", it.node, it.environment), it.way.len())).collect()
}

fn impact_of(node: &str) -> GraphQuery {
    GraphQuery { impact_of: Some(node.to_owned()), ..GraphQuery::default() }
}

#[tokio::test]
async fn deployments_make_the_graph() {
    for world in World::all().await {
        shop(&world).await;
        let all = view(&world, &world.admin, GraphQuery::default()).await;
        let expect = [
            "partner/shopper production shop/orders",
            "shop/orders development shop/ledger",
            "shop/orders production shop/ledger",
            "shop/orders production thirdparty:Mail/v1",
            "shop/web production shop/orders",
        ];
        assert_eq!(edges(&all), expect, "{}", world.database);
        let nodes: Vec<_> = all.nodes.iter().map(|node| (node.id.as_str(), node.kind.as_str())).collect();
        let services = [("partner/shopper", "service"), ("shop/ledger", "service"), ("shop/orders", "service")];
        assert_eq!(nodes, [&services[..], &[("shop/web", "web-app"), (MAIL, "third-party")]].concat());
        assert!(!all.cut && all.cycles.is_empty() && all.impact.is_none());
        assert_eq!(
            (all.edges[1].versions.as_slice(), all.edges[1].service.as_str()),
            (&["v1.0".to_owned()][..], LEDGER)
        );

        // The ledger runs in development alone.
        let state = |index: usize| (all.edges[index].status, all.edges[index].reason.is_some());
        assert_eq!(state(1), (GraphStatus::Ready, false));
        assert_eq!(state(2), (GraphStatus::Pending, true));
        assert_eq!(state(3), (GraphStatus::Ready, false));

        let narrowed = |project: &str, component: &str, environment: &str| {
            let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            GraphQuery {
                project: given(project),
                component: given(component),
                environment: given(environment),
                impact_of: None,
            }
        };
        for (query, found) in [
            (narrowed("partner", "", ""), &[0][..]),
            (narrowed("shop", "", "development"), &[1]),
            (narrowed("", "", "development"), &[1]),
            (narrowed("shop", "web", ""), &[2, 3, 4]),
            (narrowed("shop", "ledger", "production"), &[0, 2, 4]),
            (narrowed("shop", "ledger", "development"), &[1]),
        ] {
            let expect: Vec<_> = found.iter().map(|index: &usize| expect[*index].to_owned()).collect();
            assert_eq!(edges(&view(&world, &world.admin, query.clone()).await), expect, "{query:?}");
        }
    }
}

#[tokio::test]
async fn taking_one_away_breaks_whoever_reaches_it() {
    for world in World::all().await {
        shop(&world).await;
        let expect = |places: &[(&str, usize)]| -> Vec<(String, usize)> {
            places.iter().map(|(place, steps)| ((*place).to_owned(), *steps)).collect()
        };
        let ledger = [
            ("shop/orders development", 1),
            ("shop/orders production", 1),
            ("partner/shopper production", 2),
            ("shop/web production", 2),
        ];
        for (node, broken_by_it) in [
            ("shop/ledger", &ledger[..]),
            (LEDGER, &ledger),
            (MAIL, &[("shop/orders production", 1), ("partner/shopper production", 2), ("shop/web production", 2)]),
            ("shop/web", &[]),
        ] {
            let found = view(&world, &world.admin, impact_of(node)).await;
            assert_eq!(broken(&found), expect(broken_by_it), "{node} on {}", world.database);
            assert!(!found.nodes.is_empty(), "what is taken away is there itself");
        }
        let in_shop = GraphQuery {
            project: Some(SHOP.to_owned()),
            environment: Some("production".to_owned()),
            ..impact_of("ledger")
        };
        let found = view(&world, &world.admin, in_shop).await;
        assert_eq!(broken(&found), expect(&[("shop/orders production", 1), ("shop/web production", 2)]));
        assert_eq!(edges(&found), ["shop/orders production shop/ledger", "shop/web production shop/orders"]);
        for (node, code) in [
            ("ledger", "scope_missing"),
            ("shop/none", "component_not_found"),
            ("none/ledger", "project_not_found"),
            ("thirdparty:None/v1", "service_not_found"),
            ("what: ever", "reference_invalid"),
        ] {
            let refusal = refused(world.control.graph_view(&world.admin, ACME, &impact_of(node)).await);
            assert_eq!(refusal.code, code, "{node}");
        }
    }
}

#[tokio::test]
async fn who_may_not_see_a_project_is_told_a_number() {
    let world = World::sqlite().await;
    shop(&world).await;
    let owner = world.actor(Role::Viewer, Some(SHOP)).await;
    let seen = view(&world, &owner, GraphQuery::default()).await;
    assert!(!serde_json::to_string(&seen).unwrap().contains("partner"), "{seen:?}");
    let orders = seen.nodes.iter().find(|node| node.id == "shop/orders").unwrap();
    assert_eq!(orders.hidden_consumers, 1);
    let impact = view(&world, &owner, impact_of("shop/orders")).await.impact.unwrap();
    assert_eq!((impact.broken.len(), impact.hidden_consumers), (1, 1));

    // Who sees the consumer alone sees what it leads to, which its connection says too, and nothing behind it.
    let partner = world.actor(Role::Viewer, Some("partner")).await;
    assert_eq!(edges(&view(&world, &partner, GraphQuery::default()).await), ["partner/shopper production shop/orders"]);
    let refusal = refused(world.control.graph_view(&partner, ACME, &impact_of("shop/ledger")).await);
    assert_eq!(refusal.code, "project_not_found");
    assert_eq!(broken(&view(&world, &partner, impact_of(ORDERS)).await).len(), 1);

    let stranger = world.stranger("others").await;
    let refusal = refused(world.control.graph_view(&stranger, ACME, &GraphQuery::default()).await);
    assert_eq!(refusal.code, "organization_not_found");
}

#[tokio::test]
async fn external_consumers_and_circles_are_in_it() {
    for world in World::all().await {
        shop(&world).await;
        provider::component(&world, SHOP, "kiosk", ComponentType::ExternalConsumer).await;
        world.connect("kiosk", "mail", MAIL).await;
        world.connect("kiosk", "ledger", LEDGER).await;
        world.connect("ledger", "orders", ORDERS).await;
        let text = format!(
            "endpoints:\n  - name: api\n    type: REST\n    networkVisibilities: [Organization]\n    service: {{ port: 8080 }}\n\
             dependencies:\n  connectionReferences:\n    - name: orders\n      resourceRef: {ORDERS}\n"
        );
        deploy(&world, SHOP, "ledger", "development", &text).await;
        let found = view(&world, &world.admin, GraphQuery::default()).await;
        let of = |node: &str| edges(&found).into_iter().filter(|edge| edge.starts_with(node)).collect::<Vec<_>>();
        let kiosk = of("shop/kiosk");
        assert!(kiosk.contains(&"shop/kiosk production thirdparty:Mail/v1".to_owned()), "{kiosk:?}");
        assert!(kiosk.contains(&"shop/kiosk development shop/ledger".to_owned()), "{kiosk:?}");
        assert!(!kiosk.contains(&"shop/kiosk development thirdparty:Mail/v1".to_owned()), "{kiosk:?}");
        let cycle: Vec<_> =
            found.cycles.iter().flatten().map(|step| (step.from.as_str(), &*step.environment)).collect();
        assert_eq!(cycle, [("shop/ledger", "development"), ("shop/orders", "development")], "{}", world.database);
    }
}

#[tokio::test]
async fn what_is_carried_forward_is_degraded() {
    for world in World::all().await {
        provider::internal(&world, SHOP, "ledger", "REST", "Project").await;
        provider::component(&world, SHOP, "orders", ComponentType::Service).await;
        world.connect("orders", "ledger", LEDGER).await;
        world.deploy("orders", "development", "ledger", LEDGER).await;
        world.control.undeploy(&world.admin, ACME, SHOP, "ledger", "development", None).await.unwrap();
        let found = view(&world, &world.admin, GraphQuery::default()).await;
        assert_eq!(edges(&found), ["shop/orders development shop/ledger"]);
        let edge = &found.edges[0];
        assert_eq!((edge.status, edge.since), (GraphStatus::Degraded, Some(world.at())), "{edge:?}");
        assert!(edge.reason.as_ref().unwrap().contains("not deployed in development"), "{edge:?}");
    }
}
