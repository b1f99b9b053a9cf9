//! Which operations of an OpenAPI document ask for OAuth2 scopes, and for which: what a gateway demands of a token, and
//! what a client may ask for. Read less tolerantly than everything else here: what asks for nothing is open.

use std::collections::BTreeSet;

use serde_json::Value;

use super::detect::{self, Language};
use super::document::{self, entries};
use super::openapi::{MAX_SCOPES, METHODS};
use super::text_of;
use crate::route_table::ScopedOperation;

/// Longest scope that is taken, in bytes: a token carries them in a header.
const LONGEST: usize = 256;

/// Most operations of a document that asks for scopes: every call is compared with each.
const MAX_OPERATIONS: usize = 5_000;

/// Longest chain of references from one path to another.
const LONGEST_CHAIN: usize = 8;

/// Every operation of an OpenAPI 2 or 3 document, path by path in its order, if any of them asks for scopes; those that a token without
/// scopes may use have none. Nothing where no operation asks, or the text is no such document.
///
/// # Errors
/// Says what of a document that speaks of security cannot be read: who took it for nothing would leave an operation open.
pub fn scopes(bytes: &[u8]) -> Result<Vec<ScopedOperation>, String> {
    let text = text_of(bytes)?;
    // Most documents declare none, and then nothing needs to be parsed.
    if !text.contains("security") {
        return Ok(Vec::new());
    }
    let document = match (document::json_or_yaml(text), detect::language(text, None)) {
        (Ok(document), _) => document,
        (Err(reason), Some(Language::Json | Language::Yaml)) => return Err(format!("it cannot be parsed: {reason}")),
        (Err(_), _) => return Ok(Vec::new()),
    };
    let everywhere = document.get("security").map(|security| alternatives(&document, security));
    let (mut operations, mut asks, mut unread) = (Vec::new(), false, None);
    'all: for (path, item) in entries(document.get("paths")).filter(|(path, _)| path.starts_with('/')) {
        let found = operations_of(&document, path, item);
        for (method, operation) in found.unwrap_or_else(|why| {
            unread.get_or_insert(why);
            Vec::new()
        }) {
            let own = operation.get("security").map(|security| alternatives(&document, security));
            let scopes = own.or_else(|| everywhere.clone()).unwrap_or_else(|| Ok(Vec::new()));
            let scopes = scopes.map_err(|why| format!("{method} {path}: {why}"))?;
            asks |= !scopes.is_empty();
            if operations.len() == MAX_OPERATIONS {
                unread = Some(format!("it has more than {MAX_OPERATIONS} operations"));
                break 'all;
            }
            operations.push(ScopedOperation { method, path: path.to_owned(), scopes });
        }
    }
    let declares = ["/security", "/components/securitySchemes", "/securityDefinitions"];
    if let Some(unread) = unread
        && (asks || declares.iter().any(|place| document.pointer(place).is_some()))
    {
        return Err(unread);
    }
    Ok(if asks { operations } else { Vec::new() })
}

/// The operations of a path, and of those that it refers to within the document.
fn operations_of<'a>(document: &'a Value, path: &str, mut item: &'a Value) -> Result<Vec<(String, &'a Value)>, String> {
    let mut found = Vec::new();
    for _ in 0..LONGEST_CHAIN {
        let written = |method: &'static str| item.get(method).or_else(|| item.get(method.to_ascii_uppercase()));
        let own = METHODS.into_iter().filter_map(|method| Some((method, written(method)?)));
        // One more than there may be shows that there are too many.
        let more = entries(item.get("additionalOperations")).take(MAX_OPERATIONS + 1);
        let own = own.chain(more).filter(|(_, operation)| operation.is_object());
        found.extend(own.map(|(method, operation)| (method.to_ascii_uppercase(), operation)));
        let Some(reference) = item.get("$ref") else { return Ok(found) };
        let place = reference.as_str().and_then(|reference| reference.strip_prefix('#'));
        item = place
            .and_then(|place| document.pointer(&place.replace("%7B", "{").replace("%7D", "}")))
            .ok_or_else(|| format!("{path} refers to {reference}, which is not in the document"))?;
    }
    Err(format!("{path} refers to other paths on and on"))
}

/// Every scope that some operation asks for.
#[must_use]
pub fn scope_names(operations: &[ScopedOperation]) -> BTreeSet<String> {
    operations.iter().flat_map(|operation| operation.scopes.iter().flatten().cloned()).collect()
}

/// The alternatives of a `security` list that a token can satisfy, as far as they can be read.
pub(super) fn asked(document: &Value, security: &Value) -> Option<Vec<Vec<String>>> {
    alternatives(document, security).ok().filter(|alternatives| !alternatives.is_empty())
}

