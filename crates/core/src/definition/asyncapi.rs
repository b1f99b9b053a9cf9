//! AsyncAPI 2 and 3: who sends what over which channel.

use serde_json::Value;

use super::{
    Definition, DefinitionKind, Operation,
    document::{entries, scalar},
    openapi,
};

/// Reads a document that calls itself AsyncAPI.
pub(super) fn read(document: &Value) -> Definition {
    let mut definition = Definition::of(DefinitionKind::AsyncApi);
    openapi::read_info(&mut definition, document);
    // Version 2 lists operations under their channel, version 3 channels under their operation.
    for (channel, item) in entries(document.get("channels")) {
        for (verb, operation) in entries(Some(item)).filter(|(verb, _)| matches!(*verb, "publish" | "subscribe")) {
            definition.operations.push(describe(verb.to_owned(), channel.to_owned(), operation));
        }
    }
    for (name, operation) in entries(document.get("operations")).filter(|(_, operation)| operation.is_object()) {
        let reference = scalar(operation.pointer("/channel/$ref"));
        let channel = reference.rsplit('/').next().filter(|channel| !channel.is_empty()).unwrap_or(name);
        // A JSON pointer escapes these two characters (RFC 6901, section 3).
        let channel = channel.replace("~1", "/").replace("~0", "~");
        let address = scalar(document.get("channels").and_then(|all| all.get(&channel)?.get("address")));
        let path = if address.is_empty() { channel } else { address };
        definition.operations.push(describe(scalar(operation.get("action")), path, operation));
    }
    openapi::add_prose(&mut definition, document);
    definition
}

fn describe(verb: String, path: String, operation: &Value) -> Operation {
    Operation { verb, path, summary: openapi::summary(operation), scopes: openapi::scopes(operation.get("security")) }
}
