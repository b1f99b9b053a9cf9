//! People: how they are invited into an organization or the installation, join, sign in, and what becomes of their roles.
//!
//! Every row of an account is written under the installation's lock, which is taken after an organization's. A role counts once
//! the person has accepted it with the link that they were given: whoever made an account of somebody's name first, in
//! another organization, is given nothing by those who invite the person later.

mod account;
mod attempts;
mod installation;
mod invite;
mod join;
mod list;
mod own_token;
mod password;
mod reset;
mod update;

use jiff::{SignedDuration, Timestamp};
use tieline_core::code;
use tieline_core::id::{InvitationId, MembershipId, OrganizationId, UserId};
use tieline_core::model::InvitationPurpose;
use tieline_core::name::{NameError, UserName};
use tieline_core::secret::Secret;
use tieline_core::wire::user::MemberState;
use tieline_store::Transaction;
use tieline_store::invitation::Invitation;
use tieline_store::user::{Membership, User};
use tieline_vault::token::new_token;

use crate::session::after;
use crate::{Control, Error, Result};

pub(crate) use attempts::Attempts;
pub use join::{Joining, Step};

/// How long a link that invites is accepted: somebody may be away for some days.
const ACCEPTED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A single-use link that somebody is given.
#[derive(Debug)]
pub struct InvitationLink {
    /// Whose it is.
    pub name: String,
    /// What is presented once, within its time.
    pub secret: Secret,
    /// When it stops being accepted.
    pub expires_at: Timestamp,
}

impl Control {
    /// Makes a link for somebody; a former one for the same end is no longer accepted.
    async fn invitation_make(
        &self,
        transaction: &mut Transaction,
        user: &User,
        purpose: InvitationPurpose,
        organization: Option<OrganizationId>,
        membership: Option<MembershipId>,
    ) -> Result<InvitationLink> {
        let at = self.now();
        let (secret, digest) = new_token("invitation", &*self.randomness);
        let invitation = Invitation {
            id: InvitationId(self.new_id()),
            digest: digest.as_bytes().to_vec(),
            user_id: user.id,
            organization_id: organization,
            membership_id: membership,
            purpose,
            created_at: at,
            expires_at: after(at, ACCEPTED),
        };
        transaction.invitation_insert(&invitation).await?;
        Ok(InvitationLink { name: user.name.clone(), secret, expires_at: invitation.expires_at })
    }

    /// The account of a name, made if there is none, and then without any way to sign in. The installation's lock is held.
    async fn user_of(&self, transaction: &mut Transaction, name: &UserName) -> Result<User> {
        if let Some(user) = transaction.user_by_name(name.as_str()).await? {
            return Ok(user);
        }
        let user = User {
            id: UserId(self.new_id()),
            name: name.as_str().to_owned(),
            password: None,
            identity: None,
            installation_admin: false,
            created_at: self.now(),
            disabled_at: None,
        };
        transaction.user_insert(&user).await?;
        Ok(user)
    }
}

/// Whether somebody has rights beyond one organization; for none, beyond the installation, which is nowhere. Who signs in by a
/// sign-in provider is given more by whoever invites them next, and would not notice that somebody else can sign in as well.
async fn rights_elsewhere(
    transaction: &mut Transaction,
    user: &User,
    organization: Option<OrganizationId>,
) -> Result<bool> {
    let Some(organization) = organization else { return Ok(false) };
    let elsewhere = |one: &Membership| one.accepted_at.is_some() && one.organization_id != organization;
    let more = user.installation_admin || user.identity.is_some();
    Ok(more || transaction.memberships_of(user.id).await?.iter().any(elsewhere))
}

/// Refuses a password to who signs in by a sign-in provider: whoever is locked out there has no other way in.
fn require_no_provider(user: &User) -> Result<()> {
    if user.identity.is_none() {
        return Ok(());
    }
    Err(Error::conflict(
        code!("user_of_provider"),
        format!("{} signs in by a sign-in provider, and has no password", user.name),
        "let them sign in there, or have their password set there",
    ))
}

/// Reads a name that somebody gave.
fn user_name(text: &str) -> Result<UserName> {
    UserName::parse(text).map_err(|NameError(message)| {
        Error::invalid(code!("user_name_invalid"), message, "give an e-mail address, or a handle as `anna`")
    })
}

fn member_state(disabled: bool, usable: bool) -> MemberState {
    match (usable, disabled) {
        (false, _) => MemberState::Invited,
        (true, true) => MemberState::Disabled,
        (true, false) => MemberState::Active,
    }
}
