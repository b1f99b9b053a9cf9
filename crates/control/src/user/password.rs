//! Signing in with a name and a password, and changing it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tieline_core::code;
use tieline_core::password::check;
use tieline_core::secret::Secret;
use tieline_store::Transaction;
use tieline_store::user::User;
use tieline_vault::password::{self, PasswordError};

use super::attempts::{PasswordAttempt, Whose};
use super::join::password_invalid;
use crate::failures::Failing;
use crate::{Actor, Control, Error, Kind, Refusal, Result};

/// How long somebody waits for their turn at having a password looked at.
const PATIENCE: Duration = Duration::from_secs(5);

impl Control {
    /// Begins a session for who knows the name and the password of an account. It takes as long, and answers the same, whether
    /// there is an account of the name, whether it is in use, and whether the password is right.
    ///
    /// # Errors
    /// `sign_in_refused`, `sign_in_too_often`, `sign_in_busy`.
    pub async fn sign_in_with_password(&self, name: &str, presented: &Secret, address: IpAddr) -> Result<Secret> {
        let user = self.store.read().await?.user_by_name(name).await?;
        let whose = if user.is_some() { Whose::Account } else { Whose::Nobody };
        let attempt = self.attempt(name, whose, address)?;
        if !self.proven(user.as_ref(), presented, address).await? {
            return Err(refused());
        }
        let mut transaction = self.store.write().await?;
        transaction.installation_lock().await?;
        let Some(user) = user else { return Err(refused()) };
        unchanged(&mut transaction, &user).await?;
        let session = self.session_begin(&mut transaction, user.id, "password").await?;
        transaction.commit().await?;
        self.attempts.give_back(attempt);
        Ok(session)
    }

    /// Gives the actor's account another password, for who knows the one that it has. Every session of the account ends.
    ///
    /// # Errors
    /// `password_none`, `password_wrong`, `password_invalid`, `sign_in_too_often`, `sign_in_busy`.
    pub async fn password_change(
        &self,
        actor: &Actor,
        current: &Secret,
        chosen: &Secret,
        address: IpAddr,
    ) -> Result<()> {
        let user = match actor.user_id() {
            Some(id) => self.store.read().await?.user_by_id(id).await?,
            None => None,
        };
        let Some(user) = user.filter(|user| user.password.is_some()) else {
            return Err(Error::conflict(
                code!("password_none"),
                format!("{} signs in without a password", actor.label()),
                "sign in with an account that has one; whoever signs in by a sign-in provider changes theirs there",
            ));
        };
        check(chosen.expose(), &user.name).map_err(password_invalid)?;
        let attempt = self.attempt(&user.name, Whose::SignedIn, address)?;
        if !self.proven(Some(&user), current, address).await? {
            let hint = "enter the password that you signed in with";
            return Err(Error::invalid(code!("password_wrong"), "this is not the current password", hint));
        }
        let hash = self.password_hash(chosen).await?;
        let mut transaction = self.store.write().await?;
        transaction.installation_lock().await?;
        unchanged(&mut transaction, &user).await?;
        self.password_set(&mut transaction, &user, Some(&hash)).await?;
        self.user_finish(transaction, actor, "password_change", &user.name, json!({})).await?;
        self.attempts.give_back(attempt);
        Ok(())
    }

    /// The hash of a password that is chosen.
    pub(super) async fn password_hash(&self, chosen: &Secret) -> Result<Secret> {
        let (chosen, randomness) = (chosen.clone(), Arc::clone(&self.randomness));
        self.hashing(move || password::hash(&chosen, &*randomness)).await
    }

    /// Counts an attempt at a password.
    fn attempt(&self, name: &str, whose: Whose, address: IpAddr) -> Result<PasswordAttempt> {
        self.attempts.take(name, whose, address, self.now()).map_err(|after| {
            Error::busy(
                code!("sign_in_too_often"),
                "too many wrong passwords were tried",
                format!("try again in {} s, or ask an administrator for a password link", after.as_secs() + 1),
            )
        })
    }

    /// Whether a password is the one of an account that is in use. A wrong one is counted for the audit.
    async fn proven(&self, user: Option<&User>, presented: &Secret, address: IpAddr) -> Result<bool> {
        let (kept, presented) = (user.and_then(|user| user.password.clone()), presented.clone());
        let right = self.hashing(move || password::verify(&presented, kept.as_ref())).await?;
        if right && user.is_some_and(|user| user.disabled_at.is_none()) {
            return Ok(true);
        }
        let name = user.map(|user| user.name.as_str());
        self.failures.note(Failing::Person, name, None, address, self.now());
        Ok(false)
    }

    /// Computes a hash, few at a time and where nobody waits for anything else.
    async fn hashing<T: Send + 'static>(
        &self,
        compute: impl FnOnce() -> std::result::Result<T, PasswordError> + Send + 'static,
    ) -> Result<T> {
        let turn = tokio::time::timeout(PATIENCE, self.attempts.hashes.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            let message = "too many people are signing in at this moment";
            return Err(Error::busy(code!("sign_in_busy"), message, "try again in a few seconds"));
        };
        let computed = tokio::task::spawn_blocking(compute).await;
        Ok(computed.map_err(|error| Error::Inconsistent(error.to_string()))??)
    }
}

/// Refuses when an account has another password than the one that was proven, or is out of use. The installation's lock is held.
async fn unchanged(transaction: &mut Transaction, proven: &User) -> Result<()> {
    let found = transaction.user_by_id(proven.id).await?;
    let same = |user: &User| user.password == proven.password && user.disabled_at.is_none();
    if found.as_ref().is_some_and(same) { Ok(()) } else { Err(refused()) }
}

fn refused() -> Error {
    Error::Refused(Refusal {
        kind: Kind::Unauthenticated,
        code: code!("sign_in_refused"),
        message: "the name or the password is wrong".into(),
        hint: "try again; who forgot their password asks an administrator for a password link".into(),
        path: None,
    })
}
