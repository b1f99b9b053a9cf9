//! When the instances of a deployment take a new snapshot.
//!
//! Owns the notation and the calendar arithmetic, all in UTC. Reads no clock: the caller says what time it is.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Weekday;
use serde::{Deserialize, Serialize};

/// When running instances are restarted with a new snapshot. An instance that starts anyway always takes the latest.
///
/// The text form, in JSON too, is `immediate`, `manual` or `window:"SAT 02:00-04:00 UTC"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Policy {
    /// At once.
    #[default]
    Immediate,
    /// In a recurring maintenance window.
    Window(Window),
    /// Never by itself: at the next start.
    Manual,
}

/// A maintenance window: once a week or every day, from a minute (inclusive) to a minute (exclusive), in UTC. A window
/// whose end is not after its start runs over midnight into the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// The day on which the window opens; none for every day.
    weekday: Option<Weekday>,
    /// Minute of the day, 0 to 1439.
    start: u16,
    /// Minute of the day, 1 to 1440; never equal to `start`.
    end: u16,
}

/// Why a text is not a policy: the rule that it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not a policy: {rule}")]
pub struct PolicyError {
    text: String,
    rule: &'static str,
}

impl Policy {
    /// Reads a policy. Quotes around the window are optional, because a shell removes them; case does not matter.
    ///
    /// # Errors
    /// Names the broken rule.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let lower = text.trim().to_ascii_lowercase();
        let parsed = match lower.as_str() {
            "immediate" => Ok(Self::Immediate),
            "manual" => Ok(Self::Manual),
            other => match other.strip_prefix("window:") {
                Some(window) => parse_window(unquoted(window.trim())).map(Self::Window),
                None => Err("write immediate, manual or window:\"SAT 02:00-04:00 UTC\""),
            },
        };
        parsed.map_err(|rule| PolicyError { text: text.to_owned(), rule })
    }

    /// When instances may be restarted with a new snapshot: `now`, the next opening of the window, or never.
    #[must_use]
    pub fn restart_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Immediate => Some(now),
            Self::Manual => None,
            Self::Window(window) => window.open_from(now),
        }
    }
}

impl Window {
    const DAY: i64 = 24 * 60 * 60;

    /// `now` inside the window, else the second at which it opens next; none beyond the end of the calendar.
    #[must_use]
    pub fn open_from(&self, now: Timestamp) -> Option<Timestamp> {
        // 1970-01-01 was a Thursday, three days after the Monday from which the offset counts.
        let (period, first_opening) = match self.weekday {
            None => (Self::DAY, 0),
            Some(day) => (7 * Self::DAY, (i64::from(day.to_monday_zero_offset()) - 3) * Self::DAY),
        };
        let second = now.as_second();
        let since_opening = (second - first_opening - i64::from(self.start) * 60).rem_euclid(period);
        if since_opening < self.length() {
            Some(now)
        } else {
            Timestamp::from_second(second + period - since_opening).ok()
        }
    }

    /// How long the window is open, in seconds.
    fn length(&self) -> i64 {
        (i64::from(self.end) - i64::from(self.start)).rem_euclid(24 * 60) * 60
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Immediate => f.write_str("immediate"),
            Self::Manual => f.write_str("manual"),
            Self::Window(window) => write!(f, "window:\"{window}\""),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = DAYS.iter().find(|(_, day)| *day == self.weekday).map_or("DAILY", |(word, _)| word);
        let (start, end) = (self.start, self.end);
        write!(f, "{day} {:02}:{:02}-{:02}:{:02} UTC", start / 60, start % 60, end / 60, end % 60)
    }
}

impl TryFrom<String> for Policy {
    type Error = PolicyError;
    fn try_from(text: String) -> Result<Self, PolicyError> {
        Self::parse(&text)
    }
}

impl From<Policy> for String {
    fn from(policy: Policy) -> Self {
        policy.to_string()
    }
}

impl std::str::FromStr for Policy {
    type Err = PolicyError;
    fn from_str(text: &str) -> Result<Self, PolicyError> {
        Self::parse(text)
    }
}

const DAYS: [(&str, Option<Weekday>); 8] = [
    ("DAILY", None),
    ("MON", Some(Weekday::Monday)),
    ("TUE", Some(Weekday::Tuesday)),
    ("WED", Some(Weekday::Wednesday)),
    ("THU", Some(Weekday::Thursday)),
    ("FRI", Some(Weekday::Friday)),
    ("SAT", Some(Weekday::Saturday)),
    ("SUN", Some(Weekday::Sunday)),
];

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

fn parse_window(text: &str) -> Result<Window, &'static str> {
    const SHAPE: &str = "a window is a day, a span of time and UTC, as SAT 02:00-04:00 UTC";
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let [day, span, zone] = words.as_slice() else { return Err(SHAPE) };
    let (_, weekday) = DAYS
        .into_iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(day))
        .ok_or("the day is MON, TUE, WED, THU, FRI, SAT, SUN or DAILY")?;
    if !zone.eq_ignore_ascii_case("UTC") {
        return Err("the time zone is UTC");
    }
    let (start, end) = span.split_once('-').ok_or(SHAPE)?;
    let (start, end) = (parse_minute(start)?, parse_minute(end)?);
    match (start, end) {
        (1440, _) => Err("a window starts at 00:00 to 23:59"),
        _ if start == end => Err("a window does not end when it starts"),
        // Midnight at the end is one thing with two spellings.
        (0, 1440) => Err("a window that is always open is the policy immediate"),
        (_, 0) => Ok(Window { weekday, start, end: 1440 }),
        _ => Ok(Window { weekday, start, end }),
    }
}

