//! What somebody does with the link that they were given: they join, or set another password.

use serde_json::json;
use tieline_core::code;
use tieline_core::model::{InvitationPurpose, Role};
use tieline_core::password::check;
use tieline_core::secret::{Digest, Secret};
use tieline_store::Transaction;
use tieline_store::invitation::Invitation;
use tieline_store::session::Owner;
use tieline_store::user::{Membership, User};

use super::rights_elsewhere;
use crate::session::{chain, lock};
use crate::{Actor, Control, Error, Kind, Refusal, Result, work};

/// What a link offers to whoever opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joining {
    /// The name of the account.
    pub name: String,
    /// What the link is for.
    pub purpose: InvitationPurpose,
    /// Where it leads; none for the installation.
    pub organization: Option<String>,
    /// The project that the role is limited to.
    pub project: Option<String>,
    /// The role that is accepted.
    pub role: Option<Role>,
    /// What comes next.
    pub step: Step,
    /// Whether whoever opens it may join by the sign-in provider instead of choosing a password, where there is one.
    pub by_provider: bool,
}

/// What whoever opens a link does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// They choose a password.
    Password,
    /// They sign in, and open the link again.
    SignIn,
    /// They accept.
    Accept,
}

/// A link with what it refers to.
struct Opened {
    invitation: Invitation,
    user: User,
    membership: Option<Membership>,
    /// Whether who presents it may choose a password: nobody had one, or lost it, and nothing is at stake beyond what those who
    /// made the link may hand out themselves.
    chooses_password: bool,
}

impl Control {
    /// What a link offers to whoever visits with it, if they are signed in as somebody.
    ///
    /// # Errors
    /// `invitation_invalid`.
    pub async fn invitation_view(&self, presented: &Secret, visitor: Option<&Actor>) -> Result<Joining> {
        let mut transaction = self.store.read().await?;
        let opened = self.invitation_open(&mut transaction, Digest::of(presented.expose()).as_bytes()).await?;
        let step = opened.step(visitor);
        let purpose = opened.invitation.purpose;
        let by_provider =
            step == Step::Password && purpose != InvitationPurpose::Password && self.sign_in_provider_name().is_some();
        let organization = match opened.invitation.organization_id {
            Some(id) => transaction.organization_by_id(id).await?.map(|organization| organization.handle),
            None => None,
        };
        let role = match purpose {
            InvitationPurpose::Administer => Some(Role::InstallationAdmin),
            _ => opened.membership.as_ref().map(|one| one.role),
        };
        let project = match opened.membership.and_then(|one| one.project_id) {
            Some(id) => transaction.project_by_id(id).await?.map(|project| project.handle),
            None => None,
        };
        Ok(Joining { name: opened.user.name, purpose, organization, project, role, step, by_provider })
    }

    /// Accepts what a link offers: as the visitor, if it is theirs, or with the password that is chosen for the account. Then
    /// a session begins, whose secret is the answer, and every other of the account ends.
    ///
    /// # Errors
    /// `invitation_invalid`, `invitation_sign_in_first`, `password_invalid`, `sign_in_busy`.
    pub async fn invitation_accept(
        &self,
        presented: &Secret,
        visitor: Option<&Actor>,
        password: Option<&Secret>,
    ) -> Result<Option<Secret>> {
        let digest = Digest::of(presented.expose());
        let opened = self.invitation_open(&mut self.store.read().await?, digest.as_bytes()).await?;
        let hash = match (opened.step(visitor), password) {
            (Step::Accept, _) => None,
            (Step::Password, password) => {
                let chosen = password.cloned().unwrap_or_else(|| Secret::new(""));
                check(chosen.expose(), &opened.user.name).map_err(password_invalid)?;
                Some(self.password_hash(&chosen).await?)
            }
            (Step::SignIn, _) => return Err(sign_in_first(&opened.user.name)),
        };
        let organization = opened.invitation.organization_id;
        let mut transaction = self.store.write().await?;
        lock(&mut transaction, organization).await?;
        transaction.installation_lock().await?;
        // It may have been used or withdrawn while the locks were waited for.
        let opened = self.invitation_open(&mut transaction, digest.as_bytes()).await?;
        let session = match hash {
            Some(_) if !opened.chooses_password => return Err(sign_in_first(&opened.user.name)),
            Some(hash) => {
                self.password_set(&mut transaction, &opened.user, Some(&hash)).await?;
                Some(self.session_begin(&mut transaction, opened.user.id, "invitation").await?)
            }
            None => None,
        };
        self.invitation_finish(transaction, opened).await?;
        Ok(session)
    }

    /// The account that a link was made for, while nobody can sign in to it: who presents the link may say how.
    ///
    /// # Errors
    /// `invitation_invalid`, `invitation_sign_in_first`.
    pub(crate) async fn invitation_unclaimed(&self, transaction: &mut Transaction, presented: &Secret) -> Result<User> {
        let opened = self.invitation_open(transaction, Digest::of(presented.expose()).as_bytes()).await?;
        if opened.user.can_sign_in() || !opened.chooses_password {
            return Err(sign_in_first(&opened.user.name));
        }
        Ok(opened.user)
    }

