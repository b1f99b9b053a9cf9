//! What a JSON Schema demands beside a type, in words.

use serde_json::Value;

use super::writer::Writer;

/// What else holds for a value of a schema.
pub(super) fn constraints(writer: &mut Writer, schema: &Value) -> Vec<String> {
    let number = |key: &str| schema.get(key).filter(|value| value.is_number()).map(Value::to_string);
    let mut found = Vec::new();
    found.extend(range(schema));
    for (least, most, unit) in [
        ("minLength", "maxLength", "characters"),
        ("minItems", "maxItems", "items"),
        ("minProperties", "maxProperties", "fields"),
    ] {
        found.extend(match (number(least), number(most)) {
            (Some(least), Some(most)) if least == most => Some(format!("exactly {least} {unit}")),
            (Some(least), Some(most)) => Some(format!("{least} to {most} {unit}")),
            (Some(least), None) if least != "0" => Some(format!("at least {least} {unit}")),
            (None, Some(most)) => Some(format!("at most {most} {unit}")),
            _ => None,
        });
    }
    found.extend(number("multipleOf").map(|step| format!("a multiple of {step}")));
    for (key, words) in [
        ("pattern", "matches "),
        ("contentEncoding", "encoded as "),
        ("contentMediaType", "holds "),
        ("collectionFormat", "separated as "),
    ] {
        if let Some(text) = schema.get(key).and_then(Value::as_str) {
            found.push(writer.line(&format!("{words}{}", short(text))));
        }
    }
    if let Some(key) = schema.pointer("/discriminator/propertyName").or(schema.get("discriminator"))
        && let Some(key) = key.as_str()
    {
        found.push(writer.line(&format!("told apart by {}", short(key))));
    }
    for (key, expected, words) in [
        ("uniqueItems", true, "no item twice"),
        ("readOnly", true, "read-only"),
        ("writeOnly", true, "write-only"),
        ("allowEmptyValue", true, "may be empty"),
        ("additionalProperties", false, "no other fields"),
    ] {
        if schema.get(key) == Some(&Value::Bool(expected)) {
            found.push(words.to_owned());
        }
    }
    found
}

/// The range of a number. OpenAPI 3.0 and before say by a truth value that a limit is excluded, JSON Schema by the limit.
fn range(schema: &Value) -> Option<String> {
    let limit = |key: &str, exclusive: &str| {
        let value = |key: &str| schema.get(key).filter(|value| value.is_number()).map(Value::to_string);
        match (value(exclusive), value(key)) {
            (Some(limit), _) => Some((limit, true)),
            (None, Some(limit)) => Some((limit, schema.get(exclusive) == Some(&Value::Bool(true)))),
            (None, None) => None,
        }
    };
    let least = limit("minimum", "exclusiveMinimum");
    let most = limit("maximum", "exclusiveMaximum");
    let lower =
        |(limit, excluded): (String, bool)| format!("{} {limit}", if excluded { "more than" } else { "at least" });
    let upper =
        |(limit, excluded): (String, bool)| format!("{} {limit}", if excluded { "less than" } else { "at most" });
    match (least, most) {
        (Some((least, false)), Some((most, false))) => Some(format!("{least} to {most}")),
        (Some(least), Some(most)) => Some(format!("{}, {}", lower(least), upper(most))),
        (Some(least), None) => Some(lower(least)),
        (None, Some(most)) => Some(upper(most)),
        (None, None) => None,
    }
}

/// Longest pattern or name that stands in a constraint, in bytes.
const LONGEST: usize = 500;

fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}
