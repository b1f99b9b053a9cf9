//! XML Schema inside of WSDL: named elements and types, as far as a reader of a service needs them.

use std::collections::{HashMap, HashSet};

use roxmltree::Node;

use super::place::Place;
use super::writer::Writer;
use crate::definition::MAX_DEPTH;
use crate::definition::wsdl::{children, documentation};
use crate::wire::outline::{OutlineField, OutlineSchema, OutlineShape, OutlineType, OutlineValue};

/// What names are of: each has names of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Space {
    Element,
    Type,
    Group,
}

struct Named<'a, 'd> {
    node: Node<'a, 'd>,
    namespace: &'a str,
    /// Its name, or more where an element and a type have the same.
    shown: String,
}

/// The named elements and types of a document.
pub(super) struct Types<'a, 'd> {
    list: Vec<Named<'a, 'd>>,
    by_name: HashMap<(Space, &'a str), Vec<usize>>,
}

impl<'a, 'd> Types<'a, 'd> {
    /// The types of a WSDL document.
    pub(super) fn of(root: Node<'a, 'd>, writer: &mut Writer) -> Self {
        let mut types = Self { list: Vec::new(), by_name: HashMap::new() };
        let mut taken = HashSet::new();
        for schema in children(root, "types").flat_map(|types| children(types, "schema")) {
            let namespace = schema.attribute("targetNamespace").unwrap_or_default();
            for node in schema.children().filter(Node::is_element) {
                let space = match node.tag_name().name() {
                    "element" => Space::Element,
                    "complexType" | "simpleType" => Space::Type,
                    "group" | "attributeGroup" => Space::Group,
                    "import" | "include" => {
                        if let Some(location) = node.attribute("schemaLocation") {
                            writer.note(
                                &Place::ROOT.at("types"),
                                format!("{location} is another document, which is not fetched"),
                            );
                        }
                        continue;
                    }
                    _ => continue,
                };
                let Some(name) = node.attribute("name").map(str::trim) else { continue };
                // A type of an element's name is told apart, and so is one of another namespace.
                let word = node.tag_name().name();
                let mut tries =
                    [name.to_owned(), format!("{name} ({word})"), format!("{name} ({word} of {namespace})")]
                        .into_iter();
                let Some(shown) = tries.find(|shown| !taken.contains(shown)) else { continue };
                taken.insert(shown.clone());
                types.by_name.entry((space, name)).or_default().push(types.list.len());
                types.list.push(Named { node, namespace, shown });
            }
        }
        types
    }

    /// A link to what a name means at a place, or the name of what is not there: a type of XML Schema itself, mostly.
    pub(super) fn named(&self, name: &str, space: Space, at: Node<'a, 'd>, writer: &mut Writer) -> OutlineType {
        let candidates = self.by_name.get(&(space, local(name))).map(Vec::as_slice).unwrap_or_default();
        let namespace = match candidates {
            [] => None,
            // Looking a prefix up reads all that are in scope.
            _ if !writer.steps(at.namespaces().len() + candidates.len()) => None,
            _ => at.lookup_namespace_uri(name.split_once(':').map(|(prefix, _)| prefix)),
        };
        let of_namespace = candidates.iter().find(|index| Some(self.list[**index].namespace) == namespace);
        // A prefix that nobody declared, or a wrong one, still means the only one there is.
        let only = candidates.first().filter(|_| candidates.len() == 1 && !namespace.is_some_and(is_of_xml_schema));
        match of_namespace.or(only) {
            Some(index) => writer.link(&self.list[*index].shown),
            None => writer.piece(local(name)),
        }
    }

    /// Every named element and type.
    pub(super) fn schemas(&self, writer: &mut Writer) -> Vec<OutlineSchema> {
        let mut schemas = Vec::new();
        for named in &self.list {
            if !writer.row() {
                break;
            }
            let node = named.node;
            let mut fields = Vec::new();
            let shape = match node.tag_name().name() {
                "element" => self.element_shape(node, writer),
                "simpleType" => self.simple(node, 0, writer),
                _ => self.complex_shape(node, writer),
            };
            let content =
                if node.tag_name().name() == "element" { children(node, "complexType").next() } else { Some(node) };
            if let Some(content) = content {
                self.fields(content, 0, &mut Way { depth: 0, optional: false }, &mut fields, writer);
            }
            schemas.push(OutlineSchema { name: writer.line(&named.shown), shape, fields });
        }
        schemas
    }

