//! An outline as plain text, for a terminal.

use std::fmt::{self, Write};

use crate::definition::DefinitionKind;
use crate::wire::outline::{
    Outline, OutlineBody, OutlineField, OutlineGroup, OutlineOperation, OutlineSchema, OutlineServer, OutlineShape,
    OutlineValue,
};

/// Widest name or type that others are aligned with.
const WIDEST: usize = 36;

/// Writes an outline for people at a terminal: operations by group, then types and notes.
#[must_use]
pub fn outline_text(outline: &Outline) -> String {
    let mut text = Text(String::new());
    // Writing to a string cannot fail.
    let _always_ok = text.outline(outline);
    text.0
}

struct Text(String);

impl Text {
    fn outline(&mut self, outline: &Outline) -> fmt::Result {
        let title = if outline.title.is_empty() { "API definition" } else { &outline.title };
        writeln!(self.0, "{}", words(&[title, &outline.version, &format!("({})", outline.kind.as_str())]))?;
        self.paragraphs(2, &outline.description)?;
        if !outline.servers.is_empty() {
            writeln!(self.0, "\nServers")?;
        }
        for OutlineServer { url, description } in &outline.servers {
            writeln!(self.0, "  {}", words(&[url, description]))?;
        }
        for group in &outline.groups {
            self.group(group, outline.kind)?;
        }
        if !outline.schemas.is_empty() {
            writeln!(self.0, "\nTypes")?;
        }
        for schema in &outline.schemas {
            self.schema(schema)?;
        }
        if !outline.notes.is_empty() {
            writeln!(self.0, "\nNotes")?;
        }
        for note in &outline.notes {
            let place = if note.place.is_empty() { String::new() } else { format!("{}:", note.place) };
            writeln!(self.0, "  {}", [place.as_str(), &note.cause].join(" ").trim())?;
        }
        Ok(())
    }

    fn group(&mut self, group: &OutlineGroup, kind: DefinitionKind) -> fmt::Result {
        writeln!(self.0, "\n{}", if group.name.is_empty() { "Operations" } else { &group.name })?;
        self.paragraphs(2, &group.description)?;
        group.operations.iter().try_for_each(|operation| self.operation(operation, kind))
    }

    fn operation(&mut self, operation: &OutlineOperation, kind: DefinitionKind) -> fmt::Result {
        let deprecated = if operation.deprecated { "(deprecated)" } else { "" };
        writeln!(self.0, "\n  {} {}", operation.verb, words(&[&operation.path, deprecated, &operation.summary]))?;
        self.paragraphs(4, &operation.description)?;
        if !operation.scopes.is_empty() {
            let alternatives: Vec<_> = operation.scopes.iter().map(|scopes| scopes.join(" and ")).collect();
            writeln!(self.0, "    scopes: {}", alternatives.join(", or "))?;
        }
        self.fields(4, &operation.parameters)?;
        for body in &operation.requests {
            self.body(if kind == DefinitionKind::AsyncApi { "message" } else { "takes" }, body)?;
        }
        for body in &operation.responses {
            self.body(if kind == DefinitionKind::AsyncApi { "reply" } else { "answers" }, body)?;
        }
        Ok(())
    }

    fn body(&mut self, word: &str, body: &OutlineBody) -> fmt::Result {
        let name = if body.required { "(required)" } else { &body.name };
        let head = format!("{word} {name}");
        if body.contents.is_empty() {
            writeln!(self.0, "    {}", words(&[head.trim(), &line(&body.description)]))?;
        }
        for content in &body.contents {
            let parts = [head.trim(), &content.media_type, &content.shape.type_text(), &line(&body.description)];
            writeln!(self.0, "    {}", words(&parts))?;
            let said = OutlineShape { of: Vec::new(), ..content.shape.clone() };
            let said = details(&said);
            if !said.is_empty() {
                writeln!(self.0, "      {said}")?;
            }
            self.fields(6, &content.fields)?;
        }
        if !body.headers.is_empty() {
            writeln!(self.0, "      headers")?;
            self.fields(8, &body.headers)?;
        }
        Ok(())
    }

    fn schema(&mut self, schema: &OutlineSchema) -> fmt::Result {
        writeln!(self.0, "\n  {}", words(&[&schema.name, &schema.shape.type_text()]))?;
        self.paragraphs(4, &schema.shape.description)?;
        let shape = OutlineShape { description: String::new(), values: Vec::new(), ..schema.shape.clone() };
        let said = details(&shape);
        if !said.is_empty() {
            writeln!(self.0, "    {said}")?;
        }
        for OutlineValue { value, description, deprecated } in &schema.shape.values {
            let deprecated = if *deprecated { "(deprecated)" } else { "" };
            writeln!(self.0, "    {}", words(&[value, deprecated, &line(description)]))?;
        }
        self.fields(4, &schema.fields)
    }

    /// Rows of name, type and the rest, the columns aligned.
    fn fields(&mut self, indent: usize, fields: &[OutlineField]) -> fmt::Result {
        let rows: Vec<_> =
            fields.iter().map(|field| (label(field), field.shape.type_text(), details(&field.shape))).collect();
        let widest = |text: fn(&(String, String, String)) -> &str| {
            rows.iter().map(|row| text(row).chars().count()).filter(|width| *width <= WIDEST).max().unwrap_or(0)
        };
        let (names, types) = (widest(|row| &row.0), widest(|row| &row.1));
        for (name, kind, said) in &rows {
            let row = format!("{:indent$}{name:<names$}  {kind:<types$}  {said}", "");
            writeln!(self.0, "{}", row.trim_end())?;
        }
        Ok(())
    }

    fn paragraphs(&mut self, indent: usize, text: &str) -> fmt::Result {
        for line in text.lines() {
            writeln!(self.0, "{}", format!("{:indent$}{line}", "").trim_end())?;
        }
        Ok(())
    }
}

/// The first column of a field: where it goes, its name, and a star where it must be there.
fn label(field: &OutlineField) -> String {
    let indent = usize::from(field.depth) * 2;
    let place = if field.place.is_empty() { String::new() } else { format!("{} ", field.place) };
    let star = if field.required { "*" } else { "" };
    format!("{:indent$}{place}{}{star}", "", field.name)
}

/// The last column of a field.
fn details(shape: &OutlineShape) -> String {
    let mut parts = Vec::new();
    parts.extend(shape.deprecated.then(|| "deprecated".to_owned()));
    parts.extend(shape.constraints.iter().cloned());
    if !shape.values.is_empty() {
        let values: Vec<_> = shape.values.iter().map(|value| value.value.as_str()).collect();
        parts.push(format!("one of {}", values.join(", ")));
    }
    for (word, value) in [("default", &shape.default), ("example", &shape.example)] {
        parts.extend((!value.is_empty()).then(|| format!("{word} {}", line(value))));
    }
    words(&[&parts.join("; "), &line(&shape.description)])
}

/// A text on one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is not empty, two blanks apart.
fn words(parts: &[&str]) -> String {
    let parts: Vec<_> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join("  ")
}
