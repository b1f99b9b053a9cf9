//! Pages of lists: how many items a page holds, and the cursor that says where the next one begins. What a cursor is made
//! of is nobody's business but its list's.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tieline_core::code;

use crate::{Error, Result};

/// Items of a page, unless the asker says otherwise, and at most.
const ITEMS: (i64, i64) = (100, 1000);

/// Which page of a list is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageQuery {
    /// Where it begins, from the page before; none for the first.
    pub cursor: Option<String>,
    /// At most so many items; 100 unless given, and never more than 1000.
    pub limit: Option<i64>,
}

impl PageQuery {
    /// How many items the page holds at most.
    pub(crate) fn limit(&self) -> i64 {
        self.limit.unwrap_or(ITEMS.0).clamp(1, ITEMS.1)
    }

    /// The place after which the page begins.
    pub(crate) fn after<const N: usize>(&self) -> Result<Option<[String; N]>> {
        self.cursor.as_deref().map(place).transpose()
    }
}

/// The cursor of a place; only its last part may hold line breaks.
pub(crate) fn cursor(place: &[&str]) -> String {
    URL_SAFE_NO_PAD.encode(place.join("\n"))
}

/// The place of a cursor, which has `N` parts.
pub(crate) fn place<const N: usize>(cursor: &str) -> Result<[String; N]> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let parts = text.map(|text| text.splitn(N, '\n').map(str::to_owned).collect::<Vec<_>>());
    parts.and_then(|parts| parts.try_into().ok()).ok_or_else(cursor_invalid)
}

/// Cuts what was found, which is one more than the page holds when there is a next page, and says where that begins.
pub(crate) fn cut<T>(found: &mut Vec<T>, limit: i64, cursor: impl FnOnce(&T) -> String) -> Option<String> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if found.len() <= limit {
        return None;
    }
    found.truncate(limit);
    found.last().map(cursor)
}

/// The refusal of a cursor that no page gave.
pub(crate) fn cursor_invalid() -> Error {
    Error::invalid(
        code!("cursor_invalid"),
        "the cursor is none that a page of this list gave",
        "send `next` of the page before as it came, or no cursor for the first page",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_from_its_cursor() {
        let made = cursor(&["1", "a\nb"]);
        assert_eq!(place::<2>(&made).unwrap(), ["1", "a\nb"]);
        for (cursor, parts) in [("", 2), ("%", 2), (made.as_str(), 4)] {
            let found = if parts == 2 { place::<2>(cursor).is_ok() } else { place::<4>(cursor).is_ok() };
            assert!(!found, "{cursor}");
        }
    }

    #[test]
    fn a_page_holds_what_was_asked_for() {
        for (limit, expect) in [(None, 100), (Some(7), 7), (Some(0), 1), (Some(-3), 1), (Some(9999), 1000)] {
            assert_eq!(PageQuery { cursor: None, limit }.limit(), expect);
        }
        for (found, items, next) in [(0, 0, None), (2, 2, None), (3, 2, Some("1"))] {
            let mut found: Vec<i64> = (0..found).collect();
            let after = cut(&mut found, 2, i64::to_string);
            assert_eq!((found.len(), after.as_deref()), (items, next));
        }
    }
}
