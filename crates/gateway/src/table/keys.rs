//! What the table finds its entries by: keyed hashes, which nobody can aim at.

use std::hash::Hasher as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use siphasher::sip128::{Hasher128 as _, SipHasher13};
use tieline_core::id::{EnvironmentId, ServiceId};
use uuid::Uuid;

use super::{Key, Table};

impl Table {
    /// The hash of a token in the eyes of an organization.
    pub(crate) fn token_key(&self, organization: &str, token: &str) -> Key {
        self.key(|hash| {
            hash.write(organization.as_bytes());
            // No handle holds a zero.
            hash.write_u8(0);
            hash.write(token.as_bytes());
        })
    }

    /// What calls that went through a gateway of this table bear.
    pub(crate) fn hop(&self) -> u64 {
        self.key(|hash| hash.write(b"via")).0
    }

    pub(super) fn route_key(&self, path: &str) -> Key {
        self.key(|hash| hash.write(path.as_bytes()))
    }

    pub(super) fn subscription_key(&self, client: &str, service: ServiceId, environment: EnvironmentId) -> Key {
        self.key(|hash| {
            hash.write(client.as_bytes());
            hash.write(service.0.as_bytes());
            hash.write(environment.0.as_bytes());
        })
    }

    /// The key of what is counted together: an application, or a connection that has none, with the environments of the
    /// consumer and of the provider.
    pub(super) fn count_key(
        &self,
        subscriber: Uuid,
        consumer: EnvironmentId,
        service: ServiceId,
        environment: EnvironmentId,
    ) -> Key {
        self.key(|hash| {
            for id in [subscriber, consumer.0, service.0, environment.0] {
                hash.write(id.as_bytes());
            }
        })
    }

    /// The key of an API key by its digest as an entry writes it. What is no digest gets the key of nothing.
    pub(super) fn api_key_key(&self, digest: &str) -> Key {
        let bytes = URL_SAFE_NO_PAD.decode(digest).unwrap_or_default();
        self.key(|hash| hash.write(&bytes))
    }

    pub(super) fn key(&self, write: impl FnOnce(&mut SipHasher13)) -> Key {
        let mut hash = self.hash;
        write(&mut hash);
        let (low, high) = hash.finish128().as_u64();
        Key(low, high)
    }
}
