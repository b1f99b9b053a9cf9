//! A person's walk through the console in a browser, with scripts and without.

use fantoccini::Locator;

use super::browser::{Browser, Look};
use crate::shop::Shop;

/// A provider, and a connection of each level to it.
pub(super) fn furnished() -> Shop {
    let shop = Shop::open();
    shop.deploy_orders();
    let service = "service:/shop/orders/v1/api";
    for (name, level) in [("everywhere", "organization"), ("shop-wide", "project"), ("own", "component")] {
        let create = ["connection", "create", name, "--service", service, "--level", level];
        let access = ["--access-mode", "organization", "--component", "web"];
        shop.tieline(&[&create[..], &access].concat()).done();
    }
    shop
}

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn from_signing_in_to_the_connections_of_each_level() {
    let shop = furnished();
    for look in [Look::USUAL, Look::PLAIN] {
        let browser = Browser::signed_in(&shop.server, look, None).await;
        browser.follow("acme").await;
        assert_eq!(browser.path().await, "/organizations/acme", "{look:?}");
        browser.follow("Dependencies").await;
        browser.follow("Connections").await;
        let row = |name: &str| format!("//tbody//th[contains(., '{name}')]");
        browser.find(Locator::XPath(&row("everywhere"))).await;
        assert!(!browser.shows(Locator::XPath(&row("shop-wide"))).await);
        browser.follow("shop").await;
        assert_eq!(browser.path().await, "/organizations/acme/projects/shop/connections", "the section stays");
        browser.find(Locator::XPath(&row("shop-wide"))).await;
        assert!(!browser.shows(Locator::XPath(&row("own"))).await);
        browser.follow("web").await;
        browser.find(Locator::XPath(&row("own"))).await;
        for words in ["Dependencies", "Connections"] {
            browser.find(Locator::LinkText(words)).await;
        }
        let text = browser.text().await;
        for words in ["service:/shop/orders/v1/api", "component", "development", "production", "ready"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        browser.press("Sign out").await;
        browser.find(Locator::XPath("//h1[.='Sign in']")).await;
        browser.close().await;
    }
}
