//! How the gateway's table travels and rests: lines of JSON, sent by the control plane and kept by a gateway as they came.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::route_table::Entry;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeedLine {
    /// What follows is of these numbers.
    Begin {
        /// Which generation the numbers belong to: a restored database has another.
        generation: String,
        /// Whether it is everything there is: what was known before and does not follow is gone once all of it was sent.
        whole: bool,
    },
    /// Entries by key, none where one is gone.
    Changes(BTreeMap<String, Option<Entry>>),
    /// All changes up to this number were sent. Comes also when nothing changed, as a sign of life.
    Reached(i64),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route_table::RevocationEntry;

    #[test]
    fn lines_are_json() {
        let entry = Entry::Revocation(RevocationEntry { id: "a".to_owned(), until: 7 });
        for (line, text) in [
            (
                FeedLine::Begin { generation: "1-x".to_owned(), whole: true },
                r#"{"begin":{"generation":"1-x","whole":true}}"#,
            ),
            (
                FeedLine::Changes(BTreeMap::from([("b".to_owned(), None), (entry.key(), Some(entry))])),
                r#"{"changes":{"b":null,"revocation/a":{"revocation":{"id":"a","until":7}}}}"#,
            ),
            (FeedLine::Reached(3), r#"{"reached":3}"#),
        ] {
            assert_eq!(serde_json::to_string(&line).unwrap(), text);
            assert_eq!(serde_json::from_str::<FeedLine>(text).unwrap(), line);
        }
    }
}
