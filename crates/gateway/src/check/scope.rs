//! Scopes per operation: which operation of the definition a call is, however its path is spelt, and whether the token
//! holds what that asks for.
//!
//! Where two readings of a path are possible, both must be allowed: an endpoint may read it either way.

use hyper::Method;
use tieline_core::route_table::ScopedOperation;

use super::token::Identity;
use super::{Call, refusals};
use crate::path;
use crate::refusal::Refusal;

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
    let one: Vec<String> = call.rest.split('/').map(segment).filter(|segment| !segment.is_empty()).collect();
    let other: Vec<String> =
        plain.split('/').map(|segment| name(segment).to_owned()).filter(|segment| !segment.is_empty()).collect();
    for path in [one, other] {
        if let Some(operation) = find(operations, call.method, &path)
            && !satisfied(&operation.scopes, held)
        {
            return Err(refusals::scope_insufficient(&operation.scopes, identity.is_some()));
        }
    }
    Ok(())
}

/// A segment without the parameters that some frameworks cut off.
fn name(segment: &str) -> &str {
    segment.split(';').next().unwrap_or_default()
}

/// Whether all scopes of one alternative are held; no alternatives ask for nothing.
fn satisfied(alternatives: &[Vec<String>], held: &[String]) -> bool {
    alternatives.is_empty() || alternatives.iter().any(|scopes| scopes.iter().all(|scope| held.contains(scope)))
}

/// The operation that a call is: of several that fit the one that is more exact, as OpenAPI reads paths. A `HEAD` that
/// has no operation of its own is a `GET`.
fn find<'a>(operations: &'a [ScopedOperation], method: &Method, path: &[String]) -> Option<&'a ScopedOperation> {
    let of = |method: &str| {
        let fitting = operations.iter().filter(|operation| operation.method == method);
        fitting
            .filter_map(|operation| Some((exactness(&operation.path, path)?, operation)))
            .max_by_key(|(exact, _)| exact.clone())
    };
    let found = of(method.as_str()).or_else(|| if method == Method::HEAD { of("GET") } else { None });
    found.map(|(_, operation)| operation)
}

/// Whether a path fits a template, and how exactly: segment by segment, a word before a parameter.
fn exactness(template: &str, path: &[String]) -> Option<Vec<bool>> {
    let mut path = path.iter();
    let mut exact = Vec::new();
    for part in template.split('/').filter(|part| !part.is_empty()) {
        let segment = path.next()?;
        // Some frameworks take paths without regard to case: rather ask for too much.
        let same = part.eq_ignore_ascii_case(segment);
        let parameter = part.contains('{') && part.contains('}');
        if !same && !parameter {
            return None;
        }
        exact.push(same);
    }
    path.next().is_none().then_some(exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_found_by_any_spelling() {
        let operation = |method: &str, path: &str| ScopedOperation {
            method: method.to_owned(),
            path: path.to_owned(),
            scopes: Vec::new(),
        };
        let operations = [
            operation("GET", "/orders/{id}"),
            operation("GET", "/orders/search"),
            operation("POST", "/orders"),
            operation("HEAD", "/own"),
            operation("GET", "/own"),
            operation("GET", "/a/{b}.json"),
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
