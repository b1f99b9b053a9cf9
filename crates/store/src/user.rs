//! People: their accounts, the roles that they have in organizations, and the single-use links by which they get them.

use jiff::Timestamp;
use tieline_core::id::{MembershipId, OrganizationId, ProjectId, UserId};
use tieline_core::model::Role;
use tieline_core::secret::Secret;

use crate::row::{Row, Value, optional, text};
use crate::{Result, Transaction};

/// A row of `user_account`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Its name in small letters: an e-mail address or a handle.
    pub name: String,
    /// The hash of its password, in the PHC string format.
    pub password: Option<Secret>,
    /// Who the person is to an OpenID provider.
    pub identity: Option<Identity>,
    /// Whether it administers the installation.
    pub installation_admin: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was taken out of use.
    pub disabled_at: Option<Timestamp>,
}

/// Who somebody is to an OpenID provider (OpenID Connect Core 1.0, 2: `iss` and `sub`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// The person, for that provider.
    pub subject: String,
}

/// A row of `membership`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Its id.
    pub id: MembershipId,
    /// Whose role it is.
    pub user_id: UserId,
    /// Where.
    pub organization_id: OrganizationId,
    /// Where: one project; none for the whole organization.
    pub project_id: Option<ProjectId>,
    /// The role.
    pub role: Role,
    /// When it was given.
    pub created_at: Timestamp,
    /// When it was accepted; until then it counts for nothing.
    pub accepted_at: Option<Timestamp>,
}

/// A role of somebody, with what is shown of their account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The name of the account.
    pub name: String,
    /// When it was taken out of use.
    pub disabled_at: Option<Timestamp>,
    /// The role.
    pub membership: Membership,
}

impl Member {
    fn read(row: &Row) -> Result<Self> {
        let (name, disabled_at) = (row.text("name")?, row.optional_parsed("disabled_at")?);
        Ok(Self { name, disabled_at, membership: Membership::read(row)? })
    }
}

impl User {
    /// Whether the person can sign in by other means than a single-use link.
    #[must_use]
    pub fn can_sign_in(&self) -> bool {
        self.password.is_some() || self.identity.is_some()
    }

    fn read(row: &Row) -> Result<Self> {
        let identity = row.optional_text("issuer")?.zip(row.optional_text("subject")?);
        Ok(Self {
            id: row.parsed("id")?,
            name: row.text("name")?,
            password: row.optional_text("password")?.map(Secret::new),
            identity: identity.map(|(issuer, subject)| Identity { issuer, subject }),
            installation_admin: row.boolean("installation_admin")?,
            created_at: row.parsed("created_at")?,
            disabled_at: row.optional_parsed("disabled_at")?,
        })
    }
}

impl Membership {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parsed("id")?,
            user_id: row.parsed("user_id")?,
            organization_id: row.parsed("organization_id")?,
            project_id: row.optional_parsed("project_id")?,
            role: row.parsed("role")?,
            created_at: row.parsed("created_at")?,
            accepted_at: row.optional_parsed("accepted_at")?,
        })
    }
}

/// Accounts.
impl Transaction {
    /// Records an account.
    ///
    /// # Errors
    /// [`crate::Error::Duplicate`] when the name or the identity is taken.
    pub async fn user_insert(&mut self, user: &User) -> Result<()> {
        let identity = user.identity.as_ref();
        self.execute(
            "INSERT INTO user_account (id, name, password, issuer, subject, installation_admin, created_at, disabled_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            &[
                text(user.id),
                text(&user.name),
                optional(user.password.as_ref().map(Secret::expose)),
                optional(identity.map(|identity| &identity.issuer)),
                optional(identity.map(|identity| &identity.subject)),
                Value::Boolean(user.installation_admin),
                text(user.created_at),
                optional(user.disabled_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// The account of an id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_by_id(&mut self, id: UserId) -> Result<Option<User>> {
        let row = self.row("SELECT * FROM user_account WHERE id = $1", &[text(id)]).await?;
        row.as_ref().map(User::read).transpose()
    }

    /// The account of a name, which is the same in small and capital letters.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_by_name(&mut self, name: &str) -> Result<Option<User>> {
        let sql = "SELECT * FROM user_account WHERE name = $1";
        let row = self.row(sql, &[text(name.to_ascii_lowercase())]).await?;
        row.as_ref().map(User::read).transpose()
    }

    /// The account of whom an OpenID provider names.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_by_identity(&mut self, issuer: &str, subject: &str) -> Result<Option<User>> {
        let sql = "SELECT * FROM user_account WHERE issuer = $1 AND subject = $2";
        let row = self.row(sql, &[text(issuer), text(subject)]).await?;
        row.as_ref().map(User::read).transpose()
    }

    /// Notes whom an OpenID provider names when it means an account, or that none does.
    ///
    /// # Errors
    /// [`crate::Error::Duplicate`] when it means another already.
    pub async fn user_set_identity(&mut self, id: UserId, identity: Option<&Identity>) -> Result<()> {
        let sql = "UPDATE user_account SET issuer = $1, subject = $2 WHERE id = $3";
        let issuer = optional(identity.map(|identity| &identity.issuer));
        let subject = optional(identity.map(|identity| &identity.subject));
        self.execute(sql, &[issuer, subject, text(id)]).await?;
        Ok(())
    }

