//! WSDL 1.1 and 2.0: operations of port types and interfaces, and the elements that their messages have.

use std::collections::HashMap;

use roxmltree::Node;

use super::place::Place;
use super::writer::Writer;
use super::xsd::{Space, Types, local};
use crate::definition::DefinitionKind;
use crate::definition::wsdl::{children, documentation, group_name, name_of, parse};
use crate::wire::outline::{
    Outline, OutlineBody, OutlineContent, OutlineField, OutlineGroup, OutlineOperation, OutlineServer, OutlineShape,
    OutlineType,
};

struct Reader<'a, 'd> {
    writer: Writer,
    types: Types<'a, 'd>,
    /// The messages of WSDL 1.1 and the faults of 2.0 by their names.
    messages: HashMap<&'a str, Node<'a, 'd>>,
}

/// Reads an XML document.
pub(super) fn outline(text: &str) -> Result<Outline, String> {
    let document = parse(text)?;
    let root = document.root_element();
    let groups = group_name(root)?;
    let mut writer = Writer::new();
    let types = Types::of(root, &mut writer);
    let mut reader = Reader { writer, types, messages: HashMap::new() };
    for message in children(root, "message").chain(children(root, groups).flat_map(|group| children(group, "fault"))) {
        reader.messages.insert(message.attribute("name").unwrap_or_default().trim(), message);
    }
    let mut outline = Outline::of(DefinitionKind::Wsdl);
    outline.description = reader.writer.text(&documentation(root));
    let names = std::iter::once(root).chain(children(root, "service")).map(name_of);
    outline.title = reader.writer.line(&names.into_iter().find(|name| !name.is_empty()).unwrap_or_default());
    for service in children(root, "service") {
        reader.addresses(service, &mut outline.servers);
    }
    for group in children(root, groups) {
        let description = reader.writer.text(&documentation(group));
        let mut read = OutlineGroup { name: reader.writer.line(&name_of(group)), description, operations: Vec::new() };
        for operation in children(group, "operation") {
            if !reader.writer.row() {
                break;
            }
            let operation = reader.operation(operation);
            read.operations.push(operation);
        }
        outline.groups.push(read);
    }
    outline.schemas = reader.types.schemas(&mut reader.writer);
    outline.notes = reader.writer.into_notes();
    Ok(outline)
}

impl<'a, 'd> Reader<'a, 'd> {
    fn addresses(&mut self, service: Node<'a, 'd>, out: &mut Vec<OutlineServer>) {
        for port in children(service, "port").chain(children(service, "endpoint")) {
            let inside = children(port, "address").next().and_then(|address| address.attribute("location"));
            if let Some(url) = inside.or_else(|| port.attribute("address")).filter(|_| self.writer.row()) {
                out.push(OutlineServer { url: self.writer.line(url), description: self.writer.line(&name_of(port)) });
            }
        }
    }

    fn operation(&mut self, operation: Node<'a, 'd>) -> OutlineOperation {
        let mut read = OutlineOperation {
            verb: "operation".to_owned(),
            path: self.writer.line(&name_of(operation)),
            description: self.writer.text(&documentation(operation)),
            ..OutlineOperation::default()
        };
        for part in operation.children().filter(Node::is_element) {
            let body = match part.tag_name().name() {
                "input" | "output" => self.body(part, String::new()),
                "fault" | "infault" | "outfault" => {
                    let name = part.attribute("name").or_else(|| part.attribute("ref")).unwrap_or_default();
                    self.body(part, format!("fault {}", local(name)))
                }
                _ => continue,
            };
            match part.tag_name().name() {
                "input" | "infault" => read.requests.push(body),
                _ => read.responses.push(body),
            }
        }
        read
    }

    /// What goes one way: an element in WSDL 2.0, a message with parts in 1.1.
    fn body(&mut self, part: Node<'a, 'd>, name: String) -> OutlineBody {
        let mut content = OutlineContent::default();
        let message = part.attribute("message").or_else(|| part.attribute("ref")).map(local);
        let found = message.and_then(|message| self.messages.get(message).copied());
        if let Some(message) = message.filter(|_| found.is_none()) {
            self.writer.note(&Place::ROOT.at(message), "this message is not there");
            content.shape.of = vec![self.writer.piece(message)];
        }
        if let Some(element) = part.attribute("element").or_else(|| found?.attribute("element")) {
            content.shape.of = vec![self.element(element, part)];
        } else if let Some(message) = found {
            let parts: Vec<_> = children(message, "part").collect();
            match parts.as_slice() {
                [only] if only.has_attribute("element") => {
                    content.shape.of = vec![self.element(only.attribute("element").unwrap_or_default(), *only)];
                }
                parts => {
                    content.shape.of = vec![self.writer.piece("message")];
                    content.fields = parts.iter().map_while(|part| self.part(*part)).collect();
                }
            }
        }
        OutlineBody {
            name: self.writer.line(&name),
            description: self.writer.text(&documentation(part)),
            contents: vec![content],
            ..OutlineBody::default()
        }
    }

    fn part(&mut self, part: Node<'a, 'd>) -> Option<OutlineField> {
        if !self.writer.row() {
            return None;
        }
        let of = match (part.attribute("element"), part.attribute("type")) {
            (Some(element), _) => vec![self.element(element, part)],
            (None, Some(kind)) => vec![self.types.named(kind, Space::Type, part, &mut self.writer)],
            (None, None) => Vec::new(),
        };
        let shape = OutlineShape { of, description: self.writer.text(&documentation(part)), ..OutlineShape::default() };
        Some(OutlineField { name: self.writer.line(&name_of(part)), required: true, shape, ..OutlineField::default() })
    }

    fn element(&mut self, name: &str, at: Node<'a, 'd>) -> OutlineType {
        self.types.named(name, Space::Element, at, &mut self.writer)
    }
}
