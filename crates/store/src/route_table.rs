//! The gateway's table, derived from the model: entries by key, each with the number of the change that made it so.

use tieline_core::id::{ComponentId, EnvironmentId, OrganizationId};

use crate::connection::Connection;
use crate::row::{Row, Value, text};
use crate::{Result, Transaction};

/// An entry, or the mark that it is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// What replaces or removes it.
    pub key: String,
    /// The change that made it so.
    pub number: i64,
    /// The entry (JSON); none for one that is gone.
    pub entry: Option<String>,
}

impl StoredEntry {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self { key: row.text("entry_key")?, number: row.integer("number")?, entry: row.optional_text("entry")? })
    }
}

/// The connections that have entries.
impl Transaction {
    /// The connections of an organization that call services through a gateway with a proof of who calls, also those that
    /// are out of use; up to `limit` after an id, in order of ids.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connections_proving(
        &mut self,
        organization: OrganizationId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Connection>> {
        let sql = "SELECT * FROM connection WHERE organization_id = $1 AND id > $2
             AND access_mode IN ('organization', 'public') AND scheme IN ('oauth2', 'api-key') ORDER BY id LIMIT $3";
        let values = [text(organization), text(after), Value::Integer(limit)];
        self.rows(sql, &values).await?.iter().map(Connection::read).collect()
    }

    /// The connections a key of which one component alone holds, also those that are out of use.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connections_keyed_for(&mut self, component: ComponentId) -> Result<Vec<Connection>> {
        let sql = "SELECT * FROM connection WHERE id IN
             (SELECT connection_id FROM api_key WHERE holder_component_id = $1) ORDER BY id";
        self.rows(sql, &[text(component)]).await?.iter().map(Connection::read).collect()
    }

    /// The connections that are subscribed in an environment, or to what is deployed there, also those that are out of
    /// use.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn connections_subscribed_in(&mut self, environment: EnvironmentId) -> Result<Vec<Connection>> {
        let sql = "SELECT * FROM connection WHERE id IN
             (SELECT connection_id FROM subscription WHERE environment_id = $1 OR provider_environment_id = $1)
             ORDER BY id";
        self.rows(sql, &[text(environment)]).await?.iter().map(Connection::read).collect()
    }
}

/// The table.
impl Transaction {
    /// The entries that were derived together. What belongs to no organization is under the empty one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn table_scope(&mut self, organization: &str, scope: &str) -> Result<Vec<StoredEntry>> {
        let sql = "SELECT entry_key, number, entry FROM route_table
             WHERE organization_id = $1 AND scope = $2 AND entry IS NOT NULL ORDER BY entry_key";
        self.rows(sql, &[text(organization), text(scope)]).await?.iter().map(StoredEntry::read).collect()
    }

    /// Up to `limit` scopes of an organization that hold an entry, after a scope.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn table_scopes(&mut self, organization: &str, after: &str, limit: i64) -> Result<Vec<String>> {
        let sql = "SELECT DISTINCT scope FROM route_table
             WHERE organization_id = $1 AND scope > $2 AND entry IS NOT NULL ORDER BY scope LIMIT $3";
        let values = [text(organization), text(after), Value::Integer(limit)];
        self.rows(sql, &values).await?.iter().map(|row| row.text("scope")).collect()
    }

    /// Records an entry, or that it is gone, as of a change. An entry that another scope has by now is not taken from it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn table_save(
        &mut self,
        organization: &str,
        scope: &str,
        key: &str,
        entry: Option<&str>,
        number: i64,
    ) -> Result<()> {
        let sql = match entry {
            Some(_) => {
                "INSERT INTO route_table (organization_id, scope, entry_key, number, entry) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (entry_key) DO UPDATE SET organization_id = excluded.organization_id,
                     scope = excluded.scope, entry = excluded.entry, number = excluded.number"
            }
            None => {
                "UPDATE route_table SET entry = NULL, number = $4
                 WHERE organization_id = $1 AND scope = $2 AND entry_key = $3 AND entry IS NOT NULL"
            }
        };
        let mut values = vec![text(organization), text(scope), text(key), Value::Integer(number)];
        values.extend(entry.map(text));
        self.execute(sql, &values).await?;
        Ok(())
    }

    /// Up to `limit` entries after a number and key, in the order of changes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn table_after(&mut self, number: i64, key: &str, limit: i64) -> Result<Vec<StoredEntry>> {
        let sql = "SELECT entry_key, number, entry FROM route_table WHERE (number, entry_key) > ($1, $2)
             ORDER BY number, entry_key LIMIT $3";
        let values = [Value::Integer(number), text(key), Value::Integer(limit)];
        self.rows(sql, &values).await?.iter().map(StoredEntry::read).collect()
    }

    /// Forgets the marks of what is gone since before the oldest change that is kept; answers how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn table_forget(&mut self) -> Result<u64> {
        let sql = "DELETE FROM route_table WHERE entry IS NULL
             AND number < (SELECT COALESCE(MIN(number), 0) FROM change)";
        self.execute(sql, &[]).await
    }

    /// Forgets the entries of revocations that matter no more at a time (seconds since 1970).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn table_forget_revocations(&mut self, at: i64) -> Result<()> {
        let sql = "DELETE FROM route_table WHERE entry_key IN
             (SELECT 'revocation/' || id FROM token_revocation WHERE valid_until <= $1)";
        self.execute(sql, &[Value::Integer(at)]).await?;
        Ok(())
    }

    /// The number of the oldest change that is kept; none before the first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn change_oldest(&mut self) -> Result<Option<i64>> {
        let row = self.row("SELECT number FROM change ORDER BY number LIMIT 1", &[]).await?;
        row.map(|row| row.integer("number")).transpose()
    }

    /// Which generation the numbers of changes belong to; empty before the first start.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn change_generation(&mut self) -> Result<String> {
        let row = self.row("SELECT generation FROM change_counter WHERE id = 1", &[]).await?;
        row.map_or(Ok(String::new()), |row| row.text("generation"))
    }

    /// Begins another generation of numbers.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn change_generation_set(&mut self, generation: &str) -> Result<()> {
        self.execute("UPDATE change_counter SET generation = $1 WHERE id = 1", &[text(generation)]).await?;
        Ok(())
    }
}
