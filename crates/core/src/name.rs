//! Names that people choose, parsed once at the edge: handles, connection names and environment variable names.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a text is not the name it should be: the rule that it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NameError(pub String);

/// The handle of an organization, environment, project or component: `[A-Za-z0-9_-]{1,64}`, never `v<digits>` nor a
/// visibility word, because a reference would read those as a version or a visibility. Handles differ ignoring case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Handle(String);

impl Handle {
    /// Longest handle, in characters.
    pub const MAX: usize = 64;

    /// Reads a handle.
    ///
    /// # Errors
    /// Names the broken rule.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let wrong = |rule: &str| Err(NameError(format!("\"{text}\" is not a handle: {rule}")));
        if text.is_empty() || text.len() > Self::MAX {
            return wrong("it has 1 to 64 characters");
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
            return wrong("it holds only letters, digits, _ and -");
        }
        if is_version_word(text) {
            return wrong("v followed by digits is read as a version in references");
        }
        if ["PUBLIC", "PROJECT", "ORGANIZATION"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
            return wrong("PUBLIC, PROJECT and ORGANIZATION are read as visibilities in references");
        }
        Ok(Self(text.to_owned()))
    }

    /// The handle as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form that decides whether two handles are the same.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl TryFrom<String> for Handle {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl From<Handle> for String {
    fn from(handle: Handle) -> Self {
        handle.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a person's account: an e-mail address or a handle, `[A-Za-z0-9._+@-]{1,254}` beginning with a letter or digit. 254
/// is the longest address that mail can be sent to (RFC 5321, 4.5.3.1.3). Letters of other scripts, which can look like these,
/// are left out. Capitals are read as small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserName(String);

impl UserName {
    /// Characters of the longest.
    pub const LONGEST: usize = 254;

    /// Reads a name; surrounding blanks are trimmed.
    ///
    /// # Errors
    /// Names the broken rule.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let name = text.trim();
        let wrong = |rule: &str| Err(NameError(format!("\"{text}\" is not a name: {rule}")));
        if name.is_empty() || name.len() > Self::LONGEST {
            return wrong("it has 1 to 254 characters");
        }
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+@-".contains(&byte)) {
            return wrong("it holds only letters, digits, and . _ + @ -");
        }
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return wrong("it begins with a letter or digit");
        }
        Ok(Self(name.to_ascii_lowercase()))
    }

    /// The name, in small letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text is `v` or `V` and digits, which references read as a version.
#[must_use]
pub fn is_version_word(text: &str) -> bool {
    text.strip_prefix(['v', 'V']).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
}

/// The name of a connection: 3 to 50 characters, letters and digits with single delimiters `_ - . space` inside;
/// surrounding blanks are trimmed. The rule is Choreo's (its public descriptor validator).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConnectionName(String);

impl ConnectionName {
    /// Reads a connection name; surrounding blanks are trimmed.
    ///
    /// # Errors
    /// Names the broken rule.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let name = text.trim();
        let wrong = |rule: &str| Err(NameError(format!("\"{text}\" is not a connection name: {rule}")));
        if !(3..=50).contains(&name.chars().count()) {
            return wrong("it has 3 to 50 characters");
        }
        let delimiter = |c: char| matches!(c, '_' | '-' | '.' | ' ');
        if let Some(c) = name.chars().find(|&c| !c.is_ascii_alphanumeric() && !delimiter(c)) {
            return wrong(&format!("{c:?} is not a letter, a digit, _, -, . or a space"));
        }
        if name.starts_with(delimiter) || name.ends_with(delimiter) {
            return wrong("it begins and ends with a letter or digit");
        }
        if name.chars().zip(name.chars().skip(1)).any(|(a, b)| delimiter(a) && delimiter(b)) {
            return wrong("two delimiters follow each other");
        }
        Ok(Self(name.to_owned()))
    }

    /// The name, trimmed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ConnectionName {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl From<ConnectionName> for String {
    fn from(name: ConnectionName) -> Self {
        name.0
    }
}

impl fmt::Display for ConnectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One part of a variable name: trimmed, upper-cased, every character outside `[A-Z0-9_]` replaced by `_`.
/// Camel case is not split: `ServiceURL` becomes `SERVICEURL`.
#[must_use]
pub fn variable_part(text: &str) -> String {
    let upper = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_uppercase() } else { '_' };
    text.trim().chars().map(upper).collect()
}

