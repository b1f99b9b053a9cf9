//! Who asks: the holder of a token or a person with an account, with the roles that they were given and where.

use std::sync::Arc;

use jiff::Timestamp;
use tieline_core::access::Grant;
use tieline_core::code;
use tieline_core::id::{OrganizationId, TokenId, UserId};
use tieline_core::model::Role;
use tieline_core::secret::{Digest, Secret};
use tieline_store::Transaction;
use tieline_store::oauth::Client;
use tieline_store::session::Owner;
use tieline_store::token::Token;
use tieline_store::user::User;
use uuid::Uuid;

use crate::{Control, Error, Repeat, Result};

/// Who asks. Made by [`Control::authenticate`] and [`Control::session_visit`] alone.
#[derive(Debug, Clone)]
pub struct Actor {
    pub(crate) owner: Owner,
    pub(crate) label: String,
    pub(crate) grants: Vec<Grant>,
    pub(crate) installation_admin: bool,
    /// Until when what was presented is accepted, where that is known.
    pub(crate) until: Option<Timestamp>,
    /// Under which key the request is carried out, if it may be repeated.
    pub(crate) repeat: Option<Repeat>,
}

/// Somebody who exists, and until when they are accepted.
pub(crate) struct Known {
    pub(crate) actor: Actor,
    /// The organization that they belong to; none for those of the installation, who get more of them over time.
    pub(crate) organization: Option<OrganizationId>,
    pub(crate) expires_at: Option<Timestamp>,
}

impl Actor {
    /// How the audit names this actor.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The token that the actor presented, by its id; none for a person.
    #[must_use]
    pub fn token_id(&self) -> Option<TokenId> {
        match self.owner {
            Owner::Token(id) => Some(id),
            Owner::User(_) => None,
        }
    }

    /// The account of the person that the actor is.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        match self.owner {
            Owner::User(id) => Some(id),
            Owner::Token(_) => None,
        }
    }

    /// An OAuth2 client, which may see its organization, and does there only what is its own.
    pub(crate) fn client(client: &Client) -> Self {
        let grant = Grant {
            role: Role::Runner,
            organization: Some(client.organization_id),
            project: None,
            component: None,
            environment: Some(client.environment_id),
        };
        Self {
            owner: Owner::Token(TokenId(Uuid::nil())),
            label: format!("client:{}", client.id),
            grants: vec![grant],
            installation_admin: false,
            until: None,
            repeat: None,
        }
    }

    /// Refuses unless the actor administers the installation.
    pub(crate) fn require_installation(&self) -> Result<()> {
        if self.installation_admin {
            return Ok(());
        }
        Err(Error::forbidden(
            code!("forbidden"),
            format!("{} may not do this: it needs the role installation-admin", self.label),
            "use the admin token that the server's first start wrote to admin.token",
        ))
    }
}

impl Actor {
    /// Refuses unless the actor may see the figures of all organizations: a gateway, which knows whom it serves, or an
    /// administrator of the installation.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn require_figures(&self) -> Result<()> {
        if self.installation_admin { Ok(()) } else { self.require_gateway() }
    }

    /// Refuses unless the actor is a gateway.
    pub(crate) fn require_gateway(&self) -> Result<()> {
        if self.grants.iter().any(|grant| grant.role == Role::Gateway) {
            return Ok(());
        }
        Err(Error::forbidden(
            code!("forbidden"),
            format!("{} may not do this: it needs the role gateway", self.label),
            "make a token for the gateway: `tieline token create NAME --role gateway`",
        ))
    }
}

