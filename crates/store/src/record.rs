//! What every change leaves behind: the audit chain, the change feed, and the answers that an Idempotency-Key repeats.

use jiff::Timestamp;

use crate::row::{Row, Value, text};
use crate::session::Owner;
use crate::{Result, Transaction};

/// A row of `audit`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// The organization's id; empty for the installation.
    pub organization: String,
    /// Its number in the chain, from 1.
    pub sequence: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What was done, as `connection_create`.
    pub action: String,
    /// To what.
    pub object: String,
    /// `done`, or the code of the refusal.
    pub result: String,
    /// Particulars (JSON text), never a secret.
    pub detail: String,
    /// Hash over the previous entry's hash and this entry.
    pub hash: String,
}

/// What was changed in an organization since some number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastChange {
    /// The organization's id; empty for the installation.
    pub organization: String,
    /// The number of the first of these changes.
    pub first: i64,
    /// The number of the last of these changes.
    pub last: i64,
}

/// Which entries of a chain are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only of this action.
    pub action: Option<String>,
    /// Only about this object.
    pub object: Option<String>,
    /// Only by this actor; a label without its `#…` means all of the name.
    pub actor: Option<String>,
    /// Only before this number.
    pub before: i64,
    /// At most so many.
    pub limit: i64,
}

impl AuditEntry {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            organization: row.text("organization_id")?,
            sequence: row.integer("sequence")?,
            at: row.parsed("at")?,
            actor: row.text("actor")?,
            action: row.text("action")?,
            object: row.text("object")?,
            result: row.text("result")?,
            detail: row.text("detail")?,
            hash: row.text("hash")?,
        })
    }
}

/// Audit.
impl Transaction {
    /// The last entry of an organization's chain.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_last(&mut self, organization: &str) -> Result<Option<AuditEntry>> {
        if let Some(own) = self.audited.as_ref().filter(|own| own.organization == organization) {
            return Ok(Some(own.clone()));
        }
        let sql = "SELECT * FROM audit WHERE organization_id = $1 ORDER BY sequence DESC LIMIT 1";
        self.row(sql, &[text(organization)]).await?.as_ref().map(AuditEntry::read).transpose()
    }

    /// Records an entry.
    ///
    /// # Errors
    /// [`crate::Error::Duplicate`] when another writer took the number.
    pub async fn audit_insert(&mut self, entry: &AuditEntry) -> Result<()> {
        self.execute(
            "INSERT INTO audit (organization_id, sequence, at, actor, action, object, result, detail, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            &[
                text(&entry.organization),
                Value::Integer(entry.sequence),
                text(entry.at),
                text(&entry.actor),
                text(&entry.action),
                text(&entry.object),
                text(&entry.result),
                text(&entry.detail),
                text(&entry.hash),
            ],
        )
        .await?;
        self.audited = Some(entry.clone());
        Ok(())
    }

    /// Up to `limit` entries of a chain after a number, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_after(&mut self, organization: &str, sequence: i64, limit: i64) -> Result<Vec<AuditEntry>> {
        let sql = "SELECT * FROM audit WHERE organization_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
        let values = [text(organization), Value::Integer(sequence), Value::Integer(limit)];
        self.rows(sql, &values).await?.iter().map(AuditEntry::read).collect()
    }

    /// The entries of a chain that a filter lets through, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_list(&mut self, organization: &str, filter: &AuditFilter) -> Result<Vec<AuditEntry>> {
        let sql = "SELECT * FROM audit WHERE organization_id = $1 AND sequence < $2 AND ($3 = '' OR action = $3)
             AND ($4 = '' OR object = $4) AND ($5 = '' OR actor = $5 OR substr(actor, 1, length($5) + 1) = $5 || '#')
             ORDER BY sequence DESC LIMIT $6";
        let given = |value: &Option<String>| text(value.as_deref().unwrap_or_default());
        let values = [
            text(organization),
            Value::Integer(filter.before),
            given(&filter.action),
            given(&filter.object),
            given(&filter.actor),
            Value::Integer(filter.limit),
        ];
        self.rows(sql, &values).await?.iter().map(AuditEntry::read).collect()
    }
}

