//! Registration files through the binary: what they keep, what is said of where a service stands, and of what is wrong.

use serde_json::json;

use crate::world::TestServer;

const FILE: &str = "name: Mail\nversion: v1\nparameters: [{ name: ApiKey, secret: true }]\nendpoints:\n  - name: live\n    \
                    url: https://mail.example/v1\n    environments: [development]\n    values: { ApiKey: VALUE }\n";

#[test]
fn a_value_that_stays_is_not_in_the_file_again() {
    let server = TestServer::start();
    server.tieline(&["organization", "create", "acme"]).done();
    let acme = ["--organization", "acme"];
    let register = |value: &str, url: &str| {
        let file = server.folder().join("SERVICE.yaml");
        let text = FILE.replace("VALUE", value).replace("https://mail.example/v1", url);
        std::fs::write(&file, text).expect("a file");
        let register = ["service", "register", "--file", file.to_str().expect("a path")];
        server.tieline(&[&register[..], &acme].concat())
    };
    let incomplete = register("{ keep: true }", "https://mail.example/v1").done().stdout;
    assert!(incomplete.contains("It is not listed in the marketplace: its endpoint \"live\" has no value for ApiKey."));
    let list = || server.tieline(&[&["service", "list", "--all"][..], &acme].concat()).done().stdout;
    assert!(list().contains("LISTED  ENVIRONMENTS  CONNECTIONS") && list().contains("no "), "{}", list());
    register("canary-one", "https://mail.example/v1").done();
    register("{ keep: true }", "https://mail.example/v2").done();
    let connect = ["connection", "create", "mail", "--service", "thirdparty:Mail/v1"];
    server.tieline(&[&connect[..], &acme].concat()).done();
    let shown = server.json(&[&["connection", "view", "mail", "--reveal"][..], &acme].concat());
    let values = shown["environments"]["development"]["parameters"].as_array().expect("parameters").clone();
    let values: Vec<_> = values.iter().map(|found| &found["value"]).collect();
    assert_eq!(values, [&json!("https://mail.example/v2"), &json!("canary-one")]);
    let stands = server.json(&[&["service", "list", "--all"][..], &acme].concat());
    assert_eq!(
        (&stands[0]["connections"], &stands[0]["unlisted"], &stands[0]["environments"]),
        (&json!(1), &json!(null), &json!(["development"]))
    );
    assert_eq!(register("{ keep: false }", "x").code, Some(1));
}

#[test]
fn a_problem_names_the_part_of_the_body_that_it_is_about() {
    let server = TestServer::start();
    server.tieline(&["organization", "create", "acme"]).done();
    let endpoint = |url: &str| json!({ "name": url.len().to_string(), "url": url, "environments": ["production"] });
    let endpoints = [endpoint("https://mail.example"), endpoint("mail")];
    let body = json!({ "name": "Mail", "version": "v1", "endpoints": endpoints });
    let token = server.admin_token();
    let refused = server.ask("POST", "/organizations/acme/services", Some(&token), Some(&body));
    assert_eq!((refused.status, &refused.body["path"]), (422, &json!("endpoints[1].url")), "{refused:?}");
    let missing = server.ask("GET", "/organizations/acme/services/thirdparty:Mail%2Fv1", Some(&token), None);
    assert_eq!((missing.status, missing.body.get("path")), (404, None));
}
