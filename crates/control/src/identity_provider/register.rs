//! Registering the clients that are wanted, and deleting those that nobody needs any more: what is due is claimed in one
//! transaction, the provider is asked, and what it said is recorded in another.
//!
//! Whoever is killed in between leaves the claim: after [`CLAIM`] it is tried again. Then a client may have been made that
//! nobody knows of, which the audit says.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::SignedDuration;
use serde_json::json;
use tieline_core::id::{ApplicationId, OrganizationId};
use tieline_core::identity_provider::{Fault, Management, registered, registration};
use tieline_store::registration::Registration;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, timeout_at};

use super::record::Failing as _;
use crate::upkeep::{Reconciled, server_in};
use crate::work::Work;
use crate::{Actor, Control, Error, Result};

/// How long a claim holds: far longer than a provider may take to answer.
const CLAIM: SignedDuration = SignedDuration::from_secs(120);
/// How many of an organization are looked at in one round.
const BATCH: i64 = 100;
/// After this a round in an organization begins with no other.
const ROUND: Duration = Duration::from_secs(5);
/// How many organizations have a round at a time, so that a provider that does not answer holds up no other.
const AT_ONCE: usize = 32;
/// How long who made a connection waits for its clients.
const PATIENCE: Duration = Duration::from_secs(5);
/// How soon one who waits looks again, because another server may register them.
const LOOK: Duration = Duration::from_millis(100);

/// The registration of clients by this server.
#[derive(Default)]
pub(crate) struct Registrations {
    turn: Mutex<()>,
    attended: AtomicBool,
    tried: watch::Sender<u64>,
}

/// What became of one.
pub(super) enum Outcome {
    /// There is nothing left to do.
    Done,
    /// It will be tried again.
    Failed,
    /// The provider is away, for the others too.
    Away(String),
}

impl Control {
    /// Says that somebody in this process calls [`Control::registrations_reconcile`] as soon as anything changes: then who
    /// makes a connection waits a moment for its clients.
    pub fn registrations_attend(&self) {
        self.registrations.attended.store(true, Ordering::Relaxed);
    }

    /// Registers the clients that are wanted at the identity providers of their organizations, and deletes those there that
    /// nobody needs any more. What cannot be done is tried again later, at growing intervals.
    ///
    /// # Errors
    /// When the database fails; what is left is due again.
    pub async fn registrations_reconcile(&self) -> Result<Reconciled> {
        let _turn = self.registrations.turn.lock().await;
        let (mut organizations, mut after, mut transaction) = (Vec::new(), String::new(), self.store.read().await?);
        while let Some(next) = transaction.registering_next(&after, self.now()).await? {
            after = next.to_string();
            organizations.push(next);
        }
        drop(transaction);
        let rounds = organizations.into_iter().map(|organization| self.registrations_of(organization));
        let rounds = stream::iter(rounds).buffer_unordered(AT_ONCE);
        rounds.try_fold(Reconciled::default(), async |sum, round| Ok(sum + round)).await
    }

    /// A round in one organization. It ends soon, also when the provider is slow: others wait for theirs.
    async fn registrations_of(&self, organization: OrganizationId) -> Result<Reconciled> {
        let (mut status, mut away) = (Reconciled::default(), BTreeMap::<bool, String>::new());
        let end = Instant::now() + ROUND;
        for found in self.store.read().await?.registrations_due(organization, self.now(), BATCH).await? {
            if Instant::now() >= end {
                break;
            }
            // Who is deleted may be at a former provider.
            let place = found.client_id.is_some();
            let outcome = self.registration_advance(&found, away.get(&place)).await?;
            self.registrations.tried.send_modify(|tried| *tried += 1);
            match outcome {
                Outcome::Done => status.done += 1,
                Outcome::Failed => status.failed += 1,
                Outcome::Away(reason) => {
                    status.failed += 1;
                    away.insert(place, reason);
                }
            }
        }
        Ok(status)
    }

    /// Waits a moment until the clients of an application are registered, or could not be. Whether there was anything to
    /// wait for.
    pub(crate) async fn registrations_await(&self, application: ApplicationId) -> Result<bool> {
        if !self.registrations.attended.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let (mut tried, mut waited) = (self.registrations.tried.subscribe(), false);
        let end = Instant::now() + PATIENCE;
        while self.store.read().await?.registrations_untried(application).await? > 0 {
            waited = true;
            let now = Instant::now();
            if now >= end {
                break;
            }
            // Whether something was tried, or it is time to look: both ask the database again.
            let _ = timeout_at(end.min(now + LOOK), tried.changed()).await;
        }
        Ok(waited)
    }

