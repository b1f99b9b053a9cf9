//! Whose account it is that somebody at the provider signs in to: the one that is theirs already, or, once, the one that was
//! made for their e-mail address. Where the provider vouches for no address, it is the account of the address by which they join.

use serde_json::json;
use tieline_core::code;
use tieline_core::identity_provider::sign_in::{Email, Identity};
use tieline_core::secret::Secret;
use tieline_store::Transaction;
use tieline_store::user::{self, User};

use super::SignInProvider;
use super::exchange::Tokens;
use crate::{Control, Error, Result, work};

impl Control {
    /// Begins a session for whom the provider signed in.
    pub(super) async fn sign_in_person(
        &self,
        provider: &SignInProvider,
        identity: Identity,
        tokens: Tokens,
        invitation: Option<&Secret>,
    ) -> Result<Secret> {
        let known = self.store.read().await?.user_by_identity(&provider.issuer, &identity.subject).await?;
        let (user, identity) = match known {
            Some(user) if self.store.read().await?.invitations_of(user.id).await?.is_empty() => (user, identity),
            // What they are invited to asks for whom the provider vouches.
            Some(user) => (user, self.identity_completed(provider, tokens, identity).await?),
            None => {
                let identity = self.identity_completed(provider, tokens, identity).await?;
                (self.user_bind(provider, &identity, invitation).await?, identity)
            }
        };
        in_use(&user)?;
        // Whoever made the account by an address of one organization is not whom another means by its name: they are given what
        // the address that they present was made for, and all of it only if the provider vouches for the name.
        let vouched = |email: &Email| email.verified && email.address.eq_ignore_ascii_case(&user.name);
        if identity.email.as_ref().is_some_and(vouched) {
            self.invitations_accept(&user, None).await?;
        } else if let Some(presented) = invitation {
            self.invitations_accept(&user, Some(presented)).await?;
        }
        let mut transaction = self.store.write().await?;
        let session = self.session_begin(&mut transaction, user.id, "identity provider").await?;
        transaction.commit().await?;
        Ok(session)
    }

    /// Makes an account that of somebody at the provider, for ever. Whoever had it before could sign in to
    /// what is given to this person: their password, sessions and tokens end.
    async fn user_bind(
        &self,
        provider: &SignInProvider,
        identity: &Identity,
        invitation: Option<&Secret>,
    ) -> Result<User> {
        let mut transaction = self.store.write().await?;
        transaction.installation_lock().await?;
        let user = self.user_meant(&mut transaction, provider, identity, invitation).await?;
        in_use(&user)?;
        if user.identity.is_some() {
            // They signed in twice at once.
            return Ok(user);
        }
        let bound = user::Identity { issuer: provider.issuer.clone(), subject: identity.subject.clone() };
        transaction.user_set_identity(user.id, Some(&bound)).await?;
        self.password_set(&mut transaction, &user, None).await?;
        let (actor, at) = (format!("user:{}", user.name), self.now());
        let detail =
            json!({ "issuer": provider.issuer, "subject": identity.subject, "password": user.password.is_some() });
        work::audit(&mut transaction, "", &actor, "user_bind", &user.name, detail, at).await?;
        let number = transaction.change_insert("", "user_bind", &user.name, at).await?;
        transaction.commit().await?;
        self.feed.announce("", number);
        Ok(user)
    }

    /// The account that somebody means who signs in for the first time. An address that the provider has not verified is
    /// anybody's; one that it has verified says more than what they were given.
    async fn user_meant(
        &self,
        transaction: &mut Transaction,
        provider: &SignInProvider,
        identity: &Identity,
        invitation: Option<&Secret>,
    ) -> Result<User> {
        let name = &provider.name;
        if let Some(user) = transaction.user_by_identity(&provider.issuer, &identity.subject).await? {
            return Ok(user);
        }
        match (&identity.email, invitation) {
            (Some(email), _) if email.verified => {
                let found = transaction.user_by_name(&email.address).await?;
                let user = found.ok_or_else(|| uninvited(name, &email.address))?;
                if user.identity.is_some() {
                    return Err(Error::forbidden(
                        code!("sign_in_account_taken"),
                        format!("the account {} belongs to somebody else at {name}, or at another provider", user.name),
                        "ask an administrator of the installation: `tieline user unlink NAME` takes it from who has it",
                    ));
                }
                Ok(user)
            }
            (_, Some(invitation)) => self.invitation_unclaimed(transaction, invitation).await,
            (Some(email), None) => Err(Error::forbidden(
                code!("sign_in_email_unverified"),
                format!("{name} does not say that {} is verified to be yours", email.address),
                "open your invitation link and join with it, or have the e-mail address verified there",
            )),
            (None, None) => Err(uninvited(name, &format!("{}, and says no e-mail address", identity.subject))),
        }
    }
}

fn in_use(user: &User) -> Result<()> {
    if user.disabled_at.is_none() {
        return Ok(());
    }
    Err(Error::forbidden(
        code!("sign_in_account_disabled"),
        format!("the account {} was taken out of use", user.name),
        "ask an administrator of the installation",
    ))
}

fn uninvited(name: &str, who: &str) -> Error {
    Error::forbidden(
        code!("sign_in_uninvited"),
        format!("{name} signed in {who}, whom nobody has invited here yet"),
        "ask an administrator of your organization: `tieline user invite THEIR-EMAIL --role developer`",
    )
}
