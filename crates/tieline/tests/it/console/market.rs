//! From the list of connections through the marketplace to a connection: the walk of a person, with scripts and without.

use fantoccini::Locator;
use serde_json::json;

use super::browser::{Browser, Look};
use super::visit::{get, sign_in};
use crate::shop::Shop;

/// Registers a third-party service with a definition, and a database.
pub(super) fn registered(shop: &Shop) {
    let write = |name: &str, text: &str| {
        std::fs::write(shop.server.folder().join(name), text).expect("a file");
    };
    write(
        "mail.json",
        &json!({
            "openapi": "3.0.3",
            "info": { "title": "Mail API", "version": "1.2", "description": "Sends **mail**." },
            "paths": { "/letters/{id}": { "post": {
                "summary": "Sends a letter",
                "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }],
                "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Letter" } } } },
                "responses": { "202": { "description": "It is on its way" } },
            } } },
            "components": { "schemas": { "Letter": { "type": "object", "required": ["to"],
                "properties": { "to": { "type": "string", "description": "Who gets it" } } } } },
        })
        .to_string(),
    );
    write(
        "service.yaml",
        "name: Mail Gate\nversion: v1\nsummary: Sends mail\nlabels: [letters]\ncategories: [Messaging]\n\
         definition: mail.json\nparameters: [{ name: ApiKey, secret: true }]\nendpoints:\n  - name: sandbox\n    \
         url: https://sandbox.mail.example/v1\n    environments: [development]\n    values: { ApiKey: canary-one }\n  \
         - name: spare\n    url: https://spare.mail.example/v1\n    environments: [development]\n    values: { ApiKey: \
         canary-two }\n  - name: live\n    url: https://mail.example/v1\n    environments: [production]\n    values: { \
         ApiKey: canary-three }\n",
    );
    write(
        "resource.yaml",
        "name: main\nkind: postgresql\nsummary: Orders\ncredentials:\n  - name: dev\n    environments: [development]\n    \
         values: { HostName: db.example, Port: '5432', DatabaseName: shop, Username: app, Password: canary-four }\n",
    );
    let register = |what: &str, file: &str| {
        let file = shop.server.folder().join(file);
        let file = file.to_str().expect("a path");
        shop.server.tieline(&[what, "register", "--file", file, "--organization", "acme"]).done();
    };
    register("service", "service.yaml");
    register("resource", "resource.yaml");
}

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn a_component_is_connected_in_two_steps() {
    let shop = Shop::open();
    shop.deploy_orders();
    registered(&shop);
    for (look, name) in [(Look::USUAL, "orders feed"), (Look::PLAIN, "orders-again")] {
        let browser = Browser::signed_in(&shop.server, look, None).await;
        for words in ["acme", "shop", "web", "Dependencies", "Connections", "+ Create"] {
            browser.follow(words).await;
        }
        for words in ["Services", "Databases", "Others"] {
            browser.find(Locator::LinkText(words)).await;
        }
        let search = browser.find(Locator::Css("input[type=search]")).await;
        search.send_keys("orde").await.expect("a searchbox");
        if !look.scripts {
            browser.press("Search").await;
        }
        browser.reads("1 found").await;
        assert!(!browser.text().await.contains("Mail Gate"));
        browser.follow("orders - api").await;
        browser.find(Locator::XPath("//h1[.='Create Connection']")).await;
        let text = browser.text().await;
        assert!(text.contains("Public is not offered: ") && text.contains("do not include Public"), "{text}");
        browser.find(Locator::LinkText("orders - api")).await;
        browser.fill("Name", "x").await;
        browser.fill("Description", "What is ordered").await;
        browser.choose("Access Mode", "Organization").await;
        browser.choose("Authentication Scheme", "OAuth2").await;
        browser.press("Next").await;
        browser.find(Locator::Css("#name[aria-invalid=true]")).await;
        browser.fill("Name", name).await;
        browser.press("Next").await;
        browser.find(Locator::XPath("//h2[contains(., 'production')]")).await;
        let text = browser.text().await;
        let variable = format!("CHOREO_{}", name.to_uppercase().replace([' ', '-'], "_"));
        for words in
            ["/acme/development/shop/orders/v1", "/acme/production/shop/orders/v1", "_SERVICEURL", "_CONSUMERSECRET"]
        {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(text.contains(&format!("{variable}_TOKENURL")), "{text}");
        if look.scripts {
            browser.assert_accessible("the second step").await;
        }
        assert!(
            !shop.tieline(&["connection", "list", "--component", "web"]).done().stdout.contains(name),
            "not made yet"
        );
        browser.press("Back").await;
        browser.find(Locator::Css(&format!("#name[value='{name}']"))).await;
        browser.press("Next").await;
        browser.press("Create").await;
        browser.reads(&format!("Created the connection {name}.")).await;
        let made = shop.tieline(&["connection", "view", name, "--component", "web", "--output", "json"]).done().json();
        let own = format!("/components/web/connections/{}", made["id"].as_str().expect("an id"));
        assert!(browser.path().await.ends_with(&own), "the connection's own page");
        assert_eq!((&made["level"], &made["access_mode"]), (&json!("component"), &json!("organization")));
        assert_eq!(made["description"], "What is ordered");
        browser.close().await;
    }
}

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn what_is_registered_is_connected_on_one_page() {
    let shop = Shop::open();
    registered(&shop);
    for (look, mail, data) in [(Look::USUAL, "mail", "data"), (Look::PLAIN, "letters", "tables")] {
        let browser = Browser::signed_in(&shop.server, look, None).await;
        for words in ["acme", "shop", "Dependencies", "Connections", "+ Create", "Mail Gate"] {
            browser.follow(words).await;
        }
        assert!(!browser.shows(Locator::XPath("//button[.='Next']")).await);
        browser.fill("Name", mail).await;
        browser
            .find(Locator::XPath("//summary[.='Environment to Endpoint Mapping']"))
            .await
            .click()
            .await
            .expect("opened");
        browser.choose("development", "spare: https://spare.mail.example/v1").await;
        browser.find(Locator::XPath("//option[@selected and .='live: https://mail.example/v1']")).await;
        browser.press("Create").await;
        browser.reads(&format!("Created the connection {mail}.")).await;
        let made = shop.tieline(&["connection", "view", mail, "--output", "json"]).done().json();
        assert_eq!(made["mapping"], json!({ "development": "spare", "production": "live" }));
        assert_eq!(made["level"], "project");
        let own = format!("/projects/shop/connections/{}", made["id"].as_str().expect("an id"));
        assert!(browser.path().await.ends_with(&own), "the connection's own page");
        // The same variables again are refused there and then.
        for words in ["Connections", "+ Create", "Mail Gate"] {
            browser.follow(words).await;
        }
        browser.fill("Name", &mail.to_uppercase()).await;
        browser.press("Create").await;
        browser.find(Locator::Css("#name[aria-invalid=true]")).await;
        browser.reads("would also be a variable of").await;
        for words in ["Marketplace", "Databases", "main"] {
            browser.follow(words).await;
        }
        browser.fill("Name", data).await;
        browser
            .find(Locator::XPath("//summary[.='Environment to Credential Mapping']"))
            .await
            .click()
            .await
            .expect("opened");
        browser.reads("Nothing is assigned to it yet").await;
        browser.press("Create").await;
        browser.reads(&format!("Created the connection {data}.")).await;
        // With only an organization chosen it is the organization's.
        for words in ["acme", "Dependencies", "Connections", "+ Create", "Mail Gate"] {
            browser.follow(words).await;
        }
        let everywhere = format!("{mail} everywhere");
        browser.fill("Name", &everywhere).await;
        browser.press("Create").await;
        browser.reads(&format!("Created the connection {everywhere}.")).await;
        let made = shop.tieline(&["connection", "view", &everywhere, "--output", "json"]).done().json();
        assert_eq!(made["level"], "organization");
        browser.close().await;
    }
}

#[tokio::test]
#[cfg_attr(not(browser), ignore = "TIELINE_TEST_BROWSER is not set")]
async fn a_service_says_what_can_be_asked_of_it() {
    let shop = super::walk::furnished();
    registered(&shop);
    let browser = Browser::signed_in(&shop.server, Look::PLAIN, None).await;
    browser.visit("/organizations/acme/marketplace/thirdparty:Mail%20Gate%2Fv1").await;
    browser.find(Locator::XPath("//h1[.='Mail Gate']")).await;
    browser.follow("API definition").await;
    let text = browser.text().await;
    for words in [
        "Mail API",
        "POST",
        "/letters/{id}",
        "Sends a letter",
        "path",
        "application/json",
        "It is on its way",
        "Who gets it",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    browser.follow("Letter").await;
    browser.reads("Who gets it").await;
    assert!(!browser.text().await.contains("Sends a letter"), "a type for itself");
    for (tab, words) in [
        ("How to use", "resourceRef: thirdparty:Mail Gate/v1"),
        ("Related documents", "There is no related document yet"),
        ("Consumers", "Nobody uses it yet"),
        ("Overview", "Nothing is written about it yet"),
    ] {
        let link = format!("//nav[@aria-label='About the service']//a[.='{tab}']");
        browser.find(Locator::XPath(&link)).await.click().await.expect("a tab");
        browser.reads(words).await;
    }
    browser.close().await;
}

#[test]
fn the_marketplace_is_searched_and_filtered_by_address() {
    let shop = Shop::open();
    shop.deploy_orders();
    registered(&shop);
    let cookie = sign_in(&shop.server, &shop.server.admin_token());
    let names = ["orders - api", "Mail Gate", ">main<"];
    for (query, expect) in [
        ("", [true, true, false]),
        ("?tab=databases", [false, false, true]),
        ("?tab=others", [false; 3]),
        ("?search=sends&field=content", [false, true, false]),
        ("?search=sends&field=name", [false; 3]),
        ("?search=letters&field=label", [false, true, false]),
        ("?type=internal", [true, false, false]),
        ("?type=third-party", [false, true, false]),
        ("?visibility=Organization", [true, false, false]),
        ("?visibility=Public", [false; 3]),
        ("?category=messaging", [false, true, false]),
        ("?tab=nonsense&visibility=nonsense", [true, true, false]),
    ] {
        let page = get(&shop.server, &format!("/organizations/acme/projects/shop/marketplace{query}"), &cookie);
        assert_eq!(page.status, 200, "{query}");
        let found = names.map(|name| page.body.split_once("id=\"results\"").expect("results").1.contains(name));
        assert_eq!(found, expect, "{query}");
        assert!(page.body.len() < 50_000 && !page.body.contains("canary"), "{query}");
    }
}

#[test]
fn every_card_is_on_one_page() {
    let shop = Shop::open();
    let admin = shop.server.admin_token();
    for at in 0..60 {
        let service = json!({ "name": format!("Service {at}"), "version": "v1", "endpoints": [
            { "name": "live", "url": "https://mail.example", "environments": ["development"], "values": {} }] });
        let made = shop.server.ask("POST", "/organizations/acme/services", Some(&admin), Some(&service));
        assert!(made.status < 300, "{made:?}");
    }
    let cookie = sign_in(&shop.server, &admin);
    let mut next = Some("/organizations/acme/projects/shop/marketplace?search=service".to_owned());
    let (mut names, mut pages) = (Vec::new(), 0);
    while let Some(path) = next {
        let page = get(&shop.server, &path, &cookie);
        assert!(page.status == 200 && page.body.len() < 50_000, "{path}: {page:?}");
        let cards = page.body.split("thirdparty:Service ").skip(1);
        names.extend(cards.map(|card| card.split('/').next().expect("a number").to_owned()));
        next = page.body.split_once("rel=\"next\"").map(|(before, _)| {
            let (_, address) = before.rsplit_once("href=\"").expect("an address");
            address.trim_end_matches(['"', ' ']).replace("&#38;", "&").replace("&amp;", "&")
        });
        pages += 1;
    }
    names.sort_by_key(|name| name.parse::<u32>().expect("a number"));
    assert_eq!((names, pages), ((0..60).map(|at| at.to_string()).collect(), 3));
}

#[test]
fn a_definition_in_every_language_is_rendered() {
    let shop = Shop::open();
    let cookie = sign_in(&shop.server, &shop.server.admin_token());
    for (name, file, text, expect) in [
        (
            "Graph",
            "schema.graphql",
            "type Query { letter(id: ID!): Letter }\ntype Letter { recipient: String }\n",
            ["GraphQL", "letter", "Letter", "recipient"],
        ),
        (
            "Events",
            "asyncapi.yaml",
            "asyncapi: 2.6.0\ninfo: { title: Post, version: '1' }\nchannels:\n  letters/sent:\n    subscribe:\n      \
             message:\n        payload: { $ref: '#/components/schemas/Letter' }\ncomponents:\n  schemas:\n    Letter:\n      \
             type: object\n      properties: { recipient: { type: string } }\n",
            ["AsyncAPI", "letters/sent", "Letter", "recipient"],
        ),
        (
            "Calls",
            "post.proto",
            "syntax = \"proto3\";\npackage post;\nmessage Letter { string recipient = 1; }\nservice Post { rpc Send(Letter) \
             returns (Letter); }\n",
            ["Protocol Buffers", "Send", "Letter", "recipient"],
        ),
        (
            "Soap",
            "post.wsdl",
            "<definitions xmlns=\"http://schemas.xmlsoap.org/wsdl/\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" \
             xmlns:t=\"urn:post\" targetNamespace=\"urn:post\"><types><xs:schema targetNamespace=\"urn:post\"><xs:element \
             name=\"Letter\"><xs:complexType><xs:sequence><xs:element name=\"recipient\" type=\"xs:string\"/>\
             </xs:sequence></xs:complexType></xs:element></xs:schema></types><message name=\"Sending\"><part name=\"body\" \
             element=\"t:Letter\"/></message><portType name=\"Post\"><operation name=\"Send\"><input \
             message=\"t:Sending\"/></operation></portType></definitions>",
            ["WSDL", "Send", "Letter", "recipient"],
        ),
    ] {
        let folder = shop.server.folder();
        std::fs::write(folder.join(file), text).expect("a definition");
        let registration = format!(
            "name: {name}\nversion: v1\ndefinition: {file}\nendpoints: [{{ name: live, url: \
             'https://post.example', environments: [development] }}]\n"
        );
        let path = folder.join("post.yaml");
        std::fs::write(&path, registration).expect("a registration");
        let path = path.to_str().expect("a path");
        shop.server.tieline(&["service", "register", "--file", path, "--organization", "acme"]).done();
        let address = format!("/organizations/acme/marketplace/thirdparty:{name}%2Fv1?tab=definition");
        let page = get(&shop.server, &address, &cookie);
        assert_eq!(page.status, 200, "{name}");
        let (_, rendered) = page.body.split_once("API definition").expect("the tab");
        for words in expect {
            assert!(rendered.contains(words), "{words} of {name}: {rendered}");
        }
    }
}

#[test]
fn who_may_connect_nothing_is_led_to_what_is_written() {
    let shop = Shop::open();
    registered(&shop);
    let create = ["token", "create", "anna", "--role", "viewer", "--organization", "acme", "--project", "shop"];
    let token = shop.server.json(&create)["token"].as_str().expect("a token").to_owned();
    let viewer = sign_in(&shop.server, &token);
    let place = "/organizations/acme/projects/shop";
    let service = format!("{place}/marketplace/thirdparty:Mail%20Gate%2Fv1");
    let page = get(&shop.server, &format!("{place}/marketplace"), &viewer).body;
    assert!(page.contains("thirdparty%3AMail%20Gate%2Fv1\"") && !page.contains("/connect\""), "{page}");
    assert!(
        !get(&shop.server, &format!("{place}/connections"), &viewer)
            .body
            .contains("href=\"/organizations/acme/projects/shop/marketplace\">+ Create")
    );
    assert_eq!(get(&shop.server, &format!("{service}/connect"), &viewer).status, 403);
    let own = get(&shop.server, &service, &viewer);
    assert!(own.status == 200 && !own.body.contains("Consumers") && !own.body.contains("Create Connection"), "{own:?}");
    assert_eq!(get(&shop.server, &format!("{place}/marketplace/thirdparty:Nothing%2Fv1"), &viewer).status, 404);
}

#[test]
fn a_dry_run_decides_as_making_does_and_makes_nothing() {
    let shop = Shop::open();
    shop.deploy_orders();
    let create = ["connection", "create", "orders", "--service", "service:/shop/orders/v1/api", "--component", "web"];
    let mode = ["--access-mode", "organization"];
    let dry = [&create[..], &mode, &["--dry-run", "--output", "json"]].concat();
    let preview = shop.tieline(&dry).done().json();
    let parameters = preview["environments"]["development"]["parameters"].as_array().expect("parameters").clone();
    assert!(
        parameters.iter().any(|found| found["variable"] == "CHOREO_ORDERS_CONSUMERSECRET" && found["value"].is_null())
    );
    assert!(preview["id"].is_null());
    let list = || shop.tieline(&["connection", "list", "--component", "web", "--output", "json"]).done().json();
    assert_eq!(list(), json!([]));
    let audit = || shop.server.json(&["audit", "list", "--organization", "acme"]).as_array().map(Vec::len);
    let before = audit();
    shop.tieline(&dry).done();
    assert_eq!(audit(), before);
    let made = shop.tieline(&[&create[..], &mode, &["--output", "json"]].concat()).done().json();
    let strip = |value: &serde_json::Value| {
        let parameters = value["environments"]["production"]["parameters"].as_array().expect("parameters").clone();
        parameters.into_iter().filter(|found| found["key"] != "ConsumerKey").collect::<Vec<_>>()
    };
    assert_eq!(strip(&preview), strip(&made));
    assert_eq!(shop.tieline(&dry).error()["code"], "connection_name_taken");
    let offer = ["connection", "offer", "--service", "service:/shop/orders/v1/api", "--component", "web"];
    let offer = shop.tieline(&[&offer[..], &["--output", "json"]].concat()).done().json();
    assert_eq!((&offer["access_mode"], &offer["authentication_scheme"]), (&json!("project"), &json!("none")));
    assert!(offer["modes"][2]["refused"].as_str().expect("a reason").contains("Public"), "{offer}");
}
