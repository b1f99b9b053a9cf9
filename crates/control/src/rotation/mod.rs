//! Keys over time: rotation with two live secrets, revocation of one component's own, and their end.
//!
//! A rotation has no row of its own. It is under way while a live key has an end (`not_after`) and another one of the same
//! holder has none; where no other has none, the one component that held it alone uses it no more. Whatever is killed meanwhile, [`crate::Control::rotations_reconcile`] goes on from there.

mod finish;
mod own;
mod revoke;
mod rotate;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tieline_core::access::Permission;
use tieline_core::access_token::LIFETIMES;
use tieline_core::id::{ComponentId, EnvironmentId};
use tieline_core::model::{ComponentType, Secrets};
use tieline_store::connection::Connection;
use tieline_store::key::Key;
use tieline_store::oauth::Revocation;
use tieline_store::rotation::{Credential, Issued};
use tieline_store::tenancy::{Component, Environment, Project};

use crate::Result;
use crate::work::Work;

/// The live keys of a connection in one environment that one component holds, or that all share.
pub(crate) struct KeySet {
    pub(crate) environment: Environment,
    pub(crate) holder: Option<Component>,
    pub(crate) credentials: Vec<Credential>,
}

/// What is rotated for itself: several connections share a client secret, and each has API keys of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Secrets of an OAuth client.
    ClientSecret,
    /// API keys.
    ApiKey,
}

impl KeySet {
    /// Those of a kind.
    fn of(&self, kind: Kind) -> impl Iterator<Item = &Credential> {
        let is = move |credential: &&Credential| match credential.issued {
            Issued::ClientSecret { .. } => kind == Kind::ClientSecret,
            Issued::ApiKey { .. } => kind == Kind::ApiKey,
        };
        self.credentials.iter().filter(is)
    }

    /// Whether nothing of a kind is to be rotated, since some of it is being rotated out, or there is none.
    fn is_under_way(&self, kind: Kind) -> bool {
        let mut of = self.of(kind).peekable();
        of.peek().is_none() || of.any(|credential| credential.key.not_after.is_some())
    }

    /// Whether their holder uses none of them any more: all of them retire, and there is no other.
    fn is_dropped(&self) -> bool {
        self.credentials.iter().all(|credential| credential.key.not_after.is_some())
    }

    /// Those that are being rotated out.
    pub(crate) fn retiring(&self) -> impl Iterator<Item = &Credential> {
        self.credentials.iter().filter(|credential| credential.key.not_after.is_some())
    }
}

