//! Every decision of Tieline: each use case authorizes an [`Actor`], decides by the rules of `core`, and records what it
//! did, with the audit entry, in one transaction.
//!
//! It knows no HTTP and no HTML; `web` and the command line convert to and from it.

mod actor;
mod allowed;
mod answer;
mod application;
mod audit;
pub mod backup;
mod component;
mod connection;
mod consumers;
mod deployment;
mod environment;
mod error;
mod failures;
mod feed;
mod grant;
mod graph;
mod identity_provider;
mod installation_token;
mod key;
mod memory;
pub mod oauth;
mod organization;
mod pace;
mod page;
mod project;
mod purge;
pub mod restore;
mod rotation;
mod sealed;
mod service;
mod session;
mod sign_in_provider;
mod start;
mod subscription;
mod table;
mod token;
mod upkeep;
mod user;
mod work;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use tieline_core::clock::Clock;
use tieline_core::id::InstanceId;
use tieline_core::identity_provider::ProviderClient;
use tieline_core::model::SigningAlgorithm;
use tieline_core::randomness::{Randomness, uuid_v4, uuid_v7};
use tieline_core::secret::Digest;
use tieline_store::Store;
use tieline_store::session::Owner;
use tieline_vault::seal::Sealer;
use tokio::sync::{Mutex, Semaphore, watch};
use uuid::Uuid;

use crate::actor::Known;
use crate::deployment::{Delivered, Report};
use crate::failures::Failures;
use crate::feed::Feed;
use crate::identity_provider::Registrations;
use crate::memory::Memory;
use crate::oauth::{Clients, Signing};
use crate::pace::Pace;
use crate::sign_in_provider::SignIns;
use crate::user::Attempts;

pub use actor::Actor;
pub use allowed::Allowed;
pub use answer::{KeptAnswer, Repeat};
pub use connection::{ConnectionAllowed, Force, Scope};
pub use deployment::SnapshotQuery;
pub use error::{Error, Kind, Refusal, Result};
pub use page::PageQuery;
pub use purge::Purged;
pub use session::{ChangeStream, LoginLink, News};
pub use sign_in_provider::{ProviderAnswer, SignInProvider, SignInQuestion, SignInWish, SignedIn};
pub use start::{FirstStart, StartError};
pub use table::{TableCursor, TablePiece, TableStream};
pub use upkeep::Reconciled;
pub use user::{InvitationLink, Joining, Step};

/// What a server is told at its start and never changes while it runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address of the API and token service, as clients see it, without a trailing slash.
    pub public_url: String,
    /// The address of the internal gateway, as components see it.
    pub gateway_internal_url: String,
    /// The address of the external gateway, as its callers see it.
    pub gateway_external_url: String,
    /// Whether endpoints may listen on loopback although the installation has several organizations.
    pub allow_loopback: bool,
    /// Where this server listens itself: never an endpoint's address.
    pub listeners: Vec<SocketAddr>,
    /// Where the master key lies; none when it came from the environment, and then it cannot be rotated here.
    pub key_file: Option<PathBuf>,
    /// How tokens are signed.
    pub signing_algorithm: SigningAlgorithm,
    /// By whom people sign in to the console, beside what Tieline has itself.
    pub sign_in_provider: Option<SignInProvider>,
}

impl Settings {
    /// The addresses that snapshots are made with, by name: a change of them makes new snapshots.
    #[must_use]
    pub fn addresses(&self) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("public".to_owned(), self.public_url.clone()),
            ("gateway_internal".to_owned(), self.gateway_internal_url.clone()),
            ("gateway_external".to_owned(), self.gateway_external_url.clone()),
        ])
    }
}

/// The use cases, over one open database. One value serves all requests.
pub struct Control {
    store: Store,
    sealer: RwLock<Arc<Sealer>>,
    /// Held while the master key is rotated, so that one rotation ends before the next begins.
    rotation: Mutex<()>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    /// What asks the identity providers of organizations.
    provider_client: Arc<dyn ProviderClient>,
    /// The registration of clients there.
    registrations: Registrations,
    settings: Settings,
    feed: Feed,
    /// The last change that a gateway in this process has applied; none while there is no gateway.
    applied: watch::Sender<Option<i64>>,
    /// Who presented a token, by its digest.
    actors: Memory<Digest, Arc<Known>>,
    /// Who presented the secret of a session, by its digest.
    sessions: Memory<Digest, Arc<session::Visitor>>,
    /// Who follows what changes.
    followers: session::Followers,
    /// What is known of the provider by which people sign in.
    sign_ins: SignIns,
    /// The keys that sign tokens.
    signing: Signing,
    /// The clients that ask for tokens.
    clients: Clients,
    /// Turns at reading definitions for people.
    outlines: Semaphore,
    /// Those who did not prove who they are.
    failures: Failures,
    /// How fast clients revoke tokens.
    revocations: Pace<String>,
    /// How often people try passwords.
    attempts: Attempts,
    /// What runners fetch.
    delivered: Memory<(Owner, SnapshotQuery), Arc<Delivered>>,
    /// Which runner took which snapshot, to be recorded together.
    reports: std::sync::Mutex<HashMap<InstanceId, Report>>,
}

impl Control {
    /// The number of the last change; whoever follows the feed waits on it. It is a nudge: the feed itself is in the
    /// database.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<i64> {
        self.feed.subscribe()
    }

    /// What this server was told at its start.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Answers whether the database can be reached.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn ready(&self) -> Result<()> {
        self.store.read().await?.change_number().await?;
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn new_id(&self) -> Uuid {
        uuid_v7(&*self.clock, &*self.randomness)
    }

    fn new_connection_id(&self) -> Uuid {
        uuid_v4(&*self.randomness)
    }

    fn sealer(&self) -> Arc<Sealer> {
        Arc::clone(&self.sealer.read().unwrap_or_else(PoisonError::into_inner))
    }
}
