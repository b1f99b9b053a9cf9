//! Audit and settings: found, filtered and verified; environments and tokens made; subscriptions decided about.

use fantoccini::Locator;
use serde_json::json;

use super::browser::{Browser, Look};
use super::graph::dependent;
use super::visit::{get, post, sign_in};
use crate::identity_provider::real::{AUDIENCE, IdentityProvider, TOKEN};
use crate::world::TestServer;

fn said(words: &str) -> String {
    format!("//*[@role='status' and contains(., '{words}')]")
}

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn from_the_audit_to_a_chain_that_is_whole() {
    let shop = dependent();
    for look in [Look::USUAL, Look::PLAIN] {
        let browser = Browser::signed_in(&shop.server, look, None).await;
        browser.visit("/organizations/acme").await;
        browser.follow("Audit").await;
        browser.fill("Action", "connection_create").await;
        browser.press("Show").await;
        browser.find(Locator::XPath("//tbody//code[.='connection_create']")).await;
        assert!(!browser.shows(Locator::XPath("//tbody//code[.='deploy']")).await, "{look:?}");
        browser.press("Verify").await;
        browser.find(Locator::XPath(&said("The chain is whole."))).await;
        browser.close().await;
    }
}

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn environments_and_tokens_are_made_without_scripts() {
    let shop = dependent();
    let browser = Browser::signed_in(&shop.server, Look::PLAIN, None).await;
    browser.visit("/organizations/acme").await;
    browser.follow("Settings").await;
    browser.fill("Handle", "staging").await;
    browser.press("Create environment").await;
    browser.find(Locator::XPath(&said("Created the environment staging."))).await;
    let edit = "//summary[normalize-space()='Edit staging']";
    browser.find(Locator::XPath(edit)).await.click().await.expect("it opens");
    let networks = "//article[contains(., 'staging')]//textarea";
    browser.find(Locator::XPath(networks)).await.send_keys("10.0.0.0/8").await.expect("a field");
    browser.press("Save staging").await;
    browser.find(Locator::XPath(&said("Changed the environment staging."))).await;
    browser.find(Locator::XPath("//dd/code[.='10.0.0.0/8']")).await;
    browser.follow("Tokens").await;
    browser.fill("Name", "anna").await;
    browser.press("Create token").await;
    let secret = browser.find(Locator::Id("secret")).await.text().await.expect("a secret");
    assert_eq!(shop.server.ask("GET", "/organizations/acme", Some(&secret), None).status, 200);
    browser.follow("Tokens").await;
    assert!(!browser.text().await.contains(&secret), "it is shown once");
    let revoke = "//summary[normalize-space()='Revoke anna']";
    browser.find(Locator::XPath(revoke)).await.click().await.expect("it opens");
    browser.press("Revoke anna").await;
    browser.find(Locator::XPath(&said("Revoked the token anna."))).await;
    assert_eq!(shop.server.ask("GET", "/organizations/acme", Some(&secret), None).status, 401);
    browser.close().await;
}

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn owners_decide_who_calls() {
    let shop = dependent();
    let browser = Browser::signed_in(&shop.server, Look::PLAIN, None).await;
    browser.visit("/organizations/acme/settings/approvals").await;
    browser.find(Locator::XPath("//h2[.='Nobody waits for an approval']")).await;
    browser.follow("live").await;
    browser.press("Refuse").await;
    browser.find(Locator::XPath("//*[@role='alert' and contains(., 'a refusal says why')]")).await;
    browser.fill("Reason", "not now").await;
    browser.press("Refuse").await;
    browser.find(Locator::XPath(&said("Refused own calling service:/shop/orders/v1/api."))).await;
    browser.follow("refused").await;
    assert!(browser.text().await.contains("not now"));
    browser.press("Approve").await;
    browser.find(Locator::XPath(&said("Approved own calling"))).await;
    browser.follow("live").await;
    browser.press("Block").await;
    browser.follow("blocked").await;
    browser.press("Unblock").await;
    browser.find(Locator::XPath(&said("Unblocked own calling"))).await;
    browser.follow("live").await;
    let gold = browser.find(Locator::XPath("//option[.='gold']")).await;
    gold.click().await.expect("an option");
    browser.press("Set plan").await;
    browser.find(Locator::XPath("//dd[.='gold']")).await;
    browser.close().await;
}

#[test]
fn project_admins_find_the_tokens_of_their_project() {
    let shop = dependent();
    let create = ["token", "create", "lena", "--role", "project-admin", "--organization", "acme", "--project", "shop"];
    let lead = shop.server.json(&create)["token"].as_str().expect("a token").to_owned();
    let lead = sign_in(&shop.server, &lead);
    let overview = get(&shop.server, "/organizations/acme", &lead);
    assert!(overview.body.contains("/organizations/acme/settings/tokens"), "{overview:?}");
    assert!(!overview.body.contains("/organizations/acme/audit"), "{overview:?}");
    let tokens = get(&shop.server, "/organizations/acme/settings/tokens", &lead);
    assert!(tokens.status == 200 && !tokens.body.contains("organization-admin"), "{tokens:?}");
    let body = format!("form_token={}&name=tom&role=developer&project=shop", tokens.form_token());
    let made = post(&shop.server, "/organizations/acme/settings/tokens", &lead, &body);
    assert!(made.status == 200 && made.body.contains("Created the token tom."), "{made:?}");
}

