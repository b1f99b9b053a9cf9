//! A follower of the gateway's table, as a gateway is one.

use std::collections::BTreeMap;

use tieline_control::{Control, TableCursor};
use tieline_core::route_table::{ApiKeyEntry, Delta, Entry, RouteEntry, SubscriptionEntry};

use crate::world::World;

/// What it knows.
#[derive(Debug, Default)]
pub(crate) struct Mirror {
    pub(crate) cursor: TableCursor,
    pub(crate) entries: BTreeMap<String, Entry>,
}

impl Mirror {
    /// A follower that has everything.
    pub(crate) async fn of(world: &World) -> Self {
        let mut mirror = Self::default();
        mirror.follow(&world.control).await;
        mirror
    }

    /// Follows to the end; answers what it was sent.
    pub(crate) async fn follow(&mut self, control: &Control) -> Vec<Delta> {
        let mut deltas = Vec::new();
        loop {
            let piece = control.table_after(&self.cursor).await.unwrap();
            self.cursor = piece.next;
            self.apply(&piece.delta);
            deltas.push(piece.delta);
            if piece.complete {
                return deltas;
            }
        }
    }

    pub(crate) fn apply(&mut self, delta: &Delta) {
        if delta.whole {
            self.entries.clear();
        }
        for (key, entry) in &delta.changes {
            match entry {
                Some(entry) => self.entries.insert(key.clone(), entry.clone()),
                None => self.entries.remove(key),
            };
        }
    }

    pub(crate) fn routes(&self) -> Vec<&RouteEntry> {
        let entries = self.entries.values().filter_map(|entry| match entry {
            Entry::Route(route) => Some(route),
            _ => None,
        });
        entries.collect()
    }

    /// The paths of routes.
    pub(crate) fn paths(&self) -> Vec<&str> {
        self.routes().into_iter().map(|route| route.path.as_str()).collect()
    }

    pub(crate) fn subscriptions(&self) -> Vec<&SubscriptionEntry> {
        let entries = self.entries.values().filter_map(|entry| match entry {
            Entry::Subscription(subscription) => Some(subscription),
            _ => None,
        });
        entries.collect()
    }

    pub(crate) fn api_keys(&self) -> Vec<&ApiKeyEntry> {
        let entries = self.entries.values().filter_map(|entry| match entry {
            Entry::ApiKey(key) => Some(key),
            _ => None,
        });
        entries.collect()
    }
}
