//! Sessions of the console and the single-use links that begin them, known by digest alone.

use jiff::Timestamp;
use tieline_core::id::{SessionId, SignInLinkId, TokenId, UserId};
use uuid::Uuid;

use crate::row::{Row, Value, text};
use crate::{Error, Result, Transaction};

/// Whom a session acts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// The holder of a token.
    Token(TokenId),
    /// A person with an account.
    User(UserId),
}

/// A row of `sign_in_link`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInLink {
    /// Its id.
    pub id: SignInLinkId,
    /// SHA-256 of its secret.
    pub digest: Vec<u8>,
    /// Who signs in with it.
    pub owner: Owner,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops being accepted.
    pub expires_at: Timestamp,
}

/// A row of `session`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// SHA-256 of its secret.
    pub digest: Vec<u8>,
    /// Whom it acts as.
    pub owner: Owner,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends unless it is used before.
    pub idle_at: Timestamp,
    /// When it ends in any case.
    pub expires_at: Timestamp,
}

impl Owner {
    fn kind(self) -> &'static str {
        match self {
            Self::Token(_) => "token",
            Self::User(_) => "user",
        }
    }

    /// The id of the token or account.
    #[must_use]
    pub fn id(self) -> Uuid {
        match self {
            Self::Token(id) => id.0,
            Self::User(id) => id.0,
        }
    }

    fn read(row: &Row) -> Result<Self> {
        match row.text("owner_kind")?.as_str() {
            "token" => Ok(Self::Token(row.parsed("owner_id")?)),
            "user" => Ok(Self::User(row.parsed("owner_id")?)),
            _ => Err(Error::column("owner_kind", "token or user")),
        }
    }
}

impl SignInLink {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed("id")?,
            digest: row.bytes("digest")?,
            owner: Owner::read(row)?,
            created_at: row.parsed("created_at")?,
            expires_at: row.parsed("expires_at")?,
        })
    }
}

impl Session {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed("id")?,
            digest: row.bytes("digest")?,
            owner: Owner::read(row)?,
            created_at: row.parsed("created_at")?,
            idle_at: row.parsed("idle_at")?,
            expires_at: row.parsed("expires_at")?,
        })
    }
}

/// Signing in.
impl Transaction {
    /// Records a sign-in link.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_in_link_insert(&mut self, link: &SignInLink) -> Result<()> {
        self.execute(
            "INSERT INTO sign_in_link (id, digest, owner_kind, owner_id, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
            &[
                text(link.id),
                Value::Bytes(link.digest.clone()),
                text(link.owner.kind()),
                text(link.owner.id()),
                text(link.created_at),
                text(link.expires_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// Takes a sign-in link out by the digest of what was presented: only one of those who present it is given it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_in_link_take(&mut self, digest: &[u8]) -> Result<Option<SignInLink>> {
        let sql = "DELETE FROM sign_in_link WHERE digest = $1 RETURNING *";
        let row = self.row(sql, &[Value::Bytes(digest.to_vec())]).await?;
        row.as_ref().map(SignInLink::read).transpose()
    }

    /// Records a session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_insert(&mut self, session: &Session) -> Result<()> {
        self.execute(
            "INSERT INTO session (id, digest, owner_kind, owner_id, created_at, idle_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &[
                text(session.id),
                Value::Bytes(session.digest.clone()),
                text(session.owner.kind()),
                text(session.owner.id()),
                text(session.created_at),
                text(session.idle_at),
                text(session.expires_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// Finds a session by the digest of what was presented.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_by_digest(&mut self, digest: &[u8]) -> Result<Option<Session>> {
        let row = self.row("SELECT * FROM session WHERE digest = $1", &[Value::Bytes(digest.to_vec())]).await?;
        row.as_ref().map(Session::read).transpose()
    }

    /// Notes that a session is used, and goes on until then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_prolong(&mut self, id: SessionId, idle_at: Timestamp) -> Result<()> {
        self.execute("UPDATE session SET idle_at = $1 WHERE id = $2", &[text(idle_at), text(id)]).await?;
        Ok(())
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_delete(&mut self, id: SessionId) -> Result<()> {
        self.execute("DELETE FROM session WHERE id = $1", &[text(id)]).await?;
        Ok(())
    }

    /// Ends every session of an owner; says how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sessions_delete(&mut self, owner: Owner) -> Result<u64> {
        self.execute("DELETE FROM session WHERE owner_id = $1", &[text(owner.id())]).await
    }

    /// Forgets sessions, sign-in links and invitations whose time was over before then; says how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_in_forget(&mut self, before: Timestamp) -> Result<u64> {
        let links = self.execute("DELETE FROM sign_in_link WHERE expires_at < $1", &[text(before)]).await?;
        let invitations = self.execute("DELETE FROM invitation WHERE expires_at < $1", &[text(before)]).await?;
        Ok(links + invitations + self.execute("DELETE FROM session WHERE idle_at < $1", &[text(before)]).await?)
    }
}
