//! Tokens with which people use the API as themselves: they may do what the person may at that moment.

use jiff::SignedDuration;
use serde_json::json;
use tieline_core::code;
use tieline_core::id::{TokenId, UserId};
use tieline_core::secret::Secret;
use tieline_core::wire::user::{OwnTokenCreate, OwnTokenView};
use tieline_store::own_token::OwnToken;
use tieline_vault::token::new_token;

use crate::organization::handle;
use crate::session::after;
use crate::token::expiry;
use crate::{Actor, Control, Error, Result};

/// How long a token lives unless its owner says otherwise: long enough not to be renewed every week, and it ends although nobody
/// thinks of it.
const LIFETIME: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The longest that its owner may say, in years.
const LONGEST: i64 = 1;

impl Control {
    /// Makes a token with which its holder acts as the actor. Nobody can ask for the secret again. One that is made with another
    /// ends no later than that one.
    ///
    /// # Errors
    /// `own_token_refused` for the holder of a token that is nobody's own; `token_exists`, `handle_invalid`,
    /// `token_scope_invalid`.
    pub async fn own_token_create(&self, actor: &Actor, request: OwnTokenCreate) -> Result<(OwnTokenView, Secret)> {
        let user_id = person(actor)?;
        let name = handle(&request.name)?;
        let at = self.now();
        let wanted = expiry(at, request.expires_in_seconds, LONGEST)?.unwrap_or_else(|| after(at, LIFETIME));
        let mut transaction = self.store.write().await?;
        transaction.installation_lock().await?;
        let own = transaction.own_tokens(user_id).await?;
        if own.iter().any(|token| token.name.eq_ignore_ascii_case(name.as_str()) && at < token.expires_at) {
            return Err(Error::conflict(
                code!("token_exists"),
                format!("you have a token {:?} already", name.as_str()),
                "choose another name, or revoke that token with `tieline token revoke NAME --own`",
            ));
        }
        let (secret, digest) = new_token("user", &*self.randomness);
        let token = OwnToken {
            id: TokenId(self.new_id()),
            user_id,
            name: name.as_str().to_owned(),
            digest: digest.as_bytes().to_vec(),
            created_at: at,
            expires_at: actor.until.map_or(wanted, |until| until.min(wanted)),
        };
        transaction.own_token_insert(&token).await?;
        let detail = json!({ "id": token.id, "expires_at": token.expires_at });
        self.user_finish(transaction, actor, "own_token_create", &token.name, detail).await?;
        Ok((view(token), secret))
    }

    /// The actor's own tokens that are accepted, the oldest first; none for who is no person with an account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn own_token_list(&self, actor: &Actor) -> Result<Vec<OwnTokenView>> {
        let Some(user) = actor.user_id() else { return Ok(Vec::new()) };
        let mut own = self.store.read().await?.own_tokens(user).await?;
        own.retain(|token| self.now() < token.expires_at);
        Ok(own.into_iter().map(view).collect())
    }

    /// Takes one of the actor's own tokens out of use, from the next request on. It is named by its id or its name.
    ///
    /// # Errors
    /// `own_token_refused`, `token_not_found`.
    pub async fn own_token_revoke(&self, actor: &Actor, named: &str) -> Result<()> {
        let user = person(actor)?;
        let mut transaction = self.store.write().await?;
        transaction.installation_lock().await?;
        let own = transaction.own_tokens(user).await?;
        let is_named = |token: &&OwnToken| token.id.to_string() == named || token.name.eq_ignore_ascii_case(named);
        let Some(token) = own.iter().rev().find(is_named) else {
            return Err(Error::not_found(
                code!("token_not_found"),
                format!("you have no token {named:?}"),
                "see yours with `tieline token list --own`",
            ));
        };
        transaction.own_token_delete(token.id).await?;
        self.user_finish(transaction, actor, "own_token_revoke", &token.name, json!({ "id": token.id })).await
    }
}

fn person(actor: &Actor) -> Result<UserId> {
    actor.user_id().ok_or_else(|| {
        Error::forbidden(
            code!("own_token_refused"),
            format!("{} is no person with an account", actor.label()),
            "sign in to the console with your name, and make your first token under it",
        )
    })
}

fn view(token: OwnToken) -> OwnTokenView {
    OwnTokenView { id: token.id, name: token.name, created_at: token.created_at, expires_at: token.expires_at }
}
