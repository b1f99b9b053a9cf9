//! Registering third-party services and resources, changing them, and connecting to them, with scripts and without.

use fantoccini::Locator;
use serde_json::{Value, json};

use super::browser::{Browser, Look};
use super::visit::{get, post, send, sign_in};
use crate::shop::Shop;

const DEFINITION: &str = "openapi: 3.0.3\ninfo: { title: Mail API, version: '1' }\npaths: { /letters: { post: { summary: Sends a letter } } }\n";

/// Writes into a field by its id.
async fn enter(browser: &Browser, id: &str, text: &str) {
    let field = browser.find(Locator::Id(id)).await;
    field.clear().await.expect("a field");
    field.send_keys(text).await.expect("a field");
}

/// Clicks what has an id.
async fn click(browser: &Browser, id: &str) {
    browser.find(Locator::Id(id)).await.click().await.expect("something to click");
}

/// Waits until nothing has an id any more.
async fn gone(browser: &Browser, id: &str) {
    for _ in 0..100 {
        if !browser.shows(Locator::Id(id)).await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{id} is still on {}", browser.path().await);
}

/// What stands in a field.
async fn value(browser: &Browser, id: &str) -> String {
    browser.find(Locator::Id(id)).await.prop("value").await.expect("a field").unwrap_or_default()
}

/// What is wrong with a field.
async fn wrong(browser: &Browser, id: &str) -> String {
    browser.find(Locator::XPath(&format!("//*[@id='{id}'][@aria-invalid='true']"))).await;
    browser.find(Locator::Id(&format!("{id}-error"))).await.text().await.expect("what is wrong")
}

fn values_of(shop: &Shop, connection: &str, environment: &str) -> Value {
    let view = ["connection", "view", connection, "--reveal", "--output", "json"];
    let shown = shop.tieline(&view).done().json();
    let parameters = shown["environments"][environment]["parameters"].as_array().expect("parameters").clone();
    parameters.iter().map(|found| (found["key"].as_str().expect("a key").to_owned(), found["value"].clone())).collect()
}

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn a_third_party_service_from_its_registration_to_its_end() {
    for look in [Look::USUAL, Look::PLAIN] {
        let shop = Shop::open();
        let file = shop.server.folder().join("mail.yaml");
        std::fs::write(&file, DEFINITION).expect("a file");
        let browser = Browser::signed_in(&shop.server, look, None).await;
        for words in ["acme", "Third-Party Services"] {
            browser.follow(words).await;
        }
        browser.reads("Nothing is registered here yet").await;
        browser.follow("+ Register").await;
        browser.fill("Name", "Mail Gate").await;
        browser.fill("Version", "latest").await;
        browser.fill("Labels", "letters, post").await;
        browser.press("Add a parameter").await;
        let masked = async || browser.find(Locator::Id("entry.1.value.1")).await.attr("type").await.expect("a field");
        enter(&browser, "parameter.1.name", "ApiKey").await;
        // Who knows yet whether it is a secret? With scripts, whoever looks.
        assert_eq!(masked().await.as_deref(), Some(if look.scripts { "text" } else { "password" }));
        click(&browser, "parameter.1.secret").await;
        assert_eq!(masked().await.as_deref(), Some("password"));
        browser.press("Add a parameter").await;
        enter(&browser, "parameter.2.name", "Sender").await;
        click(&browser, "parameter.2.optional").await;
        browser.press("Add an endpoint").await;
        browser.press("Remove this parameter Sender").await;
        gone(&browser, "parameter.2.name").await;
        assert!(!browser.shows(Locator::Id("entry.1.value.2")).await, "{look:?}");
        browser.find(Locator::XPath("//label[normalize-space()='ApiKey']")).await;
        enter(&browser, "entry.1.name", "sandbox").await;
        click(&browser, "entry.1.environment.development").await;
        enter(&browser, "entry.1.value.ServiceURL", "mail").await;
        enter(&browser, "entry.1.value.1", "canary-one").await;
        enter(&browser, "entry.2.name", "live").await;
        click(&browser, "entry.2.environment.production").await;
        enter(&browser, "entry.2.value.ServiceURL", "https://mail.example/v1").await;
        let readme = shop.server.folder().join("readme.txt");
        std::fs::write(&readme, "Dear all").expect("a file");
        browser
            .find(Locator::Id("definition"))
            .await
            .send_keys(readme.to_str().expect("a path"))
            .await
            .expect("a file");
        browser.press("Register").await;

        // One thing after the other, each beside its field, and everything else is kept but the secrets.
        assert!(wrong(&browser, "definition").await.contains("cannot be read"), "{look:?}");
        browser.find(Locator::Id("definition")).await.send_keys(file.to_str().expect("a path")).await.expect("a file");
        browser.press("Register").await;
        assert!(wrong(&browser, "version").await.contains("version"), "{look:?}");
        browser.reads("Uploaded: OpenAPI 3, 1 operation.").await;
        browser.fill("Version", "v1").await;
        browser.press("Register").await;
        assert!(wrong(&browser, "entry.1.value.ServiceURL").await.contains("sandbox"), "{look:?}");
        browser.follow("see what is wrong").await;
        assert!(browser.path().await.ends_with("#entry.1.value.ServiceURL"), "the way to what is far below");
        if look.scripts {
            browser.assert_accessible("a refused registration").await;
        }
        assert_eq!(value(&browser, "labels").await, "letters, post");
        assert_eq!(value(&browser, "entry.2.value.ServiceURL").await, "https://mail.example/v1");
        assert!(browser.find(Locator::Id("entry.2.environment.production")).await.is_selected().await.expect("a box"));
        assert_eq!(value(&browser, "entry.1.value.1").await, "", "no page repeats a secret");

        enter(&browser, "entry.1.value.ServiceURL", "https://sandbox.mail.example/v1").await;
        enter(&browser, "entry.1.value.1", "canary-one").await;
        browser.press("Add an endpoint").await;
        browser.find(Locator::Id("entry.3.name")).await;
        let kept = if look.scripts { "canary-one" } else { "" };
        assert_eq!(value(&browser, "entry.1.value.1").await, kept, "{look:?}");
        if !look.scripts {
            browser.reads("Enter it once more").await;
        }
        browser.press("Remove this endpoint").await;
        gone(&browser, "entry.3.name").await;
        enter(&browser, "entry.1.value.1", "canary-one").await;
        enter(&browser, "entry.2.value.1", "canary-two").await;
        browser.press("Register").await;
        browser.reads("Registered Mail Gate.").await;
        browser.reads("in the marketplace").await;
        let view = ["service", "view", "thirdparty:Mail Gate/v1", "--output", "json"];
        let made = shop.tieline(&view).done().json();
        assert_eq!((&made["definition"], &made["labels"]), (&json!(DEFINITION), &json!(["letters", "post"])));

        // It is connected to on one page, and the connection says which variables there are.
        for words in ["shop", "Dependencies", "Connections", "+ Create", "Mail Gate"] {
            browser.follow(words).await;
        }
        browser.fill("Name", "mail").await;
        let mapping = "//summary[.='Environment to Endpoint Mapping']";
        browser.find(Locator::XPath(mapping)).await.click().await.expect("opened");
        browser.choose("development", "sandbox: https://sandbox.mail.example/v1").await;
        browser.press("Create").await;
        browser.reads("CHOREO_MAIL_APIKEY").await;
        browser.reads("CHOREO_MAIL_SERVICEURL").await;
        let values = values_of(&shop, "mail", "development");
        assert_eq!(values, json!({ "ServiceURL": "https://sandbox.mail.example/v1", "ApiKey": "canary-one" }));
        shop.write("web", "schemaVersion: 1.2\ndependencies:\n  connectionReferences:\n    - name: mail\n      resourceRef: thirdparty:Mail Gate/v1\n");
        shop.tieline(&["deploy", "web", "--component", "web", "--env", "development", "--version", "v1.0"]).done();

        // Its owners change it, and a secret that is left alone stays.
        for words in ["acme", "Third-Party Services"] {
            browser.follow(words).await;
        }
        let row = "//tr[contains(., 'Mail Gate') and contains(., 'listed') and contains(., 'development, production')]";
        browser.find(Locator::XPath(&format!("{row}/td[@class='number' and .='1']"))).await;
        browser.follow("Mail Gate").await;
        assert_eq!(value(&browser, "entry.2.value.1").await, "");
        // The endpoints come by name.
        enter(&browser, "entry.2.value.ServiceURL", "https://other.mail.example/v1").await;
        browser.press("Save").await;
        browser.reads("Changed Mail Gate.").await;
        let values = values_of(&shop, "mail", "development");
        assert_eq!(values, json!({ "ServiceURL": "https://other.mail.example/v1", "ApiKey": "canary-one" }));
        browser.press("Remove this endpoint sandbox").await;
        gone(&browser, "entry.2.value.ServiceURL").await;
        browser.press("Save").await;
        browser.find(Locator::Css(".refusal")).await;
        browser.reads("web").await;
        browser.find(Locator::Id("force")).await;

        // Out of the marketplace, and back.
        browser.follow("Third-Party Services").await;
        browser.follow("Mail Gate").await;
        browser.press("Remove from marketplace").await;
        browser.reads("Mail Gate is out of the marketplace").await;
        browser.follow("Third-Party Services").await;
        browser.reads("it was taken out of the marketplace").await;
        browser.follow("Marketplace").await;
        browser.reads("Nothing found").await;
        browser.visit("/organizations/acme/third-party-services").await;
        browser.follow("Mail Gate").await;
        browser.press("Add to marketplace").await;
        browser.reads("Mail Gate is in the marketplace.").await;
        browser.find(Locator::XPath("//summary[.='Delete']")).await.click().await.expect("opened");
        browser.press("Delete Mail Gate").await;
        browser.reads("shop/web").await;
        browser.find(Locator::XPath("//summary[.='Delete']")).await.click().await.expect("opened");
        click(&browser, "delete-force").await;
        browser.press("Delete Mail Gate").await;
        browser.reads("Deleted Mail Gate.").await;
        browser.close().await;
    }
}

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn a_database_is_registered_and_connected() {
    for look in [Look::USUAL, Look::PLAIN] {
        let shop = Shop::open();
        let browser = Browser::signed_in(&shop.server, look, None).await;
        for words in ["acme", "Databases", "+ Register", "PostgreSQL"] {
            browser.follow(words).await;
        }
        browser.fill("Name", "shop/main").await;
        browser.press("Add a credential").await;
        browser.find(Locator::Id("entry.2.name")).await;
        for (row, name, environment, host) in
            [(1, "dev", "development", "db.dev.example"), (2, "live", "production", "db.example")]
        {
            enter(&browser, &format!("entry.{row}.name"), name).await;
            click(&browser, &format!("entry.{row}.environment.{environment}")).await;
            for (key, text) in [
                ("HostName", host),
                ("Port", "5432"),
                ("Username", "app"),
                ("Password", &format!("canary-{name}")),
                ("DatabaseName", "orders"),
                ("CACertificate", "-----BEGIN\nline\n-----END"),
            ] {
                enter(&browser, &format!("entry.{row}.value.{key}"), text).await;
            }
        }
        let kind = browser.find(Locator::Id("entry.1.value.Password")).await.attr("type").await.expect("a field");
        assert_eq!(kind.as_deref(), Some("password"));
        browser.press("Register").await;
        browser.reads("Registered shop/main.").await;
        for words in ["shop", "Dependencies", "Connections", "+ Create", "Databases", "shop/main"] {
            browser.follow(words).await;
        }
        browser.fill("Name", "data").await;
        let mapping = "//summary[.='Environment to Credential Mapping']";
        browser.find(Locator::XPath(mapping)).await.click().await.expect("opened");
        browser.find(Locator::XPath("//option[@selected and .='live: db.example']")).await;
        browser.press("Create").await;
        browser.reads("CHOREO_DATA_PASSWORD").await;
        assert!(!browser.text().await.contains("canary"));
        let values = values_of(&shop, "data", "production");
        assert_eq!((&values["Password"], &values["HostName"]), (&json!("canary-live"), &json!("db.example")));
        assert_eq!(values["CACertificate"], "-----BEGIN\nline\n-----END");
        browser.close().await;
    }
}

/// The body of a form that may hold files.
fn parts(fields: &[(&str, &str)]) -> String {
    let part = |(name, value): &(&str, &str)| {
        format!("--boundary\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    fields.iter().map(part).collect::<String>() + "--boundary--\r\n"
}

#[test]
fn what_is_offered_is_what_one_may_do() {
    let shop = Shop::open();
    super::market::registered(&shop);
    let token = |name: &str, role: &str| {
        let create = ["token", "create", name, "--role", role, "--organization", "acme", "--project", "shop"];
        sign_in(&shop.server, shop.server.json(&create)["token"].as_str().expect("a token"))
    };
    let (viewer, lead) = (token("anna", "viewer"), token("lena", "project-admin"));
    let here = "/organizations/acme/projects/shop/third-party-services";
    let everywhere = "/organizations/acme/third-party-services";
    let mail = "thirdparty:Mail%20Gate%2Fv1";
    for (who, may) in [(&viewer, false), (&lead, true)] {
        let list = get(&shop.server, here, who);
        assert!(list.status == 200 && list.body.contains("Mail Gate"), "{list:?}");
        assert_eq!(list.body.contains("/third-party-services/register\""), may, "{list:?}");
        assert!(!get(&shop.server, everywhere, who).body.contains("/third-party-services/register\""));
        assert!(!list.body.contains("third-party-services/thirdparty"), "what the organization owns is not for them");
        let elsewhere = get(&shop.server, &format!("{here}/{mail}"), who);
        assert_eq!((elsewhere.status, elsewhere.header("location").contains("/marketplace/")), (303, true));
        let databases = get(&shop.server, "/organizations/acme/databases", who);
        assert!(databases.status == 200 && !databases.body.contains("+ Register"), "{databases:?}");
        let token = get(&shop.server, "/", who).form_token();
        let form = parts(&[("form_token", &token), ("step", "save"), ("name", "Own"), ("version", "v1")]);
        let ask = |path: &str, body: &str| {
            let kind = ("content-type", "multipart/form-data; boundary=boundary");
            send(&shop.server, "POST", path, &[kind, ("cookie", who), ("sec-fetch-site", "same-origin")], body)
        };
        assert_eq!(ask(&format!("{here}/register"), &form).status, if may { 303 } else { 403 });
        assert_eq!(ask(&format!("{everywhere}/register"), &form).status, 403);
        assert_eq!(ask(&format!("{here}/register"), &parts(&[("form_token", "other")])).status, 403);
        for action in ["", "/publish", "/unpublish", "/delete"] {
            let body = format!("form_token={token}&revision=1&step=save&version=v1");
            assert_eq!(post(&shop.server, &format!("{here}/{mail}{action}"), who, &body).status, 403, "{action}");
        }
    }
    let own = get(&shop.server, &format!("{here}/thirdparty:Own%2Fv1"), &lead);
    assert!(own.status == 200 && own.body.contains("it has no endpoint yet"), "{own:?}");
    let again = get(&shop.server, &format!("{here}/register"), &lead).form_token();
    let body = format!("form_token={again}&step=save&name=own&version=v1.3");
    let taken = post(&shop.server, &format!("{here}/register"), &lead, &body);
    assert!(taken.status == 422 && taken.body.contains("is registered already"), "{taken:?}");
    for path in ["third-party-services/database:main", "databases/thirdparty:Mail%20Gate%2Fv1", "databases/database:no"]
    {
        let admin = sign_in(&shop.server, &shop.server.admin_token());
        assert_eq!(get(&shop.server, &format!("/organizations/acme/{path}"), &admin).status, 404, "{path}");
    }
}

#[test]
fn a_page_holds_no_secret_and_a_form_has_its_limits() {
    let shop = Shop::open();
    super::market::registered(&shop);
    let admin = sign_in(&shop.server, &shop.server.admin_token());
    let page = get(&shop.server, "/organizations/acme/third-party-services/thirdparty:Mail%20Gate%2Fv1", &admin);
    assert!(page.status == 200 && !page.body.contains("canary") && page.body.len() < 50_000, "{}", page.body.len());
    let mail = "/organizations/acme/third-party-services/thirdparty:Mail%20Gate%2Fv1";
    let stale = format!("form_token={}&revision=1&version=v1&step=", page.form_token());
    let publish = format!("form_token={}", page.form_token());
    assert_eq!(post(&shop.server, &format!("{mail}/publish"), &admin, &publish).status, 303);
    let row = post(&shop.server, mail, &admin, &format!("{stale}add-entry"));
    assert!(row.status == 200 && row.body.matches("name=\"revision\" value=\"1\"").count() == 1, "{row:?}");
    let refused = post(&shop.server, mail, &admin, &format!("{stale}save"));
    assert!(refused.status == 422 && refused.body.contains("was changed since"), "{refused:?}");
    assert!(!refused.body.contains("name=\"revision\" value=\"1\""), "{refused:?}");
    let register = "/organizations/acme/third-party-services/register";
    let token = page.form_token();
    let ask = |body: &str, kind: &str| {
        let kind = ("content-type", kind);
        send(&shop.server, "POST", register, &[kind, ("cookie", &admin), ("sec-fetch-site", "same-origin")], body)
    };
    let kind = "multipart/form-data; boundary=boundary";
    let typed = [
        ("form_token", token.as_str()),
        ("step", "add-entry"),
        ("parameter", "1"),
        ("parameter.1.name", "ApiKey"),
        ("parameter.1.secret", ""),
        ("entry", "1"),
        ("entry.1.value.1", "canary-typed"),
    ];
    let again = ask(&parts(&typed), kind);
    assert!(
        again.status == 200 && !again.body.contains("canary") && again.body.contains("Enter it once more"),
        "{again:?}"
    );
    for (body, kind) in [
        ("no parts at all", kind),
        (&parts(&typed)[..80], kind),
        (&parts(&typed), "multipart/form-data"),
        (&format!("form_token={token}&{}", "a=&".repeat(5000)), "application/x-www-form-urlencoded"),
        (&parts(&[("form_token", &token), ("name", "a\0b")]), kind),
    ] {
        assert_eq!(ask(body, kind).status, 400, "{kind}: {}", body.len());
    }
    assert_eq!(
        shop.server.json(&["service", "list", "--all", "--organization", "acme"]).as_array().map(Vec::len),
        Some(2)
    );
}