/// The change feed.
impl Transaction {
    /// Numbers and records a change. The counter's row stays locked until the transaction ends: call it last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn change_insert(&mut self, organization: &str, kind: &str, object: &str, at: Timestamp) -> Result<i64> {
        let sql = "UPDATE change_counter SET number = number + 1 WHERE id = 1 RETURNING number";
        let number = self.row(sql, &[]).await?.map_or(Ok(1), |row| row.integer("number"))?;
        self.execute(
            "INSERT INTO change (number, organization_id, kind, object, at) VALUES ($1, $2, $3, $4, $5)",
            &[Value::Integer(number), text(organization), text(kind), text(object), text(at)],
        )
        .await?;
        Ok(number)
    }

    /// The number of the last change.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn change_number(&mut self) -> Result<i64> {
        let row = self.row("SELECT number FROM change_counter WHERE id = 1", &[]).await?;
        row.map_or(Ok(0), |row| row.integer("number"))
    }

    /// Which organizations changed after the change of a number, with the numbers of their first and last change since.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn changes_after(&mut self, number: i64) -> Result<Vec<LastChange>> {
        let sql = "SELECT organization_id, MIN(number) AS first, MAX(number) AS last FROM change WHERE number > $1
             GROUP BY organization_id";
        let rows = self.rows(sql, &[Value::Integer(number)]).await?;
        rows.iter()
            .map(|row| {
                Ok(LastChange {
                    organization: row.text("organization_id")?,
                    first: row.integer("first")?,
                    last: row.integer("last")?,
                })
            })
            .collect()
    }

    /// Forgets up to `limit` changes of before a time, the oldest first; answers how many. The last change stays.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn changes_forget(&mut self, before: Timestamp, limit: i64) -> Result<u64> {
        // Numbers are given in the order of commits, so the oldest are the first: no index of times is needed.
        let sql = "DELETE FROM change WHERE number IN (SELECT number FROM change ORDER BY number LIMIT $1)
             AND at < $2 AND number < (SELECT number FROM change_counter WHERE id = 1)";
        self.execute(sql, &[Value::Integer(limit), text(before)]).await
    }
}

/// Repeated creations.
impl Transaction {
    /// The answer that was given under a key: digest of the request, status (0 without an answer) and body.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn idempotency_find(&mut self, owner: Owner, key: &str) -> Result<Option<(String, i64, String)>> {
        let sql = "SELECT * FROM idempotency WHERE owner_id = $1 AND idempotency_key = $2";
        let row = self.row(sql, &[text(owner.id()), text(key)]).await?;
        row.map(|row| Ok((row.text("request_digest")?, row.integer("status")?, row.text("body")?))).transpose()
    }

    /// Forgets the answers of before a time; answers how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn idempotency_forget(&mut self, before: Timestamp) -> Result<u64> {
        self.execute("DELETE FROM idempotency WHERE created_at < $1", &[text(before)]).await
    }

    /// Records that a request is carried out under a key, without its answer (status 0).
    ///
    /// # Errors
    /// [`crate::Error::Duplicate`] when another request used the key.
    pub async fn idempotency_insert(&mut self, owner: Owner, key: &str, digest: &str, at: Timestamp) -> Result<()> {
        self.execute(
            "INSERT INTO idempotency (owner_id, idempotency_key, request_digest, status, body, created_at)
             VALUES ($1, $2, $3, 0, '', $4)",
            &[text(owner.id()), text(key), text(digest), text(at)],
        )
        .await?;
        Ok(())
    }

    /// Records the answer that was given under a key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn idempotency_answer(&mut self, owner: Owner, key: &str, status: i64, body: &str) -> Result<()> {
        let sql = "UPDATE idempotency SET status = $1, body = $2 WHERE owner_id = $3 AND idempotency_key = $4";
        self.execute(sql, &[Value::Integer(status), text(body), text(owner.id()), text(key)]).await?;
        Ok(())
    }
}
