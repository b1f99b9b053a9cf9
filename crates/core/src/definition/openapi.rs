//! OpenAPI 2 and 3: methods of paths, with the scopes that their security demands.

use serde_json::Value;

use super::{
    Definition, DefinitionKind, Operation,
    document::{entries, scalar},
    first_line,
};

/// The methods a path may have: OpenAPI 3.2's fixed fields, of which earlier versions have fewer.
pub(super) const METHODS: [&str; 9] = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

/// Most scopes of one operation: a document may ask for those of its own in each.
pub(super) const MAX_SCOPES: usize = 64;

/// Reads a document that calls itself OpenAPI or Swagger.
pub(super) fn read(document: &Value, kind: DefinitionKind) -> Definition {
    let mut definition = Definition::of(kind);
    read_info(&mut definition, document);
    let everywhere = scopes(document.get("security"));
    for (path, item) in entries(document.get("paths")).filter(|(path, _)| path.starts_with('/')) {
        for (method, operation) in entries(Some(item)) {
            if METHODS.contains(&method.to_ascii_lowercase().as_str()) && operation.is_object() {
                definition.operations.push(Operation {
                    verb: method.to_ascii_uppercase(),
                    path: path.to_owned(),
                    summary: summary(operation),
                    scopes: operation.get("security").map_or_else(|| everywhere.clone(), |own| scopes(Some(own))),
                });
            }
        }
    }
    for (name, _) in entries(document.get("definitions")).chain(entries(document.pointer("/components/schemas"))) {
        definition.add_search_text(name);
    }
    add_prose(&mut definition, document);
    definition
}

/// Takes title, description and version from `info`, as OpenAPI and AsyncAPI have it.
pub(super) fn read_info(definition: &mut Definition, document: &Value) {
    let info = |key: &str| scalar(document.get("info").and_then(|info| info.get(key)));
    definition.title = info("title");
    definition.description = info("description");
    definition.version = info("version");
}

/// One line about an operation: its summary, or the beginning of its description, or its id.
pub(super) fn summary(operation: &Value) -> String {
    ["summary", "description", "operationId"]
        .into_iter()
        .map(|key| first_line(&scalar(operation.get(key))))
        .find(|line| !line.is_empty())
        .unwrap_or_default()
}

/// The scopes of all alternatives of a `security` list, each once, in their order, as many as anybody reads.
pub(super) fn scopes(security: Option<&Value>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for requirement in security.and_then(Value::as_array).into_iter().flatten() {
        for (_, scopes) in entries(Some(requirement)) {
            for scope in scopes.as_array().into_iter().flatten().filter_map(Value::as_str) {
                if found.len() >= MAX_SCOPES {
                    return found;
                }
                if !found.iter().any(|known| known == scope) {
                    found.push(scope.to_owned());
                }
            }
        }
    }
    found
}

/// Adds what a document says in words, wherever it says it, for the search. The depth is bounded by the parsers.
pub(super) fn add_prose(definition: &mut Definition, value: &Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if is_prose(key) => definition.add_search_text(text),
                    _ => add_prose(definition, value),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| add_prose(definition, item)),
        _ => {}
    }
}

fn is_prose(key: &str) -> bool {
    matches!(key, "title" | "summary" | "description" | "operationId" | "name")
}
