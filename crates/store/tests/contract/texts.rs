//! Every SQL text of the sources is one that both databases take, and a backup knows every column of both.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, SqlSafeStr as _, SqliteConnection};
use tieline_store::backup::TABLES;

use crate::database::Database;

/// PostgreSQL's code for a parameter whose type only the value tells; the driver tells it.
const UNTYPED: &str = "42P18";

/// `search` and `migration` hold texts of one database each; the tests of both run them.
const PER_DATABASE: [&str; 2] = ["search.rs", "migration.rs"];

#[tokio::test]
async fn every_text_is_one_that_both_databases_take() {
    let texts = texts();
    assert!(texts.len() > 100, "the texts are found: {}", texts.len());
    for database in Database::all().await {
        let mut wrong = Vec::new();
        if database.postgres {
            let mut connection = PgConnection::connect(&database.url).await.expect("PostgreSQL");
            for (place, sql) in &texts {
                match connection.prepare(AssertSqlSafe(sql.clone()).into_sql_str()).await {
                    Ok(_) => {}
                    Err(error) if error.as_database_error().and_then(|it| it.code()).as_deref() == Some(UNTYPED) => {}
                    Err(error) => wrong.push(format!("{place}: {error}: {sql}")),
                }
            }
        } else {
            let mut connection = SqliteConnection::connect(&database.url).await.expect("SQLite");
            for (place, sql) in &texts {
                if let Err(error) = connection.prepare(AssertSqlSafe(sql.clone()).into_sql_str()).await {
                    wrong.push(format!("{place}: {error}: {sql}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        database.drop().await;
    }
}

#[tokio::test]
async fn a_backup_holds_every_column_of_every_table() {
    let known: BTreeMap<_, BTreeSet<_>> =
        TABLES.iter().map(|table| (table.name.to_owned(), table.columns().map(str::to_owned).collect())).collect();
    for database in Database::all().await {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let columns = if database.postgres {
            let sql = "SELECT table_name::text, column_name::text FROM information_schema.columns
                 WHERE table_schema = 'public'";
            let mut connection = PgConnection::connect(&database.url).await.expect("PostgreSQL");
            let rows = sqlx::query(sql).fetch_all(&mut connection).await.expect("its columns");
            rows.iter().map(|row| (row.get(0), row.get(1))).collect::<Vec<(String, String)>>()
        } else {
            let sql = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'";
            let mut connection = SqliteConnection::connect(&database.url).await.expect("SQLite");
            let rows = sqlx::query(sql).fetch_all(&mut connection).await.expect("its columns");
            rows.iter().map(|row| (row.get(0), row.get(1))).collect()
        };
        for (table, column) in columns {
            // The index is made anew by a restore, and the schema is the program's.
            if !table.starts_with("service_search") && table != "schema_version" && !table.starts_with("sqlite_") {
                found.entry(table).or_default().insert(column);
            }
        }
        assert_eq!(found, known);
        database.drop().await;
    }
}

/// Every string literal of the sources that begins as a statement does, with its file and line.
pub(crate) fn texts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the sources") {
        let path = entry.expect("a file").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("UTF-8").to_owned();
        if PER_DATABASE.contains(&name.as_str()) {
            continue;
        }
        let source = std::fs::read_to_string(&path).expect("a source");
        let code: String = source
            .lines()
            .map(|line| if line.trim_start().starts_with("//") { "\n".to_owned() } else { format!("{line}\n") })
            .collect();
        let mut rest = code.as_str();
        while let Some(begin) = rest.find('"') {
            let text = &rest[begin + 1..];
            let end = end_of(text);
            let line = code[..code.len() - text.len()].lines().count();
            let literal = unescaped(&text[..end]);
            if ["SELECT ", "INSERT ", "UPDATE ", "DELETE "].iter().any(|word| literal.starts_with(word))
                && !literal.contains('{')
            {
                texts.push((format!("{name}:{line}"), literal));
            }
            rest = &text[(end + 1).min(text.len())..];
        }
    }
    texts
}

fn end_of(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().find(|(_, character)| {
        let ends = *character == '"' && !escaped;
        escaped = *character == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(index, _)| index)
}

/// A literal as the compiler reads it: a backslash at the end of a line takes the blanks of the next with it.
fn unescaped(literal: &str) -> String {
    let mut text = String::new();
    let mut lines = literal.split("\\\n");
    text.push_str(lines.next().unwrap_or_default());
    for line in lines {
        text.push_str(line.trim_start());
    }
    text.replace("\\\"", "\"")
}
