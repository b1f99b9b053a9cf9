//! The clients of OAuth applications at an identity provider, as connections see them: wanted, there, or waited for.

use tieline_core::code;
use tieline_core::id::{ApplicationId, RowId};
use tieline_core::model::Secrets;
use tieline_store::connection::Connection;
use tieline_store::identity_provider::IdentityProvider;
use tieline_store::registration::Registration;
use tieline_store::tenancy::Environment;

use crate::application::ApplicationHome;
use crate::work::Work;
use crate::{Error, Result};

impl Work<'_> {
    /// Wants a client of an application to be registered, where the organization has an identity provider of its own.
    pub(crate) async fn registration_want(
        &mut self,
        client: &str,
        application: ApplicationId,
        environment: &Environment,
    ) -> Result<()> {
        if self.identity_provider().await?.is_none() {
            return Ok(());
        }
        let name = self.registration_name(application, environment).await?;
        let registration = Registration {
            id: RowId(self.control.new_id()),
            organization_id: self.organization.id,
            client_id: Some(client.to_owned()),
            name,
            registered_id: None,
            management_uri: None,
            management_token_id: None,
            begun_at: None,
            attempts: 0,
            due_at: Some(self.at),
            failure: None,
            created_at: self.at,
        };
        Ok(self.transaction.registration_insert(&registration).await?)
    }

    /// Whether a client is, or is to be, an identity provider's: its secret is the provider's to draw.
    pub(crate) async fn is_registered_elsewhere(&mut self, client: &str) -> Result<bool> {
        Ok(self.transaction.registration_of_client(client).await?.is_some())
    }

    /// The client id that components present; or why there is none yet.
    pub(crate) async fn client_presented(&mut self, client: &str) -> Result<std::result::Result<String, String>> {
        let Some(registration) = self.transaction.registration_of_client(client).await? else {
            return Ok(Ok(client.to_owned()));
        };
        let issuer = self.identity_provider().await?.map_or_else(String::new, |provider| provider.issuer);
        let Some(id) = registration.registered_id else {
            return Ok(Err(match registration.failure {
                Some(failure) => format!(
                    "its client could not be registered at {issuer} so far: {failure}; it is tried again by itself"
                ),
                None => format!("its client is being registered at {issuer}"),
            }));
        };
        Ok(Ok(id))
    }

    /// Where the clients of connections by oauth2 get their tokens.
    pub(crate) async fn token_url(&mut self) -> Result<String> {
        Ok(match self.identity_provider().await? {
            Some(provider) => provider.metadata.token_endpoint,
            None => format!("{}/oauth2/token", self.control.settings.public_url),
        })
    }

    /// Refuses a secret per component where a client has the one secret that its provider drew.
    pub(crate) async fn refuse_own_secrets(&mut self, secrets: Secrets) -> Result<()> {
        if secrets == Secrets::Shared {
            return Ok(());
        }
        let Some(IdentityProvider { issuer, .. }) = self.identity_provider().await? else { return Ok(()) };
        Err(Error::conflict(
            code!("secrets_at_provider"),
            format!("clients at {issuer} have one secret each: components cannot have their own"),
            "leave --secrets out; or make a connection at component level with --own-application for each of them",
        ))
    }

    /// Refuses to rotate the client secret of a connection whose client is an identity provider's.
    pub(crate) async fn refuse_provider_secrets(&mut self, connection: &Connection) -> Result<()> {
        let Some(IdentityProvider { issuer, .. }) = self.identity_provider().await? else { return Ok(()) };
        if connection.application_id.is_none() {
            return Ok(());
        }
        Err(Error::conflict(
            code!("rotation_at_provider"),
            format!(
                "the client of {:?} is registered at {issuer}, which keeps one secret of a client",
                connection.name
            ),
            "make another connection with --own-application, move the descriptors to it, and delete this one: its client \
             is deleted at the provider",
        ))
    }

    /// Plans again whatever uses an application of the organization.
    pub(super) async fn refresh_applications(&mut self) -> Result<()> {
        for connection in self.transaction.connections_with_application(self.organization.id, i64::MAX).await? {
            self.refresh_connection(connection.id).await?;
        }
        Ok(())
    }

    /// How a client is called at the provider, for people there: what it belongs to, and where.
    async fn registration_name(&mut self, application: ApplicationId, environment: &Environment) -> Result<String> {
        let found = self.transaction.application_by_id(application).await?;
        let missing = || Error::Inconsistent(format!("the application {application} is missing"));
        let application = found.ok_or_else(missing)?;
        let (kind, id) = (application.owner.kind(), application.owner.id());
        let owner = self.application_home(&application).await?;
        let owner = owner.map_or_else(|| id.to_string(), ApplicationHome::name);
        let (organization, environment) = (&self.organization.handle, &environment.handle);
        Ok(format!("Tieline: {organization}, {kind} {owner}, {environment}"))
    }
}
