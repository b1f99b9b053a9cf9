//! One page of an API definition: as many operations and types as one reads at once, and the way to the others.

use percent_encoding::utf8_percent_encode;
use tieline_core::definition::DefinitionKind;
use tieline_core::wire::outline::{Outline, OutlineBody, OutlineField, OutlineOperation, OutlineSchema};

use super::place::QUERY;

/// Lines of a page: with them it stays well below 50 KB.
const LINES: usize = 90;

/// Fields that are shown of one thing.
const FIELDS: usize = 80;

/// A part of a definition.
pub(super) struct Part {
    /// The definition, with what this page shows of it.
    pub(super) outline: Outline,
    /// How many operations and types there are in all.
    pub(super) operations: usize,
    pub(super) schemas: usize,
    /// Whether this is all that there is before the next page.
    pub(super) first: bool,
    /// Where the next page begins.
    pub(super) next: Option<usize>,
    /// The address of the tab, to which a query is added.
    pub(super) address: String,
}

impl Part {
    /// The part that begins at an operation, counted through types as well; or one type.
    pub(super) fn of(mut outline: Outline, from: usize, schema: &str, address: String) -> Self {
        let operations = outline.groups.iter().map(|group| group.operations.len()).sum();
        let schemas = outline.schemas.len();
        let mut next = None;
        if schema.is_empty() {
            let (mut at, mut lines) = (0, 0);
            let mut kept = |weight: usize| {
                let here = at;
                at += 1;
                if here < from || next.is_some() {
                    return false;
                }
                if lines > 0 && lines + weight > LINES {
                    next = Some(here);
                    return false;
                }
                lines += weight;
                true
            };
            for group in &mut outline.groups {
                group.operations.retain(|operation| kept(operation_lines(operation)));
            }
            outline.schemas.retain(|schema| kept(schema_lines(schema)));
        } else {
            outline.groups.clear();
            outline.schemas.retain(|found| found.name == schema);
        }
        outline.groups.retain(|group| !group.operations.is_empty());
        let first = from == 0 && schema.is_empty();
        Self { outline, operations, schemas, first, next, address }
    }

    /// What of many fields is shown.
    pub(super) fn shown<'a>(&self, fields: &'a [OutlineField]) -> &'a [OutlineField] {
        fields.get(..FIELDS).unwrap_or(fields)
    }
}

/// What people call a language.
pub(super) fn language(kind: &DefinitionKind) -> &'static str {
    match kind {
        DefinitionKind::OpenApi2 => "OpenAPI 2",
        DefinitionKind::OpenApi3 => "OpenAPI 3",
        DefinitionKind::GraphQl => "GraphQL",
        DefinitionKind::AsyncApi => "AsyncAPI",
        DefinitionKind::Protobuf => "Protocol Buffers",
        DefinitionKind::Wsdl => "WSDL",
        DefinitionKind::Unknown => "unknown",
    }
}

/// The page of a type.
pub(super) fn schema_address(address: &str, name: &str) -> String {
    format!("{address}&schema={}", utf8_percent_encode(name, QUERY))
}

fn fields_lines(fields: &[OutlineField]) -> usize {
    let of = |field: &OutlineField| 1 + field.shape.values.len() / 4 + field.shape.description.len() / 160;
    fields.iter().take(FIELDS).map(of).sum()
}

fn body_lines(body: &OutlineBody) -> usize {
    let contents: usize = body.contents.iter().map(|content| 1 + fields_lines(&content.fields)).sum();
    1 + fields_lines(&body.headers) + contents
}

fn operation_lines(operation: &OutlineOperation) -> usize {
    let bodies: usize = operation.requests.iter().chain(&operation.responses).map(body_lines).sum();
    3 + operation.description.len() / 160 + fields_lines(&operation.parameters) + bodies
}

fn schema_lines(schema: &OutlineSchema) -> usize {
    2 + schema.shape.values.len() / 4 + schema.shape.description.len() / 160 + fields_lines(&schema.fields)
}

#[cfg(test)]
mod tests {
    use tieline_core::definition::outline;

    use super::*;

    #[test]
    fn every_operation_and_type_is_on_one_page() {
        let paths: String = (0..200)
            .map(|at| format!("  /p{at}:\n    get:\n      parameters: [{{ name: q, in: query, schema: {{ type: string }} }}]\n      responses: {{ '200': {{ description: ok }} }}\n"))
            .collect();
        let types: String = (0..50)
            .map(|at| format!("    T{at}: {{ type: object, properties: {{ a: {{ type: string }} }} }}\n"))
            .collect();
        let text = format!(
            "openapi: 3.0.3\ninfo: {{ title: Many, version: '1' }}\npaths:\n{paths}components:\n  schemas:\n{types}"
        );
        let whole = outline(DefinitionKind::OpenApi3, &text);
        let (mut from, mut operations, mut schemas, mut pages) = (0, 0, 0, 0);
        loop {
            let part = Part::of(whole.clone(), from, "", String::new());
            assert_eq!((part.operations, part.schemas), (200, 50));
            operations += part.outline.groups.iter().map(|group| group.operations.len()).sum::<usize>();
            schemas += part.outline.schemas.len();
            pages += 1;
            match part.next {
                Some(next) => from = next,
                None => break,
            }
        }
        assert_eq!((operations, schemas), (200, 50));
        assert!((5..40).contains(&pages), "{pages}");
        let one = Part::of(whole, 0, "T7", String::new());
        assert_eq!((one.outline.groups.len(), one.outline.schemas.len(), one.next), (0, 1, None));
    }
}
