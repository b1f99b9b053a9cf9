//! OAuth applications and keys: which application a connection uses, and the client ids, secrets and API keys that are
//! minted for it in each environment. Where the organization has an identity provider of its own, that draws id and secret.
//! Nothing here replaces or revokes a key that is there; `rotation` does. A key that retires because its holder used it no
//! more goes on.

use std::collections::{BTreeMap, BTreeSet};

use tieline_core::id::{ApplicationId, RowId};
use tieline_core::model::{AccessMode, ComponentType, Level, Scheme, Secrets};
use tieline_core::secret::{Digest, Secret};
use tieline_store::connection::Connection;
use tieline_store::key::{Application, ApplicationOwner, Key};
use tieline_store::rotation::{Credential, Issued};
use tieline_store::tenancy::{Component, Environment};
use tieline_vault::token;

use crate::Result;
use crate::work::Work;

/// What is minted for a connection in each environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Minted {
    /// Nothing: there is no gateway that asks for a proof, or a browser would show it.
    Nothing,
    /// An API key.
    ApiKey,
    /// A client id and secret, and an API key.
    Client,
}

/// Decides what is minted. `only_consumer` is the one component that may use the connection, at component level.
pub(crate) fn minted(mode: Option<AccessMode>, scheme: Option<Scheme>, only_consumer: Option<ComponentType>) -> Minted {
    if only_consumer == Some(ComponentType::WebApp) {
        return Minted::Nothing;
    }
    match (mode, scheme) {
        (Some(AccessMode::Organization | AccessMode::Public), Some(Scheme::OAuth2)) => Minted::Client,
        (Some(AccessMode::Organization | AccessMode::Public), Some(Scheme::ApiKey)) => Minted::ApiKey,
        _ => Minted::Nothing,
    }
}