/// The environment variable of one key of a connection: `<PREFIX>_<CONNECTION>_<KEY>`.
#[must_use]
pub fn variable_name(prefix: &str, connection: &str, key: &str) -> String {
    format!("{prefix}_{}_{}", variable_part(connection), variable_part(key))
}

/// Whether a text may name an environment variable: `^[a-zA-Z_][a-zA-Z0-9_]*$`.
#[must_use]
pub fn is_variable_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether a mapping may not set this variable, because it would change how the component's process itself is
/// loaded: the search path and the dynamic linker's settings.
#[must_use]
pub fn is_reserved_variable(name: &str) -> bool {
    const RESERVED: [&str; 12] = [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "IFS",
        "ENV",
        "BASH_ENV",
        "NODE_OPTIONS",
        "PYTHONPATH",
        "PERL5LIB",
        "RUBYOPT",
    ];
    name.starts_with("LD_")
        || name.starts_with("DYLD_")
        || name.starts_with("TIELINE_TOKEN")
        || RESERVED.contains(&name)
}

/// The known name that is most like a text, if one is so near that it was probably meant: ignoring case, at most one
/// slip for every four characters, and never fewer than two.
#[must_use]
pub fn closest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = text.to_lowercase();
    let near = (wanted.chars().count() / 4).max(2);
    let slips = known.into_iter().map(|name| (edits(&wanted, &name.to_lowercase()), name));
    slips.filter(|(slips, _)| *slips <= near).min().map(|(_, name)| name)
}

/// How many characters must be put in, taken out or exchanged to make one text of the other (Levenshtein's distance).
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let fewest = (diagonal + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], fewest);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_name_is_one_that_was_probably_meant() {
        let known = ["service:/shop/orders/v1/api", "thirdparty:Mail Gate/v1", "database:main"];
        for (text, expect) in [
            ("thirdparty:mail gate/v2", Some("thirdparty:Mail Gate/v1")),
            ("service:/shop/ordres/v1/api", Some("service:/shop/orders/v1/api")),
            ("database:mian", Some("database:main")),
            ("cache:sessions", None),
            ("", None),
        ] {
            assert_eq!(closest(text, known), expect, "{text}");
        }
    }

    #[test]
    fn names_of_accounts() {
        for (text, expect) in [
            (" Anna@Example.com ", Some("anna@example.com")),
            ("o_brien+x@a-b.example", Some("o_brien+x@a-b.example")),
            ("7", Some("7")),
            ("", None),
            ("@anna", None),
            ("anna b", None),
            ("anna#1", None),
            ("user:anna", None),
            ("аnna@example.com", None),
        ] {
            assert_eq!(UserName::parse(text).ok().as_ref().map(UserName::as_str), expect, "{text}");
        }
        assert_eq!([254, 255].map(|length| UserName::parse(&"a".repeat(length)).is_ok()), [true, false]);
    }

    #[test]
    fn variable_names_follow_choreo() {
        for (connection, key, expect) in [
            ("hr-connection", "ServiceURL", "CHOREO_HR_CONNECTION_SERVICEURL"),
            ("Book Listing Connection", "ServiceURL", "CHOREO_BOOK_LISTING_CONNECTION_SERVICEURL"),
            ("abc", "OPENAI_API_KEY", "CHOREO_ABC_OPENAI_API_KEY"),
            (" a.b ", "Key", "CHOREO_A_B_KEY"),
        ] {
            assert_eq!(variable_name("CHOREO", connection, key), expect);
        }
        assert_eq!(variable_name("X", "abc", "D_E"), variable_name("X", "abc-d", "E"));
    }

    #[test]
    fn handles() {
        for (text, good) in [
            ("acme", true),
            ("A_b-1", true),
            ("", false),
            ("v1", false),
            ("V22", false),
            ("v1a", true),
            ("v", true),
            ("public", false),
            ("Project", false),
            ("a b", false),
            ("a.b", false),
            ("ä", false),
        ] {
            assert_eq!(Handle::parse(text).is_ok(), good, "{text}");
        }
    }
}
