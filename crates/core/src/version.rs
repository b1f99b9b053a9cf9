//! Versions of services and releases: a major, which connections pin, and whatever minors follow.

use std::cmp::Ordering;
use std::fmt;

/// A version as people write it: `v1`, `V1.2`, `1.0.3`. Shown with a small `v`. Versions compare number by number, and
/// numbers that are not written count as zero: `v1` is the same as `v1.0`.
#[derive(Debug, Clone)]
pub struct Version {
    parts: Vec<u32>,
}

impl Version {
    /// Most numbers in one version.
    const MOST_PARTS: usize = 4;

    /// Reads a version.
    ///
    /// # Errors
    /// Says how versions are written.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a version: write v<major>, v<major>.<minor> …, as v1 or v1.2");
        let trimmed = text.trim();
        let numbers = trimmed.strip_prefix(['v', 'V']).unwrap_or(trimmed);
        let number = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten();
        let parts: Vec<u32> = numbers.split('.').map(number).collect::<Option<_>>().ok_or_else(wrong)?;
        if parts.len() > Self::MOST_PARTS || parts[0] == u32::MAX { Err(wrong()) } else { Ok(Self { parts }) }
    }

    /// The major: what connections pin.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.parts[0]
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.parts.iter().map(u32::to_string).collect();
        write!(f, "v{}", numbers.join("."))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.padded() == other.padded()
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.padded().cmp(&other.padded())
    }
}

impl Version {
    fn padded(&self) -> [u32; Self::MOST_PARTS] {
        let mut padded = [0; Self::MOST_PARTS];
        for (place, part) in padded.iter_mut().zip(&self.parts) {
            *place = *part;
        }
        padded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_in_every_spelling() {
        for (text, expect) in [
            ("v1", Some((1, "v1"))),
            ("V1.2", Some((1, "v1.2"))),
            ("1.0.3", Some((1, "v1.0.3"))),
            (" v07 ", Some((7, "v7"))),
            ("v0", Some((0, "v0"))),
            ("", None),
            ("v", None),
            ("v1.", None),
            ("v1.x", None),
            ("v+1", None),
            ("v-1", None),
            ("v1.2.3.4.5", None),
            ("v4294967295", None),
            ("v99999999999", None),
        ] {
            let read = Version::parse(text).ok().map(|version| (version.major(), version.to_string()));
            assert_eq!(read, expect.map(|(major, text)| (major, text.to_owned())), "{text}");
        }
    }

    #[test]
    fn versions_are_ordered_by_number() {
        use Ordering::{Equal, Greater, Less};
        let version = |text| Version::parse(text).unwrap();
        for (text, than, expect) in [
            ("v1.0", "v1", Equal),
            ("v1", "v1.0.0", Equal),
            ("v1.9", "v1.10", Less),
            ("v1.10", "v1.9", Greater),
            ("v1.0.1", "v1.0", Greater),
        ] {
            assert_eq!(version(text).cmp(&version(than)), expect, "{text} {than}");
            assert_eq!(version(text) == version(than), expect == Equal, "{text} {than}");
        }
    }
}
