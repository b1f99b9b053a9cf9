//! How SQLite answers each SQL text: by an index, never by reading a whole table that grows. PostgreSQL has the same
//! indexes, and chooses by what the tables hold.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};

use crate::database::Database;
use crate::texts::texts;

/// Tables that are read as a whole, or may be: the installation has one row, and there are few organizations, each with an
/// identity provider at most, few signing keys and few servers.
const SMALL: [&str; 7] = [
    "installation",
    "organization",
    "identity_provider",
    "signing_key",
    "change_counter",
    "schema_version",
    "listener",
];

/// Texts that read a whole table that grows, by how they begin, and why they may.
const WHOLE: [(&str, &str); 1] =
    [("SELECT number FROM change ORDER BY number LIMIT", "reads no more rows than its limit, in the order of the key")];

/// Texts that read all connections of an organization, of which there may be a million, and why they may.
const ALL_OF_AN_ORGANIZATION: [(&str, &str); 3] = [
    ("deleted_at IS NOT NULL AND NOT EXISTS", "an index holds those alone that are out of use"),
    ("access_mode IN ('organization', 'public')", "an environment that is made gives each of them keys"),
    ("deleted_at IS NULL ORDER BY name_part, id", "an environment that is made or deleted concerns each of them"),
];

async fn sqlite() -> (Database, SqliteConnection) {
    let mut databases = Database::all().await;
    let database = databases.swap_remove(0);
    for other in databases {
        other.drop().await;
    }
    assert!(!database.postgres);
    let connection = SqliteConnection::connect(&database.url).await.expect("SQLite");
    (database, connection)
}

#[tokio::test]
async fn no_text_reads_a_whole_table_that_grows() {
    let (database, mut connection) = sqlite().await;
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for (place, sql) in texts() {
        let sql_plan = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let steps = sqlx::query(sql_plan).fetch_all(&mut connection).await.expect("a plan");
        for step in steps {
            let step: String = step.get("detail");
            if step.starts_with("SEARCH connection USING") && step.ends_with("(organization_id=?)") {
                match ALL_OF_AN_ORGANIZATION.iter().find(|(part, _)| sql.contains(part)) {
                    Some((part, _)) => _ = used.insert(*part),
                    None => wrong.push(format!("{place}: {step}: {sql}")),
                }
            }
            let Some(table) = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next()) else { continue };
            if SMALL.contains(&table) || table == "CONSTANT" || table.starts_with('(') {
                continue;
            }
            match WHOLE.iter().find(|(part, _)| sql.contains(part)) {
                Some((part, _)) => _ = used.insert(*part),
                None => wrong.push(format!("{place}: {step}: {sql}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(used.len(), WHOLE.len() + ALL_OF_AN_ORGANIZATION.len(), "every exception is one");
    drop(connection);
    database.drop().await;
}

#[tokio::test]
async fn every_reference_is_indexed_where_it_is_checked() {
    let (database, mut connection) = sqlite().await;
    let sql = "SELECT m.name AS child, f.\"table\" AS parent, f.\"from\" AS reference
         FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY 1, 2, 3";
    let references = sqlx::query(sql).fetch_all(&mut connection).await.expect("its references");
    assert!(references.len() > 30, "the references are found: {}", references.len());
    let mut missing = Vec::new();
    for row in references {
        let (child, parent, column): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        // What a deletion of the parent asks of each child.
        let sql = format!("EXPLAIN QUERY PLAN SELECT 1 FROM {child} WHERE {column} = $1");
        let steps = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut connection).await.expect("a plan");
        // Organizations are never deleted; those of a small table are few.
        if parent != "organization" && steps.iter().any(|step| step.get::<String, _>("detail").starts_with("SCAN ")) {
            missing.push(format!("{child}.{column} → {parent}"));
        }
    }
    assert!(missing.is_empty(), "without an index: {}", missing.join(", "));
    drop(connection);
    database.drop().await;
}