    fn fields(&self, node: Node<'a, 'd>, depth: u8, way: &mut Way, out: &mut Vec<OutlineField>, writer: &mut Writer) {
        if way.depth >= MAX_DEPTH {
            return writer.note(&Place::ROOT.at("types"), format!("it is nested more than {MAX_DEPTH} levels deep"));
        }
        way.depth += 1;
        let optional = way.optional;
        for child in node.children().filter(Node::is_element) {
            if !writer.row() {
                break;
            }
            match child.tag_name().name() {
                "element" => {
                    out.push(self.field(child, depth, optional, writer));
                    if let Some(inside) = children(child, "complexType").next() {
                        way.optional = false;
                        self.fields(inside, depth.saturating_add(1), way, out, writer);
                    }
                }
                "attribute" => out.push(self.attribute(child, depth, writer)),
                "any" | "anyAttribute" => {
                    let shape = OutlineShape { of: vec![writer.piece("any")], ..OutlineShape::default() };
                    out.push(OutlineField { name: "*".to_owned(), depth, shape, ..OutlineField::default() });
                }
                "group" | "attributeGroup" => {
                    let name = child.attribute("ref").unwrap_or_default();
                    let of = vec![self.named(name, Space::Group, child, writer)];
                    let shape = OutlineShape { of, ..OutlineShape::default() };
                    out.push(OutlineField { name: "*".to_owned(), depth, shape, ..OutlineField::default() });
                }
                "choice" => {
                    way.optional = true;
                    self.fields(child, depth, way, out, writer);
                }
                "sequence" | "all" | "complexContent" | "simpleContent" | "extension" | "restriction" => {
                    self.fields(child, depth, way, out, writer);
                }
                _ => {}
            }
            way.optional = optional;
        }
        way.depth -= 1;
    }

    fn field(&self, element: Node<'a, 'd>, depth: u8, optional: bool, writer: &mut Writer) -> OutlineField {
        let mut shape = self.element_shape(element, writer);
        let most = element.attribute("maxOccurs").unwrap_or("1");
        if !matches!(most, "0" | "1") {
            shape.of.insert(0, OutlineType { text: "array of ".to_owned(), schema: None });
            if most != "unbounded" {
                shape.constraints.push(writer.line(&format!("at most {most} items")));
            }
        }
        if optional {
            shape.constraints.push("one of a choice".to_owned());
        }
        let name = element.attribute("name").or_else(|| element.attribute("ref").map(local)).unwrap_or_default();
        let required = !optional && element.attribute("minOccurs") != Some("0");
        OutlineField { name: writer.line(name), depth, place: String::new(), required, shape }
    }

    fn attribute(&self, attribute: Node<'a, 'd>, depth: u8, writer: &mut Writer) -> OutlineField {
        let name = attribute.attribute("name").or_else(|| attribute.attribute("ref").map(local)).unwrap_or_default();
        OutlineField {
            name: writer.line(name),
            depth,
            place: "attribute".to_owned(),
            required: attribute.attribute("use") == Some("required"),
            shape: self.element_shape(attribute, writer),
        }
    }

    /// What an element or attribute is.
    fn element_shape(&self, element: Node<'a, 'd>, writer: &mut Writer) -> OutlineShape {
        let mut shape = match (element.attribute("type"), element.attribute("ref")) {
            (Some(kind), _) => {
                OutlineShape { of: vec![self.named(kind, Space::Type, element, writer)], ..OutlineShape::default() }
            }
            (None, Some(name)) => {
                OutlineShape { of: vec![self.named(name, Space::Element, element, writer)], ..OutlineShape::default() }
            }
            (None, None) => match element.children().find(|child| child.tag_name().name().ends_with("Type")) {
                Some(kind) if kind.tag_name().name() == "simpleType" => self.simple(kind, 0, writer),
                Some(kind) => self.complex_shape(kind, writer),
                None => OutlineShape { of: vec![writer.piece("any")], ..OutlineShape::default() },
            },
        };
        if element.attribute("nillable") == Some("true") {
            shape.of.push(OutlineType { text: " | null".to_owned(), schema: None });
        }
        let default = element.attribute("default").or_else(|| element.attribute("fixed"));
        shape.default = writer.line(default.unwrap_or_default());
        let description = annotation(element);
        if !description.is_empty() {
            shape.description = writer.text(&description);
        }
        shape
    }

