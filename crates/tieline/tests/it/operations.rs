//! Tokens, audit and keys from the outside.

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
