//! Scopes per operation: which operation of the definition a call is, however its path is spelt, and whether the token
//! holds what that asks for. Where a definition asks for scopes at all, it is the list of what may be called.
//!
//! Where two readings of a path are possible, both must be allowed: an endpoint may read it either way.

use hyper::Method;
use tieline_core::route_table::ScopedOperation;

use super::token::Identity;
use super::{Call, refusals};
use crate::path;
use crate::refusal::Refusal;

/// What divides segments, for one endpoint or another.
const DIVIDERS: [char; 2] = ['/', '\\'];

/// Checks the scopes that a call needs. Who calls with an API key holds none.
pub(super) fn check(call: &Call<'_>, identity: Option<&Identity>) -> Result<(), Box<Refusal>> {
    let operations = &call.route.operations;
    if operations.is_empty() {
        return Ok(());
    }
    let held = identity.map_or(&[][..], |identity| &identity.scopes);
    // A path whose encoding is wrong was refused before.
    let plain = path::decoded(call.rest).unwrap_or_default();
    let plain = String::from_utf8_lossy(&plain);
    let segment = |segment: &str| {
        let bytes = path::decoded(segment).unwrap_or_default();
        name(&String::from_utf8_lossy(&bytes)).to_owned()
    };
    let one: Vec<String> = call.rest.split(DIVIDERS).map(segment).filter(|segment| !segment.is_empty()).collect();
    let other: Vec<String> =
        plain.split(DIVIDERS).map(|segment| name(segment).to_owned()).filter(|segment| !segment.is_empty()).collect();
    let mut declared = false;
    for path in [one, other] {
        let Some(operation) = find(operations, call.method, &path) else { continue };
        if !satisfied(&operation.scopes, held) {
            return Err(refusals::scope_insufficient(&operation.scopes, identity.is_some()));
        }
        declared = true;
    }
    if declared { Ok(()) } else { Err(refusals::operation_undeclared(call.method, call.route)) }
}

/// A segment without the parameters and the blanks that some frameworks cut off.
fn name(segment: &str) -> &str {
    segment.split(';').next().unwrap_or_default().trim()
}

/// Whether all scopes of one alternative are held; no alternatives ask for nothing.
fn satisfied(alternatives: &[Vec<String>], held: &[String]) -> bool {
    alternatives.is_empty() || alternatives.iter().any(|scopes| scopes.iter().all(|scope| held.contains(scope)))
}

/// The operation that a call is: of several that fit the one that is more exact, as OpenAPI reads paths, and of those
/// one that asks for scopes. A `HEAD` that has no operation of its own is a `GET`. Some frameworks take methods and paths
/// without regard to case: rather ask for too much.
fn find<'a>(operations: &'a [ScopedOperation], method: &Method, path: &[String]) -> Option<&'a ScopedOperation> {
    let of = |method: &str| {
        let fitting = operations.iter().filter(|operation| operation.method.eq_ignore_ascii_case(method));
        fitting
            .filter_map(|operation| {
                let asks = !operation.scopes.is_empty();
                Some(((exactness(&operation.path, path, asks)?, asks), operation))
            })
            .max_by(|(one, _), (other, _)| one.cmp(other))
    };
    let method = method.as_str();
    let found = of(method).or_else(|| if method.eq_ignore_ascii_case("HEAD") { of("GET") } else { None });
    found.map(|(_, operation)| operation)
}

/// Whether a path fits a template, and how exactly: segment by segment, a word before a parameter. What asks for nothing
/// fits to the letter alone.
fn exactness(template: &str, path: &[String], asks: bool) -> Option<Vec<bool>> {
    let mut path = path.iter();
    let mut exact = Vec::new();
    for part in template.split('/').filter(|part| !part.is_empty()) {
        let segment = path.next()?;
        let same = part == segment || (asks && part.eq_ignore_ascii_case(segment));
        if !same && !is_parameter(part, segment, asks) {
            return None;
        }
        exact.push(same);
    }
    path.next().is_none().then_some(exact)
}

/// Whether a segment fits a part of a template that holds parameters.
fn is_parameter(part: &str, segment: &str, asks: bool) -> bool {
    let (Some((before, _)), Some((_, after))) = (part.split_once('{'), part.rsplit_once('}')) else { return false };
    asks || (segment.len() > before.len() + after.len() && segment.starts_with(before) && segment.ends_with(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_found_by_any_spelling() {
        let asking = |method: &str, path: &str| ScopedOperation {
            method: method.to_owned(),
            path: path.to_owned(),
            scopes: vec![vec!["a".to_owned()]],
        };
        let open = |method: &str, path: &str| ScopedOperation { scopes: Vec::new(), ..asking(method, path) };
        let operations = [
            asking("GET", "/orders/{id}"),
            asking("GET", "/orders/search"),
            asking("POST", "/orders"),
            asking("HEAD", "/own"),
            asking("GET", "/own"),
            asking("GET", "/a/{b}.json"),
            open("GET", "/orders/mine"),
            open("GET", "/a/{b}.xml"),
            open("GET", "/orders/{number}"),
        ];
        for (method, path, expect) in [
            (Method::GET, "orders/1", Some(0)),
            (Method::GET, "orders/search", Some(1)),
            (Method::GET, "Orders/SEARCH", Some(1)),
            (Method::HEAD, "orders/1", Some(0)),
            (Method::HEAD, "own", Some(3)),
            (Method::POST, "orders", Some(2)),
            (Method::PUT, "orders", None),
            (Method::GET, "orders", None),
            (Method::GET, "orders/1/2", None),
            (Method::GET, "a/x.json", Some(5)),
            (Method::GET, "orders/mine", Some(6)),
            (Method::GET, "orders/Mine", Some(0)),
            (Method::GET, "a/x.xml", Some(5)),
            (Method::from_bytes(b"post").unwrap(), "orders", Some(2)),
            (Method::from_bytes(b"head").unwrap(), "orders/1", Some(0)),
        ] {
            let path: Vec<String> = path.split('/').map(str::to_owned).collect();
            let found = find(&operations, &method, &path);
            assert_eq!(found, expect.map(|index: usize| &operations[index]), "{method} {path:?}");
        }
    }

    #[test]
    fn alternatives() {
        let list = |scopes: &[&str]| scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
        for (asked, held, good) in [
            (vec![], &[][..], true),
            (vec![list(&[])], &[], true),
            (vec![list(&["a"])], &[], false),
            (vec![list(&["a", "b"])], &["a"], false),
            (vec![list(&["a", "b"])], &["b", "a"], true),
            (vec![list(&["a"]), list(&["b"])], &["b"], true),
        ] {
            assert_eq!(satisfied(&asked, &list(held)), good, "{asked:?} {held:?}");
        }
    }
}
