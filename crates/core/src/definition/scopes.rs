//! Which operations of an OpenAPI document ask for OAuth2 scopes, and for which: what a gateway demands of a token, and
//! what a client may ask for. Read as tolerantly as everything here; what cannot be read asks for nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::{self, entries};
use super::openapi::{MAX_SCOPES, METHODS};
use super::text_of;
use crate::route_table::ScopedOperation;

/// Longest scope that is taken, in bytes: a token carries them in a header.
const LONGEST: usize = 256;

/// Most pairs of operations that are compared, a tenth of a second: each has to be with each.
const MAX_COMPARISONS: usize = 1_000_000;

/// The operations of an OpenAPI 2 or 3 document that ask for scopes, in its order, and those that a token without scopes
/// may use although their path looks like one of those: `/orders/mine` beside `/orders/{id}`. Others are left out.
#[must_use]
pub fn scopes(bytes: &[u8]) -> Vec<ScopedOperation> {
    let Ok(text) = text_of(bytes) else { return Vec::new() };
    // Most documents declare none, and then nothing needs to be parsed.
    if !text.contains("security") {
        return Vec::new();
    }
    let Ok(document) = document::json_or_yaml(text) else { return Vec::new() };
    let everywhere = document.get("security").and_then(|security| alternatives(&document, security));
    let paths = entries(document.get("paths")).filter(|(path, _)| path.starts_with('/'));
    let operations = paths.flat_map(|(path, item)| entries(Some(item)).map(move |operation| (path, operation)));
    let mut operations: Vec<_> = operations
        .filter(|(_, (method, operation))| {
            METHODS.contains(&method.to_ascii_lowercase().as_str()) && operation.is_object()
        })
        .map(|(path, (method, operation))| {
            let own = operation.get("security").map(|security| alternatives(&document, security));
            let scopes = own.unwrap_or_else(|| everywhere.clone()).unwrap_or_default();
            ScopedOperation { method: method.to_ascii_uppercase(), path: path.to_owned(), scopes }
        })
        .collect();
    let asking: Vec<_> = operations.iter().filter(|operation| !operation.scopes.is_empty()).cloned().collect();
    let mut comparisons = 0;
    operations.retain(|operation| {
        comparisons += asking.len();
        // One that is named without need changes nothing: it asks for no scope.
        !operation.scopes.is_empty()
            || comparisons > MAX_COMPARISONS
            || asking.iter().any(|other| meet(other, operation))
    });
    operations
}

/// Whether a request for `other` would be taken for `one` if that stood alone: of its method, a `HEAD` being a `GET`, with
/// as many segments, and each pair equal or one of them a parameter.
fn meet(one: &ScopedOperation, other: &ScopedOperation) -> bool {
    if one.method != other.method && (one.method.as_str(), other.method.as_str()) != ("GET", "HEAD") {
        return false;
    }
    let (one, other) = (one.path.split('/'), other.path.split('/'));
    one.clone().count() == other.clone().count()
        && one.zip(other).all(|(one, other)| one == other || one.contains('{') || other.contains('{'))
}

/// Every scope that some operation asks for.
#[must_use]
pub fn scope_names(operations: &[ScopedOperation]) -> BTreeSet<String> {
    operations.iter().flat_map(|operation| operation.scopes.iter().flatten().cloned()).collect()
}

/// The alternatives of a `security` list that a token can satisfy; none where one of them asks for no scope.
pub(super) fn alternatives(document: &Value, security: &Value) -> Option<Vec<Vec<String>>> {
    let (mut found, mut room) = (Vec::new(), MAX_SCOPES);
    for requirement in security.as_array()? {
        let schemes: Vec<_> = entries(Some(requirement)).collect();
        // An alternative of keys alone is none for who comes with a token; an empty one admits everybody.
        let of_tokens: Vec<_> = schemes.iter().filter(|(name, asked)| is_of_tokens(document, name, asked)).collect();
        if of_tokens.is_empty() && !schemes.is_empty() {
            continue;
        }
        let asked = of_tokens.iter().filter_map(|(_, scopes)| scopes.as_array()).flatten().filter_map(Value::as_str);
        let asked: BTreeSet<_> = asked.filter(|scope| is_scope(scope)).take(MAX_SCOPES).map(str::to_owned).collect();
        if asked.is_empty() {
            return None;
        }
        // Fewer alternatives admit fewer.
        let Some(left) = room.checked_sub(asked.len()) else { break };
        room = left;
        found.push(asked.into_iter().collect());
    }
    (!found.is_empty()).then_some(found)
}