    /// What a type with fields is: what it extends, and more.
    fn complex_shape(&self, kind: Node<'a, 'd>, writer: &mut Writer) -> OutlineShape {
        let content = ["complexContent", "simpleContent"].iter().find_map(|name| children(kind, name).next());
        let derived = content.and_then(|content| content.children().find(|child| child.has_attribute("base")));
        let mut of = Vec::new();
        if let Some((base, derived)) = derived.and_then(|derived| Some((derived.attribute("base")?, derived))) {
            of.push(self.named(base, Space::Type, derived, writer));
            of.push(OutlineType { text: " & ".to_owned(), schema: None });
        }
        of.push(writer.piece("object"));
        OutlineShape { of, description: writer.text(&annotation(kind)), ..OutlineShape::default() }
    }

    /// What a type without fields is: what it restricts, and how.
    fn simple(&self, kind: Node<'a, 'd>, depth: usize, writer: &mut Writer) -> OutlineShape {
        let mut shape = OutlineShape { description: writer.text(&annotation(kind)), ..OutlineShape::default() };
        let Some(derived) =
            kind.children().find(|child| matches!(child.tag_name().name(), "restriction" | "list" | "union"))
        else {
            return shape;
        };
        match derived.tag_name().name() {
            "restriction" => {
                let inside = children(derived, "simpleType").next().filter(|_| depth < MAX_DEPTH);
                match (derived.attribute("base"), inside) {
                    (Some(base), _) => shape.of = vec![self.named(base, Space::Type, derived, writer)],
                    (None, Some(inside)) => shape.of = self.simple(inside, depth + 1, writer).of,
                    (None, None) => {}
                }
                facets(derived, &mut shape, writer);
            }
            "list" => {
                shape.of.push(OutlineType { text: "list of ".to_owned(), schema: None });
                let item = derived.attribute("itemType").unwrap_or("anySimpleType");
                shape.of.push(self.named(item, Space::Type, derived, writer));
            }
            _ => {
                for (index, member) in
                    derived.attribute("memberTypes").unwrap_or_default().split_whitespace().enumerate()
                {
                    if index > 0 {
                        shape.of.push(OutlineType { text: " | ".to_owned(), schema: None });
                    }
                    if !writer.row() {
                        break;
                    }
                    shape.of.push(self.named(member, Space::Type, derived, writer));
                }
            }
        }
        shape
    }
}

/// How deep the elements are that are being read, and whether one of them is a choice.
struct Way {
    depth: usize,
    optional: bool,
}

fn facets(restriction: Node<'_, '_>, shape: &mut OutlineShape, writer: &mut Writer) {
    for facet in restriction.children().filter(Node::is_element) {
        let Some(value) = facet.attribute("value").filter(|_| writer.row()) else { continue };
        let words = match facet.tag_name().name() {
            "enumeration" => {
                let description = writer.text(&annotation(facet));
                shape.values.push(OutlineValue { value: writer.line(value), description, deprecated: false });
                continue;
            }
            "pattern" => format!("matches {value}"),
            "length" => format!("exactly {value} characters"),
            "minLength" => format!("at least {value} characters"),
            "maxLength" => format!("at most {value} characters"),
            "minInclusive" => format!("at least {value}"),
            "maxInclusive" => format!("at most {value}"),
            "minExclusive" => format!("more than {value}"),
            "maxExclusive" => format!("less than {value}"),
            "totalDigits" => format!("at most {value} digits"),
            "fractionDigits" => format!("at most {value} digits after the point"),
            _ => continue,
        };
        shape.constraints.push(writer.line(&words));
    }
}

/// What is said about something.
fn annotation(node: Node<'_, '_>) -> String {
    children(node, "annotation").next().map(documentation).unwrap_or_default()
}

/// A name without its prefix.
pub(super) fn local(name: &str) -> &str {
    name.trim().rsplit(':').next().unwrap_or_default()
}

fn is_of_xml_schema(namespace: &str) -> bool {
    namespace.starts_with("http://www.w3.org/") && namespace.ends_with("XMLSchema")
}
