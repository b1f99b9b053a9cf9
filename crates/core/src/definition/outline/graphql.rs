//! GraphQL's schema language: fields of the root types as operations, every other type as a schema.

use std::collections::{HashMap, HashSet};

use apollo_parser::cst::{self, CstNode};

use super::place::Place;
use super::writer::Writer;
use crate::definition::DefinitionKind;
use crate::definition::graphql::{described, parse, roots, syntax_error, word};
use crate::wire::outline::{
    Outline, OutlineBody, OutlineContent, OutlineField, OutlineGroup, OutlineOperation, OutlineSchema, OutlineShape,
    OutlineType, OutlineValue,
};

/// What a definition of a type, or an extension of it, says.
struct Parts {
    word: &'static str,
    name: String,
    description: String,
    directives: Option<cst::Directives>,
    fields: Option<cst::FieldsDefinition>,
    inputs: Option<cst::InputFieldsDefinition>,
    values: Option<cst::EnumValuesDefinition>,
    related: Vec<cst::NamedType>,
}

struct Reader {
    writer: Writer,
    /// The types that are shown, and can be led to.
    named: HashSet<String>,
}

/// Reads a schema's text.
pub(super) fn outline(text: &str) -> Result<Outline, String> {
    let tree = parse(text)?;
    let definitions: Vec<_> = tree.document().definitions().collect();
    let roots = roots(&definitions);
    let parts: Vec<Parts> = definitions.iter().filter_map(parts_of).collect();
    let is_root = |name: &str| roots.iter().any(|(root, _)| root == name);
    let named = parts.iter().map(|parts| parts.name.clone()).filter(|name| !is_root(name)).collect();
    let mut reader = Reader { writer: Writer::new(), named };
    let mut outline = Outline::of(DefinitionKind::GraphQl);
    for definition in &definitions {
        if let cst::Definition::SchemaDefinition(schema) = definition {
            outline.description = reader.description(schema.description());
        }
    }
    for (root, verb) in &roots {
        let mut group = OutlineGroup { name: reader.writer.line(root), ..OutlineGroup::default() };
        for part in parts.iter().filter(|part| part.name == *root) {
            if group.description.is_empty() {
                group.description = reader.writer.text(&part.description);
            }
            reader.operations(part, verb, &mut group.operations);
        }
        if !group.operations.is_empty() {
            outline.groups.push(group);
        }
    }
    let mut known: HashMap<&str, usize> = HashMap::new();
    for part in parts.iter().filter(|part| !part.name.is_empty() && !is_root(&part.name)) {
        if !reader.writer.row() {
            break;
        }
        let next = outline.schemas.len();
        let at = *known.entry(&part.name).or_insert(next);
        if at == next {
            outline.schemas.push(OutlineSchema { name: reader.writer.line(&part.name), ..OutlineSchema::default() });
        }
        reader.extend(&mut outline.schemas[at], part);
    }
    if let Some(error) = syntax_error(&tree) {
        reader.writer.note(&Place::ROOT, error);
    }
    outline.notes = reader.writer.into_notes();
    Ok(outline)
}

impl Reader {
    fn operations(&mut self, part: &Parts, verb: &str, out: &mut Vec<OutlineOperation>) {
        for field in part.fields.iter().flat_map(cst::FieldsDefinition::field_definitions) {
            if !self.writer.row() {
                return;
            }
            let mut parameters = Vec::new();
            let arguments = field.arguments_definition().map(|arguments| arguments.input_value_definitions());
            self.inputs(arguments.into_iter().flatten(), 0, "argument", &mut parameters);
            let shape = OutlineShape { of: self.type_of(field.ty()), ..OutlineShape::default() };
            let answer = OutlineContent { shape, ..OutlineContent::default() };
            let reason = deprecation(field.directives()).filter(|reason| !reason.is_empty());
            let said = [
                without_indent(&described(field.description())),
                reason.map(|reason| format!("Deprecated: {reason}")).unwrap_or_default(),
            ];
            out.push(OutlineOperation {
                verb: verb.to_owned(),
                path: self.writer.line(&word(field.name())),
                description: self.writer.text(&said.join("\n\n")),
                deprecated: deprecation(field.directives()).is_some(),
                parameters,
                responses: vec![OutlineBody { contents: vec![answer], ..OutlineBody::default() }],
                ..OutlineOperation::default()
            });
        }
    }

