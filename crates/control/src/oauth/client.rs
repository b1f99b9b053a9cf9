//! Clients: who one is, whether a secret is one of its own, and which scopes it may have. What was read is remembered until
//! something changes, so that a client that is known costs no database.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tieline_core::access_token::audience;
use tieline_core::definition;
use tieline_core::id::{ApplicationId, ComponentId, RowId, ServiceId};
use tieline_core::secret::{Digest, Secret};
use tieline_store::Transaction;
use tieline_store::oauth::Client;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::{OAuthError, OAuthRefusal};
use crate::failures::Failing;
use crate::memory::Memory;
use crate::{Control, Error};

/// Clients that are looked up at a time. Few, so that a flood of clients that do not exist leaves the database to others.
const LOOK_UPS: usize = 2;
/// How long a look-up may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// A client whose known secrets are all others than the presented one is read again, but not more often than this: servers
/// on one database hear of each other's secrets that much later.
const AGAIN: Duration = Duration::from_millis(100);
/// Definitions whose scopes are remembered.
const DEFINITIONS: usize = 10_000;

/// What a client shows, and from where.
#[derive(Debug, Clone)]
pub struct ClientProof {
    /// The client id.
    pub client: String,
    /// The client secret.
    pub secret: Secret,
    /// The address that the request came from.
    pub address: IpAddr,
}

/// The scopes that a definition declares.
type Scopes = Arc<BTreeSet<String>>;

/// What is remembered of clients.
pub(crate) struct Clients {
    known: Memory<String, Arc<KnownClient>>,
    /// The scopes of a service's definition, by the revision of the service: whatever else changes, they stay the same.
    scopes: Mutex<HashMap<(ServiceId, i64), Scopes>>,
    look_ups: Semaphore,
    /// For reading clients again, so that wrong secrets keep nobody from a look-up.
    second_looks: Semaphore,
}

/// A client with everything that an answer to it needs.
pub(super) struct KnownClient {
    pub(super) client: Client,
    pub(super) secrets: Vec<KnownSecret>,
    /// Every scope that it may have.
    pub(super) scopes: BTreeSet<String>,
    /// The `aud` of its tokens.
    pub(super) audience: String,
    /// When it was read.
    read: Instant,
}

/// A live secret of a client.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownSecret {
    pub(super) id: RowId,
    pub(super) holder: Option<ComponentId>,
    digest: Digest,
    not_after: Option<Timestamp>,
}

impl Clients {
    pub(crate) fn new() -> Self {
        Self {
            known: Memory::new(),
            scopes: Mutex::default(),
            look_ups: Semaphore::new(LOOK_UPS),
            second_looks: Semaphore::new(1),
        }
    }

    fn scopes_of(&self, service: (ServiceId, i64)) -> Option<Scopes> {
        self.scopes.lock().unwrap_or_else(PoisonError::into_inner).get(&service).cloned()
    }

    fn keep_scopes(&self, service: (ServiceId, i64), scopes: Scopes) {
        let mut known = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= DEFINITIONS {
            known.clear();
        }
        known.insert(service, scopes);
    }
}

impl KnownClient {
    /// The secret that was presented. Each is compared, whichever it is, and each in constant time.
    pub(super) fn secret(&self, presented: &Secret, at: Timestamp) -> Option<KnownSecret> {
        let digest = Digest::of(presented.expose());
        let accepted = |secret: &KnownSecret| secret.not_after.is_none_or(|end| at < end);
        let found = |found, secret: &KnownSecret| {
            if secret.digest == digest && accepted(secret) { Some(*secret) } else { found }
        };
        self.secrets.iter().fold(None, found)
    }
}

impl Control {
    /// The client behind a proof, and the secret by which it proved itself. The secret is looked at before anything else:
    /// whoever has it is not held back for what others tried.
    pub(super) async fn client_authenticate(
        &self,
        proof: &ClientProof,
    ) -> Result<(Arc<KnownClient>, KnownSecret), OAuthError> {
        let asked = Instant::now();
        let mut known = self.client_known(&proof.client).await?;
        let now = self.now();
        let mut found = None;
        if let Some(remembered) = known.take() {
            found = remembered.secret(&proof.secret, now);
            known = match found {
                Some(_) => Some(remembered),
                None => self.client_known_after(remembered, asked).await?,
            };
        }
        if let Some(known) = &known
            && let Some(secret) = found.or_else(|| known.secret(&proof.secret, now))
        {
            return Ok((Arc::clone(known), secret));
        }
        let known = known.as_ref().map(|known| &known.client);
        let (id, organization) = (known.map(|client| client.id.as_str()), known.map(|client| client.organization_id));
        let delay = self.failures.note(Failing::Client, id, organization, proof.address, now);
        let description = match known {
            Some(client) => format!("the secret is none of the live secrets of client {}", client.id),
            None => "there is no such client".to_owned(),
        };
        Err(OAuthError::Refused { refusal: OAuthRefusal::InvalidClient, description, delay })
    }