/// The alternatives of a `security` list that a token can satisfy; none where one of them asks for no scope.
fn alternatives(document: &Value, security: &Value) -> Result<Vec<Vec<String>>, String> {
    let (mut found, mut room) = (Vec::new(), MAX_SCOPES);
    for requirement in security.as_array().ok_or("its security is no list")? {
        let requirement = requirement.as_object().ok_or("its security lists what is no requirement")?;
        // An alternative of keys alone is none for who comes with a token; an empty one admits everybody.
        let of_tokens: Vec<_> =
            requirement.iter().filter(|(name, asked)| is_of_tokens(document, name, asked)).collect();
        if of_tokens.is_empty() && !requirement.is_empty() {
            continue;
        }
        let mut asked = BTreeSet::new();
        for (name, scopes) in of_tokens {
            let scopes = scopes.as_array().ok_or_else(|| format!("{name} has no list of scopes"))?;
            for scope in scopes {
                let scope = scope.as_str().filter(|scope| is_scope(scope));
                asked.insert(scope.ok_or_else(|| format!("{name} asks for what is no scope"))?.to_owned());
            }
        }
        if asked.len() > MAX_SCOPES {
            return Err(format!("it asks for more than {MAX_SCOPES} scopes at once"));
        }
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        // Fewer alternatives admit fewer.
        let Some(left) = room.checked_sub(asked.len()) else { break };
        room = left;
        found.push(asked.into_iter().collect());
    }
    Ok(found)
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
        scopes(document.as_bytes()).unwrap().iter().map(shown).collect()
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
            ("[]", None),
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
        assert_eq!(shown(&document), ["GET /a/{id} read", "POST /a/{id} write", "DELETE /a/{id} "]);
        let names = scope_names(&scopes(document.as_bytes()).unwrap());
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["read", "write"]);
    }

    #[test]
    fn what_a_path_refers_to_is_read() {
        let document = format!(
            "openapi: 3.1.0\n{SCHEMES}  pathItems:\n    orders: {{ get: {{ security: [{{ default: [read] }}] }} }}\npaths:\n  \
             /a: {{ $ref: '#/components/pathItems/orders', post: {{}} }}\n  /a/{{id}}: {{ $ref: '#/paths/~1a' }}\n  \
             /b: {{ $ref: '#/paths/~1a~1%7Bid%7D' }}\n  /c: {{ additionalOperations: {{ COPY: {{}} }} }}"
        );
        let expect =
            ["POST /a ", "GET /a read", "POST /a/{id} ", "GET /a/{id} read", "POST /b ", "GET /b read", "COPY /c "];
        assert_eq!(shown(&document), expect);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let of = |paths: &str| format!("openapi: 3.1.0\n{SCHEMES}paths: {{ {paths} }}");
        for (document, expect) in [
            (
                of("/a: { get: { security: [{ default: ['two words'] }] } }"),
                "GET /a: default asks for what is no scope",
            ),
            (of("/a: { get: { security: [{ default: [7] }] } }"), "GET /a: default asks for what is no scope"),
            (of("/a: { get: { security: [{ default: read }] } }"), "GET /a: default has no list of scopes"),
            (of("/a: { get: { security: [read] } }"), "GET /a: its security lists what is no requirement"),
            (of("/a: { get: { security: nonsense } }"), "GET /a: its security is no list"),
            (
                of(&format!("/a: {{ get: {{ security: [{{ default: [{}] }}] }} }}", many(0..70))),
                "GET /a: it asks for more than 64 scopes at once",
            ),
            (of("/a: { $ref: other.yaml }"), "/a refers to \"other.yaml\", which is not in the document"),
            (of("/a: { $ref: '#/paths/~1b' }"), "/a refers to \"#/paths/~1b\", which is not in the document"),
            (of("/a: { $ref: '#/paths/~1a' }"), "/a refers to other paths on and on"),
            ("{\"security\":".to_owned(), "it cannot be parsed"),
            ("openapi: 3\nsecurity: &a [*a]".to_owned(), "it cannot be parsed"),
        ] {
            let said = scopes(document.as_bytes()).unwrap_err();
            assert!(said.starts_with(expect), "{said}");
        }
        // What does not speak of security may be as it likes.
        assert_eq!(scopes(b"openapi: 3.1.0\npaths: { /a: { $ref: other.yaml } }"), Ok(Vec::new()));
    }

    #[test]
    fn swagger_is_read_and_nothing_else_asks_for_anything() {
        let swagger = r#"{"swagger":"2.0","securityDefinitions":{"o":{"type":"OAuth2"}},
            "paths":{"/a":{"get":{"security":[{"o":["read"]}]}}}}"#;
        assert_eq!(shown(swagger), ["GET /a read"]);
        for other in ["", "type Query { security: Int }", "security: &a [*a]"] {
            assert_eq!(shown(other), Vec::<String>::new(), "{other}");
        }
    }
}
