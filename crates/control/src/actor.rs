//! Who asks: the holder of a token, with the roles that it was given and where.

use std::sync::Arc;

use jiff::Timestamp;
use tieline_core::access::Grant;
use tieline_core::code;
use tieline_core::id::{OrganizationId, TokenId};
use tieline_core::model::Role;
use tieline_core::secret::{Digest, Secret};
use tieline_store::Transaction;
use tieline_store::oauth::Client;
use tieline_store::token::Token;
use uuid::Uuid;

use crate::{Control, Error, Repeat, Result};

/// Who asks. Made by [`Control::authenticate`] and [`Control::session_visit`] alone.
#[derive(Debug, Clone)]
pub struct Actor {
    pub(crate) token: TokenId,
    pub(crate) label: String,
    pub(crate) grants: Vec<Grant>,
    pub(crate) installation_admin: bool,
    /// Under which key the request is carried out, if it may be repeated.
    pub(crate) repeat: Option<Repeat>,
}

/// The holder of a token that exists, and until when it is accepted.
pub(crate) struct Known {
    pub(crate) actor: Actor,
    /// The organization that the token belongs to; none for one of the installation, which gets more of them over time.
    pub(crate) organization: Option<OrganizationId>,
    pub(crate) expires_at: Option<Timestamp>,
}

impl Actor {
    /// How the audit names this actor.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The token that the actor presented, by its id.
    #[must_use]
    pub fn token_id(&self) -> TokenId {
        self.token
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
            token: TokenId(Uuid::nil()),
            label: format!("client:{}", client.id),
            grants: vec![grant],
            installation_admin: false,
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
        let token = transaction.token_by_digest(digest.as_bytes()).await?.ok_or_else(Error::unauthenticated)?;
        Known::of(&mut transaction, &token).await
    }
}

impl Known {
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
            token: token.id,
            label: label(token),
            grants,
            installation_admin: token.role == Role::InstallationAdmin,
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