    /// Accepts everything that somebody is invited to who proved by other means than a link who they are, or what one link
    /// alone offers.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn invitations_accept(&self, user: &User, presented: Option<&Secret>) -> Result<()> {
        let mut invitations = self.store.read().await?.invitations_of(user.id).await?;
        invitations.retain(|one| one.purpose != InvitationPurpose::Password);
        if let Some(presented) = presented {
            let digest = Digest::of(presented.expose());
            invitations.retain(|one| one.digest == digest.as_bytes());
        }
        for invitation in &invitations {
            let mut transaction = self.store.write().await?;
            lock(&mut transaction, invitation.organization_id).await?;
            transaction.installation_lock().await?;
            match self.invitation_open(&mut transaction, &invitation.digest).await {
                Ok(opened) => self.invitation_finish(transaction, opened).await?,
                // Its time has passed, or it was used or withdrawn while the locks were waited for.
                Err(Error::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Uses a link up, gives what it offers, and commits. The locks are held.
    async fn invitation_finish(&self, mut transaction: Transaction, opened: Opened) -> Result<()> {
        let Opened { invitation, mut user, membership, .. } = opened;
        let at = self.now();
        transaction.invitation_take(&invitation.digest).await?;
        match (invitation.purpose, &membership) {
            (InvitationPurpose::Join, Some(membership)) => transaction.membership_accept(membership.id, at).await?,
            (InvitationPurpose::Administer, _) => {
                user.installation_admin = true;
                transaction.user_update(&user).await?;
            }
            _ => {}
        }
        let (chain, actor) = (chain(invitation.organization_id), format!("user:{}", user.name));
        let detail = json!({ "purpose": invitation.purpose, "role": membership.map(|one| one.role) });
        work::audit(&mut transaction, &chain, &actor, "invitation_accept", &user.name, detail, at).await?;
        let number = transaction.change_insert(&chain, "invitation_accept", &user.name, at).await?;
        transaction.commit().await?;
        self.feed.announce(&chain, number);
        Ok(())
    }

    async fn invitation_open(&self, transaction: &mut Transaction, digest: &[u8]) -> Result<Opened> {
        let found = transaction.invitation_by_digest(digest).await?;
        let invitation = found.filter(|one| self.now() < one.expires_at).ok_or_else(invalid)?;
        let user = transaction.user_by_id(invitation.user_id).await?.filter(|user| user.disabled_at.is_none());
        let user = user.ok_or_else(invalid)?;
        let membership = match invitation.membership_id {
            Some(id) => transaction.memberships_of(user.id).await?.into_iter().find(|one| one.id == id),
            None => None,
        };
        let lost = invitation.purpose == InvitationPurpose::Password;
        let elsewhere = rights_elsewhere(transaction, &user, invitation.organization_id).await?;
        let chooses_password = !elsewhere && (lost || !user.can_sign_in());
        if lost && !chooses_password {
            return Err(invalid());
        }
        Ok(Opened { invitation, user, membership, chooses_password })
    }

    /// Gives an account another password, or takes it away. What was made or begun before is worth nothing any more. The
    /// installation's lock is held.
    pub(crate) async fn password_set(
        &self,
        transaction: &mut Transaction,
        user: &User,
        hash: Option<&Secret>,
    ) -> Result<()> {
        transaction.user_set_password(user.id, hash).await?;
        transaction.invitations_delete(user.id, InvitationPurpose::Password, None).await?;
        transaction.sessions_delete(Owner::User(user.id)).await?;
        transaction.own_tokens_delete(user.id).await?;
        Ok(())
    }
}

impl Opened {
    fn step(&self, visitor: Option<&Actor>) -> Step {
        let own = visitor.and_then(Actor::user_id) == Some(self.user.id);
        match self.chooses_password {
            // Whoever is signed in as whom the link was made for needs to prove nothing.
            _ if own && self.invitation.purpose != InvitationPurpose::Password => Step::Accept,
            true => Step::Password,
            false => Step::SignIn,
        }
    }
}

pub(super) fn password_invalid(error: tieline_core::password::PasswordError) -> Error {
    Error::invalid(code!("password_invalid"), error.0, "choose another: a few unrelated words work well")
}

fn sign_in_first(name: &str) -> Error {
    Error::conflict(
        code!("invitation_sign_in_first"),
        format!("there is an account {name} already"),
        "sign in with it, and open the invitation link again to accept",
    )
}

fn invalid() -> Error {
    Error::Refused(Refusal {
        kind: Kind::Unauthenticated,
        code: code!("invitation_invalid"),
        message: "this link was used already, withdrawn, or is older than seven days".into(),
        hint: "ask whoever gave it to you for another".into(),
        path: None,
    })
}
