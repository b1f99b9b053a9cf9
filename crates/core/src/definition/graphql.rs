//! GraphQL: the fields of the three root types, from a schema's text or from the result of an introspection.

use apollo_parser::{
    Parser, SyntaxTree,
    cst::{self, CstNode},
};
use serde_json::Value;

use super::{Definition, DefinitionKind, MAX_DEPTH, MAX_NODES, Operation, document::scalar, first_line, openapi};

/// What the root types are called where a schema does not say otherwise, and the verbs of their fields.
pub(super) const ROOTS: [(&str, &str); 3] =
    [("Query", "query"), ("Mutation", "mutation"), ("Subscription", "subscription")];

/// Reads a schema's text.
pub(super) fn read(text: &str) -> Definition {
    let mut definition = Definition::of(DefinitionKind::GraphQl);
    let tree = match parse(text) {
        Ok(tree) => tree,
        Err(reason) => {
            definition.problem = Some(reason);
            return definition;
        }
    };
    definition.problem = syntax_error(&tree);
    let definitions: Vec<_> = tree.document().definitions().collect();
    let roots = roots(&definitions);
    let described_schema = definitions.iter().find_map(|item| match item {
        cst::Definition::SchemaDefinition(schema) => Some(described(schema.description())),
        _ => None,
    });
    definition.description = described_schema.unwrap_or_default();
    for item in definitions {
        let (name, fields) = match item {
            cst::Definition::ObjectTypeDefinition(object) => (object.name(), object.fields_definition()),
            cst::Definition::ObjectTypeExtension(object) => (object.name(), object.fields_definition()),
            _ => continue,
        };
        let name = word(name);
        let Some((_, verb)) = roots.iter().find(|(root, _)| *root == name) else { continue };
        for field in fields.into_iter().flat_map(|fields| fields.field_definitions()) {
            let summary = first_line(&described(field.description()));
            definition.operations.push(operation(verb, word(field.name()), summary));
        }
    }
    definition.add_search_text(text);
    definition
}

/// Parses a schema's text, unless it is nested too deep: the parser bounds the depth of selections only, not of types and
/// values, which it reads recursively.
pub(super) fn parse(text: &str) -> Result<SyntaxTree, String> {
    if deepest_bracket(text) > MAX_DEPTH {
        return Err(format!("it is nested more than {MAX_DEPTH} levels deep"));
    }
    Ok(Parser::new(text).recursion_limit(MAX_DEPTH).token_limit(MAX_NODES).parse())
}

/// The first error of a text, of which all that is right was read.
pub(super) fn syntax_error(tree: &SyntaxTree) -> Option<String> {
    tree.errors().next().map(|e| format!("it has syntax errors: {}", first_line(e.message())))
}

/// The names of the root types, and the verbs of their fields.
pub(super) fn roots(definitions: &[cst::Definition]) -> [(String, &'static str); 3] {
    let mut roots = ROOTS.map(|(name, verb)| (name.to_owned(), verb));
    for item in definitions {
        let named = match item {
            cst::Definition::SchemaDefinition(schema) => schema.root_operation_type_definitions(),
            cst::Definition::SchemaExtension(schema) => schema.root_operation_type_definitions(),
            _ => continue,
        };
        for root in named {
            let (Some(verb), Some(name)) = (root.operation_type(), root.named_type()) else { continue };
            let verb = verb.source_string();
            if let Some(known) = roots.iter_mut().find(|(_, known)| verb.trim() == *known) {
                known.0 = name.source_string().trim().to_owned();
            }
        }
    }
    roots
}

/// Reads the `__schema` of an introspection's result.
pub(super) fn read_introspection(schema: &Value) -> Definition {
    let mut definition = Definition::of(DefinitionKind::GraphQl);
    definition.description = scalar(schema.get("description"));
    let types = || schema.get("types").and_then(Value::as_array).into_iter().flatten();
    for (_, verb) in ROOTS {
        let root = scalar(schema.pointer(&format!("/{verb}Type/name")));
        let fields = types().find(|kind| scalar(kind.get("name")) == root).and_then(|kind| kind.get("fields"));
        for field in fields.and_then(Value::as_array).into_iter().flatten() {
            let summary = first_line(&scalar(field.get("description")));
            definition.operations.push(operation(verb, scalar(field.get("name")), summary));
        }
    }
    openapi::add_prose(&mut definition, schema);
    definition
}

fn operation(verb: &str, path: String, summary: String) -> Operation {
    Operation { verb: verb.to_owned(), path, summary, scopes: Vec::new() }
}

pub(super) fn word(name: Option<cst::Name>) -> String {
    name.map(|name| name.source_string().trim().to_owned()).unwrap_or_default()
}

/// A description without its quotes. Escapes stay: this is for people and the search.
pub(super) fn described(description: Option<cst::Description>) -> String {
    description.map(|text| text.source_string().trim().trim_matches('"').trim().to_owned()).unwrap_or_default()
}

/// How deep brackets are nested outside strings and comments.
fn deepest_bracket(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = text;
    while let Some(at) = rest.find(['#', '"', '(', '[', '{', ')', ']', '}']) {
        let (found, after) = rest[at..].split_at(1);
        rest = match found {
            "#" => after.split_once(['\n', '\r']).map_or("", |(_, rest)| rest),
            "\"" => after_string(after),
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                after
            }
            _ => {
                depth += 1;
                deepest = deepest.max(depth);
                after
            }
        };
    }
    deepest
}

/// What follows a string whose first quote has been read. One that is not closed ends with its line, as for the parser.
fn after_string(text: &str) -> &str {
    if let Some(mut block) = text.strip_prefix("\"\"") {
        while let Some(end) = block.find("\"\"\"") {
            let escaped = block[..end].ends_with('\\');
            block = &block[end + 3..];
            if !escaped {
                return block;
            }
        }
        return "";
    }
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' | '\n' | '\r' => return &text[at + 1..],
            _ => {}
        }
    }
    ""
}
