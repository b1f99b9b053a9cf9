//! Tokens, audit and keys, and what every operation has: repeated creations, preconditions, figures.

use serde_json::json;

use crate::world::TestServer;

fn acme() -> TestServer {
    let server = TestServer::start();
    server.tieline(&["organization", "create", "acme"]).done();
    server.tieline(&["project", "create", "shop", "--organization", "acme"]).done();
    server
}

#[test]
fn a_token_is_shown_once_alone_and_ends_when_it_is_revoked() {
    let server = acme();
    let create = ["token", "create", "anna", "--role", "developer", "--organization", "acme"];
    let made = server.tieline(&create).done();
    let token = made.stdout.trim();
    assert!(token.starts_with("tl_api_") && !token.contains(char::is_whitespace), "{made:?}");
    assert!(made.stderr.starts_with("hint: "), "{made:?}");
    assert_eq!(server.tieline(&create).code, Some(1), "names of live tokens differ");

    let asks = |expect| {
        let reply = server.ask("GET", "/organizations/acme", Some(token), None);
        assert_eq!(reply.status, expect, "{reply:?}");
    };
    asks(200);
    let list = server.json(&["token", "list", "--organization", "acme"]);
    assert_eq!((list[0]["name"].as_str(), list[0]["state"].as_str()), (Some("anna"), Some("live")));
    assert!(!list.to_string().contains(token));
    server.tieline(&["token", "revoke", "anna", "--organization", "acme"]).done();
    asks(401);
    server.tieline(&create).done();
    assert!(!server.log().contains("tl_api_"), "no token reaches the log");
}

#[test]
fn nobody_hands_out_more_than_they_have() {
    let server = acme();
    server.tieline(&["project", "create", "mail", "--organization", "acme"]).done();
    let component = ["component", "create", "orders", "--type", "service", "--organization", "acme"];
    server.tieline(&[&component[..], &["--project", "shop"]].concat()).done();
    let lead = ["token", "create", "lead", "--role", "project-admin", "--organization", "acme", "--project", "shop"];
    let lead = server.tieline(&lead).done().stdout;
    let orders = ["--component", "orders"];
    for (role, project, more, code) in [
        ("viewer", Some("shop"), &[][..], None),
        ("developer", Some("shop"), &["--expires", "90d"], None),
        ("runner", Some("shop"), &[&orders[..], &["--env", "development"]].concat(), None),
        ("runner", Some("shop"), &[&orders[..], &["--env", "production"]].concat(), Some("forbidden")),
        ("runner", Some("shop"), &[&orders[..], &["--env", "moon"]].concat(), Some("environment_not_found")),
        ("developer", None, &[], Some("forbidden")),
        ("developer", Some("mail"), &[], Some("project_not_found")),
        ("project-admin", Some("shop"), &[], Some("forbidden")),
        ("organization-admin", None, &[], Some("forbidden")),
        ("developer", Some("shop"), &["--expires", "4000w"], Some("token_scope_invalid")),
    ] {
        let name = format!("t-{}", named_after(role, project, more));
        let mut arguments = vec!["token", "create", name.as_str(), "--role", role, "--organization", "acme"];
        arguments.extend(project.map(|project| ["--project", project]).into_iter().flatten());
        arguments.extend(more);
        arguments.extend(["--token", lead.trim(), "--output", "json"]);
        let answer = server.tieline(&arguments);
        match code {
            None => assert_eq!(answer.done().json()["role"], role),
            Some(code) => assert_eq!(answer.error()["code"], code, "{arguments:?}"),
        }
    }
    let list = server.json(&["token", "list", "--organization", "acme", "--token", lead.trim()]);
    assert_eq!(list.as_array().map(Vec::len), Some(3), "those it made, and not itself");
    let anna =
        server.tieline(&["token", "create", "anna", "--role", "developer", "--organization", "acme"]).done().stdout;
    for (token, holder, code) in [
        ("lead", anna.trim(), Some("token_not_found")),
        ("anna", lead.trim(), Some("token_not_found")),
        ("anna", anna.trim(), None),
    ] {
        let revoke = ["token", "revoke", token, "--organization", "acme", "--token", holder, "--output", "json"];
        let answer = server.tieline(&revoke);
        match code {
            None => assert_eq!(answer.code, Some(0), "everybody may give up their own: {answer:?}"),
            Some(code) => assert_eq!(answer.error()["code"], code, "{revoke:?}"),
        }
    }
}

