//! Single-use sign-in links: made for the holder of a token, exchanged for a session.

use jiff::Timestamp;
use serde_json::json;
use tieline_core::code;
use tieline_core::id::SignInLinkId;
use tieline_core::model::Role;
use tieline_core::secret::{Digest, Secret};
use tieline_store::session::SignInLink;
use tieline_vault::token::new_token;

use super::{LINK, after, lock};
use crate::actor::Known;
use crate::{Actor, Control, Error, Kind, Refusal, Result};

/// What a sign-in link is made of.
#[derive(Debug)]
pub struct LoginLink {
    /// What is presented once, within its time.
    pub secret: Secret,
    /// When it stops being accepted.
    pub expires_at: Timestamp,
}

impl Control {
    /// Makes a single-use sign-in link of the console for the holder of a token; it is accepted for ten minutes.
    ///
    /// # Errors
    /// `login_link_refused` for runners and gateways, which have nothing to see there, and for people, who have accounts: a session
    /// would outlive the token that they presented.
    pub async fn login_link_create(&self, actor: &Actor) -> Result<LoginLink> {
        if actor.user_id().is_some() {
            return Err(Error::forbidden(
                code!("login_link_refused"),
                format!("{} signs in with a name", actor.label()),
                "open the console and sign in there",
            ));
        }
        if actor.grants.iter().all(|grant| matches!(grant.role, Role::Runner | Role::Gateway)) {
            return Err(Error::forbidden(
                code!("login_link_refused"),
                format!("{} is a program's token, and the console is for people", actor.label()),
                "invite the person: `tieline user invite`",
            ));
        }
        let mut transaction = self.store.write().await?;
        let at = self.now();
        let known = Known::of_owner(&mut transaction, actor.owner, at).await?;
        lock(&mut transaction, known.organization).await?;
        let (secret, digest) = new_token("link", &*self.randomness);
        let link = SignInLink {
            id: SignInLinkId(self.new_id()),
            digest: digest.as_bytes().to_vec(),
            owner: actor.owner,
            created_at: at,
            expires_at: after(at, LINK),
        };
        transaction.sign_in_link_insert(&link).await?;
        let detail = json!({ "link": link.id, "expires_at": link.expires_at });
        self.audit_signing_in(&mut transaction, actor, known.organization, "login_link_create", detail).await?;
        transaction.commit().await?;
        Ok(LoginLink { secret, expires_at: link.expires_at })
    }

    /// Exchanges a sign-in link for a session: what a browser presents from now on. Of those who present the same
    /// link one alone is given a session.
    ///
    /// # Errors
    /// `login_link_invalid` when it is unknown, used or too old, or its owner's token is no longer accepted.
    pub async fn sign_in(&self, presented: &Secret) -> Result<Secret> {
        let mut transaction = self.store.write().await?;
        let at = self.now();
        let digest = Digest::of(presented.expose());
        let link = transaction.sign_in_link_take(digest.as_bytes()).await?.ok_or_else(link_invalid)?;
        if link.expires_at <= at {
            return Err(link_invalid());
        }
        let known = Known::of_owner(&mut transaction, link.owner, at).await.map_err(|error| match error {
            Error::Refused(_) => link_invalid(),
            other => other,
        })?;
        lock(&mut transaction, known.organization).await?;
        let (session, secret) = self.session_insert(&mut transaction, link.owner, known.expires_at).await?;
        let detail = json!({ "session": session, "link": link.id });
        self.audit_signing_in(&mut transaction, &known.actor, known.organization, "sign_in", detail).await?;
        transaction.commit().await?;
        Ok(secret)
    }
}

fn link_invalid() -> Error {
    Error::Refused(Refusal {
        kind: Kind::Unauthenticated,
        code: code!("login_link_invalid"),
        message: "this sign-in link was used already, or is older than ten minutes".into(),
        hint: "make another with `tieline login-link`".into(),
        path: None,
    })
}
