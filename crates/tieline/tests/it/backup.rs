//! A backup restored into an empty folder, and into the other database, is the installation that was backed up.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::world::{TestServer, tieline};

fn acme() -> TestServer {
    let server = TestServer::start();
    server.tieline(&["organization", "create", "acme"]).done();
    server.tieline(&["project", "create", "shop", "--organization", "acme"]).done();
    let component = ["component", "create", "orders", "--type", "service"];
    server.tieline(&[&component[..], &["--project", "shop", "--organization", "acme"]].concat()).done();
    server
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn is_the_same(server: &TestServer, restored: &TestServer) {
    for arguments in [["project", "list"], ["environment", "list"]] {
        let arguments = [&arguments[..], &["--organization", "acme"]].concat();
        assert_eq!(restored.json(&arguments), server.json(&arguments));
    }
    restored.tieline(&["audit", "verify", "--organization", "acme"]).done();
    restored.tieline(&["audit", "verify", "--installation"]).done();
    restored.tieline(&["project", "create", "later", "--organization", "acme"]).done();
    let former = server.admin_token();
    assert_ne!(restored.admin_token(), former);
    let reply = restored.ask("GET", "/organizations/acme/projects", Some(&former), None);
    assert_eq!((reply.status, reply.body["items"].as_array().map(Vec::len)), (200, Some(2)));
}

#[test]
fn into_an_empty_folder() {
    let server = acme();
    let (file, data) = (server.folder().join("b.ndjson"), server.folder().join("restored"));
    let key = server.data().join("master.key");
    let made = server.json(&["backup", path(&file)]);
    assert_eq!(std::fs::metadata(&file).expect("the backup").permissions().mode() & 0o777, 0o600);
    let secret = std::fs::read_to_string(&key).expect("the key");
    let text = std::fs::read_to_string(&file).expect("the backup");
    assert!(!text.contains(secret.trim().rsplit(' ').next().expect("the key's bytes")), "no master key in a backup");

    let restore = ["restore", path(&file), "--data", path(&data), "--output", "json"];
    let needed = made["key_fingerprint"].as_str().expect("a fingerprint");
    let refused = tieline(&restore);
    assert_eq!(refused.error()["code"], "master_key_missing");
    assert!(refused.stderr.contains(needed), "{refused:?}");
    let with_key = [&restore[..], &["--master-key", path(&key)]].concat();
    assert_eq!(tieline(&with_key).done().json()["rows"], made["rows"]);
    assert_eq!(tieline(&with_key).error()["code"], "database_not_empty");
    is_the_same(&server, &server.beside(&data, &[]));
}

#[test]
fn a_cut_or_changed_file_restores_nothing() {
    let server = acme();
    let file = server.folder().join("b.ndjson");
    server.tieline(&["backup", path(&file)]).done();
    let text = std::fs::read_to_string(&file).expect("the backup");
    let key = server.data().join("master.key");
    let lines: Vec<_> = text.lines().collect();
    let without_end = lines[..lines.len() - 1].join("\n");
    let without_row = lines.iter().filter(|line| !line.contains("\"orders\"")).copied().collect::<Vec<_>>().join("\n");
    for (number, (wrong, code)) in [
        (String::new(), "backup_invalid"),
        ("{}\n".to_owned(), "backup_invalid"),
        (text.replacen("\"tieline_backup\":1", "\"tieline_backup\":9", 1), "backup_format_unknown"),
        (text.replacen("\"schema\":", "\"schema\":9", 1), "backup_schema_unknown"),
        (text.replace("CHOREO", "CHORES"), "backup_invalid"),
        (without_end, "backup_invalid"),
        (without_row, "backup_invalid"),
        (text.clone() + &text, "backup_invalid"),
    ]
    .into_iter()
    .enumerate()
    {
        std::fs::write(&file, wrong).expect("a changed file");
        let data = server.folder().join(format!("restored-{number}"));
        let restore = ["restore", path(&file), "--data", path(&data), "--master-key", path(&key), "--output", "json"];
        assert_eq!(tieline(&restore).error()["code"], code, "{number}");
        std::fs::write(&file, &text).expect("the whole file");
        assert!(!data.join("admin.token").exists());
        let again = tieline(&restore);
        assert_eq!(again.code, Some(0), "nothing was left behind: {number} {again:?}");
    }
}

#[tokio::test]
async fn across_the_databases() {
    let Some(database) = Postgres::create().await else { return };
    let server = acme();
    let (file, data) = (server.folder().join("b.ndjson"), server.folder().join("restored"));
    server.tieline(&["backup", path(&file)]).done();
    let key = server.data().join("master.key");
    let restore = ["restore", path(&file), "--data", path(&data), "--master-key", path(&key)];
    tieline(&[&restore[..], &["--database", &database.url]].concat()).done();
    {
        let restored = server.beside(&data, &["--database", &database.url]);
        is_the_same(&server, &restored);
        restored.tieline(&["backup", path(&file)]).done();
    }
    let back = server.folder().join("back");
    tieline(&["restore", path(&file), "--data", path(&back), "--master-key", path(&key)]).done();
    let back = server.beside(&back, &[]);
    assert_eq!(back.json(&["project", "list", "--organization", "acme"]).as_array().map(Vec::len), Some(2));
    drop(back);
    database.drop().await;
}

/// A database of its own on the PostgreSQL server for tests.
struct Postgres {
    server: String,
    name: String,
    url: String,
}

impl Postgres {
    /// None when there is no server for tests, unless tests must have one.
    async fn create() -> Option<Self> {
        let Ok(server) = std::env::var("TIELINE_TEST_POSTGRES") else {
            let required = std::env::var("TIELINE_REQUIRE_SERVICES").is_ok_and(|value| value == "1");
            assert!(!required, "TIELINE_REQUIRE_SERVICES=1, and TIELINE_TEST_POSTGRES names no server");
            return None;
        };
        let name = format!("tieline_it_{}", std::process::id());
        run(&server, format!("CREATE DATABASE {name}")).await;
        let (base, query) = server.split_once('?').unwrap_or((&server, ""));
        let base = base.rsplit_once('/').map_or(base, |(base, _)| base);
        let url = format!("{base}/{name}{}{query}", if query.is_empty() { "" } else { "?" });
        Some(Self { server, name, url })
    }

    async fn drop(self) {
        run(&self.server, format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

async fn run(server: &str, sql: String) {
    use sqlx::Connection as _;
    let mut connection = sqlx::PgConnection::connect(server).await.expect("PostgreSQL");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.expect("the statement");
}
