//! What became of a registration: recorded so that no client is lost of which the provider has made one.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tieline_core::id::RowId;
use tieline_core::identity_provider::{Fault, Registered};
use tieline_core::secret::Digest;
use tieline_store::registration::Registration;

use super::register::Outcome;
use crate::work::Work;
use crate::{Actor, Control, Result};

/// How often what a provider made is tried to be recorded, before it is deleted there again.
const TRIES: u32 = 5;
/// How long a database that fails is given in between.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest time until the provider is asked again for a client that is wanted, and to delete one.
const AGAIN: (i64, i64) = (60, 3600);

/// Additions to what the store keeps.
pub(super) trait Failing {
    /// Notes that the provider was asked in vain, and when it is asked again.
    fn fail(&mut self, at: Timestamp, reason: String);
}

impl Failing for Registration {
    fn fail(&mut self, at: Timestamp, reason: String) {
        let most = if self.client_id.is_some() { AGAIN.0 } else { AGAIN.1 };
        let doublings = u32::try_from(self.attempts.clamp(0, 16)).unwrap_or_default();
        let wait = (1_i64 << doublings).min(most);
        self.attempts += 1;
        self.due_at = Some(at + SignedDuration::from_secs(wait));
        self.failure = Some(reason);
    }
}

/// What became of a client that a provider made.
enum Kept {
    /// It is recorded.
    Yes,
    /// Nobody wants it: another one was recorded meanwhile.
    Surplus,
    /// It is another one's.
    Taken,
}

impl Control {
    /// Records a client that the provider made. What cannot be recorded is deleted there again.
    pub(super) async fn registration_keep(
        &self,
        server: &Actor,
        organization: &str,
        id: RowId,
        found: &Registered,
    ) -> Result<Outcome> {
        let mut tries = 0;
        let kept = loop {
            tries += 1;
            match self.registration_kept(server, organization, id, found).await {
                Err(error) if tries < TRIES => {
                    tracing::warn!(organization, client = found.client_id, %error, "a registered client is not recorded yet");
                    tokio::time::sleep(PAUSE).await;
                }
                kept => break kept,
            }
        };
        match kept {
            Ok(Kept::Yes) => Ok(Outcome::Done),
            Ok(Kept::Taken) => {
                let reason = format!("it gave the client the id {:?}, which another application has", found.client_id);
                self.registration_failed(server, organization, id, Fault::Strange(reason)).await
            }
            Ok(Kept::Surplus) => {
                self.registration_take_back(&found.client_id, found.management.clone()).await?;
                Ok(Outcome::Done)
            }
            Err(error) => {
                self.registration_take_back(&found.client_id, found.management.clone()).await?;
                Err(error)
            }
        }
    }

    async fn registration_kept(
        &self,
        server: &Actor,
        organization: &str,
        id: RowId,
        found: &Registered,
    ) -> Result<Kept> {
        let mut work = self.write(server, organization).await?;
        let wanted = work.transaction.registration_by_id(id).await?.filter(|row| row.registered_id.is_none());
        let Some(mut row) = wanted else { return Ok(Kept::Surplus) };
        let organization_id = work.organization.id;
        if work.transaction.registration_by_registered(organization_id, &found.client_id).await?.is_some() {
            return Ok(Kept::Taken);
        }
        if let Some(management) = &found.management {
            row.management_uri = Some(management.uri.clone());
            row.management_token_id = Some(work.seal_value(&format!("registration/{id}"), &management.token).await?);
        }
        row.registered_id = Some(found.client_id.clone());
        (row.begun_at, row.failure, row.attempts) = (None, None, 0);
        // One that nobody wants any more is deleted at once.
        row.due_at = row.client_id.is_none().then_some(work.at);
        work.transaction.registration_update(&row).await?;
        if let Some(client) = &row.client_id {
            work.registration_secret(client, &row, found).await?;
        }
        let detail = json!({ "name": row.name, "client": found.client_id, "deletable": found.management.is_some() });
        work.finish("client_register", &found.client_id, detail).await?;
        Ok(Kept::Yes)
    }

    /// Records that the provider was asked in vain.
    pub(super) async fn registration_failed(
        &self,
        server: &Actor,
        organization: &str,
        id: RowId,
        fault: Fault,
    ) -> Result<Outcome> {
        let mut work = self.write(server, organization).await?;
        let Some(mut row) = work.transaction.registration_by_id(id).await? else { return Ok(Outcome::Done) };
        if row.registered_id.is_some() && row.client_id.is_some() {
            return Ok(Outcome::Done);
        }
        let reason = fault.to_string();
        if row.failure.as_ref() != Some(&reason) {
            tracing::warn!(organization, name = row.name, reason, "an identity provider did not do what it was asked");
        }
        // Of a question without an answer nobody knows what came of it.
        if !matches!(fault, Fault::Lost(_)) {
            row.begun_at = None;
        }
        row.fail(work.at, reason.clone());
        work.transaction.registration_update(&row).await?;
        work.transaction.commit().await?;
        Ok(match fault {
            Fault::Away(_) | Fault::Lost(_) => Outcome::Away(reason),
            Fault::Refused(_) | Fault::Denied(_) | Fault::Strange(_) => Outcome::Failed,
        })
    }
}

impl Work<'_> {
    /// Gives those who use a client its id and secret.
    async fn registration_secret(&mut self, client: &str, row: &Registration, found: &Registered) -> Result<()> {
        // Providers may give two clients one secret; Tieline never compares it, so any digest of its own will do.
        let digest = Digest::of(&format!("{}/{}", row.id, found.client_secret.expose()));
        let key = self.key(&format!("client/{client}"), (found.client_secret.clone(), digest), None).await?;
        self.transaction.client_secret_insert(client, &key).await?;
        let Some(application) = self.transaction.application_of_client(client).await? else { return Ok(()) };
        for connection in self.transaction.connections_of_application(application).await? {
            self.touch_connection(&connection);
            self.refresh_connection(connection.id).await?;
        }
        Ok(())
    }
}