fn named_after(role: &str, project: Option<&str>, more: &[&str]) -> String {
    let all = format!("{role}-{}-{}", project.unwrap_or("all"), more.join("-"));
    all.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>().replace("--", "-")
}

#[tokio::test]
async fn a_changed_audit_entry_is_named() {
    let server = acme();
    let verify = ["audit", "verify", "--organization", "acme"];
    assert_eq!(server.json(&verify)["entries"], 2);
    let filtered = server.json(&["audit", "list", "--organization", "acme", "--action", "project_create"]);
    assert_eq!((filtered.as_array().map(Vec::len), &filtered[0]["object"]), (Some(1), &"shop".into()));
    let paged = server.json(&["audit", "list", "--organization", "acme", "--limit", "1"]);
    assert_eq!((paged.as_array().map(Vec::len), &paged[0]["sequence"]), (Some(1), &2.into()));

    let path = server.data().join("tieline.db");
    tamper(&path, "UPDATE audit SET actor = 'token:nobody' WHERE action = 'project_create'").await;
    let broken = server.tieline(&[&verify[..], &["--output", "json"]].concat());
    assert_eq!((broken.code, &broken.json()["broken_at"]), (Some(1), &2.into()), "{broken:?}");
    let text = server.tieline(&verify);
    assert!(text.stdout.contains("entry 2 was changed"), "{text:?}");
    server.tieline(&["audit", "verify", "--installation"]).done();

    tamper(&path, "DELETE FROM audit WHERE action = 'organization_create'").await;
    assert!(server.tieline(&verify).stdout.contains("entry 1 is missing"));
}

async fn tamper(path: &std::path::Path, sql: &'static str) {
    use sqlx::Connection as _;
    let mut database = sqlx::SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.expect("SQLite");
    let done = sqlx::query(sql).execute(&mut database).await.expect("the change");
    assert!(done.rows_affected() > 0);
}

#[test]
fn a_rotation_keeps_the_former_key_in_a_file_of_its_own() {
    let server = acme();
    let key = std::fs::read_to_string(server.data().join("master.key")).expect("the key");
    let rotated = server.json(&["key", "rotate"]);
    let former = server.data().join(format!("master-{}.key", rotated["former_fingerprint"].as_str().expect("a name")));
    assert_eq!(std::fs::read_to_string(former).expect("the former key"), key);
    let present = std::fs::read_to_string(server.data().join("master.key")).expect("the key");
    assert!(present != key && present.lines().count() == 1);
    let server = server.restart();
    server.tieline(&["project", "list", "--organization", "acme"]).done();
}

#[test]
fn a_repeated_creation_is_done_once_and_answered_the_same() {
    let server = acme();
    let token = server.admin_token();
    let projects = "/organizations/acme/projects";
    let create = |handle: &str, key: &str| {
        let body = json!({ "handle": handle });
        server.ask_with("POST", projects, Some(&token), Some(&body), &[("idempotency-key", key)])
    };
    let first = create("mail", "one");
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, None));
    let again = create("mail", "one");
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, Some("true")));
    assert_eq!(again.body, first.body);
    for (handle, key, status, code) in [
        ("news", "one", 409, "idempotency_key_reused"),
        ("mail", "two", 409, "project_exists"),
        ("news", "two", 201, ""),
        ("late", "a key", 400, "idempotency_key_invalid"),
    ] {
        let reply = create(handle, key);
        assert_eq!((reply.status, reply.code()), (status, code), "{handle} {key}: a refusal keeps nothing");
    }
    let body = json!({ "name": "anna", "role": "viewer" });
    let key = [("idempotency-key", "three")];
    let reply = server.ask_with("POST", "/organizations/acme/tokens", Some(&token), Some(&body), &key);
    assert_eq!((reply.status, reply.code()), (400, "idempotency_key_invalid"), "no token is kept");
    let other =
        server.tieline(&["token", "create", "ben", "--role", "organization-admin", "--organization", "acme"]).done();
    let body = json!({ "handle": "mail" });
    let reply =
        server.ask_with("POST", projects, Some(other.stdout.trim()), Some(&body), &[("idempotency-key", "one")]);
    assert_eq!((reply.status, reply.code()), (409, "project_exists"), "a key belongs to its token");
}

