//! Registration files as people write them, good and faulty.

use std::path::PathBuf;

use super::*;

const SERVICE: &str = "\
name: Mail Gate
version: 1.10
definition: openapi.yaml
labels: [mail, 24]
parameters:
  - { name: ApiKey, secret: true }
  - { name: Port }
endpoints:
  - name: sandbox
    url: https://sandbox.mail.example/v1
    environments: [development]
    values:
      ApiKey: { file: key.txt }
      Port: 0587
";

fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key.txt"), "canary\r\n").unwrap();
    std::fs::write(folder.path().join("openapi.yaml"), "openapi: 3.0.0\n").unwrap();
    let path = folder.path().join("SERVICE.yaml");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

#[test]
fn numbers_stay_as_written_and_files_are_read_beside_the_registration() {
    let (_folder, path) = written(SERVICE);
    let body = service(&path, Some("shop")).unwrap();
    assert_eq!(body["version"], "1.10");
    assert_eq!(body["project"], "shop");
    assert_eq!(body["definition"], "openapi: 3.0.0\n");
    assert_eq!(body["labels"], json!(["mail", "24"]));
    assert_eq!(body["endpoints"][0]["values"], json!({ "ApiKey": "canary", "Port": "0587" }));
    let request: Result<tieline_core::wire::service::ThirdPartyRegister, _> = serde_json::from_value(body);
    assert!(request.is_ok(), "{request:?}");
}

#[test]
fn every_scalar_of_a_value_is_its_text() {
    for (written_as, expect) in [
        ("5432", "5432"),
        ("-1.50", "-1.50"),
        ("1e5", "1e5"),
        ("0x1F", "0x1F"),
        ("true", "true"),
        ("yes", "yes"),
        ("'007'", "007"),
        ("\"\"", ""),
        ("env", "env"),
        ("a: b # c", "!"),
        ("ä 7", "ä 7"),
    ] {
        let (_folder, path) = written(&format!("# ä\n{}", SERVICE.replace("0587", written_as)));
        let body = service(&path, None);
        match body {
            Ok(body) => assert_eq!(body["endpoints"][0]["values"]["Port"], expect, "{written_as}"),
            Err(failure) => assert_eq!(expect, "!", "{written_as}: {}", failure.message),
        }
    }
}

#[test]
fn faults_name_their_place_and_repeat_no_neighbouring_secret() {
    for (from, to, expect) in [
        ("labels:", "lables:", "SERVICE.yaml:4:1: "),
        ("ApiKey: { file: key.txt }", "ApiKey: { file: nowhere.txt }", "SERVICE.yaml:13:15: ApiKey is read from"),
        ("{ file: key.txt }", "{ env: TIELINE_TEST_UNSET }", "the environment variable TIELINE_TEST_UNSET"),
        ("{ file: key.txt }", "{ env: A, file: b }", "either env or file"),
        ("{ file: key.txt }", "{ keep: true, file: b }", "either env or file"),
        ("{ file: key.txt }", "{ keep: false }", "either env or file"),
        ("https://sandbox.mail.example/v1", "{ keep: true }", "url must name"),
        ("{ file: key.txt }", "{ vault: b }", "SERVICE.yaml:13:"),
        ("{ file: key.txt }", "", "ApiKey is empty"),
        ("Port: 0587", "Port: canary\n      Port: canary", "duplicate"),
        ("version: 1.10\n", "", "version"),
        ("definition: openapi.yaml", "definition: other.yaml", "other.yaml cannot be read"),
    ] {
        let text = SERVICE.replace(from, to);
        assert_ne!(text, SERVICE, "{from}");
        let (_folder, path) = written(&text);
        let failure = service(&path, None).unwrap_err();
        assert!(failure.message.contains(expect), "{to}: {}", failure.message);
        assert!(!failure.message.contains("canary"), "{}", failure.message);
    }
}

#[test]
fn a_value_that_stays_is_not_given() {
    let (_folder, path) = written(&SERVICE.replace("{ file: key.txt }", "{ keep: true }"));
    let body = service(&path, None).unwrap();
    assert_eq!(body["endpoints"][0]["values"], json!({ "ApiKey": null, "Port": "0587" }));
}

#[test]
fn a_resource_is_read() {
    let (_folder, path) = written(
        "name: shop/main\nkind: postgresql\ncredentials:\n  - name: dev\n    environments: [development]\n    \
         values: { HostName: db.dev, Port: 5432, Password: { file: key.txt } }\n",
    );
    let body = resource(&path).unwrap();
    let expect = json!({ "HostName": "db.dev", "Port": "5432", "Password": "canary" });
    assert_eq!(body["credentials"][0]["values"], expect);
}
