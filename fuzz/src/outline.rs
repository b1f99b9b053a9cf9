//! Mutates definitions of every language and checks that reading any of them, for the search, for the gateway and for people,
//! ends, without a panic, within the limits, and that an outline leads nowhere but to what it shows.
//!
//! `cargo run --manifest-path fuzz/Cargo.toml --bin outline -- --seconds 600 [--seed N] [--slowest MILLISECONDS] [FILE]…`; a
//! finding is written to `fuzz/artifacts/` and ends the run with exit code 1.

mod mutate;
mod reading;
mod run;

use std::{collections::HashSet, process::ExitCode};

use tieline_core::definition::{DefinitionKind, outline, outline_text, read, scopes};
use tieline_core::wire::outline::Outline;

const SEEDS: [&str; 12] = [
    include_str!("../../crates/core/tests/definitions/openapi2.json"),
    include_str!("../../crates/core/tests/definitions/openapi30.yaml"),
    include_str!("../../crates/core/tests/definitions/openapi31.yaml"),
    include_str!("../../crates/core/tests/definitions/broken.yaml"),
    include_str!("../../crates/core/tests/definitions/asyncapi2.yaml"),
    include_str!("../../crates/core/tests/definitions/asyncapi3.yaml"),
    include_str!("../../crates/core/tests/definitions/schema.graphql"),
    include_str!("../../crates/core/tests/definitions/introspection.json"),
    include_str!("../../crates/core/tests/definitions/proto2.proto"),
    include_str!("../../crates/core/tests/definitions/proto3.proto"),
    include_str!("../../crates/core/tests/definitions/wsdl11.wsdl"),
    include_str!("../../crates/core/tests/definitions/wsdl20.wsdl"),
];

const WORDS: [&str; 56] = [
    "$ref",
    "{$ref: '#/components/schemas/Order'}",
    "{$ref: '#/'}",
    "{$ref: '#'}",
    "#/paths/~1orders/get",
    "#/components",
    "%7e",
    "%",
    "~1",
    "allOf",
    "oneOf: [",
    "anyOf",
    "items",
    "properties",
    "additionalProperties",
    "patternProperties",
    "prefixItems",
    "enum",
    "const",
    "type: ",
    "nullable: true",
    "parameters",
    "schema",
    "content",
    "responses",
    "requestBody",
    "headers",
    "callbacks",
    "security: [{a: [b]}]",
    "messages",
    "payload",
    "channels",
    "channel",
    "operations",
    "reply",
    "&a ",
    "*a",
    "<<: *a",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "\"\"\"",
    "extend type ",
    "implements ",
    "= {a: [1]}",
    "@deprecated",
    "oneof a {",
    "map<string, A> b = 9;",
    "repeated group G = 7 {",
    ".a.b.C",
    "<xs:complexType>",
    "<xs:element ref=\"t:Parcel\"/>",
    "xmlns:t=\"urn:x\"",
    "\u{1b}\u{e4}",
];

fn main() -> ExitCode {
    reading::fuzz("outline", &SEEDS, &WORDS, exercise)
}

/// Reads an input as what it is, and as something that it is not. The outcome names what it reached.
fn exercise(input: &[u8]) -> Result<Vec<String>, String> {
    let text = String::from_utf8_lossy(input);
    let definition = read(text.as_bytes(), None);
    let _ = scopes(text.as_bytes());
    let mut marks = Vec::new();
    for kind in [definition.kind, DefinitionKind::ALL[text.len() % DefinitionKind::ALL.len()]] {
        let outline = outline(kind, &text);
        check(&outline)?;
        marks.push(format!("{} {} {}", kind.as_str(), outline.groups.len().min(4), outline.schemas.len().min(9)));
        for note in &outline.notes {
            let cause: String = note.cause.chars().filter(|c| !c.is_ascii_digit()).take(60).collect();
            marks.push(format!("{} {cause}", kind.as_str()));
        }
        let shapes = outline.schemas.iter().flat_map(|schema| &schema.fields).map(|field| &field.shape);
        marks.extend(shapes.take(100).map(|shape| shape.type_text().chars().take(40).collect()));
    }
    Ok(marks)
}

fn check(outline: &Outline) -> Result<(), String> {
    let json = serde_json::to_value(outline).map_err(|error| error.to_string())?;
    let names: HashSet<&str> = outline.schemas.iter().map(|schema| schema.name.as_str()).collect();
    if outline.notes.iter().all(|note| !note.cause.contains("left out") && !note.cause.contains("no schema")) {
        links(&json["groups"], &names)?;
    }
    if outline_text(outline).chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err("a control character".to_owned());
    }
    match serde_json::from_value::<Outline>(json) {
        Ok(again) if again == *outline => Ok(()),
        other => Err(format!("it does not come back from JSON: {:?}", other.err())),
    }
}

/// Every link is to a named type that is shown.
fn links(value: &serde_json::Value, names: &HashSet<&str>) -> Result<(), String> {
    match value {
        serde_json::Value::Object(fields) => fields.iter().try_for_each(|(key, value)| match value.as_str() {
            Some(name) if key == "schema" && !names.contains(name) => Err(format!("{name} is not there")),
            _ => links(value, names),
        }),
        serde_json::Value::Array(items) => items.iter().try_for_each(|item| links(item, names)),
        _ => Ok(()),
    }
}