#[test]
fn a_change_is_made_to_what_was_read() {
    let server = acme();
    let token = server.admin_token();
    for (path, body) in [
        ("/organizations/acme", json!({ "variable_prefix": "ACME" })),
        ("/organizations/acme/environments/development", json!({ "critical": true })),
    ] {
        let read = server.ask("GET", path, Some(&token), None);
        let tag = read.header("etag").expect("an ETag").to_owned();
        server.tieline(&["project", "create", &format!("p{}", path.len()), "--organization", "acme"]).done();
        let change = |tag: &str| server.ask_with("PATCH", path, Some(&token), Some(&body), &[("if-match", tag)]);
        let changed = change(&tag);
        assert_eq!(changed.status, 200, "what others made is no change of it: {changed:?}");
        for (stale, status) in [(tag.as_str(), 412), ("\"x\"", 412), ("*", 200)] {
            let reply = change(stale);
            assert_eq!(reply.status, status, "{stale} {reply:?}");
            assert!(status == 200 || reply.code() == "changed_meanwhile");
        }
        let now = server.ask("GET", path, Some(&token), None);
        assert_ne!(now.header("etag"), changed.header("etag"));
        assert_eq!(change(now.header("etag").expect("an ETag")).status, 200);
    }
}

#[test]
fn a_service_or_connection_is_changed_as_it_was_read() {
    let server = acme();
    let token = server.admin_token();
    let ask = |method: &str, path: &str, body: Option<&serde_json::Value>, tag: Option<&str>| {
        let header = tag.map(|tag| ("if-match", tag));
        server.ask_with(method, path, Some(&token), body, header.as_slice())
    };
    let endpoint = json!({ "name": "live", "url": "https://mail.example", "environments": ["development"],
        "values": {} });
    let service = json!({ "name": "Mail", "version": "v1", "endpoints": [endpoint] });
    assert!(ask("POST", "/organizations/acme/services", Some(&service), None).status < 300);
    let connection = json!({ "name": "mail", "service": "thirdparty:Mail/v1", "level": "organization" });
    let made = ask("POST", "/organizations/acme/connections", Some(&connection), None);
    let service = "/organizations/acme/services/thirdparty%3AMail%2Fv1";
    let connection = format!("/organizations/acme/connections/{}", made.body["id"].as_str().expect("an id"));
    let summary = json!({ "summary": "Sends mail" });
    let description = json!({ "description": "How we send" });
    for (method, read, path, body) in [
        ("PATCH", service, service.to_owned(), Some(&summary)),
        ("POST", service, format!("{service}/unpublish"), None),
        ("POST", service, format!("{service}/publish"), None),
        ("PATCH", &connection, connection.clone(), Some(&description)),
        ("DELETE", &connection, connection.clone(), None),
        ("DELETE", service, service.to_owned(), None),
    ] {
        let tag = ask("GET", read, None, None).header("etag").expect("an ETag").to_owned();
        let stale = ask(method, &path, body, Some("\"4711\""));
        assert_eq!((stale.status, stale.code()), (412, "changed_meanwhile"), "{method} {path}");
        let done = ask(method, &path, body, Some(&tag));
        assert!(done.status < 300, "{method} {path}: {done:?}");
    }
}