/// Whether a scheme is one of OAuth2 or OpenID Connect. One that the document forgot to declare is, if it has scopes.
fn is_of_tokens(document: &Value, name: &str, asked: &Value) -> bool {
    let declared = ["/components/securitySchemes", "/securityDefinitions"]
        .iter()
        .find_map(|place| document.pointer(place)?.get(name)?.get("type")?.as_str());
    match declared {
        Some(kind) => matches!(kind.to_ascii_lowercase().as_str(), "oauth2" | "openidconnect"),
        None => asked.as_array().is_some_and(|scopes| !scopes.is_empty()),
    }
}

/// Whether a text is one scope (RFC 6749, 3.3).
fn is_scope(text: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(document: &str) -> Vec<String> {
        let shown = |operation: &ScopedOperation| {
            let alternatives: Vec<_> = operation.scopes.iter().map(|scopes| scopes.join("+")).collect();
            format!("{} {} {}", operation.method, operation.path, alternatives.join("|"))
        };
        scopes(document.as_bytes()).iter().map(shown).collect()
    }

    const SCHEMES: &str = "
components:
  securitySchemes:
    default: { type: oauth2 }
    identity: { type: openIdConnect }
    key: { type: apiKey }
";

    fn many(numbers: std::ops::Range<usize>) -> String {
        numbers.map(|number| format!("s{number:02}")).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn operations_ask_for_the_alternatives_that_they_declare() {
        for (security, expect) in [
            ("[{ default: [read] }]", Some("read")),
            ("[{ default: [read, write] }, { identity: [admin] }]", Some("read+write|admin")),
            ("[{ default: [read], identity: [admin] }]", Some("admin+read")),
            ("[{ default: [read], key: [] }]", Some("read")),
            ("[{ default: [read] }, { key: [] }]", Some("read")),
            ("[{ default: [read, read] }]", Some("read")),
            ("[{ undeclared: [read] }]", Some("read")),
            ("[{ undeclared: [] }]", None),
            ("[{ key: [role] }]", None),
            ("[{ default: [read] }, {}]", None),
            ("[{ default: [read] }, { default: [] }]", None),
            ("[{ default: ['two words', 'quo\"te', 7] }]", None),
            ("[]", None),
            ("nonsense", None),
            // More than anybody has: the alternatives that are kept admit nobody whom the definition would not.
            (
                &format!("[{{ default: [{}] }}, {{ default: [{}] }}]", many(0..60), many(60..70)),
                Some(&many(0..60).replace(", ", "+")),
            ),
        ] {
            let document = format!("openapi: 3.0.0\n{SCHEMES}paths: {{ /a: {{ get: {{ security: {security} }} }} }}");
            let expect: Vec<_> = expect.map(|scopes| format!("GET /a {scopes}")).into_iter().collect();
            assert_eq!(shown(&document), expect, "{security}");
        }
    }

    #[test]
    fn the_security_of_the_document_holds_where_an_operation_has_none() {
        let document = format!(
            "openapi: 3.0.0\n{SCHEMES}security: [{{ default: [read] }}]\npaths:\n  /a/{{id}}:\n    get: {{}}\n    post: \
             {{ security: [{{ default: [write] }}] }}\n    delete: {{ security: [] }}\n    parameters: []\n  x-b: {{ get: {{}} }}"
        );
        assert_eq!(shown(&document), ["GET /a/{id} read", "POST /a/{id} write"]);
        let names = scope_names(&scopes(document.as_bytes()));
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["read", "write"]);
    }

    #[test]
    fn what_asks_for_nothing_is_named_where_it_would_be_taken_for_what_does() {
        let open = "{ security: [] }";
        let document = format!(
            "openapi: 3.0.0\n{SCHEMES}security: [{{ default: [read] }}]\npaths:\n  /a/{{id}}:\n    get: {{}}\n    head: {open}\n    \
             post: {open}\n  /a/mine:\n    get: {open}\n  /a/mine/all:\n    get: {open}\n  /b:\n    get: {open}"
        );
        assert_eq!(shown(&document), ["GET /a/{id} read", "HEAD /a/{id} ", "GET /a/mine "]);
    }

    #[test]
    fn swagger_is_read_and_nothing_else_is_an_error() {
        let swagger = r#"{"swagger":"2.0","securityDefinitions":{"o":{"type":"OAuth2"}},
            "paths":{"/a":{"get":{"security":[{"o":["read"]}]}}}}"#;
        assert_eq!(shown(swagger), ["GET /a read"]);
        for other in ["", "type Query { security: Int }", "{\"security\":", "security: &a [*a]", "\0security"] {
            assert_eq!(shown(other), Vec::<String>::new(), "{other}");
        }
        assert_eq!(scopes(&[0xff, 0xfe]), []);
    }
}