    /// Adds to a schema what its definition or one of its extensions says.
    fn extend(&mut self, schema: &mut OutlineSchema, part: &Parts) {
        if schema.shape.description.is_empty() {
            schema.shape.description = self.writer.text(&part.description);
        }
        if schema.shape.of.is_empty() {
            schema.shape.of.push(self.writer.piece(part.word));
        }
        let before = schema.shape.of.len();
        for (index, related) in part.related.iter().enumerate() {
            if !self.writer.row() {
                break;
            }
            let separator = match (part.word, index + before) {
                ("union", 1) => ": ",
                ("union", _) => " | ",
                (_, 1) => " implements ",
                _ => " & ",
            };
            schema.shape.of.push(OutlineType { text: separator.to_owned(), schema: None });
            let name = word(related.name());
            schema.shape.of.push(self.named(&name));
        }
        schema.shape.constraints.extend(self.annotations(part.directives.clone()));
        for value in part.values.iter().flat_map(cst::EnumValuesDefinition::enum_value_definitions) {
            if !self.writer.row() {
                return;
            }
            schema.shape.values.push(OutlineValue {
                value: self.writer.line(&word(value.enum_value().and_then(|value| value.name()))),
                description: self.description(value.description()),
                deprecated: deprecation(value.directives()).is_some(),
            });
        }
        for field in part.fields.iter().flat_map(cst::FieldsDefinition::field_definitions) {
            if !self.writer.row() {
                return;
            }
            let shape = self.shape(field.ty(), field.description(), field.directives());
            let name = self.writer.line(&word(field.name()));
            schema.fields.push(OutlineField { name, shape, ..OutlineField::default() });
            let arguments = field.arguments_definition().map(|arguments| arguments.input_value_definitions());
            self.inputs(arguments.into_iter().flatten(), 1, "argument", &mut schema.fields);
        }
        let inputs = part.inputs.iter().flat_map(cst::InputFieldsDefinition::input_value_definitions);
        self.inputs(inputs, 0, "", &mut schema.fields);
    }

    fn inputs(
        &mut self,
        inputs: impl Iterator<Item = cst::InputValueDefinition>,
        depth: u8,
        place: &str,
        out: &mut Vec<OutlineField>,
    ) {
        for input in inputs {
            if !self.writer.row() {
                return;
            }
            let required = matches!(input.ty(), Some(cst::Type::NonNullType(_))) && input.default_value().is_none();
            let mut shape = self.shape(input.ty(), input.description(), input.directives());
            if let Some(value) = input.default_value().and_then(|default| default.value()) {
                shape.default = self.writer.line(&value.source_string());
            }
            let name = self.writer.line(&word(input.name()));
            out.push(OutlineField { name, depth, place: place.to_owned(), required, shape });
        }
    }

    fn shape(
        &mut self,
        kind: Option<cst::Type>,
        description: Option<cst::Description>,
        directives: Option<cst::Directives>,
    ) -> OutlineShape {
        OutlineShape {
            of: self.type_of(kind),
            description: self.description(description),
            deprecated: deprecation(directives.clone()).is_some(),
            constraints: self.annotations(directives),
            ..OutlineShape::default()
        }
    }

    /// Why something is deprecated, and where a scalar is specified.
    fn annotations(&mut self, directives: Option<cst::Directives>) -> Vec<String> {
        let reason = deprecation(directives.clone()).filter(|reason| !reason.is_empty());
        let address = directive(directives, "specifiedBy");
        let said = reason.into_iter().chain(address.map(|address| format!("specified by {address}")));
        said.map(|text| self.writer.line(&text)).collect()
    }

    /// The text of a type, with a link to the one that it names.
    fn type_of(&mut self, kind: Option<cst::Type>) -> Vec<OutlineType> {
        let text = kind.map(|kind| kind.source_string()).unwrap_or_default();
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let name = text.trim_matches(['[', ']', '!', ',']);
        let start = text.find(name).unwrap_or(0);
        let pieces =
            [self.writer.piece(&text[..start]), self.named(name), self.writer.piece(&text[start + name.len()..])];
        pieces.into_iter().filter(|piece| !piece.text.is_empty()).collect()
    }

