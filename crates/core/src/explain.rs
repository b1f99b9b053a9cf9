//! The pages behind error codes: what happened, why, and what to do. `tieline explain CODE` prints them.
//!
//! Owns the tables of pages and how a code is written; raises nothing itself. `cargo xtask tidy` holds codes and pages
//! together: a code without a page, and a page without a use, are errors.

mod marketplace;

/// Marks a string literal as an error code: `code!("name_taken")`. It is the literal itself; the mark lets
/// `cargo xtask tidy` find every code and ask for its page.
#[macro_export]
macro_rules! code {
    ($code:literal) => {
        $code
    };
}

/// Codes and pages of use cases and transports.
const PAGES: &[(&str, &str)] = &[];

/// Every table of pages; a family of rules with its own table is added here.
const TABLES: &[&[(&str, &str)]] = &[PAGES, marketplace::PAGES, crate::descriptor::CODES];

/// The page of an error code, if there is such a code.
#[must_use]
pub fn page(code: &str) -> Option<&'static str> {
    find(TABLES, code)
}

/// Every error code with its page.
pub fn pages() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLES.iter().copied().flatten().copied()
}

fn find<'a>(tables: &[&[(&str, &'a str)]], code: &str) -> Option<&'a str> {
    tables.iter().copied().flatten().find(|(known, _)| *known == code).map(|(_, page)| *page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_found_in_any_table() {
        let tables: &[&[(&str, &str)]] = &[&[("a", "first")], &[("b", "second")]];
        for (code, expect) in [(code!("a"), Some("first")), ("b", Some("second")), ("c", None), ("", None)] {
            assert_eq!(find(tables, code), expect, "{code}");
        }
    }

    #[test]
    fn every_page_is_found_by_its_code() {
        for (code, text) in pages() {
            assert_eq!(page(code), Some(text), "{code}");
        }
        assert_eq!(page("no_such_code"), None);
    }
}
