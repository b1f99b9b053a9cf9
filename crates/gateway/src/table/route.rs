//! Where a call goes, made ready for calls.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};

use tieline_core::id::{EnvironmentId, ServiceId};
use tieline_core::model::Scheme;
use tieline_core::route_table::{RouteEntry, ScopedOperation};

use super::shards::{Key, Keyed};
use crate::metrics::Series;
use crate::settings::Side;
use crate::upstream::Target;

/// One service in one environment.
pub(crate) struct Route {
    key: Key,
    /// The prefix of the path.
    pub(crate) path: Box<str>,
    pub(crate) organization: Box<str>,
    pub(crate) service: ServiceId,
    pub(crate) reference: Box<str>,
    pub(crate) environment: EnvironmentId,
    pub(crate) environment_handle: Box<str>,
    /// What is put before the rest of the path, without a slash at its end.
    pub(crate) base_path: Box<str>,
    internal: bool,
    external: bool,
    pub(crate) oauth2: bool,
    pub(crate) api_key: bool,
    pub(crate) open: bool,
    pub(crate) operations: Box<[ScopedOperation]>,
    /// The endpoint, with the connections to it that are open.
    pub(crate) target: Arc<Target>,
    /// How many calls to services of the organization are under way.
    pub(crate) calls: Arc<AtomicUsize>,
    /// Where calls are counted that come without a grant, once there was one.
    pub(crate) series: OnceLock<Arc<Series>>,
}

impl Route {
    pub(super) fn new(key: Key, entry: RouteEntry, old: Option<&Self>) -> Self {
        let same = old.filter(|old| old.target.is(&entry.address, &entry.allowed));
        let target = match same {
            Some(old) => Arc::clone(&old.target),
            None => Arc::new(Target::new(&entry.address, &entry.allowed)),
        };
        let base_path = match entry.base_path.trim_matches('/') {
            "" => String::new(),
            base => format!("/{base}"),
        };
        let carried = !entry.protocol.project_only();
        let offers = |scheme| entry.schemes.contains(&scheme);
        Self {
            key,
            oauth2: offers(Scheme::OAuth2),
            api_key: offers(Scheme::ApiKey),
            open: offers(Scheme::None),
            path: entry.path.into(),
            organization: entry.organization.into(),
            service: entry.service,
            reference: entry.reference.into(),
            environment: entry.environment,
            environment_handle: entry.environment_handle.into(),
            base_path: base_path.into(),
            internal: entry.internal && carried,
            external: entry.external && carried,
            operations: entry.operations.into(),
            target,
            calls: Arc::default(),
            series: OnceLock::new(),
        }
    }

    /// With the count that it shares with the other routes of its organization.
    pub(super) fn counted(self, calls: Arc<AtomicUsize>) -> Self {
        Self { calls, ..self }
    }

    /// Whether a gateway carries it.
    pub(crate) fn on(&self, side: Side) -> bool {
        match side {
            Side::Internal => self.internal,
            Side::External => self.external,
        }
    }
}

impl Keyed for Route {
    fn key(&self) -> Key {
        self.key
    }
}

#[cfg(test)]
mod tests {
    use tieline_core::endpoint::EndpointType;

    use super::*;

    #[test]
    fn what_is_for_its_project_alone_is_not_carried() {
        for kind in EndpointType::ALL {
            let entry = crate::table::tests::route("/a/b/c/d/v1", kind);
            let route = Route::new(Key(1, 1), entry, None);
            assert_eq!(route.on(Side::Internal), !kind.project_only(), "{kind:?}");
            assert!(!route.on(Side::External));
        }
    }
}