fn parse_minute(text: &str) -> Result<u16, &'static str> {
    const RULE: &str = "a time is written HH:MM, from 00:00 to 24:00";
    let two_digits = |part: &str| match part.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(u16::from(tens - b'0') * 10 + u16::from(ones - b'0')),
        _ => None,
    };
    let (hours, minutes) = text.split_once(':').ok_or(RULE)?;
    match (two_digits(hours), two_digits(minutes)) {
        (Some(hours @ 0..=23), Some(minutes @ 0..=59)) => Ok(hours * 60 + minutes),
        (Some(24), Some(0)) => Ok(1440),
        _ => Err(RULE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_read_and_written() {
        for (text, expect) in [
            ("immediate", "immediate"),
            ("Manual", "manual"),
            ("window:\"SAT 02:00-04:00 UTC\"", "window:\"SAT 02:00-04:00 UTC\""),
            ("window:sat 02:00-04:00 utc", "window:\"SAT 02:00-04:00 UTC\""),
            ("window: \"DAILY  22:30-00:00 UTC\" ", "window:\"DAILY 22:30-24:00 UTC\""),
            ("window:SUN 23:00-01:00 UTC", "window:\"SUN 23:00-01:00 UTC\""),
        ] {
            let policy = Policy::parse(text).expect(text);
            assert_eq!(policy.to_string(), expect);
            assert_eq!(Policy::parse(expect), Ok(policy), "what is written is read back");
            let json = serde_json::to_string(&policy).expect("JSON");
            assert_eq!(serde_json::from_str::<Policy>(&json).expect("JSON"), policy);
        }
    }

    #[test]
    fn what_is_no_policy_is_refused_with_the_rule() {
        for (text, rule) in [
            ("", "write immediate"),
            ("weekly", "write immediate"),
            ("window", "write immediate"),
            ("window:", "a window is a day"),
            ("window:SAT 02:00-04:00", "a window is a day"),
            ("window:SAT 02:00 04:00 UTC", "a window is a day"),
            ("window:SAT 02:00/04:00 UTC", "a window is a day"),
            ("window:\"SAT 02:00-04:00 UTC", "the day is"),
            ("window:SATURDAY 02:00-04:00 UTC", "the day is"),
            ("window:SAT 02:00-04:00 CET", "the time zone is UTC"),
            ("window:SAT 2:00-04:00 UTC", "a time is written"),
            ("window:SAT 02:60-04:00 UTC", "a time is written"),
            ("window:SAT 02:00-24:01 UTC", "a time is written"),
            ("window:SAT +2:00-04:00 UTC", "a time is written"),
            ("window:SAT 24:00-04:00 UTC", "a window starts"),
            ("window:SAT 02:00-02:00 UTC", "a window does not end"),
            ("window:DAILY 00:00-24:00 UTC", "a window that is always open"),
        ] {
            let error = Policy::parse(text).expect_err(text).to_string();
            assert!(error.contains(rule), "{text}: {error}");
        }
    }

    #[test]
    fn restarts_wait_for_the_policy() {
        // 2026-03-07 is a Saturday.
        for (policy, now, expect) in [
            ("immediate", "2026-03-04T10:00:00.5Z", Some("2026-03-04T10:00:00.5Z")),
            ("manual", "2026-03-04T10:00:00Z", None),
            ("window:SAT 02:00-04:00 UTC", "2026-03-04T10:00:00Z", Some("2026-03-07T02:00:00Z")),
            ("window:SAT 02:00-04:00 UTC", "2026-03-07T01:59:59.999Z", Some("2026-03-07T02:00:00Z")),
            ("window:SAT 02:00-04:00 UTC", "2026-03-07T02:00:00Z", Some("2026-03-07T02:00:00Z")),
            ("window:SAT 02:00-04:00 UTC", "2026-03-07T03:59:59.5Z", Some("2026-03-07T03:59:59.5Z")),
            ("window:SAT 02:00-04:00 UTC", "2026-03-07T04:00:00Z", Some("2026-03-14T02:00:00Z")),
            ("window:SUN 23:00-01:00 UTC", "2026-03-09T00:30:00Z", Some("2026-03-09T00:30:00Z")),
            ("window:SUN 23:00-01:00 UTC", "2026-03-09T01:00:00Z", Some("2026-03-15T23:00:00Z")),
            ("window:MON 00:00-00:10 UTC", "2026-03-08T23:59:59Z", Some("2026-03-09T00:00:00Z")),
            ("window:DAILY 22:00-02:00 UTC", "2026-12-31T12:00:00Z", Some("2026-12-31T22:00:00Z")),
            ("window:DAILY 22:00-02:00 UTC", "2027-01-01T01:00:00Z", Some("2027-01-01T01:00:00Z")),
            ("window:DAILY 22:00-24:00 UTC", "2027-01-01T00:00:00Z", Some("2027-01-01T22:00:00Z")),
            ("window:SAT 02:00-04:00 UTC", "1969-12-31T12:00:00Z", Some("1970-01-03T02:00:00Z")),
        ] {
            let now: Timestamp = now.parse().expect(now);
            let expect = expect.map(|text| text.parse::<Timestamp>().expect(text));
            assert_eq!(Policy::parse(policy).expect(policy).restart_at(now), expect, "{policy} at {now}");
        }
    }

    #[test]
    fn the_end_of_the_calendar_has_no_next_window() {
        let policy = Policy::parse("window:DAILY 02:00-04:00 UTC").expect("policy");
        assert_eq!(policy.restart_at(Timestamp::MAX), None);
    }
}