    /// Does what is due about one, unless its provider is known to be away.
    async fn registration_advance(&self, found: &Registration, away: Option<&String>) -> Result<Outcome> {
        let organization = self.store.read().await?.organization_by_id(found.organization_id).await?;
        let Some(organization) = organization else { return Ok(Outcome::Done) };
        let server = server_in(&organization);
        let mut work = self.write(&server, &organization.handle).await?;
        let row = work.transaction.registration_by_id(found.id).await?;
        let at = work.at;
        let Some(mut row) = row.filter(|row| row.due_at.is_some_and(|due| due <= at)) else {
            return Ok(Outcome::Done);
        };
        if let Some(reason) = away {
            row.fail(at, reason.clone());
            work.transaction.registration_update(&row).await?;
            work.transaction.commit().await?;
            return Ok(Outcome::Failed);
        }
        match (&row.client_id, &row.registered_id) {
            (Some(_), Some(_)) => {
                row.due_at = None;
                work.transaction.registration_update(&row).await?;
                work.transaction.commit().await?;
                Ok(Outcome::Done)
            }
            (Some(_), None) => self.registration_make(&server, work, row).await,
            (None, Some(_)) => self.registration_end(&server, work, row).await,
            (None, None) => {
                work.transaction.registration_delete(row.id).await?;
                if row.begun_at.is_some() {
                    work.registration_uncertain(&row).await?;
                }
                work.transaction.commit().await?;
                Ok(Outcome::Done)
            }
        }
    }

    async fn registration_make(&self, server: &Actor, mut work: Work<'_>, mut row: Registration) -> Result<Outcome> {
        let missing = || Error::Inconsistent(format!("the client {:?} has no identity provider", row.name));
        let provider = work.identity_provider().await?.ok_or_else(missing)?;
        let token = match provider.registration_token_id {
            Some(id) => Some(work.open_value(id).await?),
            None => None,
        };
        if row.begun_at.is_some() {
            work.registration_uncertain(&row).await?;
        }
        let organization = work.organization.handle.clone();
        work.registration_claim(&mut row).await?;
        let (url, body) = (provider.metadata.registration_endpoint, registration(&row.name, provider.metadata.proof));
        let reach = self.provider_reach().await?;
        let answer = self.provider_ask(move |client| client.register(&url, token.as_ref(), &body, &reach)).await?;
        let fault = match answer.map(|text| registered(&text)) {
            Ok(Ok(found)) => return self.registration_keep(server, &organization, row.id, &found).await,
            Ok(Err(unusable)) => {
                self.registration_take_back(&row.name, unusable.management).await?;
                Fault::Strange(unusable.reason)
            }
            Err(fault) => fault,
        };
        self.registration_failed(server, &organization, row.id, fault).await
    }

    async fn registration_end(&self, server: &Actor, mut work: Work<'_>, mut row: Registration) -> Result<Outcome> {
        let (Some(uri), Some(token)) = (row.management_uri.clone(), row.management_token_id) else {
            work.registration_forget(&row, Some("the provider gave no way to delete it")).await?;
            return Ok(Outcome::Done);
        };
        let management = Management { uri, token: work.open_value(token).await? };
        let organization = work.organization.handle.clone();
        work.registration_claim(&mut row).await?;
        let reach = self.provider_reach().await?;
        let answer = self.provider_ask(move |client| client.unregister(&management, &reach)).await?;
        let left = match answer {
            Ok(()) => None,
            Err(Fault::Denied(reason)) => Some(reason),
            Err(fault) => return self.registration_failed(server, &organization, row.id, fault).await,
        };
        let mut work = self.write(server, &organization).await?;
        if let Some(row) = work.transaction.registration_by_id(row.id).await? {
            work.registration_forget(&row, left.as_deref()).await?;
        }
        Ok(Outcome::Done)
    }

    /// Deletes a client at its provider that is of no use, or that nobody could record.
    pub(super) async fn registration_take_back(&self, name: &str, management: Option<Management>) -> Result<()> {
        let reach = self.provider_reach().await?;
        let Some(management) = management else {
            tracing::warn!(name, "a client of no use stays at its identity provider, which gives no way to delete it");
            return Ok(());
        };
        if let Err(fault) = self.provider_ask(move |client| client.unregister(&management, &reach)).await? {
            tracing::warn!(name, %fault, "a client of no use stays at its identity provider");
        }
        Ok(())
    }
}

impl Work<'_> {
    /// Makes durable that the provider is about to be asked, so that nobody else asks it meanwhile.
    async fn registration_claim(mut self, row: &mut Registration) -> Result<()> {
        (row.begun_at, row.due_at) = (Some(self.at), Some(self.at + CLAIM));
        self.transaction.registration_update(row).await?;
        Ok(self.transaction.commit().await?)
    }

    /// Records that a client may have been made of which nobody knows.
    async fn registration_uncertain(&mut self, row: &Registration) -> Result<()> {
        let (organization, name) = (&self.organization.handle, &row.name);
        tracing::warn!(
            organization,
            name,
            "a registration was cut short: the identity provider may have a client too many"
        );
        self.audit("client_register_uncertain", &row.name, json!({ "begun_at": row.begun_at })).await
    }

    /// Forgets a client that the provider has deleted, or leaves there what it does not delete.
    async fn registration_forget(mut self, row: &Registration, left: Option<&str>) -> Result<()> {
        self.transaction.registration_delete(row.id).await?;
        if let Some(token) = row.management_token_id {
            self.transaction.sealed_supersede(token, self.at).await?;
        }
        let object = row.registered_id.clone().unwrap_or_default();
        let (organization, name) = (&self.organization.handle, &row.name);
        if let Some(reason) = left {
            tracing::warn!(organization, name, client = object, reason, "a client stays at its identity provider");
        }
        let detail = json!({ "name": row.name, "deleted": left.is_none(), "reason": left });
        self.finish_unchanged("client_unregister", &object, detail).await
    }
}
