//! `identity-provider set`: who issues the tokens of an organization from then on.

use serde_json::json;
use tieline_core::access::Permission;
use tieline_core::code;
use tieline_core::id::SealedVersionId;
use tieline_core::identity_provider::{LONGEST, check_issuer};
use tieline_core::secret::Secret;
use tieline_core::wire::identity_provider::{IdentityProviderSet, IdentityProviderView};
use tieline_store::identity_provider::IdentityProvider;

use crate::work::Work;
use crate::{Actor, Control, Error, Result};

impl Control {
    /// Sets the identity provider of an organization: its metadata and keys are fetched, and nothing is recorded unless
    /// everything is there. Set again with the same issuer, it is found out anew.
    ///
    /// # Errors
    /// `forbidden`, `issuer_invalid`, `audience_invalid`, `registration_token_invalid`, `identity_provider_fixed`,
    /// `address_refused`, `identity_provider_unreachable`, `issuer_differs`, `identity_provider_incomplete`.
    pub async fn identity_provider_set(
        &self,
        actor: &Actor,
        organization: &str,
        request: IdentityProviderSet,
    ) -> Result<IdentityProviderView> {
        let mut work = self.read(actor, organization).await?;
        work.settable(&request).await?;
        drop(work);
        let found = self.provider_discover(&request.issuer).await?;
        let mut work = self.write(actor, organization).await?;
        let known = work.settable(&request).await?;
        let same = known.as_ref().filter(|known| known.issuer == request.issuer);
        let audience = match request.audience {
            Some(audience) => Some(audience).filter(|audience| !audience.is_empty()),
            None => same.and_then(|known| known.audience.clone()),
        };
        let former = known.as_ref().and_then(|known| known.registration_token_id);
        let kept = same.and_then(|known| known.registration_token_id);
        let registration_token_id = work.registration_token(request.registration_token.as_ref(), kept).await?;
        if let Some(former) = former.filter(|former| Some(*former) != registration_token_id) {
            let at = work.at;
            work.transaction.sealed_supersede(former, at).await?;
        }
        let provider = IdentityProvider {
            organization_id: work.organization.id,
            issuer: request.issuer,
            audience,
            registration_token_id,
            metadata: found.metadata,
            keys: found.keys,
            checked_at: work.at,
            failure: None,
            created_at: same.map_or(work.at, |known| known.created_at),
        };
        let moved = same.is_some_and(|known| known.metadata.token_endpoint != provider.metadata.token_endpoint);
        work.transaction.identity_provider_save(&provider).await?;
        if moved {
            work.refresh_applications().await?;
        }
        // Whatever could not be done with what was set before may be done with this.
        let (id, at) = (work.organization.id, work.at);
        work.transaction.registrations_hasten(id, at).await?;
        work.touch_issuer();
        let view = work.identity_provider_shown(&provider).await?;
        let detail = json!({
            "issuer": view.issuer, "audience": view.audience, "token_endpoint": view.token_endpoint,
            "registration_endpoint": view.registration_endpoint, "jwks_uri": view.jwks_uri, "keys": view.keys,
            "registration_token": view.registration_token,
        });
        work.finish("identity_provider_set", &view.issuer, detail).await?;
        Ok(view)
    }
}

impl Work<'_> {
    /// Refuses what cannot be set; answers what is set.
    async fn settable(&mut self, request: &IdentityProviderSet) -> Result<Option<IdentityProvider>> {
        self.require(Permission::AdministerOrganization, None)?;
        let invalid = |reason: String| {
            Error::invalid(
                code!("issuer_invalid"),
                format!("{:?} cannot be the issuer: {reason}", request.issuer),
                "give it as the provider's metadata names it, as https://id.example/realms/acme",
            )
        };
        check_issuer(&request.issuer).map_err(invalid)?;
        if request.issuer.trim_end_matches('/') == self.control.settings.public_url.trim_end_matches('/') {
            return Err(invalid("it is Tieline's own, which serves every organization without a provider".to_owned()));
        }
        if let Some(audience) = &request.audience
            && (audience.len() > LONGEST || audience.contains(char::is_control))
        {
            return Err(Error::invalid(
                code!("audience_invalid"),
                format!("an audience has at most {LONGEST} bytes, and no control characters"),
                "give the aud that the provider's tokens name, as https://gateway.example",
            ));
        }
        if let Some(token) = &request.registration_token
            && (token.expose().len() > 16 * LONGEST || !token.expose().bytes().all(|byte| byte.is_ascii_graphic()))
        {
            return Err(Error::invalid(
                code!("registration_token_invalid"),
                "the registration token holds a blank or what is not ASCII, or is longer than 16 KiB",
                "give the initial access token as the provider made it, without a line end",
            ));
        }
        let known = self.identity_provider().await?;
        match &known {
            None => self.refuse_applications("the organization cannot turn from Tieline's own token service").await?,
            Some(known) if known.issuer != request.issuer => {
                let what = format!("the organization cannot turn from {}", known.issuer);
                self.refuse_applications(&what).await?;
            }
            Some(_) => {}
        }
        Ok(known)
    }

    /// The sealed version of a token to register with: the one that is kept when nothing else is said.
    async fn registration_token(
        &mut self,
        given: Option<&Secret>,
        kept: Option<SealedVersionId>,
    ) -> Result<Option<SealedVersionId>> {
        let Some(token) = given else { return Ok(kept) };
        if token.expose().is_empty() {
            return Ok(None);
        }
        let context = format!("identity-provider/{}", self.organization.id);
        self.seal_value(&context, token).await.map(Some)
    }
}
