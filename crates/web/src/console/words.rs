//! How values are written for people.

use jiff::Timestamp;

/// A time to the minute, in UTC, since those who read it sit in many places.
pub(super) fn minute(at: &Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let at: Timestamp = "2026-11-21T06:07:08.9Z".parse().unwrap();
        assert_eq!(minute(&at), "2026-11-21 06:07 UTC");
    }
}
