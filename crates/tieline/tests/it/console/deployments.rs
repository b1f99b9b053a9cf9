//! A component's deployments and plans: planned and deployed from a page, promoted, rolled back and taken out.

use fantoccini::Locator;

use super::browser::{Browser, Look};
use super::graph::dependent;
use super::visit::{get, post, sign_in};

const WEB: &str = "/organizations/acme/projects/shop/components/web";

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn from_a_plan_to_a_deployment_and_back() {
    let shop = dependent();
    for (look, version) in [(Look::USUAL, "v1.1"), (Look::PLAIN, "v1.2")] {
        let browser = Browser::signed_in(&shop.server, look, None).await;
        browser.visit(WEB).await;
        browser.follow("Deployments").await;
        browser.follow("Plan a descriptor").await;
        let descriptor = format!("schemaVersion: 1.2\nconfigurations: {{ env: [{{ name: LOG, value: {version} }}] }}");
        browser.fill("Descriptor", &descriptor).await;
        browser.fill("Version", version).await;
        browser.press("Plan").await;
        browser.find(Locator::XPath("//h1[.='Plan of web for development']")).await;
        let text = browser.text().await;
        for words in ["LOG", version, "ready", if version == "v1.1" { "added" } else { "changed" }] {
            assert!(text.contains(words), "{words}: {text}");
        }
        browser.press("Deploy").await;
        browser
            .find(Locator::XPath(&format!(
                "//*[@role='status' and contains(., 'Deployed web {version} in development.')]"
            )))
            .await;
        browser.close().await;
    }
    let browser = Browser::signed_in(&shop.server, Look::PLAIN, None).await;
    browser.visit(&format!("{WEB}/deployments")).await;
    let changes = "//a[starts-with(normalize-space(), 'Variables and changes of v1.2')]";
    browser.find(Locator::XPath(changes)).await.click().await.expect("a link");
    browser.find(Locator::XPath("//h1[.='web v1.2 in development']")).await;
    browser.find(Locator::XPath("//tr[contains(., 'LOG')]//*[.='changed']")).await;
    let before = "//dl//a[starts-with(@href, '/organizations/acme/projects/shop/components/web/deployments/')]";
    browser.find(Locator::XPath(before)).await.click().await.expect("a link");
    browser.find(Locator::XPath("//h1[.='web v1.1 in development']")).await;
    browser.find(Locator::XPath("//button[.='Go back to it']")).await;
    browser.follow("Deployments").await;
    let promote = "//summary[starts-with(normalize-space(), 'Promote ')]";
    browser.find(Locator::XPath(promote)).await.click().await.expect("it opens");
    browser.follow("plan for production").await;
    browser.find(Locator::XPath("//h1[.='Plan of web for production']")).await;
    browser.press("Promote to production").await;
    let promoted = "//*[@role='status' and contains(., 'Promoted web v1.2 in production.')]";
    browser.find(Locator::XPath(promoted)).await;
    for (summary, button, said) in [
        ("Promote", "Promote v1.2", "Promoted web v1.2 in production."),
        ("Roll back", "Roll back in development", "Rolled back web v1.1 in development."),
        ("Undeploy", "Undeploy from development", "Undeployed web v1.1 in development."),
    ] {
        let summary = format!("//summary[starts-with(normalize-space(), '{summary} ')]");
        browser.find(Locator::XPath(&summary)).await.click().await.expect("it opens");
        browser.press(button).await;
        browser.find(Locator::XPath(&format!("//*[@role='status' and contains(., '{said}')]"))).await;
    }
    browser.close().await;
}

#[test]
fn what_is_refused_is_shown_as_it_is_and_secrets_are_masked() {
    let shop = dependent();
    let cookie = sign_in(&shop.server, &shop.server.admin_token());
    let plan = get(&shop.server, &format!("{WEB}/plan?environment=development&version=v1"), &cookie);
    let secret = shop.tieline(&["variables", "--component", "web", "--env", "development", "--output", "json"]);
    let secret = secret.done().json()["CHOREO_OWN_CONSUMERSECRET"].as_str().expect("a secret").to_owned();
    assert!(plan.body.contains("CHOREO_OWN_CONSUMERSECRET") && plan.body.contains("********"), "{plan:?}");
    assert!(!plan.body.contains(&secret), "a secret is on the page");
    assert!(plan.body.len() < 50_000, "{}", plan.body.len());

    let token = plan.form_token();
    let send = |page: &str, fields: &str| {
        post(&shop.server, &format!("{WEB}/{page}"), &cookie, &format!("form_token={token}&{fields}"))
    };
    for (page, fields, says) in [
        ("deploy", "environment=development&version=v1.1&descriptor=endpoints%3A%203", "not ready"),
        ("deploy", "environment=development&version=one&descriptor=schemaVersion%3A%201.2", "write it as v1.0"),
        ("deployments/promote", "from=development&to=development", "does not come after development"),
        ("plan", "environment=development&version=one&descriptor=a", "write it as v1.0"),
    ] {
        let refused = send(page, fields);
        assert_eq!(refused.status, 422, "{page} {fields}: {refused:?}");
        assert!(refused.body.contains(says), "{page} {fields}: {}", refused.body);
    }
    let kept = send("plan", "environment=development&descriptor=a%3A%20%3C");
    assert!(kept.body.contains("a: &#60;</textarea>"), "what was entered stays: {kept:?}");

    let create = ["token", "create", "anna", "--role", "viewer", "--organization", "acme", "--project", "shop"];
    let viewer = shop.server.json(&create)["token"].as_str().expect("a token").to_owned();
    let viewer = sign_in(&shop.server, &viewer);
    for page in ["deployments", "plan?environment=development"] {
        let seen = get(&shop.server, &format!("{WEB}/{page}"), &viewer);
        assert_eq!(seen.status, 200, "{page}");
        assert!(!seen.body.contains("method=\"post\" action=\"/organizations"), "{page} offers nothing to do");
    }
    let token = get(&shop.server, "/", &viewer).form_token();
    let body = format!("form_token={token}&environment=development");
    assert_eq!(post(&shop.server, &format!("{WEB}/deployments/undeploy"), &viewer, &body).status, 403);
}
