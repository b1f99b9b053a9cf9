//! Protocol buffers: services with their methods, messages and enumerations.

use std::collections::{HashMap, HashSet};

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::source_code_info::Location;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, UninterpretedOption,
};

use super::place::Place;
use super::writer::Writer;
use crate::definition::{DefinitionKind, first_line};
use crate::wire::outline::{
    Outline, OutlineBody, OutlineContent, OutlineField, OutlineGroup, OutlineOperation, OutlineSchema, OutlineShape,
    OutlineType, OutlineValue,
};

/// Field numbers in `google/protobuf/descriptor.proto`, of which paths to comments are made.
const SERVICE: i32 = 6;
const METHOD: i32 = 2;
const MESSAGE: i32 = 4;
const ENUM: i32 = 5;
const FIELD_OF_MESSAGE: i32 = 2;
const MESSAGE_IN_MESSAGE: i32 = 3;
const ENUM_IN_MESSAGE: i32 = 4;
const VALUE_OF_ENUM: i32 = 2;

struct Reader<'d> {
    writer: Writer,
    comments: HashMap<&'d [i32], &'d Location>,
    /// The full names of messages and enumerations of this file.
    named: HashSet<String>,
    package: &'d str,
}

/// Reads one source file; its imports are not followed.
pub(super) fn outline(text: &str) -> Result<Outline, String> {
    let file = protox_parse::parse("definition.proto", text)
        .map_err(|e| format!("it cannot be parsed: {}", first_line(&e.to_string())))?;
    let locations = file.source_code_info.iter().flat_map(|info| &info.location);
    let comments = locations.map(|location| (location.path.as_slice(), location)).collect();
    let mut reader = Reader { writer: Writer::new(), comments, named: HashSet::new(), package: file.package() };
    for message in &file.message_type {
        reader.name(message, "");
    }
    reader.named.extend(file.enum_type.iter().map(|kind| kind.name().to_owned()));
    let mut outline = Outline::of(DefinitionKind::Protobuf);
    outline.title = reader.writer.line(file.package());
    reader.services(&file, &mut outline.groups);
    for (at, message) in file.message_type.iter().enumerate() {
        reader.message(message, "", &mut vec![MESSAGE, indexed(at)], &mut outline.schemas);
    }
    for (at, kind) in file.enum_type.iter().enumerate() {
        reader.enumeration(kind, "", &[ENUM, indexed(at)], &mut outline.schemas);
    }
    for import in file.dependency.iter().filter(|import| !import.starts_with("google/")) {
        reader.writer.note(&Place::ROOT, format!("it imports {import}, whose types are named and not shown"));
    }
    outline.notes = reader.writer.into_notes();
    Ok(outline)
}