    /// Gives an account another password, by its hash, or takes it away.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_set_password(&mut self, id: UserId, password: Option<&Secret>) -> Result<()> {
        let sql = "UPDATE user_account SET password = $1 WHERE id = $2";
        self.execute(sql, &[optional(password.map(Secret::expose)), text(id)]).await?;
        Ok(())
    }

    /// Notes whether an account administers the installation, and when it was taken out of use.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_update(&mut self, user: &User) -> Result<()> {
        let sql = "UPDATE user_account SET installation_admin = $1, disabled_at = $2 WHERE id = $3";
        self.execute(sql, &[Value::Boolean(user.installation_admin), optional(user.disabled_at), text(user.id)])
            .await?;
        Ok(())
    }

    /// One page of all accounts by name: those after a name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn users_page(&mut self, after: &str, limit: i64) -> Result<Vec<User>> {
        let sql = "SELECT * FROM user_account WHERE name > $1 ORDER BY name LIMIT $2";
        let values = [text(after.to_ascii_lowercase()), Value::Integer(limit)];
        self.rows(sql, &values).await?.iter().map(User::read).collect()
    }
}

/// Roles.
impl Transaction {
    /// Records a role of somebody.
    ///
    /// # Errors
    /// [`crate::Error::Duplicate`] when they have one in that place.
    pub async fn membership_insert(&mut self, membership: &Membership) -> Result<()> {
        self.execute(
            "INSERT INTO membership (id, user_id, organization_id, project_id, role, created_at, accepted_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &[
                text(membership.id),
                text(membership.user_id),
                text(membership.organization_id),
                optional(membership.project_id),
                text(membership.role),
                text(membership.created_at),
                optional(membership.accepted_at),
            ],
        )
        .await?;
        Ok(())
    }

    /// Gives somebody another role in the same place.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn membership_set_role(&mut self, id: MembershipId, role: Role) -> Result<()> {
        self.execute("UPDATE membership SET role = $1 WHERE id = $2", &[text(role), text(id)]).await?;
        Ok(())
    }

    /// Notes that somebody accepted a role.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn membership_accept(&mut self, id: MembershipId, at: Timestamp) -> Result<()> {
        self.execute("UPDATE membership SET accepted_at = $1 WHERE id = $2", &[text(at), text(id)]).await?;
        Ok(())
    }

    /// Ends a role of somebody, with the link that accepts it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn membership_delete(&mut self, id: MembershipId) -> Result<()> {
        self.execute("DELETE FROM invitation WHERE membership_id = $1", &[text(id)]).await?;
        self.execute("DELETE FROM membership WHERE id = $1", &[text(id)]).await?;
        Ok(())
    }

    /// The roles of somebody, accepted or not, everywhere.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn memberships_of(&mut self, user: UserId) -> Result<Vec<Membership>> {
        let sql = "SELECT * FROM membership WHERE user_id = $1 ORDER BY organization_id, created_at, id";
        self.rows(sql, &[text(user)]).await?.iter().map(Membership::read).collect()
    }

    /// The roles of somebody in one organization, accepted or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn memberships_in(&mut self, user: UserId, organization: OrganizationId) -> Result<Vec<Membership>> {
        let sql = "SELECT * FROM membership WHERE user_id = $1 AND organization_id = $2 ORDER BY created_at, id";
        self.rows(sql, &[text(user), text(organization)]).await?.iter().map(Membership::read).collect()
    }

    /// One page of the roles of an organization, accepted or not, by name of the account and id: those after one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn members_page(
        &mut self,
        organization: OrganizationId,
        (name, id): (&str, &str),
        limit: i64,
    ) -> Result<Vec<Member>> {
        let sql = "SELECT membership.*, user_account.name, user_account.disabled_at FROM membership
             JOIN user_account ON user_account.id = membership.user_id WHERE membership.organization_id = $1
             AND (user_account.name > $2 OR (user_account.name = $2 AND membership.id > $3))
             ORDER BY user_account.name, membership.id LIMIT $4";
        let values = [text(organization), text(name), text(id), Value::Integer(limit)];
        self.rows(sql, &values).await?.iter().map(Member::read).collect()
    }

    /// The accepted roles of an organization's administrators whose accounts are in use.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn memberships_that_administer(&mut self, organization: OrganizationId) -> Result<Vec<Membership>> {
        let sql = "SELECT * FROM membership WHERE organization_id = $1 AND role = $2 AND accepted_at IS NOT NULL
             AND EXISTS (SELECT 1 FROM user_account WHERE id = membership.user_id AND disabled_at IS NULL)";
        let values = [text(organization), text(Role::OrganizationAdmin)];
        self.rows(sql, &values).await?.iter().map(Membership::read).collect()
    }
}
