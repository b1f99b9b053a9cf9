//! JSON and YAML as one tree of values, within limits.

use serde_json::Value;

use super::{MAX_BYTES, MAX_DEPTH, MAX_NODES};

/// Parses JSON, or what people write for it: YAML takes trailing commas, comments and single quotes.
pub(super) fn json_or_yaml(text: &str) -> Result<Value, String> {
    json(text).or_else(|reason| yaml(text).map_err(|_| reason))
}

/// Parses YAML. Aliases are followed, and what they bring in counts towards the limits.
pub(super) fn yaml(text: &str) -> Result<Value, String> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: MAX_NODES * 2,
            max_documents: 1,
            max_total_scalar_bytes: MAX_BYTES * 2,
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_NODES },
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::LastWins,
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::AsString,
        strict_booleans: true,
        ignore_binary_tag_for_string: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|e| e.to_string())
}

/// A value as text: people write versions as numbers, and titles too.
pub(super) fn scalar(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// The entries of an object, or nothing where something else stands.
pub(super) fn entries(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// The parser itself refuses nesting deeper than 128.
fn json(text: &str) -> Result<Value, String> {
    // Each value follows one of these; those inside strings count too, which costs real documents little.
    if text.bytes().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count() > MAX_NODES {
        return Err(format!("it has more than {MAX_NODES} values"));
    }
    serde_json::from_str(text).map_err(|e| e.to_string())
}