#[test]
#[cfg_attr(not(clients), ignore = "TIELINE_TEST_CLIENTS is not set")]
fn an_identity_provider_is_set_and_removed() {
    let (provider, server) = (IdentityProvider::start(), TestServer::start());
    server.tieline(&["organization", "create", "acme"]).done();
    let admin = sign_in(&server, &server.admin_token());
    let path = "/organizations/acme/settings/identity-provider";
    let page = || get(&server, path, &admin);
    let token = page().form_token();
    let send = |path: &str, fields: &[(&str, &str)]| {
        let fields = [&[("form_token", token.as_str())][..], fields].concat();
        let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let pairs: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        post(&server, path, &admin, &pairs.join("&"))
    };
    let issuer = provider.issuer();
    for (fields, field) in [
        ([("issuer", "nowhere"), ("audience", ""), ("registration_token", "")], "issuer-error"),
        ([("issuer", issuer), ("audience", "a\u{7}"), ("registration_token", "")], "audience-error"),
        ([("issuer", issuer), ("audience", ""), ("registration_token", "canary a")], "registration_token-error"),
    ] {
        let refused = send(path, &fields);
        assert!(refused.status == 422 && refused.body.contains(&format!("id=\"{field}\"")), "{refused:?}");
        assert!(!refused.body.contains("canary"), "a token is not shown again");
    }
    let set = send(path, &[("issuer", issuer), ("audience", AUDIENCE), ("registration_token", TOKEN)]);
    assert_eq!((set.status, set.header("location")), (303, path), "{set:?}");
    let shown = page();
    assert!(shown.body.contains(issuer) && shown.body.contains(AUDIENCE) && !shown.body.contains(TOKEN), "{shown:?}");
    let view = || server.json(&["identity-provider", "view", "--organization", "acme"]);
    assert_eq!(view()["registration_token"], true);
    send(path, &[("issuer", issuer), ("audience", ""), ("registration_token", "")]);
    assert_eq!((&view()["registration_token"], &view()["audience"]), (&json!(true), &json!(null)), "it was kept");
    send(path, &[("issuer", issuer), ("no_token", "on")]);
    assert_eq!(view()["registration_token"], false);
    let removed = send(&format!("{path}/remove"), &[]);
    assert_eq!(removed.status, 303, "{removed:?}");
    assert!(page().body.contains("Tieline issues the tokens"));
}

#[test]
fn what_is_refused_is_said_where_it_was_entered_and_hidden_from_others() {
    let shop = dependent();
    let admin = sign_in(&shop.server, &shop.server.admin_token());
    let page = |path: &str, cookie: &str| get(&shop.server, &format!("/organizations/acme/{path}"), cookie);
    let token = page("settings/environments", &admin).form_token();
    let send = |path: &str, fields: &str| {
        post(&shop.server, &format!("/organizations/acme/{path}"), &admin, &format!("form_token={token}&{fields}"))
    };
    for (path, fields, says) in [
        ("settings/environments", "handle=production&after=development", "there is an environment"),
        ("settings/environments/update", "environment=development&allowed_addresses=nowhere", "nowhere</textarea>"),
        ("settings/environments/update", "environment=development&revision=0", "changed"),
        ("settings/environments/delete", "environment=development", "force"),
        ("settings/tokens", "name=a%20b&role=viewer", "role=\"alert\""),
        ("settings/tokens", "name=ben&role=viewer&days=soon", "days are written as a number"),
        ("settings/tokens", "name=ben&role=runner&project=shop&component=none&environment=development", "no component"),
    ] {
        let refused = send(path, fields);
        assert_eq!(refused.status, 422, "{path} {fields}: {refused:?}");
        assert!(refused.body.contains(says), "{path} {fields}: {}", refused.body);
    }
    let wrong = page("audit?since=yesterday", &admin);
    assert!(wrong.body.contains("id=\"since-error\""), "{wrong:?}");
    assert!(page("audit?action=none", &admin).body.contains("No entry is like that"));
    let second = page("audit", &admin).body;
    assert!(second.len() < 50_000, "{}", second.len());

    let create = ["token", "create", "vera", "--role", "viewer", "--organization", "acme", "--project", "shop"];
    let viewer = shop.server.json(&create)["token"].as_str().expect("a token").to_owned();
    let decidable = shop.server.ask("GET", "/organizations/acme/subscriptions", Some(&viewer), None);
    assert_eq!(decidable.body["items"][0]["decidable"], json!(false), "{decidable:?}");
    let viewer = sign_in(&shop.server, &viewer);
    for (path, status) in [
        ("audit", 403),
        ("settings/tokens", 403),
        ("settings/environments", 200),
        ("settings/approvals?state=all", 200),
        ("settings/identity-provider", 200),
    ] {
        let seen = page(path, &viewer);
        assert_eq!(seen.status, status, "{path}");
        assert!(!seen.body.contains("method=\"post\" action=\"/organizations"), "{path} offers nothing to do");
        assert!(!seen.body.contains("/organizations/acme/audit"), "{path} leads to no page that refuses");
    }
}