impl Work<'_> {
    /// The OAuth application of a connection that needs one: the connection's own at organization level and where it was
    /// asked for, the project's at project level, the component's at component level. Made when it is missing.
    pub(crate) async fn application_for(&mut self, connection: &Connection, own: bool) -> Result<ApplicationId> {
        let owner = match (connection.level, connection.project_id, connection.component_id) {
            (Level::Project, Some(project), _) if !own => ApplicationOwner::Project(project),
            (Level::Component, _, Some(component)) if !own => ApplicationOwner::Component(component),
            _ => ApplicationOwner::Connection(connection.id),
        };
        if let Some(application) = self.transaction.application_by_owner(owner).await? {
            return Ok(application.id);
        }
        let application = Application {
            id: ApplicationId(self.control.new_id()),
            organization_id: self.organization.id,
            owner,
            created_at: self.at,
        };
        self.transaction.application_insert(&application).await?;
        Ok(application.id)
    }

    /// Mints what a connection lacks in the given environments. With a secret per component, only the client id is
    /// shared, and a connection of one component gets that component's keys at once.
    pub(crate) async fn ensure_keys(&mut self, connection: &Connection, environments: &[Environment]) -> Result<()> {
        let only_consumer = match connection.component_id {
            Some(id) => self.transaction.component_by_id(id).await?,
            None => None,
        };
        for environment in environments {
            match (connection.secrets, &only_consumer) {
                (Secrets::Shared, _) => self.mint(connection, environment, only_consumer.as_ref(), None).await?,
                (Secrets::PerComponent, Some(component)) => {
                    self.ensure_component_keys(connection, environment, component).await?;
                }
                (Secrets::PerComponent, None) => {
                    if let Some(application) = connection.application_id {
                        self.client(application, environment).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Mints what one component lacks of its own under a connection with a secret per component; nothing under others.
    pub(crate) async fn ensure_component_keys(
        &mut self,
        connection: &Connection,
        environment: &Environment,
        component: &Component,
    ) -> Result<()> {
        if connection.secrets == Secrets::Shared || component.component_type == ComponentType::WebApp {
            return Ok(());
        }
        self.mint(connection, environment, None, Some(component)).await
    }

    /// Mints what every connection of the organization needs in an environment that was just made: nothing is there yet, so
    /// that nothing is looked for connection by connection.
    pub(crate) async fn ensure_keys_in(&mut self, environment: &Environment) -> Result<()> {
        let connections = self.transaction.connections_with_keys(self.organization.id).await?;
        if connections.is_empty() {
            return Ok(());
        }
        let components = self.transaction.components_of_organization(self.organization.id).await?;
        let components: BTreeMap<_, _> = components.into_iter().map(|component| (component.id, component)).collect();
        let mut clients = BTreeMap::new();
        let mut secrets = BTreeSet::new();
        for connection in connections {
            let only_consumer = connection.component_id.and_then(|id| components.get(&id));
            let holder = only_consumer.filter(|_| connection.secrets == Secrets::PerComponent);
            let kind = only_consumer.map(|component| component.component_type);
            let minted = minted(connection.access_mode, connection.scheme, kind);
            if minted == Minted::Nothing {
                continue;
            }
            let at_deployment = connection.secrets == Secrets::PerComponent && holder.is_none();
            if let Some(application) = connection.application_id.filter(|_| minted == Minted::Client) {
                let client = match clients.get(&application) {
                    Some(client) => String::clone(client),
                    None => self.client_new(application, environment).await?,
                };
                clients.insert(application, client.clone());
                if !at_deployment
                    && secrets.insert((application, holder.map(|component| component.id)))
                    && !self.is_registered_elsewhere(&client).await?
                {
                    self.client_secret_new(&client, holder).await?;
                }
            }
            if !at_deployment {
                self.api_key_new(&connection, environment, holder).await?;
            }
        }
        Ok(())
    }

    async fn mint(
        &mut self,
        connection: &Connection,
        environment: &Environment,
        only_consumer: Option<&Component>,
        holder: Option<&Component>,
    ) -> Result<()> {
        let consumer_type = only_consumer.map(|component| component.component_type);
        let minted = minted(connection.access_mode, connection.scheme, consumer_type);
        let held = |key: &Key| key.holder == holder.map(|component| component.id);
        let environment_id = environment.id;
        if minted == Minted::Client
            && let Some(application) = connection.application_id
        {
            let client = self.client(application, environment).await?;
            match self.transaction.client_secrets(&client).await?.into_iter().find(held) {
                Some(key) => {
                    let issued = Issued::ClientSecret { client, application };
                    self.key_resume(Credential { issued, environment_id, key }).await?;
                }
                None => {
                    if !self.is_registered_elsewhere(&client).await? {
                        self.client_secret_new(&client, holder).await?;
                    }
                }
            }
        }
        if minted == Minted::Nothing {
            return Ok(());
        }
        match self.transaction.api_keys(connection.id, environment.id).await?.into_iter().find(held) {
            Some(key) => {
                let issued = Issued::ApiKey { connection: connection.id };
                self.key_resume(Credential { issued, environment_id, key }).await?;
            }
            None => {
                self.api_key_new(connection, environment, holder).await?;
                self.touch_connection(connection);
            }
        }
        Ok(())
    }

    /// Lets a key go on. It is the first of its holder's: one that retires has no successor.
    async fn key_resume(&mut self, credential: Credential) -> Result<()> {
        if credential.key.not_after.is_some() {
            self.transaction.credential_retire(&credential, None).await?;
        }
        Ok(())
    }

    pub(crate) async fn client_secret_new(&mut self, client: &str, holder: Option<&Component>) -> Result<()> {
        let drawn = token::client_secret(&*self.control.randomness);
        let key = self.key(&format!("client/{client}"), drawn, holder).await?;
        Ok(self.transaction.client_secret_insert(client, &key).await?)
    }

    pub(crate) async fn api_key_new(
        &mut self,
        connection: &Connection,
        environment: &Environment,
        holder: Option<&Component>,
    ) -> Result<()> {
        let drawn = token::api_key(&*self.control.randomness);
        let key = self.key(&format!("api-key/{}", connection.id), drawn, holder).await?;
        Ok(self.transaction.api_key_insert(connection.id, environment.id, &key).await?)
    }

    /// The client id of an application in an environment, made when it is missing.
    async fn client(&mut self, application: ApplicationId, environment: &Environment) -> Result<String> {
        if let Some(client) = self.transaction.client_id(application, environment.id).await? {
            return Ok(client);
        }
        self.client_new(application, environment).await
    }

    async fn client_new(&mut self, application: ApplicationId, environment: &Environment) -> Result<String> {
        let client = token::client_id(&*self.control.randomness);
        self.transaction.client_insert(&client, application, environment.id, self.at).await?;
        self.registration_want(&client, application, environment).await?;
        Ok(client)
    }

    /// Seals a secret that was just drawn. The context ends in the row's id, so that sealed bytes moved to another row do
    /// not open there.
    pub(crate) async fn key(
        &mut self,
        context: &str,
        drawn: (Secret, Digest),
        holder: Option<&Component>,
    ) -> Result<Key> {
        let (secret, digest) = drawn;
        let id = RowId(self.control.new_id());
        let sealed_version_id = self.seal_value(&format!("{context}/{id}"), &secret).await?;
        Ok(Key {
            id,
            sealed_version_id,
            digest: digest.as_bytes().to_vec(),
            holder: holder.map(|component| component.id),
            not_after: None,
            created_at: self.at,
        })
    }
}
