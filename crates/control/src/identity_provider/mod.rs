//! An organization's own identity provider: set, shown, removed; its keys kept as it publishes them; and the clients of
//! OAuth applications registered there and deleted there.
//!
//! A provider is asked outside of every transaction: what it said is recorded in a transaction of its own, which first
//! looks whether it is still wanted.

mod ask;
mod clients;
mod discover;
mod record;
mod refresh;
mod register;
mod remove;
mod set;
mod view;

use tieline_core::code;
use tieline_store::identity_provider::IdentityProvider;

use crate::work::Work;
use crate::{Error, Result};

pub(crate) use register::Registrations;

/// The names of so many connections stand in a refusal.
const NAMED: i64 = 20;

impl Work<'_> {
    /// The organization's own identity provider, if it has one.
    pub(crate) async fn identity_provider(&mut self) -> Result<Option<IdentityProvider>> {
        Ok(self.transaction.identity_provider(self.organization.id).await?)
    }

    /// Refuses to change who issues tokens while applications are registered where they are: their clients would be
    /// strangers to the other, and whoever runs with them would be refused.
    async fn refuse_applications(&mut self, what: &str) -> Result<()> {
        let connections = self.transaction.connections_with_application(self.organization.id, NAMED + 1).await?;
        if connections.is_empty() {
            return Ok(());
        }
        let mut named = Vec::new();
        for connection in connections.iter().take(usize::try_from(NAMED).unwrap_or_default()) {
            let (project, component) = self.place_of(connection).await?;
            let place = [project.map(|project| project.handle), component.map(|component| component.handle)];
            let place: Vec<_> = place.into_iter().flatten().collect();
            let place = if place.is_empty() { "the organization".to_owned() } else { place.join("/") };
            named.push(format!("{:?} ({}) of {place}", connection.name, connection.id));
        }
        if connections.len() > named.len() {
            named.push("and others".to_owned());
        }
        Err(Error::conflict(
            code!("identity_provider_fixed"),
            format!("{what} while connections by oauth2 have applications there: {}", named.join(", ")),
            "delete these connections, and make them again afterwards; one that was deleted counts as long as deployments \
             hold it",
        ))
    }
}
