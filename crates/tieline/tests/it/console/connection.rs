//! The page of a connection: its values, its guide, and what is done with it.

use fantoccini::Locator;
use serde_json::json;

use super::browser::{Browser, Look};
use super::visit::{get, post, sign_in};
use super::walk::furnished;
use crate::shop::Shop;

/// A furnished shop in which `web` uses its own connection in development.
fn used() -> (Shop, String) {
    let shop = furnished();
    let view = shop.tieline(&["connection", "view", "own", "--component", "web", "--output", "json"]).done().json();
    let id = view["id"].as_str().expect("an id").to_owned();
    shop.write(
        "web",
        "schemaVersion: 1.2\ndependencies:\n  connectionReferences:\n    - name: own\n      resourceRef: \
         service:/shop/orders/v1/api\n",
    );
    let web = ["--component", "web", "--env", "development", "--version", "v1.0"];
    shop.tieline(&[&["deploy", "web"][..], &web].concat()).done();
    (shop, id)
}

/// The page of a connection of `web`.
fn address(id: &str) -> String {
    format!("/organizations/acme/projects/shop/components/web/connections/{id}")
}

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn from_the_list_to_values_guide_rotation_edit_and_end() {
    for look in [Look::USUAL, Look::PLAIN] {
        let (shop, id) = used();
        shop.server
            .tieline(&["environment", "create", "staging", "--after", "development", "--organization", "acme"])
            .done();
        let browser = Browser::signed_in(&shop.server, look, None).await;
        browser.visit("/organizations/acme/projects/shop/components/web/connections").await;
        browser.follow("own").await;
        assert_eq!(browser.path().await, address(&id), "{look:?}");
        let text = browser.text().await;
        for words in
            ["CHOREO_OWN_CONSUMERSECRET", "masked", "shop/web", "v1.0", "Nobody uses it here", "OAuth application"]
        {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert_eq!(browser.shows(Locator::Css("button.copy:not([hidden])")).await, look.scripts);
        browser.press("Reveal secrets").await;
        browser.find(Locator::LinkText("Hide them")).await;
        assert!(!browser.shows(Locator::Css(".masked")).await, "an administrator reads everything");
        let audit = shop.tieline(&["audit", "list", "--output", "json"]).done().json().to_string();
        assert!(audit.contains("connection_reveal"), "{audit}");
        browser.follow("Hide them").await;
        browser.follow("1.0").await;
        assert!(browser.text().await.contains(&format!("connectionConfig: {id}")));
        browser.follow("Python").await;
        let text = browser.text().await;
        assert!(text.contains("os.environ[\"CHOREO_OWN_SERVICEURL\"]") && text.contains("connectionConfig"), "{text}");

        browser.follow("Edit").await;
        browser.fill("Description", "Places orders").await;
        browser.choose("development", "staging").await;
        browser.press("Save").await;
        browser.find(Locator::XPath("//*[@role='status'][contains(., 'Changed the connection own.')]")).await;
        let text = browser.text().await;
        assert!(text.contains("Places orders") && text.contains("Leads to staging"), "{text}");

        browser.follow("Rotate").await;
        assert!(browser.text().await.contains("shop/web"), "it says whom it touches");
        browser.press("Rotate").await;
        browser.find(Locator::Css(".rotation")).await;

        browser.follow("Delete").await;
        browser.fill("Type the name to delete it all the same", "other").await;
        browser.press("Delete").await;
        browser.find(Locator::Css("#name[aria-invalid]")).await;
        browser.fill("Type the name to delete it all the same", "own").await;
        browser.press("Delete").await;
        browser.find(Locator::XPath("//*[@role='status'][contains(., 'Deleted the connection own.')]")).await;
        assert!(!browser.shows(Locator::LinkText("own")).await);
        browser.close().await;
    }
}

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn its_pages_are_for_everybody() {
    let (shop, id) = used();
    shop.tieline(&["connection", "rotate", "own", "--component", "web", "--yes"]).done();
    for look in Look::STYLES {
        let browser = Browser::signed_in(&shop.server, look, None).await;
        for page in ["", "/edit", "/rotate", "/delete"] {
            let page = format!("{}{page}", address(&id));
            browser.visit(&page).await;
            browser.assert_accessible(&format!("{page}, {look:?}")).await;
            browser.assert_fits(&format!("{page}, {look:?}")).await;
        }
        browser.close().await;
    }
}

#[test]
fn an_environment_leads_to_what_is_offered_and_the_rest_is_refused() {
    let (shop, id) = used();
    let admin = sign_in(&shop.server, &shop.server.admin_token());
    let edit = format!("{}/edit", address(&id));
    let page = get(&shop.server, &edit, &admin);
    let choices = page.body.matches("<option value=\"production\"").count();
    assert_eq!(choices, 1, "no environment that is not critical leads to a critical one: {page:?}");
    let form = format!("form_token={}&revision=1&description=", page.form_token());
    let crossed = post(&shop.server, &edit, &admin, &format!("{form}&mapping.development=production"));
    assert!(crossed.status == 422 && crossed.body.contains("mapping-error"), "{crossed:?}");
    assert!(crossed.body.contains("production: no longer there") && crossed.body.contains("critical"), "{crossed:?}");
    let targets = shop.tieline(&["connection", "targets", &id, "--output", "json"]).done().json();
    assert_eq!(
        (&targets[0]["environment"], &targets[0]["targets"][0]["name"], &targets[0]["targets"][1]),
        (&json!("development"), &json!("development"), &json!(null))
    );
}

#[test]
fn a_page_holds_no_secret_and_offers_nothing_that_is_not_allowed() {
    let (shop, id) = used();
    let server = &shop.server;
    let view = ["connection", "view", &id, "--reveal", "--output", "json"];
    let shown = shop.tieline(&view).done().json();
    let parameters = shown["environments"]["development"]["parameters"].as_array().expect("parameters").clone();
    let secret = parameters.iter().find(|parameter| parameter["key"] == "ConsumerSecret").expect("a secret");
    let secret = secret["value"].as_str().expect("its value");
    let admin = sign_in(server, &server.admin_token());
    let page = get(server, &address(&id), &admin);
    assert!(page.status == 200 && !page.body.contains(secret) && page.body.len() < 50_000, "{}", page.body.len());
    let body = format!("form_token={}", page.form_token());
    let revealed = post(server, &format!("{}/reveal", address(&id)), &admin, &body);
    assert!(revealed.status == 200 && revealed.body.contains(secret));
    assert_eq!(revealed.header("cache-control"), "no-store");

    let create = ["token", "create", "anna", "--role", "viewer", "--organization", "acme", "--project", "shop"];
    let token = server.json(&create)["token"].as_str().expect("a token").to_owned();
    let viewer = sign_in(server, &token);
    let page = get(server, &address(&id), &viewer);
    assert!(page.status == 200 && !page.body.contains("Reveal secrets") && !page.body.contains("/rotate"), "{page:?}");
    let body = format!("form_token={}&environment=development&deadline=86400", page.form_token());
    for action in ["edit", "rotate", "delete"] {
        assert_eq!(post(server, &format!("{}/{action}", address(&id)), &viewer, &body).status, 403, "{action}");
    }
    let none = post(server, &format!("{}/reveal", address(&id)), &viewer, &body);
    assert!(!none.body.contains(secret));
    assert_eq!(get(server, &address("4b3a1c1e-0000-4000-8000-000000000000"), &viewer).status, 404);
}
