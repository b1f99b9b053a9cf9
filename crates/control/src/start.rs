//! The first start of a database, which makes its master key and admin token, and every later one, which checks them.

use std::sync::{Arc, RwLock};

use tieline_core::clock::Clock;
use tieline_core::identity_provider::ProviderClient;
use tieline_core::randomness::Randomness;
use tieline_core::secret::Secret;
use tieline_store::Store;
use tieline_store::token::Installation;
use tieline_vault::keyring::Keyring;
use tieline_vault::seal::Sealer;
use tokio::sync::{Mutex, Semaphore, watch};

use crate::failures::Failures;
use crate::feed::Feed;
use crate::identity_provider::Registrations;
use crate::memory::Memory;
use crate::oauth::{Clients, REVOCATIONS, Signing};
use crate::pace::Pace;
use crate::service::OUTLINES;
use crate::session::Followers;
use crate::sign_in_provider::SignIns;
use crate::table::first_generation;
use crate::token::installation_admin;
use crate::user::Attempts;
use crate::{Control, Result, Settings, work};

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The key at hand does not belong to this database.
    #[error("this database is sealed with the master key {needed}, and the key at hand is {found}")]
    WrongKey {
        /// The fingerprint that the database names.
        needed: String,
        /// The fingerprint of the key at hand.
        found: String,
    },
    /// The database or the vault failed.
    #[error(transparent)]
    Control(#[from] crate::Error),
}

/// What a database knows about its first start.
pub struct FirstStart {
    /// The fingerprint of the master key that the database needs; none when it was never started.
    pub needed_key: Option<String>,
}

impl FirstStart {
    /// Asks a database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ask(store: &Store) -> Result<Self> {
        let installation = store.read().await?.installation().await?;
        Ok(Self { needed_key: installation.map(|installation| installation.key_fingerprint) })
    }
}

impl Control {
    /// Opens the use cases over a database. On its first start this records the key and makes the admin token, which is
    /// handed to `keep` before anything is committed: a token that could not be kept was never made.
    ///
    /// # Errors
    /// [`StartError::WrongKey`] when the database was sealed with another key.
    pub async fn open<E: From<StartError>>(
        store: Store,
        keyring: Keyring,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        provider_client: Arc<dyn ProviderClient>,
        settings: Settings,
        keep: impl FnOnce(&Secret) -> std::result::Result<(), E>,
    ) -> std::result::Result<Self, E> {
        let failed = |error: tieline_store::Error| StartError::Control(error.into());
        let fingerprint = keyring.current().fingerprint().to_string();
        let mut transaction = store.write().await.map_err(failed)?;
        match transaction.installation().await.map_err(failed)? {
            Some(installation) if installation.key_fingerprint == fingerprint => {}
            // A rotation that was cut short leaves a keyring whose former key is still the database's.
            Some(installation)
                if keyring.keys().any(|key| key.fingerprint().to_string() == installation.key_fingerprint) => {}
            Some(installation) => {
                let error = StartError::WrongKey { needed: installation.key_fingerprint, found: fingerprint };
                return Err(error.into());
            }
            None => {
                let at = clock.now();
                let installation =
                    Installation { key_fingerprint: fingerprint, addresses: settings.addresses(), created_at: at };
                transaction.installation_save(&installation).await.map_err(failed)?;
                let (token, secret) = installation_admin("admin", &*clock, &*randomness);
                transaction.token_insert(&token).await.map_err(failed)?;
                transaction.change_generation_set(&first_generation(&*randomness)).await.map_err(failed)?;
                let detail = serde_json::json!({ "token": token.id });
                work::audit(&mut transaction, "", "server", "installation_create", "installation", detail, at)
                    .await
                    .map_err(StartError::Control)?;
                keep(&secret)?;
            }
        }
        let number = transaction.change_number().await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        let sealer = RwLock::new(Arc::new(Sealer::new(keyring, Arc::clone(&randomness))));
        let rotation = Mutex::new(());
        Ok(Self {
            store,
            sealer,
            rotation,
            clock,
            randomness,
            provider_client,
            registrations: Registrations::default(),
            settings,
            feed: Feed::new(number),
            applied: watch::channel(None).0,
            actors: Memory::new(),
            sessions: Memory::new(),
            followers: Followers::default(),
            sign_ins: SignIns::new(),
            signing: Signing::new(),
            clients: Clients::new(),
            outlines: Semaphore::new(OUTLINES),
            failures: Failures::default(),
            revocations: Pace::new(REVOCATIONS),
            attempts: Attempts::new(),
            delivered: Memory::new(),
            reports: std::sync::Mutex::default(),
        })
    }
}