impl Control {
    /// Finds out who presents a token.
    ///
    /// # Errors
    /// `unauthenticated` when the token is unknown, expired or revoked.
    pub async fn authenticate(&self, presented: &Secret) -> Result<Actor> {
        let digest = Digest::of(presented.expose());
        let number = self.feed.number();
        let known = match self.actors.recall(&digest, &self.feed) {
            Some(known) => known,
            None => {
                let known = Arc::new(self.find_actor(&digest).await?);
                self.actors.keep(digest, &self.feed, number, known.organization, Arc::clone(&known));
                known
            }
        };
        if known.expires_at.is_some_and(|end| end <= self.now()) {
            return Err(Error::unauthenticated());
        }
        Ok(known.actor.clone())
    }

    async fn find_actor(&self, digest: &Digest) -> Result<Known> {
        let mut transaction = self.store.read().await?;
        if let Some(token) = transaction.token_by_digest(digest.as_bytes()).await? {
            return Known::of(&mut transaction, &token).await;
        }
        let token = transaction.own_token_by_digest(digest.as_bytes()).await?.ok_or_else(Error::unauthenticated)?;
        let until = Some(token.expires_at);
        let known = Known::of_owner(&mut transaction, Owner::User(token.user_id), self.now()).await?;
        Ok(Known { actor: Actor { until, ..known.actor }, organization: None, expires_at: until })
    }
}

impl Known {
    /// Whom a session or a sign-in link acts as, while they are accepted.
    pub(crate) async fn of_owner(transaction: &mut Transaction, owner: Owner, at: Timestamp) -> Result<Self> {
        let known = match owner {
            Owner::Token(id) => {
                let token = transaction.token_by_id(id).await?.ok_or_else(Error::unauthenticated)?;
                Self::of(transaction, &token).await?
            }
            Owner::User(id) => {
                let user = transaction.user_by_id(id).await?.ok_or_else(Error::unauthenticated)?;
                Self::of_user(transaction, &user).await?
            }
        };
        if known.expires_at.is_some_and(|end| end <= at) {
            return Err(Error::unauthenticated());
        }
        Ok(known)
    }

    /// The person of an account that is in use, with the roles that they accepted.
    pub(crate) async fn of_user(transaction: &mut Transaction, user: &User) -> Result<Self> {
        if user.disabled_at.is_some() {
            return Err(Error::unauthenticated());
        }
        let memberships = transaction.memberships_of(user.id).await?;
        let accepted = memberships.into_iter().filter(|membership| membership.accepted_at.is_some());
        let grants = accepted.map(|membership| Grant {
            role: membership.role,
            organization: Some(membership.organization_id),
            project: membership.project_id,
            component: None,
            environment: None,
        });
        let actor = Actor {
            owner: Owner::User(user.id),
            label: format!("user:{}", user.name),
            grants: grants.collect(),
            installation_admin: user.installation_admin,
            until: None,
            repeat: None,
        };
        Ok(Known { actor, organization: None, expires_at: None })
    }

    /// The holder of a token that was not revoked.
    pub(crate) async fn of(transaction: &mut Transaction, token: &Token) -> Result<Self> {
        if token.revoked_at.is_some() {
            return Err(Error::unauthenticated());
        }
        let mut grants = vec![Grant {
            role: token.role,
            organization: token.organization_id,
            project: token.project_id,
            component: token.component_id,
            environment: token.environment_id,
        }];
        for organization in transaction.token_organizations(token.id).await? {
            grants.push(Grant {
                role: Role::OrganizationAdmin,
                organization: Some(organization),
                project: None,
                component: None,
                environment: None,
            });
        }
        let actor = Actor {
            owner: Owner::Token(token.id),
            label: label(token),
            grants,
            installation_admin: token.role == Role::InstallationAdmin,
            until: token.expires_at,
            repeat: None,
        };
        Ok(Known { actor, organization: token.organization_id, expires_at: token.expires_at })
    }
}

/// How the audit names the holder of a token. A name can be given again once its token is revoked: the end of the id, which
/// is drawn at random, keeps the holders apart.
fn label(token: &Token) -> String {
    let id = token.id.to_string();
    format!("token:{}#{}", token.name, &id[id.len() - 8..])
}
