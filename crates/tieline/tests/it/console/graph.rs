//! The graph: drawn with links, listed for those who do not see it, and what breaks when one is taken away.

use fantoccini::Locator;

use super::browser::{Browser, Look};
use super::visit::{get, sign_in};
use super::walk::furnished;
use crate::shop::{Shop, WEB};

/// The furnished shop, where `web` uses the connection of its own.
pub(super) fn dependent() -> Shop {
    let shop = furnished();
    shop.write(
        "web",
        "schemaVersion: 1.2\ndependencies:\n  connectionReferences: [{ name: own, resourceRef: \
         'service:/shop/orders/v1/api' }]\n",
    );
    shop.tieline(&[&["deploy", "web", "--version", "v1.0"], &WEB[..]].concat()).done();
    shop
}

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn from_the_graph_to_what_breaks_and_to_a_component() {
    let shop = dependent();
    for look in [Look::USUAL, Look::PLAIN] {
        let browser = Browser::signed_in(&shop.server, look, None).await;
        browser.visit("/organizations/acme").await;
        browser.follow("Graph").await;
        let edge = "svg.graph a.edge[href^='/organizations/acme/projects/shop/components/web/connections/']";
        let line = browser.find(Locator::Css(edge)).await.attr("href").await.expect("a line");
        browser.visit(&line.expect("its way")).await;
        browser.find(Locator::XPath("//h1[.='own']")).await;
        // From there to the service in the marketplace, and back to the graph.
        browser.follow("service:/shop/orders/v1/api").await;
        browser.find(Locator::XPath("//h1[contains(., 'orders')]")).await;
        browser.visit("/organizations/acme/graph").await;
        browser.follow("development").await;
        assert_eq!(browser.path().await, "/organizations/acme/graph?environment=development", "{look:?}");
        browser.follow("Without shop/orders").await;
        browser.find(Locator::XPath("//h2[.='What breaks']")).await;
        let text = browser.text().await;
        let way = "shop/web (development) → shop/orders (development)";
        assert!(text.contains(way) && text.contains("directly"), "{text}");
        browser.find(Locator::Css("svg.graph a.taken")).await;
        browser.follow("Back to the whole graph").await;
        browser.find(Locator::Css("svg.graph a.node[href$='/components/orders']")).await.click().await.expect("a box");
        browser.find(Locator::XPath("//h1[.='orders']")).await;
        browser.close().await;
    }
}

#[test]
fn a_graph_shows_what_its_visitor_may_see() {
    let shop = dependent();
    shop.tieline(&["project", "create", "mail"]).done();
    let token = |project: &str| {
        let create = ["token", "create", project, "--role", "viewer", "--organization", "acme", "--project", project];
        shop.server.json(&create)["token"].as_str().expect("a token").to_owned()
    };
    let own = sign_in(&shop.server, &token("shop"));
    let found = get(&shop.server, "/organizations/acme/graph", &own);
    assert!(found.status == 200 && found.body.contains("class=\"node component service\""), "{found:?}");
    let other = sign_in(&shop.server, &token("mail"));
    let hidden = get(&shop.server, "/organizations/acme/graph", &other);
    assert!(hidden.status == 200 && hidden.body.contains("Nobody depends on anybody here"), "{hidden:?}");
    for path in ["?environment=nowhere", "?impact_of=shop/orders"] {
        assert_eq!(get(&shop.server, &format!("/organizations/acme/graph{path}"), &other).status, 404, "{path}");
    }
}
