//! GraphQL as the result of an introspection: the same that [`super::graphql`] reads from a schema's text.

use std::collections::HashSet;

use serde_json::Value;

use super::place::Place;
use super::writer::Writer;
use crate::definition::graphql::ROOTS;
use crate::definition::{DefinitionKind, MAX_DEPTH};
use crate::wire::outline::{
    Outline, OutlineBody, OutlineContent, OutlineField, OutlineGroup, OutlineOperation, OutlineSchema, OutlineShape,
    OutlineType, OutlineValue,
};

struct Introspection<'d> {
    writer: Writer,
    /// The types that are shown, and can be led to.
    named: HashSet<&'d str>,
}

/// Reads the `__schema` of a document.
pub(super) fn outline(document: &Value) -> Result<Outline, String> {
    let schema = document.get("__schema").or_else(|| document.pointer("/data/__schema"));
    let schema = schema.ok_or("it has no __schema, which the result of an introspection has")?;
    let types: Vec<&Value> = list(schema, "types").collect();
    let roots = ROOTS.map(|(_, verb)| (word(schema.pointer(&format!("/{verb}Type/name"))), verb));
    let shown = |name: &str| !name.is_empty() && !name.starts_with("__") && roots.iter().all(|(root, _)| *root != name);
    let named = types.iter().map(|kind| word(kind.get("name"))).filter(|name| shown(name));
    let builtin = ["Int", "Float", "String", "Boolean", "ID"];
    let named = named.filter(|name| !builtin.contains(name)).collect();
    let mut reader = Introspection { writer: Writer::new(), named };
    let mut outline =
        Outline { description: reader.writer.under(schema, "description"), ..Outline::of(DefinitionKind::GraphQl) };
    for (root, verb) in roots.iter().filter(|(root, _)| !root.is_empty()) {
        let Some(kind) = types.iter().find(|kind| word(kind.get("name")) == *root) else {
            reader.writer.note(&Place::ROOT.at(verb), format!("the type {root} is not there"));
            continue;
        };
        let group = reader.group(root, verb, kind);
        outline.groups.push(group);
    }
    for kind in &types {
        if reader.named.contains(word(kind.get("name"))) && reader.writer.row() {
            let schema = reader.schema(kind);
            outline.schemas.push(schema);
        }
    }
    outline.notes = reader.writer.into_notes();
    Ok(outline)
}

impl<'d> Introspection<'d> {
    fn group(&mut self, root: &str, verb: &str, kind: &'d Value) -> OutlineGroup {
        let description = self.writer.under(kind, "description");
        let mut group = OutlineGroup { name: self.writer.line(root), description, operations: Vec::new() };
        for field in list(kind, "fields") {
            if !self.writer.row() {
                break;
            }
            let mut parameters = Vec::new();
            self.inputs(list(field, "args"), 0, "argument", &mut parameters);
            let shape = OutlineShape { of: self.type_of(field.get("type")), ..OutlineShape::default() };
            let answer = OutlineContent { shape, ..OutlineContent::default() };
            group.operations.push(OutlineOperation {
                verb: verb.to_owned(),
                path: self.writer.under(field, "name"),
                description: self.description(field),
                deprecated: field.get("isDeprecated") == Some(&Value::Bool(true)),
                parameters,
                responses: vec![OutlineBody { contents: vec![answer], ..OutlineBody::default() }],
                ..OutlineOperation::default()
            });
        }
        group
    }

    /// What is said about a field, and why it should not be used any more.
    fn description(&mut self, field: &Value) -> String {
        let reason = word(field.get("deprecationReason"));
        let reason = if reason.is_empty() { String::new() } else { format!("Deprecated: {reason}") };
        self.writer.text(&[word(field.get("description")), &reason].join("\n\n"))
    }

    fn schema(&mut self, kind: &'d Value) -> OutlineSchema {
        let mut fields = Vec::new();
        for field in list(kind, "fields") {
            if !self.writer.row() {
                break;
            }
            let of = self.type_of(field.get("type"));
            fields.push(self.field(field, of, 0, ""));
            self.inputs(list(field, "args"), 1, "argument", &mut fields);
        }
        self.inputs(list(kind, "inputFields"), 0, "", &mut fields);
        let mut values = Vec::new();
        for value in list(kind, "enumValues") {
            if !self.writer.row() {
                break;
            }
            values.push(OutlineValue {
                value: self.writer.under(value, "name"),
                description: self.writer.under(value, "description"),
                deprecated: value.get("isDeprecated") == Some(&Value::Bool(true)),
            });
        }
        let word_of_kind =
            word(kind.get("kind")).to_ascii_lowercase().replace("input_object", "input").replace("object", "type");
        let mut of = vec![self.writer.piece(&word_of_kind)];
        let (related, between) = match word_of_kind.as_str() {
            "union" => (list(kind, "possibleTypes"), " | "),
            _ => (list(kind, "interfaces"), " & "),
        };
        for (index, related) in related.enumerate() {
            let before = if index > 0 {
                between
            } else if between == " | " {
                ": "
            } else {
                " implements "
            };
            of.push(OutlineType { text: before.to_owned(), schema: None });
            if !self.writer.row() {
                break;
            }
            of.extend(self.type_of(Some(related)));
        }
        let description = self.writer.under(kind, "description");
        let shape = OutlineShape { of, description, values, ..OutlineShape::default() };
        OutlineSchema { name: self.writer.under(kind, "name"), shape, fields }
    }

    fn inputs(&mut self, inputs: impl Iterator<Item = &'d Value>, depth: u8, place: &str, out: &mut Vec<OutlineField>) {
        for input in inputs {
            if !self.writer.row() {
                break;
            }
            let of = self.type_of(input.get("type"));
            let mut field = self.field(input, of, depth, place);
            field.shape.default = self.writer.under(input, "defaultValue");
            field.required = field.shape.default.is_empty() && word(input.pointer("/type/kind")) == "NON_NULL";
            out.push(field);
        }
    }

    fn field(&mut self, field: &'d Value, of: Vec<OutlineType>, depth: u8, place: &str) -> OutlineField {
        let deprecated = field.get("isDeprecated") == Some(&Value::Bool(true));
        let description = self.description(field);
        let shape = OutlineShape { of, description, deprecated, ..OutlineShape::default() };
        OutlineField { name: self.writer.under(field, "name"), depth, place: place.to_owned(), required: false, shape }
    }

    /// The text of a type, in the notation of a schema's text.
    fn type_of(&mut self, kind: Option<&'d Value>) -> Vec<OutlineType> {
        let (mut before, mut after) = (String::new(), String::new());
        let mut at = kind;
        for _ in 0..MAX_DEPTH {
            let Some(kind) = at else { break };
            match word(kind.get("kind")) {
                "NON_NULL" => after.insert(0, '!'),
                "LIST" => {
                    before.push('[');
                    after.insert(0, ']');
                }
                _ => break,
            }
            at = kind.get("ofType");
        }
        let name = word(at.and_then(|kind| kind.get("name")));
        let link = if self.named.contains(name) { self.writer.link(name) } else { self.writer.piece(name) };
        let pieces = [self.writer.piece(&before), link, self.writer.piece(&after)];
        pieces.into_iter().filter(|piece| !piece.text.is_empty()).collect()
    }
}

fn list<'d>(value: &'d Value, key: &str) -> impl Iterator<Item = &'d Value> + use<'d> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn word(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}
