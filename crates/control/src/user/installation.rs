//! The accounts of the installation, for its administrators.

use serde_json::{Value as Json, json};
use tieline_core::code;
use tieline_core::model::{InvitationPurpose, Role};
use tieline_core::wire::Page;
use tieline_core::wire::user::{InstallationUserUpdate, UserInvite, UserView};
use tieline_store::Transaction;
use tieline_store::session::Owner;
use tieline_store::user::User;

use super::{InvitationLink, member_state, require_no_provider, user_name};
use crate::page::{PageQuery, cursor, cut};
use crate::{Actor, Control, Error, Result, work};

impl Control {
    /// Invites a person to administer the installation, which counts once they open the link and accept.
    ///
    /// # Errors
    /// `forbidden`, `user_name_invalid`, `user_role_invalid`, `member_exists`.
    pub async fn installation_user_invite(&self, actor: &Actor, request: UserInvite) -> Result<InvitationLink> {
        actor.require_installation()?;
        if request.role != Role::InstallationAdmin || request.project.is_some() {
            return Err(Error::invalid(
                code!("user_role_invalid"),
                "people are invited to the installation with the role installation-admin alone",
                "give other roles in an organization, with --organization",
            ));
        }
        let name = user_name(&request.name)?;
        let mut transaction = self.store.write().await?;
        transaction.installation_lock().await?;
        let user = self.user_of(&mut transaction, &name).await?;
        if user.installation_admin {
            return Err(Error::conflict(
                code!("member_exists"),
                format!("{} administers the installation already", user.name),
                "see the accounts with `tieline user list --installation`",
            ));
        }
        let link = self.invitation_make(&mut transaction, &user, InvitationPurpose::Administer, None, None).await?;
        let detail = json!({ "role": request.role, "expires_at": link.expires_at });
        self.user_finish(transaction, actor, "installation_user_invite", &user.name, detail).await?;
        Ok(link)
    }

    /// One page of all accounts, by name.
    ///
    /// # Errors
    /// `forbidden`, `cursor_invalid`.
    pub async fn installation_user_list(&self, actor: &Actor, page: &PageQuery) -> Result<Page<UserView>> {
        actor.require_installation()?;
        let limit = page.limit();
        let after = page.after::<1>()?.map(|[name]| name).unwrap_or_default();
        let mut users = self.store.read().await?.users_page(&after, limit + 1).await?;
        let next = cut(&mut users, limit, |last| cursor(&[&last.name]));
        Ok(Page { items: users.iter().map(view).collect(), next })
    }

    /// Takes an account out of use, which ends its sessions and its own tokens, and withdraws addresses to set its password or to
    /// administer, or into use again, which brings none of them back; or ends its part in administering the installation,
    /// accepted or not; or takes it from whom it belongs to at a sign-in provider. There is always a token that administers the
    /// installation.
    ///
    /// # Errors
    /// `forbidden`, `user_not_found`, `user_role_invalid`.
    pub async fn installation_user_update(
        &self,
        actor: &Actor,
        name: &str,
        request: InstallationUserUpdate,
    ) -> Result<UserView> {
        actor.require_installation()?;
        let mut transaction = self.store.write().await?;
        transaction.installation_lock().await?;
        let mut user = transaction.user_by_name(name).await?.ok_or_else(|| missing(name))?;
        match request.installation_admin {
            Some(true) if !user.installation_admin => {
                return Err(Error::invalid(
                    code!("user_role_invalid"),
                    "the role installation-admin is accepted by whom it is given to",
                    format!("invite them: `tieline user invite {} --role installation-admin`", user.name),
                ));
            }
            Some(administers) => user.installation_admin = administers,
            None => {}
        }
        match request.disabled {
            Some(true) => user.disabled_at = user.disabled_at.or(Some(self.now())),
            Some(false) => user.disabled_at = None,
            None => {}
        }
        transaction.user_update(&user).await?;
        if user.disabled_at.is_some() {
            transaction.sessions_delete(Owner::User(user.id)).await?;
            transaction.own_tokens_delete(user.id).await?;
            transaction.invitations_delete(user.id, InvitationPurpose::Password, None).await?;
        }
        if user.disabled_at.is_some() || request.installation_admin == Some(false) {
            transaction.invitations_delete(user.id, InvitationPurpose::Administer, None).await?;
        }
        if request.unlink && user.identity.take().is_some() {
            transaction.user_set_identity(user.id, None).await?;
            self.password_set(&mut transaction, &user, None).await?;
            user.password = None;
        }
        let detail = json!({
            "disabled": user.disabled_at.is_some(), "installation_admin": user.installation_admin, "unlink": request.unlink,
        });
        self.user_finish(transaction, actor, "installation_user_update", &user.name, detail).await?;
        Ok(view(&user))
    }

    /// Makes a link with which somebody sets another password.
    ///
    /// # Errors
    /// `forbidden`, `user_not_found`, `user_of_provider`.
    pub async fn installation_user_reset(&self, actor: &Actor, name: &str) -> Result<InvitationLink> {
        actor.require_installation()?;
        let mut transaction = self.store.write().await?;
        transaction.installation_lock().await?;
        let user = transaction.user_by_name(name).await?.ok_or_else(|| missing(name))?;
        require_no_provider(&user)?;
        let link = self.invitation_make(&mut transaction, &user, InvitationPurpose::Password, None, None).await?;
        let detail = json!({ "expires_at": link.expires_at });
        self.user_finish(transaction, actor, "installation_user_reset", &user.name, detail).await?;
        Ok(link)
    }

    /// Records what was done with an account in the installation's audit, and commits.
    pub(super) async fn user_finish(
        &self,
        mut transaction: Transaction,
        actor: &Actor,
        action: &str,
        object: &str,
        detail: Json,
    ) -> Result<()> {
        let at = self.now();
        work::audit(&mut transaction, "", actor.label(), action, object, detail, at).await?;
        let number = transaction.change_insert("", action, object, at).await?;
        transaction.commit().await?;
        self.feed.announce("", number);
        Ok(())
    }
}

fn missing(name: &str) -> Error {
    Error::not_found(
        code!("user_not_found"),
        format!("there is no account {name:?}"),
        "see the accounts with `tieline user list --installation`",
    )
}

fn view(user: &User) -> UserView {
    UserView {
        name: user.name.clone(),
        installation_admin: user.installation_admin,
        state: match user.disabled_at {
            Some(_) => member_state(true, true),
            None => member_state(false, user.can_sign_in()),
        },
        issuer: user.identity.as_ref().map(|identity| identity.issuer.clone()),
        created_at: user.created_at,
        disabled_at: user.disabled_at,
    }
}
