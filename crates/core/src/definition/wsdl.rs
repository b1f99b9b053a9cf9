//! WSDL: the operations of port types (1.1) or interfaces (2.0).

use roxmltree::{Document, Node, ParsingOptions};

use super::{Definition, DefinitionKind, MAX_NODES, Operation, first_line};

/// Most attributes of one element: the parser compares each with all before it.
const MAX_ATTRIBUTES: usize = 256;
/// Most namespace declarations: the parser copies all that are in scope to each element that declares one.
const MAX_NAMESPACES: usize = 4096;

/// Reads an XML document.
pub(super) fn read(text: &str) -> Definition {
    let document = match parse(text) {
        Ok(document) => document,
        Err(reason) => return Definition::unknown(reason),
    };
    let root = document.root_element();
    let groups = match group_name(root) {
        Ok(groups) => groups,
        Err(reason) => return Definition::unknown(reason),
    };
    let mut definition = Definition::of(DefinitionKind::Wsdl);
    definition.description = documentation(root);
    let service = children(root, "service").next();
    definition.title =
        [Some(root), service].into_iter().flatten().map(name_of).find(|name| !name.is_empty()).unwrap_or_default();
    for group in children(root, groups) {
        for operation in children(group, "operation") {
            definition.operations.push(Operation {
                verb: "operation".to_owned(),
                path: format!("{}/{}", name_of(group), name_of(operation)),
                summary: first_line(&documentation(operation)),
                scopes: Vec::new(),
            });
        }
    }
    for node in root.descendants().filter(Node::is_element) {
        definition.add_search_text(&name_of(node));
        if node.tag_name().name() == "documentation" {
            definition.add_search_text(node.text().unwrap_or_default());
        }
    }
    definition
}

/// Parses XML, within limits.
pub(super) fn parse(text: &str) -> Result<Document<'_>, String> {
    if text.matches("xmlns").count() > MAX_NAMESPACES {
        return Err(format!("it declares more than {MAX_NAMESPACES} namespaces"));
    }
    if most_attributes(text) > MAX_ATTRIBUTES {
        return Err(format!("an element has more than {MAX_ATTRIBUTES} attributes"));
    }
    // A document type could define entities; the parser refuses it.
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES as u32, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|e| format!("it cannot be parsed: {e}"))
}

/// What WSDL calls a group of operations: `portType` in 1.1, `interface` in 2.0.
pub(super) fn group_name(root: Node<'_, '_>) -> Result<&'static str, String> {
    match (root.tag_name().name(), root.tag_name().namespace()) {
        ("definitions", Some(namespace)) if namespace.contains("wsdl") => Ok("portType"),
        ("description", Some(namespace)) if namespace.contains("wsdl") => Ok("interface"),
        (name, _) => Err(format!("it is XML, but its root <{name}> is not WSDL's")),
    }
}

pub(super) fn children<'a, 'input: 'a>(
    node: Node<'a, 'input>,
    name: &'a str,
) -> impl Iterator<Item = Node<'a, 'input>> + 'a {
    node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

pub(super) fn name_of(node: Node<'_, '_>) -> String {
    node.attribute("name").unwrap_or_default().trim().to_owned()
}

pub(super) fn documentation(node: Node<'_, '_>) -> String {
    children(node, "documentation").next().and_then(|node| node.text()).unwrap_or_default().trim().to_owned()
}

/// The most attributes that any tag has, counted before the parser sees them.
fn most_attributes(text: &str) -> usize {
    let mut most = 0;
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        rest = &rest[start..];
        let closed_by = |end: &str| rest.split_once(end).map_or("", |(_, rest)| rest);
        rest = if rest.starts_with("<!--") {
            closed_by("-->")
        } else if rest.starts_with("<![CDATA[") {
            closed_by("]]>")
        } else if rest.starts_with("<?") {
            closed_by("?>")
        } else {
            let (attributes, after) = tag(&rest[1..]);
            most = most.max(attributes);
            after
        };
    }
    most
}

/// Counts the attributes of a tag whose `<` has been read, and gives what follows it.
fn tag(text: &str) -> (usize, &str) {
    let (mut attributes, mut quote) = (0, None);
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return (attributes, &text[at + 1..]),
            (None, b'=') => attributes += 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    (attributes, "")
}
