//! The gateway's table as a read model: what is derived together, what a use case touched, and what of it differs from
//! what is recorded.
//!
//! Every entry follows from the model alone. A use case only says what it touched; [`Work::finish`] derives that anew in
//! the same transaction and records what differs, under the number of its change.

mod derive;
mod feed;
mod own;
mod rebuild;
mod standing;
mod stream;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use tieline_core::id::{ApplicationId, ConnectionId, ServiceId};
use tieline_core::model::AccessMode;
use tieline_core::route_table::Entry;
use tieline_store::Transaction;
use tieline_store::connection::Connection;

use crate::work::Work;
use crate::{Error, Result};

pub use feed::{TableCursor, TablePiece};
pub(crate) use rebuild::first_generation;
pub(crate) use standing::{APPROVAL, BLOCK, PLAN, Standing};
pub use stream::TableStream;

/// What is derived together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// The routes to a service, in each environment.
    Routes(ServiceId),
    /// The subscriptions of an application's clients to a service.
    Subscriptions(ApplicationId, ServiceId),
    /// The API keys of a connection.
    ApiKeys(ConnectionId),
    /// What was revoked before its time, by the id of the revocation.
    Revocation(String),
    /// The organization's own identity provider.
    Issuer,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Routes(service) => write!(f, "routes/{service}"),
            Self::Subscriptions(application, service) => write!(f, "subscriptions/{application}/{service}"),
            Self::ApiKeys(connection) => write!(f, "api-keys/{connection}"),
            Self::Revocation(id) => write!(f, "revocation/{id}"),
            Self::Issuer => f.write_str("issuer"),
        }
    }
}

impl FromStr for Scope {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::Inconsistent(format!("{text:?} is no scope of the gateway's table"));
        let mut parts = text.split('/');
        let (kind, first, second) = (parts.next(), parts.next(), parts.next());
        let read = match (kind, first, second) {
            (Some("routes"), Some(service), None) => service.parse().map(Self::Routes),
            (Some("revocation"), Some(id), None) => Ok(Self::Revocation(id.to_owned())),
            (Some("issuer"), None, None) => Ok(Self::Issuer),
            (Some("api-keys"), Some(connection), None) => connection.parse().map(Self::ApiKeys),
            (Some("subscriptions"), Some(application), Some(service)) => {
                application.parse().and_then(|application| Ok(Self::Subscriptions(application, service.parse()?)))
            }
            _ => return Err(wrong()),
        };
        read.map_err(|_| wrong())
    }
}

/// An entry that differs from what is recorded.
pub(crate) struct Difference {
    organization: String,
    scope: String,
    key: String,
    entry: Option<String>,
}

impl Work<'_> {
    /// Says that the routes to a service may have changed.
    pub(crate) fn touch_service(&mut self, service: ServiceId) {
        self.touched.insert(Scope::Routes(service));
    }

    /// Says that something was revoked.
    pub(crate) fn touch_revocation(&mut self, id: &str) {
        self.touched.insert(Scope::Revocation(id.to_owned()));
    }

    /// Says that the organization's own identity provider, or its keys, may have changed.
    pub(crate) fn touch_issuer(&mut self) {
        self.touched.insert(Scope::Issuer);
    }

    /// Says that what a connection's keys may call, or its keys themselves, may have changed.
    pub(crate) fn touch_connection(&mut self, connection: &Connection) {
        if !matches!(connection.access_mode, Some(AccessMode::Organization | AccessMode::Public)) {
            return;
        }
        self.touched.insert(Scope::ApiKeys(connection.id));
        if let Some(application) = connection.application_id {
            self.touched.insert(Scope::Subscriptions(application, connection.service_id));
        }
    }

    /// Derives anew what was touched; answers what differs from what is recorded.
    pub(crate) async fn table_differences(&mut self) -> Result<Vec<Difference>> {
        let organization = self.organization.id.to_string();
        let mut differences = Vec::new();
        for scope in std::mem::take(&mut self.touched) {
            let derived = self.derive(&scope).await?;
            let scope = scope.to_string();
            differences.extend(compare(&mut self.transaction, &organization, &scope, derived).await?);
        }
        Ok(differences)
    }
}

/// What of a scope differs from what is recorded.
pub(crate) async fn compare(
    transaction: &mut Transaction,
    organization: &str,
    scope: &str,
    derived: Vec<Entry>,
) -> Result<Vec<Difference>> {
    let mut wanted = BTreeMap::new();
    for entry in derived {
        let text = serde_json::to_string(&entry)
            .map_err(|error| Error::Inconsistent(format!("an entry of the gateway's table: {error}")))?;
        wanted.insert(entry.key(), text);
    }
    let mut differences = Vec::new();
    let difference = |key, entry| {
        let (organization, scope) = (organization.to_owned(), scope.to_owned());
        Difference { organization, scope, key, entry }
    };
    for stored in transaction.table_scope(organization, scope).await? {
        match wanted.remove(&stored.key) {
            Some(text) if Some(&text) == stored.entry.as_ref() => {}
            entry => differences.push(difference(stored.key, entry)),
        }
    }
    differences.extend(wanted.into_iter().map(|(key, text)| difference(key, Some(text))));
    Ok(differences)
}

/// Records what differs, as of a change. What is gone goes first: its key may be another scope's by now.
pub(crate) async fn record(transaction: &mut Transaction, mut differences: Vec<Difference>, number: i64) -> Result<()> {
    differences.sort_by_key(|difference| difference.entry.is_some());
    for Difference { organization, scope, key, entry } in differences {
        transaction.table_save(&organization, &scope, &key, entry.as_deref(), number).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_scope_is_read_as_it_is_written() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for scope in [
            Scope::Routes(ServiceId(a)),
            Scope::Subscriptions(ApplicationId(a), ServiceId(b)),
            Scope::ApiKeys(ConnectionId(b)),
            Scope::Revocation("id of a token".to_owned()),
            Scope::Issuer,
        ] {
            assert_eq!(scope.to_string().parse::<Scope>().unwrap(), scope);
        }
        assert!("routes".parse::<Scope>().is_err() && format!("routes/{a}/{b}").parse::<Scope>().is_err());
    }
}
