//! The path of a call: which part names the route, and whether the rest stays below the base path.

use std::borrow::Cow;

/// Where the part of a path that may name a route ends: after the fifth segment when that is a major version, after the
/// sixth when that is one.
pub(crate) fn prefix(path: &str) -> Option<usize> {
    let inner = path.strip_prefix('/')?;
    let mut end = 0;
    for (index, segment) in inner.split('/').enumerate().take(6) {
        if segment.is_empty() {
            return None;
        }
        end += 1 + segment.len();
        if index >= 4 && is_major(segment) {
            return Some(end);
        }
    }
    None
}

fn is_major(segment: &str) -> bool {
    let digits = segment.strip_prefix('v').unwrap_or_default();
    (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A prefix as [`tieline_core::service_url::Route::path`] writes it: unreserved characters plain, all others encoded in
/// capitals. None when it encodes nothing, or nothing valid.
pub(crate) fn canonical(prefix: &str) -> Option<String> {
    if !prefix.contains('%') {
        return None;
    }
    let mut path = String::with_capacity(prefix.len());
    for segment in prefix.split('/').skip(1) {
        path.push('/');
        for byte in decoded(segment)?.iter() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
                path.push(char::from(*byte));
            } else {
                path.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    Some(path)
}

/// Whether the rest of a path stays where it is put, however the endpoint reads it: no dot segment, plain or encoded, also
/// between encoded slashes or backslashes or before parameters (`..;x`); and no encoding that is none.
pub(crate) fn stays(rest: &str) -> bool {
    if !rest.bytes().any(|byte| matches!(byte, b'.' | b'%' | b'\\')) {
        return true;
    }
    let Some(plain) = decoded(rest) else { return false };
    !plain.contains(&0)
        && plain.split(|byte| matches!(byte, b'/' | b'\\')).all(|segment| {
            let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
            name != b"." && name != b".."
        })
}

/// Percent-decoded once; none when an encoding is not one.
pub(crate) fn decoded(text: &str) -> Option<Cow<'_, [u8]>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text.as_bytes()));
    }
    let mut bytes = text.bytes();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        plain.push(if byte == b'%' { hexadecimal(bytes.next()?)? << 4 | hexadecimal(bytes.next()?)? } else { byte });
    }
    Some(Cow::Owned(plain))
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// The path and query for the endpoint.
pub(crate) fn joined(base: &str, rest: &str, query: Option<&str>) -> String {
    let mut target = String::with_capacity(base.len() + rest.len() + query.map_or(1, |query| query.len() + 2));
    target.push_str(base);
    target.push_str(rest);
    if target.is_empty() {
        target.push('/');
    }
    if let Some(query) = query {
        target.push('?');
        target.push_str(query);
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_end_with_the_major() {
        for (path, expect) in [
            ("/a/b/c/d/v1", Some("/a/b/c/d/v1")),
            ("/a/b/c/d/v1/", Some("/a/b/c/d/v1")),
            ("/a/b/c/d/v1/v2/x", Some("/a/b/c/d/v1")),
            ("/a/b/c/d/e/v12/x", Some("/a/b/c/d/e/v12")),
            ("/a/b/c/d/e%20f/v1", Some("/a/b/c/d/e%20f/v1")),
            ("/a/b/c/d/e/f/v1", None),
            ("/a/b/c/v1", None),
            ("/a/b/c/d/v", None),
            ("/a/b/c/d/v1x", None),
            ("/a//c/d/v1", None),
            ("//a/b/c/d/v1", None),
            ("a/b/c/d/v1", None),
            ("/", None),
            ("*", None),
        ] {
            assert_eq!(prefix(path).map(|end| &path[..end]), expect, "{path}");
        }
    }

    #[test]
    fn prefixes_have_one_spelling() {
        for (path, expect) in [
            ("/a/b", None),
            ("/%61/b%2fc/d%20e", Some("/a/b%2Fc/d%20e")),
            ("/a%7e/%C3%bc", Some("/a~/%C3%BC")),
            ("/a%zz", None),
            ("/a%2", None),
        ] {
            assert_eq!(canonical(path).as_deref(), expect, "{path}");
        }
    }

    #[test]
    fn nothing_climbs_out() {
        for (rest, good) in [
            ("", true),
            ("/", true),
            ("/orders/1.json", true),
            ("/a..b/...", true),
            ("/a%20b/%E2%82%AC", true),
            ("//x", true),
            ("/..", false),
            ("/../x", false),
            ("/./x", false),
            ("/a/%2e%2E/x", false),
            ("/a/.%2e", false),
            ("/a%2F..%2fb", false),
            ("/a\\..\\b", false),
            ("/a%5c..%5Cb", false),
            ("/..;a=b/x", false),
            ("/%2e%2e%3bx/y", false),
            ("/a%00b", false),
            ("/a%zz", false),
            ("/a%", false),
        ] {
            assert_eq!(stays(rest), good, "{rest}");
        }
    }

    #[test]
    fn targets_are_put_together() {
        for (base, rest, query, expect) in [
            ("", "", None, "/"),
            ("", "/", Some("a=b"), "/?a=b"),
            ("/api", "", None, "/api"),
            ("/api", "/x", Some(""), "/api/x?"),
        ] {
            assert_eq!(joined(base, rest, query), expect);
        }
    }
}
