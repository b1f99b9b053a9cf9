//! Tokens with which people use the API as themselves, known by digest.

use jiff::Timestamp;
use tieline_core::id::{TokenId, UserId};

use crate::row::{Row, Value, text};
use crate::{Result, Transaction};

/// A row of `own_token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnToken {
    /// Its id.
    pub id: TokenId,
    /// Whom its holder acts as.
    pub user_id: UserId,
    /// What the person calls it.
    pub name: String,
    /// SHA-256 of the token.
    pub digest: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops being accepted.
    pub expires_at: Timestamp,
}

impl OwnToken {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed("id")?,
            user_id: row.parsed("user_id")?,
            name: row.text("name")?,
            digest: row.bytes("digest")?,
            created_at: row.parsed("created_at")?,
            expires_at: row.parsed("expires_at")?,
        })
    }
}

impl Transaction {
    /// Records a token of a person.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_token_insert(&mut self, token: &OwnToken) -> Result<()> {
        self.execute(
            "INSERT INTO own_token (id, user_id, name, digest, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                text(token.id),
                text(token.user_id),
                text(&token.name),
                Value::Bytes(token.digest.clone()),
                text(token.created_at),
                text(token.expires_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// Finds a token of a person by the digest of what was presented.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_token_by_digest(&mut self, digest: &[u8]) -> Result<Option<OwnToken>> {
        let row = self.row("SELECT * FROM own_token WHERE digest = $1", &[Value::Bytes(digest.to_vec())]).await?;
        row.as_ref().map(OwnToken::read).transpose()
    }

    /// The tokens of a person, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_tokens(&mut self, user: UserId) -> Result<Vec<OwnToken>> {
        let sql = "SELECT * FROM own_token WHERE user_id = $1 ORDER BY created_at, id";
        self.rows(sql, &[text(user)]).await?.iter().map(OwnToken::read).collect()
    }

    /// Forgets a token of a person.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_token_delete(&mut self, id: TokenId) -> Result<()> {
        self.execute("DELETE FROM own_token WHERE id = $1", &[text(id)]).await?;
        Ok(())
    }

    /// Forgets every token of a person.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_tokens_delete(&mut self, user: UserId) -> Result<()> {
        self.execute("DELETE FROM own_token WHERE user_id = $1", &[text(user)]).await?;
        Ok(())
    }

    /// Forgets tokens of people whose time was over before then; says how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_tokens_forget(&mut self, before: Timestamp) -> Result<u64> {
        self.execute("DELETE FROM own_token WHERE expires_at < $1", &[text(before)]).await
    }
}