    fn named(&mut self, name: &str) -> OutlineType {
        if self.named.contains(name) { self.writer.link(name) } else { self.writer.piece(name) }
    }

    fn description(&mut self, description: Option<cst::Description>) -> String {
        self.writer.text(&without_indent(&described(description)))
    }
}

fn parts_of(definition: &cst::Definition) -> Option<Parts> {
    let parts = |word, name: Option<cst::Name>, description: Option<cst::Description>, directives| Parts {
        word,
        name: self::word(name),
        description: without_indent(&described(description)),
        directives,
        fields: None,
        inputs: None,
        values: None,
        related: Vec::new(),
    };
    let interfaces =
        |list: Option<cst::ImplementsInterfaces>| list.into_iter().flat_map(|list| list.named_types()).collect();
    let members = |list: Option<cst::UnionMemberTypes>| list.into_iter().flat_map(|list| list.named_types()).collect();
    Some(match definition {
        cst::Definition::ScalarTypeDefinition(t) => parts("scalar", t.name(), t.description(), t.directives()),
        cst::Definition::ScalarTypeExtension(t) => parts("scalar", t.name(), None, t.directives()),
        cst::Definition::ObjectTypeDefinition(t) => Parts {
            fields: t.fields_definition(),
            related: interfaces(t.implements_interfaces()),
            ..parts("type", t.name(), t.description(), t.directives())
        },
        cst::Definition::ObjectTypeExtension(t) => Parts {
            fields: t.fields_definition(),
            related: interfaces(t.implements_interfaces()),
            ..parts("type", t.name(), None, t.directives())
        },
        cst::Definition::InterfaceTypeDefinition(t) => Parts {
            fields: t.fields_definition(),
            related: interfaces(t.implements_interfaces()),
            ..parts("interface", t.name(), t.description(), t.directives())
        },
        cst::Definition::InterfaceTypeExtension(t) => Parts {
            fields: t.fields_definition(),
            related: interfaces(t.implements_interfaces()),
            ..parts("interface", t.name(), None, t.directives())
        },
        cst::Definition::UnionTypeDefinition(t) => Parts {
            related: members(t.union_member_types()),
            ..parts("union", t.name(), t.description(), t.directives())
        },
        cst::Definition::UnionTypeExtension(t) => {
            Parts { related: members(t.union_member_types()), ..parts("union", t.name(), None, t.directives()) }
        }
        cst::Definition::EnumTypeDefinition(t) => {
            Parts { values: t.enum_values_definition(), ..parts("enum", t.name(), t.description(), t.directives()) }
        }
        cst::Definition::EnumTypeExtension(t) => {
            Parts { values: t.enum_values_definition(), ..parts("enum", t.name(), None, t.directives()) }
        }
        cst::Definition::InputObjectTypeDefinition(t) => {
            Parts { inputs: t.input_fields_definition(), ..parts("input", t.name(), t.description(), t.directives()) }
        }
        cst::Definition::InputObjectTypeExtension(t) => {
            Parts { inputs: t.input_fields_definition(), ..parts("input", t.name(), None, t.directives()) }
        }
        _ => return None,
    })
}

/// Why something is deprecated, empty without a reason; none where it is not.
fn deprecation(directives: Option<cst::Directives>) -> Option<String> {
    directive(directives, "deprecated")
}

/// The first argument of a directive, empty where it has none.
fn directive(directives: Option<cst::Directives>, name: &str) -> Option<String> {
    let found = directives?.directives().find(|directive| word(directive.name()) == name)?;
    let argument = found.arguments().and_then(|arguments| arguments.arguments().next()?.value());
    Some(argument.map(|value| value.source_string().trim().trim_matches('"').trim().to_owned()).unwrap_or_default())
}

/// A block of text without the blanks that all of its lines but the first begin with.
fn without_indent(text: &str) -> String {
    let blanks = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let indent = text.lines().skip(1).filter(|line| !line.trim().is_empty()).map(blanks).min().unwrap_or(0);
    let lines: Vec<_> = text
        .lines()
        .enumerate()
        .map(|(index, line)| if index == 0 { line } else { line.get(indent..).unwrap_or_default() })
        .collect();
    lines.join("\n")
}
