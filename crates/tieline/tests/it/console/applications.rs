//! OAuth applications in the settings: whose they are, their keys, and the way to the connections and back.

use fantoccini::Locator;

use super::browser::{Browser, Look};
use super::graph::dependent;
use super::visit::{get, sign_in};

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn from_the_settings_to_an_application_and_its_connection() {
    let shop = dependent();
    for look in [Look::USUAL, Look::PLAIN] {
        let browser = Browser::signed_in(&shop.server, look, None).await;
        browser.visit("/organizations/acme/settings/environments").await;
        browser.follow("OAuth applications").await;
        browser
            .find(Locator::XPath("//tr[contains(., 'component')]//a[.='shop/web']"))
            .await
            .click()
            .await
            .expect("a link");
        browser.find(Locator::XPath("//h1[.='OAuth application of shop/web']")).await;
        browser.find(Locator::XPath("//table[@aria-label='Secrets in development']//*[.='live']")).await;
        browser.find(Locator::XPath("//td[@data-label='Calls']//li[starts-with(., 'development')]")).await;
        assert_eq!(browser.shows(Locator::Css("button.copy:not([hidden])")).await, look.scripts);
        let path = browser.path().await;
        browser.follow("own").await;
        browser.find(Locator::XPath("//h1[.='own']")).await;
        // There the secret is rotated, and the application shows both.
        browser.find(Locator::Css(&format!("dd a[href='{path}']"))).await.click().await.expect("a link");
        browser.find(Locator::XPath("//h1[.='OAuth application of shop/web']")).await;
        browser.close().await;
    }
}

#[test]
fn an_application_is_shown_to_who_sees_its_connections_and_no_secret_to_anybody() {
    let shop = dependent();
    shop.tieline(&["project", "create", "mail"]).done();
    let listed = shop.tieline(&["application", "list", "--output", "json"]).done().json();
    let listed = listed.as_array().expect("a list");
    let of_web = listed.iter().find(|found| found["component"] == "web").expect("the application of web");
    let id = of_web["id"].as_str().expect("an id");
    let view = shop.tieline(&["application", "view", id, "--output", "json"]).done().json();
    let client = view["environments"]["development"]["client_id"].as_str().expect("a client id");
    let variables = ["variables", "--component", "web", "--env", "development", "--output", "json"];
    let variables = shop.tieline(&variables).done().json();
    assert_eq!(variables["CHOREO_OWN_CONSUMERKEY"], client);
    let secret = variables["CHOREO_OWN_CONSUMERSECRET"].as_str().expect("a secret");
    let text = shop.tieline(&["application", "view", id]).done().stdout;
    for words in ["of the component shop/web", client, "live", "own", "development in development (live)"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains(secret) && !view.to_string().contains(secret));

    let token = |project: &str| {
        let create = ["token", "create", project, "--role", "viewer", "--organization", "acme", "--project", project];
        shop.server.json(&create)["token"].as_str().expect("a token").to_owned()
    };
    let path = format!("/organizations/acme/settings/applications/{id}");
    let inside = sign_in(&shop.server, &token("shop"));
    let seen = get(&shop.server, &path, &inside);
    assert!(seen.status == 200 && seen.body.contains(client) && !seen.body.contains(secret), "{seen:?}");
    let outside = sign_in(&shop.server, &token("mail"));
    assert_eq!(get(&shop.server, &path, &outside).status, 404);
    let list = get(&shop.server, "/organizations/acme/settings/applications", &outside);
    assert!(list.status == 200 && !list.body.contains("shop/web") && !list.body.contains(client), "{list:?}");
}
