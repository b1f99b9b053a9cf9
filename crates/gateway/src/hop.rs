//! The mark that a call bears from here on (`Via`, RFC 9110, section 7.6.3), by which one that comes back is known.
//!
//! Who calls can add marks, which only harms that call; what came through a gateway bears its mark whatever the caller
//! wants, as long as no proxy on its way takes it off.

use hyper::Version;
use hyper::header::{HeaderMap, HeaderValue, VIA};

/// A gateway's mark.
pub(crate) struct Hop {
    name: String,
    /// The whole header, for calls that came by HTTP/1.1 and by HTTP/2.
    values: [Option<HeaderValue>; 2],
}

impl Hop {
    /// A mark with an id that nobody else has.
    pub(crate) fn new(id: u64) -> Self {
        let name = format!("tieline-{id:016x}");
        let values = ["1.1", "2.0"].map(|version| HeaderValue::from_str(&format!("{version} {name}")).ok());
        Self { name, values }
    }

    /// How often a call came through here.
    pub(crate) fn rounds(&self, headers: &HeaderMap) -> usize {
        let values = headers.get_all(VIA).into_iter().filter_map(|value| value.to_str().ok());
        values.map(|value| value.matches(&self.name).count()).sum()
    }

    /// Marks a call that came by a version of HTTP.
    pub(crate) fn add(&self, headers: &mut HeaderMap, version: Version) {
        if let Some(value) = &self.values[usize::from(version == Version::HTTP_2)] {
            headers.append(VIA, value.clone());
        }
    }
}
