//! Tokens of the installation: of its administrators, which the first start and restores make, and of its gateways, which
//! administrators make. Administrators end both.

use serde_json::json;
use tieline_core::code;
use tieline_core::id::TokenId;
use tieline_core::model::Role;
use tieline_core::secret::Secret;
use tieline_core::wire::access::{TokenCreate, TokenState, TokenView};
use tieline_store::token::Token;
use tieline_vault::token::new_token;

use crate::organization::handle;
use crate::token::{LONGEST, expiry, kind, state, view};
use crate::{Actor, Control, Error, Result, work};

impl Control {
    /// Makes a token for a gateway. The secret is what its holder presents; nobody can ask for it again.
    ///
    /// # Errors
    /// `forbidden`, `token_scope_invalid`, `token_exists`, `handle_invalid`.
    pub async fn installation_token_create(&self, actor: &Actor, request: TokenCreate) -> Result<(TokenView, Secret)> {
        actor.require_installation()?;
        let at = self.now();
        if request.role != Role::Gateway || request.project.or(request.component).or(request.environment).is_some() {
            return Err(Error::invalid(
                code!("token_scope_invalid"),
                "only tokens with the role gateway are made for the installation, and they are limited to nothing in it",
                "make others in an organization, with --organization",
            ));
        }
        let name = handle(&request.name)?;
        let expires_at = expiry(at, request.expires_in_seconds, LONGEST)?;
        let mut transaction = self.store.write().await?;
        transaction.installation_lock().await?;
        let same =
            |token: &Token| token.name.eq_ignore_ascii_case(name.as_str()) && state(token, at) == TokenState::Live;
        if transaction.installation_tokens().await?.iter().any(same) {
            return Err(Error::conflict(
                code!("token_exists"),
                format!("there is a live token {:?} already", name.as_str()),
                "choose another name, or revoke that token with `tieline token revoke --installation`",
            ));
        }
        let (secret, digest) = new_token(kind(request.role), &*self.randomness);
        let token = Token {
            id: TokenId(self.new_id()),
            name: name.as_str().to_owned(),
            digest: digest.as_bytes().to_vec(),
            role: request.role,
            organization_id: None,
            project_id: None,
            component_id: None,
            environment_id: None,
            created_at: at,
            expires_at,
            revoked_at: None,
        };
        transaction.token_insert(&token).await?;
        let action = "installation_token_create";
        let detail = json!({ "id": token.id, "role": token.role, "expires_at": token.expires_at });
        work::audit(&mut transaction, "", actor.label(), action, &token.name, detail, at).await?;
        let number = transaction.change_insert("", action, &token.name, at).await?;
        transaction.commit().await?;
        self.feed.announce("", number);
        Ok((view(None, &token, at), secret))
    }

    /// The tokens of the installation's administrators and gateways, the oldest first.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn installation_token_list(&self, actor: &Actor) -> Result<Vec<TokenView>> {
        actor.require_installation()?;
        let at = self.now();
        let tokens = self.store.read().await?.installation_tokens().await?;
        Ok(tokens.iter().map(|token| view(None, token, at)).collect())
    }

    /// Takes a token of an administrator or gateway out of use, from the next request on. It is named by its id, or by its name if
    /// one live token alone bears it.
    ///
    /// # Errors
    /// `forbidden`, `token_not_found`, `token_ambiguous`, `token_last`.
    pub async fn installation_token_revoke(&self, actor: &Actor, named: &str) -> Result<()> {
        actor.require_installation()?;
        let at = self.now();
        let mut transaction = self.store.write().await?;
        transaction.installation_lock().await?;
        let mut live = transaction.installation_tokens().await?;
        live.retain(|token| state(token, at) == TokenState::Live);
        let found = find(&live, named)?;
        let administrators = live.iter().filter(|token| token.role == Role::InstallationAdmin).count();
        if found.role == Role::InstallationAdmin && administrators == 1 {
            return Err(Error::conflict(
                code!("token_last"),
                "it is the last live token of an administrator: nobody could administer the installation any more",
                "restore a backup into an empty database to get another one first",
            ));
        }
        transaction.token_revoke(found.id, at).await?;
        let detail = json!({ "id": found.id });
        work::audit(&mut transaction, "", actor.label(), "installation_token_revoke", &found.name, detail, at).await?;
        let number = transaction.change_insert("", "installation_token_revoke", &found.name, at).await?;
        transaction.commit().await?;
        self.feed.announce("", number);
        Ok(())
    }
}

fn find<'a>(live: &'a [Token], named: &str) -> Result<&'a Token> {
    if let Some(found) = live.iter().find(|token| token.id.to_string() == named) {
        return Ok(found);
    }
    let mut bearers = live.iter().filter(|token| token.name.eq_ignore_ascii_case(named));
    match (bearers.next(), bearers.next()) {
        (Some(found), None) => Ok(found),
        (Some(_), Some(_)) => Err(Error::conflict(
            code!("token_ambiguous"),
            format!("several live tokens bear the name {named:?}"),
            "give the id, which `tieline token list --installation --output json` shows",
        )),
        (None, _) => Err(Error::not_found(
            code!("token_not_found"),
            format!("there is no live token {named:?} of the installation"),
            "see them with `tieline token list --installation`",
        )),
    }
}
