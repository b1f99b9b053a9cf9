//! JSON Schema, as OpenAPI and AsyncAPI use it: the text of a type, what else holds, and the fields of what has no name.

use std::collections::HashSet;

use serde_json::Value;

use super::constraint::constraints;
use super::place::Place;
use super::reference::{Reader, Seen, reference_of};
use crate::definition::document::entries;
use crate::wire::outline::{OutlineField, OutlineShape, OutlineType, OutlineValue};

/// Most alternatives that the text of a type names.
const MAX_ALTERNATIVES: usize = 24;

impl<'d> Reader<'d> {
    /// Everything about a schema except its fields.
    pub(super) fn shape(&mut self, schema: &'d Value, place: &Place<'_>) -> OutlineShape {
        let mut shape = self.seen(schema, place, |reader, seen| match seen {
            Seen::Schema(schema) => reader.shape_of(schema, place),
            Seen::Link(name) => OutlineShape { of: vec![reader.writer.link(&name)], ..OutlineShape::default() },
            Seen::Text(text) => OutlineShape { of: vec![reader.writer.piece(&text)], ..OutlineShape::default() },
        });
        // What stands beside a reference is about its use here.
        if reference_of(schema).is_some() {
            self.describe(schema, &mut shape);
        }
        shape
    }

    fn shape_of(&mut self, schema: &'d Value, place: &Place<'_>) -> OutlineShape {
        let mut shape = OutlineShape::default();
        self.write_type(schema, place, &mut shape.of);
        self.describe(schema, &mut shape);
        if shape.description.is_empty() {
            shape.description = self.writer.under(schema, "title");
        }
        shape.constraints = constraints(&mut self.writer, schema);
        shape.values = self.choices(schema);
        if shape.values.is_empty()
            && let Some(items) = schema.get("items")
        {
            shape.values = self.seen(items, place, |reader, seen| match seen {
                Seen::Schema(items) => reader.choices(items),
                Seen::Link(_) | Seen::Text(_) => Vec::new(),
            });
        }
        shape
    }

    /// Takes what is said about a value: by its schema, or beside it.
    pub(super) fn describe(&mut self, said: &Value, shape: &mut OutlineShape) {
        let description = self.writer.under(said, "description");
        if !description.is_empty() {
            shape.description = description;
        }
        shape.deprecated |= said.get("deprecated") == Some(&Value::Bool(true));
        if let Some(default) = said.get("default") {
            shape.default = self.writer.value(default);
        }
        let examples = said.get("examples");
        let first = examples.and_then(|all| match all {
            Value::Array(all) => all.first(),
            Value::Object(all) => all.values().next().map(|named| named.get("value").unwrap_or(named)),
            _ => None,
        });
        if let Some(example) = said.get("example").or(first) {
            shape.example = self.writer.value(example);
        }
    }

    fn choices(&mut self, schema: &Value) -> Vec<OutlineValue> {
        let one = schema.get("const").into_iter();
        let many = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        one.chain(many).map_while(|value| self.writer.choice(value)).collect()
    }

    /// Writes the text of a type; whether it is one of several, and needs brackets after `array of`.
    fn write_type(&mut self, schema: &'d Value, place: &Place<'_>, out: &mut Vec<OutlineType>) -> bool {
        let mut several = false;
        if let Some(parts) = listed(schema, "allOf") {
            let own = schema.get("properties").is_some();
            several = self.join(parts, " & ", place, out);
            if own {
                self.say(" & object", out);
            }
            several |= own;
        } else if let Some(parts) = listed(schema, "oneOf").or_else(|| listed(schema, "anyOf")) {
            several = self.join(parts, " | ", place, out);
        } else {
            match schema.get("type") {
                Some(Value::String(word)) => self.write_word(word, schema, place, out),
                Some(Value::Array(words)) => {
                    for (index, word) in words.iter().filter_map(Value::as_str).take(MAX_ALTERNATIVES).enumerate() {
                        if index > 0 {
                            self.say(" | ", out);
                            several = true;
                        }
                        self.write_word(word, schema, place, out);
                    }
                }
                Some(_) => {
                    self.writer.note(place, "its type is no word");
                    self.say("any", out);
                }
                None => self.write_word(inferred(schema), schema, place, out),
            }
        }
        if ["nullable", "x-nullable"].iter().any(|key| schema.get(key) == Some(&Value::Bool(true))) {
            self.say(" | null", out);
            several = true;
        }
        several
    }

    fn join(&mut self, parts: &'d [Value], between: &str, place: &Place<'_>, out: &mut Vec<OutlineType>) -> bool {
        for (index, part) in parts.iter().take(MAX_ALTERNATIVES).enumerate() {
            if index > 0 {
                self.say(between, out);
            }
            self.write_inner(part, place, between != " | ", out);
        }
        if parts.len() > MAX_ALTERNATIVES {
            self.say(&format!("{between}… {} more", parts.len() - MAX_ALTERNATIVES), out);
        }
        parts.len() > 1
    }

    /// Writes a type inside of another one, in brackets where it would be misread.
    fn write_inner(&mut self, schema: &'d Value, place: &Place<'_>, brackets: bool, out: &mut Vec<OutlineType>) {
        let start = out.len();
        let ends = out.last().map_or(0, |piece| piece.text.len());
        let several = self.seen(schema, place, |reader, seen| match seen {
            Seen::Schema(schema) => reader.write_type(schema, place, out),
            Seen::Link(name) => {
                out.push(reader.writer.link(&name));
                false
            }
            Seen::Text(text) => {
                reader.say(&text, out);
                false
            }
        });
        if several && brackets {
            match start.checked_sub(1).and_then(|last| out.get_mut(last)) {
                Some(last) if last.schema.is_none() => last.text.insert(ends, '('),
                _ => out.insert(start, self.writer.piece("(")),
            }
            self.say(")", out);
        }
    }