#[test]
fn a_definition_is_read_for_people_for_programs_and_as_it_is() {
    let server = acme();
    let definition = "openapi: 3.0.0\ninfo: { title: Mail, version: '1' }\npaths:\n  /send:\n    post:\n      summary: \"Se\\x1bnd\"\n";
    let endpoint =
        json!({ "name": "live", "url": "https://mail.example", "environments": ["development"], "values": {} });
    let service = json!({ "name": "Mail", "version": "v1", "endpoints": [endpoint], "definition": definition });
    let made = server.ask("POST", "/organizations/acme/services", Some(&server.admin_token()), Some(&service));
    assert!(made.status < 300, "{made:?}");
    let ask = |reference: &str, more: &[&str]| {
        let words = ["service", "definition", reference, "--organization", "acme"];
        server.tieline(&[&words[..], more].concat())
    };
    let shown = "Mail  1  (openapi3)\n\nOperations\n\n  POST /send  Send\n";
    assert_eq!(ask("thirdparty:Mail/v1", &[]).done().stdout, shown);
    assert_eq!(ask("thirdparty:Mail/v1", &["--raw"]).done().stdout, definition);
    assert_eq!(ask("thirdparty:Mail/v1", &["--raw", "--output", "json"]).json(), json!(definition));
    let outline = ask("thirdparty:Mail/v1", &["--output", "json"]).json();
    assert_eq!(outline["groups"][0]["operations"][0]["verb"], "POST", "{outline}");
    for more in [&[][..], &["--raw"]] {
        assert!(ask("thirdparty:Post/v1", more).stderr.starts_with("error[service_not_found]"));
    }
}

#[test]
fn figures_name_operations_and_nothing_else() {
    let server = acme();
    let figures = server.ask("GET", "/metrics", None, None);
    assert!(figures.header("content-type").is_some_and(|kind| kind.starts_with("application/openmetrics-text")));
    let text = figures.body.as_str().expect("text").to_owned();
    assert!(text.contains("tieline_requests_total{operation=\"organization_create\",status=\"201\"} 1"), "{text}");
    assert!(text.contains("tieline_change_number 3"), "{text}");
    assert!(text.contains("tieline_request_duration_seconds_bucket{"), "{text}");
    assert!(!text.contains("acme") && !text.contains("shop"), "{text}");
}

#[test]
fn holders_of_one_name_are_told_apart() {
    let server = acme();
    let create = ["token", "create", "anna", "--role", "organization-admin", "--organization", "acme"];
    let mut labels = std::collections::BTreeSet::new();
    for project in ["mail", "news"] {
        let anna = server.tieline(&create).done().stdout;
        server.tieline(&["project", "create", project, "--organization", "acme", "--token", anna.trim()]).done();
        server.tieline(&["token", "revoke", "anna", "--organization", "acme"]).done();
        let list = ["audit", "list", "--organization", "acme", "--action", "project_create", "--object", project];
        labels.insert(server.json(&list)[0]["actor"].as_str().expect("an actor").to_owned());
    }
    assert!(labels.len() == 2 && labels.iter().all(|label| label.starts_with("token:anna#")), "{labels:?}");
    let by = |actor: &str| server.json(&["audit", "list", "--organization", "acme", "--actor", actor]);
    assert_eq!(by("token:anna").as_array().map(Vec::len), Some(2));
    for label in &labels {
        assert_eq!(by(label).as_array().map(Vec::len), Some(1));
    }
    assert_eq!(by("token:ann").as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn a_change_that_nobody_announced_is_noticed() {
    let server = acme();
    let store = server.store().await;
    let mut transaction = store.write().await.expect("a transaction");
    let at = jiff::Timestamp::UNIX_EPOCH;
    let number = transaction.change_insert("", "test", "test", at).await.expect("a change");
    transaction.commit().await.expect("the commit");
    let expect = format!("tieline_change_number {number}");
    let noticed =
        |()| server.ask("GET", "/metrics", None, None).body.as_str().is_some_and(|text| text.contains(&expect));
    assert!(std::iter::repeat_n((), 20_000).any(noticed));
    store.close().await;
}