impl Work<'_> {
    /// The live keys of a connection in environments: the API keys, and the client secrets of those who hold one.
    pub(crate) async fn key_sets(
        &mut self,
        connection: &Connection,
        environments: &[Environment],
    ) -> Result<Vec<KeySet>> {
        let mut sets = Vec::new();
        for environment in environments {
            let mut held: BTreeMap<Option<ComponentId>, Vec<Credential>> = BTreeMap::new();
            let credential = |issued, key| Credential { issued, environment_id: environment.id, key };
            for key in self.transaction.api_keys(connection.id, environment.id).await? {
                let issued = Issued::ApiKey { connection: connection.id };
                held.entry(key.holder).or_default().push(credential(issued, key));
            }
            let per_component = connection.secrets == Secrets::PerComponent;
            held.retain(|holder, _| holder.is_some() == per_component);
            if let Some(application) = connection.application_id
                && let Some(client) = self.transaction.client_id(application, environment.id).await?
            {
                for key in self.transaction.client_secrets(&client).await? {
                    let issued = Issued::ClientSecret { client: client.clone(), application };
                    if let Some(credentials) = held.get_mut(&key.holder) {
                        credentials.push(credential(issued, key));
                    }
                }
            }
            for (holder, credentials) in held {
                let holder = match holder {
                    Some(id) => self.transaction.component_by_id(id).await?,
                    None => None,
                };
                sets.push(KeySet { environment: environment.clone(), holder, credentials });
            }
        }
        Ok(sets)
    }

    /// The environments of handles; all when there are none.
    async fn environments_of(&mut self, handles: &[String]) -> Result<Vec<Environment>> {
        if handles.is_empty() {
            return Ok(self.transaction.environments(self.organization.id).await?);
        }
        let mut environments = Vec::with_capacity(handles.len());
        for handle in handles {
            environments.push(self.environment(handle).await?);
        }
        Ok(environments)
    }

    /// Consumers get other values at once, as by a deployment: in critical environments that is for administrators of the
    /// project. They are all those of the OAuth client, through whichever connection they use it.
    async fn require_keys(
        &mut self,
        connection: &Connection,
        project: Option<&Project>,
        environments: &[String],
    ) -> Result<Vec<Environment>> {
        self.require_connect(connection.level, project)?;
        let environments = self.environments_of(environments).await?;
        if let Some(project) = project
            && environments.iter().any(|environment| environment.critical)
        {
            let critical = |id: EnvironmentId| environments.iter().any(|found| found.id == id && found.critical);
            for sharing in self.sharing(connection).await? {
                let consumers = self.consumers_of_connection(&sharing).await?;
                if consumers.iter().any(|consumer| critical(consumer.environment)) {
                    self.require(Permission::AdministerProject, Some(project))?;
                }
            }
        }
        Ok(environments)
    }

    /// The connections whose users get another client secret with this one: itself, and those of its application.
    async fn sharing(&mut self, connection: &Connection) -> Result<Vec<Connection>> {
        let Some(application) = connection.application_id else { return Ok(vec![connection.clone()]) };
        let mut sharing = self.transaction.connections_of_application(application).await?;
        sharing.retain(|other| other.secrets == connection.secrets);
        Ok(sharing)
    }

    /// Since when nobody is given a key that retires: it has a successor, or the one component that held it alone a
    /// deployment that does without. None when neither is so.
    async fn given_until(&mut self, credential: &Credential) -> Result<Option<Timestamp>> {
        let keys = match &credential.issued {
            Issued::ClientSecret { client, .. } => self.transaction.client_secrets(client).await?,
            Issued::ApiKey { connection } => self.transaction.api_keys(*connection, credential.environment_id).await?,
        };
        let succeeds = |key: &&Key| key.holder == credential.key.holder && key.not_after.is_none();
        let successor = keys.iter().filter(succeeds).map(|key| key.created_at).max();
        match (successor, credential.key.holder) {
            (None, Some(holder)) => {
                let live = self.transaction.deployments_live(holder, credential.environment_id).await?;
                Ok(live.iter().map(|deployment| deployment.created_at).max())
            }
            (successor, _) => Ok(successor),
        }
    }

    /// The external consumer that presents a key: it has no instances, and tells nobody what it holds.
    async fn external_holder(&mut self, credential: &Credential) -> Result<Option<Component>> {
        let connections = match credential.issued {
            Issued::ClientSecret { application, .. } => {
                self.transaction.connections_of_application(application).await?
            }
            Issued::ApiKey { connection } => {
                self.transaction.connection_held_by_id(connection).await?.into_iter().collect()
            }
        };
        let components: BTreeSet<_> = connections.iter().filter_map(|connection| connection.component_id).collect();
        for id in components {
            let component = self.transaction.component_by_id(id).await?;
            if let Some(found) = component.filter(|found| found.component_type == ComponentType::ExternalConsumer) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Revokes a key: nobody is accepted by it any more, and neither are the tokens that it got.
    pub(crate) async fn credential_end(&mut self, credential: &Credential) -> Result<()> {
        let at = self.at;
        self.transaction.credential_revoke(credential, at).await?;
        match credential.issued {
            Issued::ClientSecret { .. } => {
                // The organization's tokens may have lived longer when the last of them was issued.
                let until = at.as_second() + *LIFETIMES.end();
                let (id, organization_id) = (credential.key.id.to_string(), self.organization.id);
                self.touch_revocation(&id);
                self.transaction.revocation_save(&Revocation { id, organization_id, until }).await?;
            }
            Issued::ApiKey { connection } => {
                if let Some(connection) = self.transaction.connection_held_by_id(connection).await? {
                    self.touch_connection(&connection);
                }
            }
        }
        Ok(())
    }
}
