//! The links by which people are invited, and by which they set a password: single use, known by digest alone.

use jiff::Timestamp;
use tieline_core::id::{InvitationId, MembershipId, OrganizationId, UserId};
use tieline_core::model::InvitationPurpose;

use crate::row::{Row, Value, optional, text};
use crate::{Result, Transaction};

/// A row of `invitation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// SHA-256 of its secret.
    pub digest: Vec<u8>,
    /// Whose it is.
    pub user_id: UserId,
    /// Whose administrators made it; none for those of the installation.
    pub organization_id: Option<OrganizationId>,
    /// The role that it accepts.
    pub membership_id: Option<MembershipId>,
    /// What it is for.
    pub purpose: InvitationPurpose,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops being accepted.
    pub expires_at: Timestamp,
}

impl Invitation {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed("id")?,
            digest: row.bytes("digest")?,
            user_id: row.parsed("user_id")?,
            organization_id: row.optional_parsed("organization_id")?,
            membership_id: row.optional_parsed("membership_id")?,
            purpose: row.parsed("purpose")?,
            created_at: row.parsed("created_at")?,
            expires_at: row.parsed("expires_at")?,
        })
    }
}

/// Single-use links.
impl Transaction {
    /// Records a link; a former one of the same person for the same end is no longer accepted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invitation_insert(&mut self, invitation: &Invitation) -> Result<()> {
        self.execute(
            "DELETE FROM invitation WHERE user_id = $1 AND purpose = $2 AND COALESCE(organization_id, '') = $3
             AND COALESCE(membership_id, '') = $4",
            &[
                text(invitation.user_id),
                text(invitation.purpose),
                text(invitation.organization_id.map(|id| id.to_string()).unwrap_or_default()),
                text(invitation.membership_id.map(|id| id.to_string()).unwrap_or_default()),
            ],
        )
        .await?;
        self.execute(
            "INSERT INTO invitation (id, digest, user_id, organization_id, membership_id, purpose, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            &[
                text(invitation.id),
                Value::Bytes(invitation.digest.clone()),
                text(invitation.user_id),
                optional(invitation.organization_id),
                optional(invitation.membership_id),
                text(invitation.purpose),
                text(invitation.created_at),
                text(invitation.expires_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// Finds a link by the digest of what was presented.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invitation_by_digest(&mut self, digest: &[u8]) -> Result<Option<Invitation>> {
        let row = self.row("SELECT * FROM invitation WHERE digest = $1", &[Value::Bytes(digest.to_vec())]).await?;
        row.as_ref().map(Invitation::read).transpose()
    }

    /// The links that were made for somebody.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invitations_of(&mut self, user: UserId) -> Result<Vec<Invitation>> {
        let sql = "SELECT * FROM invitation WHERE user_id = $1 ORDER BY created_at, id";
        self.rows(sql, &[text(user)]).await?.iter().map(Invitation::read).collect()
    }

    /// Takes a link out by the digest of what was presented: only one of those who present it is given it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invitation_take(&mut self, digest: &[u8]) -> Result<Option<Invitation>> {
        let sql = "DELETE FROM invitation WHERE digest = $1 RETURNING *";
        let row = self.row(sql, &[Value::Bytes(digest.to_vec())]).await?;
        row.as_ref().map(Invitation::read).transpose()
    }

    /// Withdraws the links of one purpose that were made for somebody: all of them, or those of one organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invitations_delete(
        &mut self,
        user: UserId,
        purpose: InvitationPurpose,
        organization: Option<OrganizationId>,
    ) -> Result<()> {
        let sql = "DELETE FROM invitation WHERE user_id = $1 AND purpose = $2 AND ($3 = '' OR organization_id = $3)";
        let organization = organization.map(|id| id.to_string()).unwrap_or_default();
        self.execute(sql, &[text(user), text(purpose), text(organization)]).await?;
        Ok(())
    }
}