impl Reader<'_> {
    /// Remembers the names of a message and of what is inside.
    fn name(&mut self, message: &DescriptorProto, outer: &str) {
        let name = within(outer, message.name());
        // A long name is said again by everything inside.
        if !self.writer.steps(1 + name.len() / 64) {
            return;
        }
        for inside in &message.nested_type {
            self.name(inside, &name);
        }
        self.named.extend(message.enum_type.iter().map(|kind| within(&name, kind.name())));
        self.named.insert(name);
    }

    fn services(&mut self, file: &FileDescriptorProto, out: &mut Vec<OutlineGroup>) {
        for (at, service) in file.service.iter().enumerate() {
            let path = [SERVICE, indexed(at)];
            let description = self.comment(&path);
            let name = within(self.package, service.name());
            let mut group = OutlineGroup { name: self.writer.line(&name), description, operations: Vec::new() };
            for (index, method) in service.method.iter().enumerate() {
                if !self.writer.row() {
                    break;
                }
                let options = method.options.iter().flat_map(|options| &options.uninterpreted_option);
                let request = self.body(method.input_type(), method.client_streaming());
                let response = self.body(method.output_type(), method.server_streaming());
                group.operations.push(OutlineOperation {
                    verb: "rpc".to_owned(),
                    path: self.writer.line(method.name()),
                    description: self.comment(&[SERVICE, indexed(at), METHOD, indexed(index)]),
                    deprecated: is_deprecated(options),
                    requests: vec![request],
                    responses: vec![response],
                    ..OutlineOperation::default()
                });
            }
            out.push(group);
        }
    }

    fn body(&mut self, message: &str, stream: bool) -> OutlineBody {
        let before = if stream { "stream of " } else { "" };
        let shape = OutlineShape { of: self.named_type(before, message, "", ""), ..OutlineShape::default() };
        OutlineBody { contents: vec![OutlineContent { shape, ..OutlineContent::default() }], ..OutlineBody::default() }
    }

    fn message(&mut self, message: &DescriptorProto, outer: &str, path: &mut Vec<i32>, out: &mut Vec<OutlineSchema>) {
        let name = within(outer, message.name());
        if !self.writer.row() || !self.writer.steps(name.len() / 64) {
            return;
        }
        let maps = message.nested_type.iter().filter(|inside| is_map_entry(inside));
        let maps: HashMap<&str, &DescriptorProto> = maps.map(|entry| (entry.name(), entry)).collect();
        let mut fields = Vec::new();
        for (at, field) in message.field.iter().enumerate() {
            if !self.writer.row() {
                break;
            }
            path.extend([FIELD_OF_MESSAGE, indexed(at)]);
            let mut read = self.field(field, maps.get(last(field.type_name())).copied(), &name, path);
            let choice = field.oneof_index.filter(|_| !field.proto3_optional()).and_then(|at| usize::try_from(at).ok());
            if let Some(choice) = choice.and_then(|at| message.oneof_decl.get(at)) {
                read.shape.constraints.push(self.writer.line(&format!("one of {}", choice.name())));
            }
            fields.push(read);
            path.truncate(path.len() - 2);
        }
        let options = message.options.iter().flat_map(|options| &options.uninterpreted_option);
        let shape = OutlineShape {
            of: vec![self.writer.piece("message")],
            description: self.comment(path),
            deprecated: is_deprecated(options),
            ..OutlineShape::default()
        };
        out.push(OutlineSchema { name: self.writer.line(&name), shape, fields });
        for (at, inside) in message.nested_type.iter().enumerate().filter(|(_, inside)| !is_map_entry(inside)) {
            path.extend([MESSAGE_IN_MESSAGE, indexed(at)]);
            self.message(inside, &name, path, out);
            path.truncate(path.len() - 2);
        }
        for (at, inside) in message.enum_type.iter().enumerate() {
            path.extend([ENUM_IN_MESSAGE, indexed(at)]);
            self.enumeration(inside, &name, path, out);
            path.truncate(path.len() - 2);
        }
    }

    fn field(
        &mut self,
        field: &FieldDescriptorProto,
        map: Option<&DescriptorProto>,
        scope: &str,
        path: &[i32],
    ) -> OutlineField {
        let repeated = field.label.is_some() && field.label() == Label::Repeated;
        let of = match map.map(|entry| entry.field.as_slice()) {
            Some([key, value]) => {
                let before = format!("map<{}, ", word(key));
                self.type_of(&before, value, scope, ">")
            }
            _ => self.type_of(if repeated { "repeated " } else { "" }, field, scope, ""),
        };
        let mut constraints = vec![format!("field {}", field.number())];
        if field.proto3_optional() {
            constraints.push("optional".to_owned());
        }
        let options = field.options.iter().flat_map(|options| &options.uninterpreted_option);
        let shape = OutlineShape {
            of,
            description: self.comment(path),
            deprecated: is_deprecated(options),
            constraints,
            default: self.writer.line(field.default_value()),
            ..OutlineShape::default()
        };
        let required = field.label.is_some() && field.label() == Label::Required;
        OutlineField { name: self.writer.line(field.name()), depth: 0, place: String::new(), required, shape }
    }

    fn enumeration(&mut self, kind: &EnumDescriptorProto, outer: &str, path: &[i32], out: &mut Vec<OutlineSchema>) {
        if !self.writer.row() {
            return;
        }
        let mut values = Vec::new();
        for (at, value) in kind.value.iter().enumerate() {
            if !self.writer.row() {
                break;
            }
            let options = value.options.iter().flat_map(|options| &options.uninterpreted_option);
            values.push(OutlineValue {
                value: self.writer.line(&format!("{} = {}", value.name(), value.number())),
                description: self.comment(&[path, &[VALUE_OF_ENUM, indexed(at)]].concat()),
                deprecated: is_deprecated(options),
            });
        }
        let options = kind.options.iter().flat_map(|options| &options.uninterpreted_option);
        let shape = OutlineShape {
            of: vec![self.writer.piece("enum")],
            description: self.comment(path),
            deprecated: is_deprecated(options),
            values,
            ..OutlineShape::default()
        };
        out.push(OutlineSchema { name: self.writer.line(&within(outer, kind.name())), shape, fields: Vec::new() });
    }

    fn type_of(&mut self, before: &str, field: &FieldDescriptorProto, scope: &str, after: &str) -> Vec<OutlineType> {
        match field.type_name.as_deref() {
            Some(name) => self.named_type(before, name, scope, after),
            None => vec![self.writer.piece(&format!("{before}{}{after}", word(field)))],
        }
    }

    /// A type by its name as it was written: relative to where it stands, to the package, or whole behind a dot.
    fn named_type(&mut self, before: &str, name: &str, scope: &str, after: &str) -> Vec<OutlineType> {
        let mut scope = scope;
        let bare = name.strip_prefix('.').unwrap_or(name);
        let in_package = bare.strip_prefix(self.package).and_then(|rest| rest.strip_prefix('.'));
        let found = loop {
            let candidate = within(scope, bare);
            if !name.starts_with('.') && self.named.contains(&candidate) {
                break Some(candidate);
            }
            if !self.writer.steps(1 + candidate.len() / 64) || scope.is_empty() {
                let whole = if self.package.is_empty() { Some(bare) } else { in_package };
                break whole.filter(|name| self.named.contains(*name)).map(str::to_owned);
            }
            scope = scope.rsplit_once('.').map_or("", |(outer, _)| outer);
        };
        let link = match found {
            Some(found) => self.writer.link(&found),
            None => self.writer.piece(bare),
        };
        let blank = if before.ends_with(' ') { " " } else { "" };
        let mut first = self.writer.piece(before);
        first.text += blank;
        let pieces = [first, link, self.writer.piece(after)];
        pieces.into_iter().filter(|piece| !piece.text.is_empty()).collect()
    }

    /// The comment before something, or behind it.
    fn comment(&mut self, path: &[i32]) -> String {
        let Some(location) = self.comments.get(path).copied() else { return String::new() };
        let leading = location.leading_comments();
        let text = if leading.trim().is_empty() { location.trailing_comments() } else { leading };
        let lines: Vec<_> = text.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
        self.writer.text(&lines.join("\n"))
    }
}