    fn write_word(&mut self, word: &str, schema: &'d Value, place: &Place<'_>, out: &mut Vec<OutlineType>) {
        match word {
            "array" => match (listed(schema, "prefixItems").or_else(|| listed(schema, "items")), schema.get("items")) {
                (Some(items), _) => {
                    self.say("array of exactly (", out);
                    self.join(items, ", ", place, out);
                    self.say(")", out);
                }
                (None, Some(items @ Value::Object(_))) => {
                    self.say("array of ", out);
                    self.write_inner(items, place, true, out);
                }
                _ => self.say("array", out),
            },
            "object" => match schema.get("additionalProperties") {
                Some(values @ Value::Object(_)) if schema.get("properties").is_none() => {
                    self.say("map of ", out);
                    self.write_inner(values, place, true, out);
                }
                _ => self.say("object", out),
            },
            _ => match schema.get("format").and_then(Value::as_str).filter(|format| !format.is_empty()) {
                Some(format) => self.say(&format!("{word} ({format})"), out),
                None => self.say(word, out),
            },
        }
    }

    /// Adds text to a type.
    fn say(&mut self, text: &str, out: &mut Vec<OutlineType>) {
        // Blanks at its ends separate it from what it joins.
        let piece = self.writer.piece(text).text;
        let blank = |is: bool| if is { " " } else { "" };
        let piece = [blank(text.starts_with(' ')), &piece, blank(text.ends_with(' '))].concat();
        match out.last_mut() {
            Some(last) if last.schema.is_none() => last.text += &piece,
            _ => out.push(OutlineType { text: piece, schema: None }),
        }
    }

    /// Adds the fields of a schema, unless it has a name and is shown there.
    pub(super) fn fields(&mut self, schema: &'d Value, depth: u8, place: &Place<'_>, out: &mut Vec<OutlineField>) {
        self.seen(schema, place, |reader, seen| {
            if let Seen::Schema(schema) = seen {
                reader.fields_of(schema, depth, place, out);
            }
        });
    }

    fn fields_of(&mut self, schema: &'d Value, depth: u8, place: &Place<'_>, out: &mut Vec<OutlineField>) {
        let required: HashSet<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        self.writer.steps(required.len());
        let properties = schema.get("properties");
        if properties.is_some_and(|properties| !properties.is_object()) {
            self.writer.note(&place.at("properties"), "these are no fields");
        }
        if !self.writer.steps(properties.and_then(Value::as_object).map_or(0, serde_json::Map::len)) {
            return;
        }
        for (name, field) in entries(properties) {
            self.field(name, field, required.contains(name), depth, place, out);
        }
        for (pattern, field) in entries(schema.get("patternProperties")) {
            if !self.writer.steps(1) {
                return;
            }
            self.field(&format!("/{pattern}/"), field, false, depth, place, out);
        }
        match schema.get("additionalProperties") {
            Some(others @ Value::Object(_)) if properties.is_some() => {
                self.field("*", others, false, depth, place, out)
            }
            Some(values @ Value::Object(_)) => self.fields(values, depth, place, out),
            _ => {}
        }
        if let Some(items @ Value::Object(_)) = schema.get("items") {
            self.fields(items, depth, place, out);
        }
        for part in listed(schema, "allOf").unwrap_or_default() {
            self.fields(part, depth, place, out);
        }
        self.alternatives(schema, depth, place, out);
    }

    /// Adds the fields of alternatives that have no name, each below a row that says which it is.
    fn alternatives(&mut self, schema: &'d Value, depth: u8, place: &Place<'_>, out: &mut Vec<OutlineField>) {
        let alternatives = listed(schema, "oneOf").or_else(|| listed(schema, "anyOf")).unwrap_or_default();
        if let [only] = alternatives {
            return self.fields(only, depth, place, out);
        }
        for (index, alternative) in alternatives.iter().enumerate() {
            let mut below = Vec::new();
            self.fields(alternative, depth.saturating_add(1), place, &mut below);
            if !below.is_empty() && self.writer.row() {
                let name = match self.writer.under(alternative, "title") {
                    title if title.is_empty() => format!("alternative {}", index + 1),
                    title => title,
                };
                out.push(OutlineField { name, depth, ..OutlineField::default() });
                out.append(&mut below);
            }
        }
    }

    fn field(
        &mut self,
        name: &str,
        schema: &'d Value,
        required: bool,
        depth: u8,
        place: &Place<'_>,
        out: &mut Vec<OutlineField>,
    ) {
        if !self.writer.row() {
            return;
        }
        let place = place.at(name);
        let shape = self.shape(schema, &place);
        out.push(OutlineField { name: self.writer.line(name), depth, place: String::new(), required, shape });
        self.fields(schema, depth.saturating_add(1), &place, out);
    }
}

/// A list that is not empty.
fn listed<'d>(schema: &'d Value, key: &str) -> Option<&'d [Value]> {
    schema.get(key)?.as_array().map(Vec::as_slice).filter(|list| !list.is_empty())
}

/// The type of a schema that does not say it.
fn inferred(schema: &Value) -> &'static str {
    let has = |key: &str| schema.get(key).is_some();
    let first = schema.get("const").or_else(|| schema.get("enum")?.get(0));
    match first {
        _ if has("properties") || has("additionalProperties") => "object",
        _ if has("items") || has("prefixItems") => "array",
        Some(Value::String(_)) => "string",
        Some(Value::Number(_)) => "number",
        Some(Value::Bool(_)) => "boolean",
        _ if schema == &Value::Bool(false) => "nothing",
        _ => "any",
    }
}
