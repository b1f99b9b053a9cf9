//! Forward-only migrations: numbered scripts, each applied once, in a transaction of its own, on either database.

use crate::db::Backend;
use crate::row::Value;
use crate::{Error, Result, Store};

/// One step of the schema. Most are one text for both databases; full-text search and collations are not.
struct Migration {
    number: i64,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! both {
    ($number:literal, $file:literal) => {
        Migration {
            number: $number,
            sqlite: include_str!(concat!("../migrations/", $file)),
            postgres: include_str!(concat!("../migrations/", $file)),
        }
    };
}

const MIGRATIONS: &[Migration] = &[
    both!(1, "0001_model.sql"),
    Migration {
        number: 2,
        sqlite: include_str!("../migrations/0002_search.sqlite.sql"),
        postgres: include_str!("../migrations/0002_search.postgres.sql"),
    },
    Migration {
        number: 3,
        sqlite: include_str!("../migrations/0003_scale.sqlite.sql"),
        postgres: include_str!("../migrations/0003_scale.postgres.sql"),
    },
];

/// Brings the schema up to date. Several servers may start at once: each step takes the version row's lock.
pub(crate) async fn run(store: &Store) -> Result<()> {
    let known = MIGRATIONS.last().map_or(0, |migration| migration.number);
    let mut transaction = store.write().await?;
    if transaction.backend() == Backend::Postgres {
        // There, two that find a table missing at the same time may both make it, and one fails.
        transaction.script("SELECT pg_advisory_xact_lock(4839215704)").await?;
    }
    transaction
        .script("CREATE TABLE IF NOT EXISTS schema_version (id BIGINT PRIMARY KEY, number BIGINT NOT NULL)")
        .await?;
    transaction
        .execute("INSERT INTO schema_version (id, number) VALUES (1, 0) ON CONFLICT (id) DO NOTHING", &[])
        .await?;
    transaction.commit().await?;
    for migration in MIGRATIONS {
        let mut transaction = store.write().await?;
        // Writing the row first locks it, so that a second server waits here and then finds the step done.
        let rows =
            transaction.rows("UPDATE schema_version SET number = number WHERE id = 1 RETURNING number", &[]).await?;
        let found = rows.first().map_or(Ok(0), |row| row.integer("number"))?;
        if found > known {
            return Err(Error::TooNew { found, known });
        }
        if found >= migration.number {
            continue;
        }
        transaction
            .script(match transaction.backend() {
                Backend::Sqlite => migration.sqlite,
                Backend::Postgres => migration.postgres,
            })
            .await?;
        transaction
            .execute("UPDATE schema_version SET number = $1 WHERE id = 1", &[Value::Integer(migration.number)])
            .await?;
        transaction.commit().await?;
    }
    Ok(())
}