/// A name in another one.
fn within(outer: &str, name: &str) -> String {
    if outer.is_empty() { name.to_owned() } else { [outer, ".", name].concat() }
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}

fn indexed(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}

fn is_map_entry(message: &DescriptorProto) -> bool {
    message.options.as_ref().is_some_and(|options| options.map_entry())
}

fn is_deprecated<'a>(mut options: impl Iterator<Item = &'a UninterpretedOption>) -> bool {
    options.any(|option| {
        let [part] = option.name.as_slice() else { return false };
        part.name_part == "deprecated" && !part.is_extension && option.identifier_value() == "true"
    })
}

/// The word of the language for a type that has no name.
fn word(field: &FieldDescriptorProto) -> &'static str {
    match field.r#type() {
        Type::Double => "double",
        Type::Float => "float",
        Type::Int64 => "int64",
        Type::Uint64 => "uint64",
        Type::Int32 => "int32",
        Type::Fixed64 => "fixed64",
        Type::Fixed32 => "fixed32",
        Type::Bool => "bool",
        Type::String => "string",
        Type::Group => "group",
        Type::Message => "message",
        Type::Bytes => "bytes",
        Type::Uint32 => "uint32",
        Type::Enum => "enum",
        Type::Sfixed32 => "sfixed32",
        Type::Sfixed64 => "sfixed64",
        Type::Sint32 => "sint32",
        Type::Sint64 => "sint64",
    }
}