    /// A client, if there is one.
    pub(super) async fn client_known(&self, id: &str) -> Result<Option<Arc<KnownClient>>, OAuthError> {
        let id = id.to_owned();
        if let Some(known) = self.clients.known.recall(&id, &self.feed) {
            return Ok(Some(known));
        }
        if !looks_minted(&id) {
            return Ok(None);
        }
        let turn = tokio::time::timeout(PATIENCE, self.clients.look_ups.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(busy()) };
        // Whoever had the turn before may have looked for the same one.
        if let Some(known) = self.clients.known.recall(&id, &self.feed) {
            return Ok(Some(known));
        }
        self.client_remember(id).await
    }

    /// A client as it is in the database after a moment: another server may have minted a secret that this one has not
    /// heard of. Whoever presents wrong secrets waits, and has a client read once in a while at most, one at a time.
    pub(super) async fn client_known_after(
        &self,
        mut known: Arc<KnownClient>,
        asked: Instant,
    ) -> Result<Option<Arc<KnownClient>>, OAuthError> {
        // A server that has its database to itself hears of everything at once.
        while self.store.is_shared() && known.read < asked {
            tokio::time::sleep_until(known.read + AGAIN).await;
            let turn = tokio::time::timeout(PATIENCE, self.clients.second_looks.acquire()).await;
            let Ok(Ok(_turn)) = turn else { break };
            match self.clients.known.recall(&known.client.id, &self.feed) {
                Some(other) if other.read > known.read => known = other,
                _ => return self.client_remember(known.client.id.clone()).await,
            }
        }
        Ok(Some(known))
    }

    /// Reads a client, and remembers it.
    async fn client_remember(&self, id: String) -> Result<Option<Arc<KnownClient>>, OAuthError> {
        let number = self.feed.number();
        let Some(known) = self.client_read(&id).await? else { return Ok(None) };
        let known = Arc::new(known);
        let organization = Some(known.client.organization_id);
        self.clients.known.keep(id, &self.feed, number, organization, Arc::clone(&known));
        Ok(Some(known))
    }

    async fn client_read(&self, id: &str) -> Result<Option<KnownClient>, OAuthError> {
        let read = Instant::now();
        let mut transaction = self.store.read().await?;
        let Some(client) = transaction.client_by_id(id).await? else { return Ok(None) };
        let mut secrets = Vec::new();
        for key in transaction.client_secrets(id).await? {
            let digest = <[u8; 32]>::try_from(key.digest)
                .map_err(|_| Error::Inconsistent(format!("the digest of client secret {} is none", key.id)))?;
            secrets.push(KnownSecret {
                id: key.id,
                holder: key.holder,
                digest: Digest::from_bytes(digest),
                not_after: key.not_after,
            });
        }
        let scopes = self.application_scopes(&mut transaction, client.application_id).await?;
        let audience = audience(&self.settings.public_url, &client.organization, &client.environment);
        Ok(Some(KnownClient { client, secrets, scopes, audience, read }))
    }

    /// The scopes that the definitions of the services declare to which an application's connections lead.
    async fn application_scopes(
        &self,
        transaction: &mut Transaction,
        application: ApplicationId,
    ) -> Result<BTreeSet<String>, OAuthError> {
        let mut scopes = BTreeSet::new();
        for service in transaction.services_of_application(application).await? {
            let of_service = match self.clients.scopes_of(service) {
                Some(known) => known,
                None => {
                    let definition = transaction.service_definition(service.0).await?.unwrap_or_default();
                    let read = Arc::new(definition::scope_names(
                        &definition::scopes(definition.as_bytes()).unwrap_or_default(),
                    ));
                    self.clients.keep_scopes(service, Arc::clone(&read));
                    read
                }
            };
            scopes.extend(of_service.iter().cloned());
        }
        Ok(scopes)
    }
}

fn busy() -> OAuthError {
    let description = "too many clients are looked up at a time; try again in a second";
    OAuthError::Busy { description, after: Duration::from_secs(1) }
}

/// Whether a text can be a client id that the vault drew; for others nothing needs to be looked up.
fn looks_minted(id: &str) -> bool {
    id.len() == 28 && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}
