//! Every page in light, dark and narrow: nothing that axe-core finds, and nothing wider than its window.

use super::browser::{Browser, Look};
use super::graph::dependent;
use crate::world::TestServer;

/// Pages of a furnished server. A page that is added is added here.
const PAGES: &[&str] = &[
    "/",
    "/organizations/acme",
    "/organizations/acme/connections",
    "/organizations/acme/graph",
    "/organizations/acme/graph?impact_of=service:/shop/orders/v1/api",
    "/organizations/acme/audit",
    "/organizations/acme/audit?verify=true&action=none",
    "/organizations/acme/settings/environments",
    "/organizations/acme/settings/members",
    "/organizations/acme/settings/tokens",
    "/organizations/acme/settings/applications",
    "/organizations/acme/settings/approvals",
    "/organizations/acme/settings/approvals?state=all",
    "/organizations/acme/settings/identity-provider",
    "/organizations/acme/projects/shop",
    "/organizations/acme/projects/shop/connections",
    "/organizations/acme/projects/shop/components/orders",
    "/organizations/acme/projects/shop/components/web",
    "/organizations/acme/projects/shop/components/web/deployments",
    "/organizations/acme/projects/shop/components/web/plan",
    "/organizations/acme/projects/shop/components/web/plan?environment=development",
    "/organizations/acme/projects/shop/components/web/plan?environment=production&version=v1&from=development",
    "/organizations/acme/projects/shop/components/web/connections",
    "/organizations/acme/marketplace",
    "/organizations/acme/projects/shop/marketplace?tab=databases",
    "/organizations/acme/projects/shop/marketplace?tab=others",
    "/organizations/acme/projects/shop/marketplace?search=nothing-like-it",
    "/organizations/acme/projects/shop/components/web/marketplace/service:%2Fshop%2Forders%2Fv1%2Fapi/connect",
    "/organizations/acme/projects/shop/components/web/marketplace/service:%2Fshop%2Forders%2Fv1%2Fapi",
    "/organizations/acme/marketplace/service:%2Fshop%2Forders%2Fv1%2Fapi?tab=use",
    "/organizations/acme/marketplace/service:%2Fshop%2Forders%2Fv1%2Fapi?tab=documents",
    "/organizations/acme/marketplace/service:%2Fshop%2Forders%2Fv1%2Fapi?tab=consumers",
    "/organizations/acme/marketplace/thirdparty:Mail%20Gate%2Fv1?tab=definition",
    "/organizations/acme/marketplace/thirdparty:Mail%20Gate%2Fv1/connect",
    "/organizations/acme/third-party-services",
    "/organizations/acme/third-party-services/register",
    "/organizations/acme/third-party-services/thirdparty:Mail%20Gate%2Fv1",
    "/organizations/acme/projects/shop/third-party-services",
    "/organizations/acme/databases",
    "/organizations/acme/databases/register",
    "/organizations/acme/databases/register?kind=postgresql",
    "/organizations/acme/databases/database:main",
    "/organizations/acme/other-resources",
    "/organizations/acme/other-resources/register?kind=kafka",
    "/organizations/acme/projects/shop/components/web/graph?environment=development",
    "/organizations/nowhere",
    "/account",
    "/users",
    "/invitation",
    "/sign-in",
];

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn every_page_is_for_everybody() {
    let shop = dependent();
    super::market::registered(&shop);
    let applications = shop.tieline(&["application", "list", "--output", "json"]).done().json();
    let application = applications[0]["id"].as_str().expect("an application");
    let application = format!("/organizations/acme/settings/applications/{application}");
    let list = ["deployment", "list", "--component", "web", "--output", "json"];
    let deployment = shop.tieline(&list).done().json()[0]["deployment"].as_str().expect("a deployment").to_owned();
    let deployment = format!("/organizations/acme/projects/shop/components/web/deployments/{deployment}");
    for look in Look::STYLES {
        let browser = Browser::signed_in(&shop.server, look, None).await;
        look_at(&browser, look, PAGES).await;
        look_at(&browser, look, &[application.as_str(), deployment.as_str()]).await;
        browser.close().await;
    }
}

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn empty_pages_are_for_everybody() {
    let server = TestServer::start();
    for (step, pages) in [
        (None, &["/"][..]),
        (
            Some(vec!["organization", "create", "acme"]),
            &[
                "/organizations/acme",
                "/organizations/acme/connections",
                "/organizations/acme/marketplace",
                "/organizations/acme/third-party-services",
                "/organizations/acme/databases",
                "/organizations/acme/graph",
            ],
        ),
        (Some(vec!["project", "create", "shop", "--organization", "acme"]), &["/organizations/acme/projects/shop"]),
    ] {
        if let Some(step) = step {
            server.tieline(&step).done();
        }
        let browser = Browser::signed_in(&server, Look::USUAL, None).await;
        look_at(&browser, Look::USUAL, pages).await;
        browser.close().await;
    }
}

async fn look_at(browser: &Browser, look: Look, pages: &[&str]) {
    for page in pages {
        browser.visit(page).await;
        let what = format!("{page}, {look:?}");
        browser.assert_accessible(&what).await;
        browser.assert_fits(&what).await;
    }
}
