//! Tokens of the installation's administrators: the first start and restores make them, other administrators end them.

use serde_json::json;
use tieline_core::code;
use tieline_core::wire::access::{TokenState, TokenView};
use tieline_store::token::Token;

use crate::token::{state, view};
use crate::{Actor, Control, Error, Result, work};

impl Control {
    /// The tokens of the installation's administrators, the oldest first.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn installation_token_list(&self, actor: &Actor) -> Result<Vec<TokenView>> {
        actor.require_installation()?;
        let at = self.now();
        let tokens = self.store.read().await?.installation_tokens().await?;
        Ok(tokens.iter().map(|token| view(None, token, at)).collect())
    }

    /// Takes a token of an administrator out of use, from the next request on. It is named by its id, or by its name if
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
        if live.len() == 1 {
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
