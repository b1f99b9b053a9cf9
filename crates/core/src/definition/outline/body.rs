//! OpenAPI 2 and 3: parameters, headers and bodies.

use std::collections::HashSet;

use serde_json::Value;

use super::place::Place;
use super::reference::{Reader, reference_of};
use crate::wire::outline::{OutlineBody, OutlineContent, OutlineField, OutlineOperation, OutlineShape};

/// What is sent where a Swagger document does not say it.
const JSON: &str = "application/json";
/// The media types of forms, and the one of those with files.
const FORM: &str = "application/x-www-form-urlencoded";
const FORM_WITH_FILES: &str = "multipart/form-data";
/// Most media types that are named for one body of a Swagger document.
const MAX_MEDIA_TYPES: usize = 8;

impl<'d> Reader<'d> {
    /// Adds a parameter, unless one of its name and place is known. Swagger's body and form fields become a body.
    pub(super) fn parameter(
        &mut self,
        parameter: &'d Value,
        known: &mut HashSet<(&'d str, &'d str)>,
        read: &mut OutlineOperation,
        place: &Place<'_>,
    ) {
        let Some(parameter) = self.follow(parameter, place) else { return };
        let part = |key: &str| parameter.get(key).and_then(Value::as_str).unwrap_or_default();
        let (name, to) = (part("name"), part("in"));
        if name.is_empty() && to != "body" {
            return self.writer.note(place, "a parameter needs a name");
        }
        // Comparing a key reads it: long ones are no cheaper than what they name.
        if !known.insert((name, to)) || !self.writer.row() || !self.writer.steps(name.len() / 64) {
            return;
        }
        match to {
            "body" => {
                let mut body = self.body_of(parameter, "", parameter.get("schema"), &[JSON.to_owned()], place);
                body.required = is_true(parameter, "required");
                read.requests.push(body);
            }
            "formData" => {
                let field = self.field_of(parameter, to, place);
                let body = form(&mut read.requests);
                let files = field.shape.type_text() == "file";
                if files || body.media_type.is_empty() {
                    body.media_type = if files { FORM_WITH_FILES } else { FORM }.to_owned();
                }
                body.fields.push(OutlineField { place: String::new(), ..field });
            }
            _ => {
                if !matches!(to, "path" | "query" | "header" | "cookie" | "querystring") {
                    self.writer.note(place, "a parameter is in path, query, header or cookie");
                }
                let field = self.field_of(parameter, to, place);
                read.parameters.push(field);
                if let Some(schema) = inner(parameter) {
                    self.fields(schema, 1, place, &mut read.parameters);
                }
            }
        }
    }

    /// Gives Swagger's body the media types that the operation or document consumes.
    pub(super) fn form_types(&mut self, operation: &'d Value, read: &mut OutlineOperation) {
        let consumed = self.media_types(operation, "consumes");
        let Some(content) = read.requests.first_mut().and_then(|body| body.contents.first_mut()) else { return };
        let form = matches!(content.media_type.as_str(), FORM | FORM_WITH_FILES);
        if !consumed.is_empty() && !form {
            content.media_type = self.writer.line(&consumed.join(", "));
        }
    }

    /// A parameter or header: its schema is inside, in the one form that it has, or, in Swagger, the thing itself.
    fn field_of(&mut self, parameter: &'d Value, to: &str, place: &Place<'_>) -> OutlineField {
        let schema = inner(parameter);
        let mut shape = self.shape(schema.unwrap_or(parameter), place);
        if schema.is_some() {
            self.describe(parameter, &mut shape);
        }
        if parameter.get("style").and_then(Value::as_str) == Some("deepObject") {
            shape.constraints.push("each field as name[field]".to_owned());
        }
        OutlineField {
            name: self.writer.under(parameter, "name"),
            depth: 0,
            place: self.writer.line(to),
            required: to == "path" || is_true(parameter, "required"),
            shape,
        }
    }

    /// A request body or response.
    pub(super) fn body(
        &mut self,
        body: &'d Value,
        name: &str,
        operation: &'d Value,
        place: &Place<'_>,
    ) -> Option<OutlineBody> {
        if !self.writer.row() {
            return None;
        }
        let Some(body) = self.follow(body, place) else {
            let of = reference_of(body).map(|reference| self.writer.piece(reference)).into_iter().collect();
            let content =
                OutlineContent { shape: OutlineShape { of, ..OutlineShape::default() }, ..OutlineContent::default() };
            let name = self.writer.line(name);
            return Some(OutlineBody { name, contents: vec![content], ..OutlineBody::default() });
        };
        if !body.is_object() {
            self.writer.note(place, "it is no body");
        }
        // Swagger's responses have a schema, for all that the operation produces.
        let mut types = Vec::new();
        if body.get("schema").is_some() {
            types = self.media_types(operation, "produces");
            types = vec![if types.is_empty() { JSON.to_owned() } else { types.join(", ") }];
        }
        let mut read = self.body_of(body, name, body.get("schema"), &types, place);
        read.required = is_true(body, "required");
        let content_place = place.at("content");
        for (media_type, form) in self.members(body.get("content"), &content_place) {
            if !self.writer.row() {
                break;
            }
            let place = content_place.at(media_type);
            let content = self.content(media_type, form.get("schema"), form, &place);
            read.contents.push(content);
        }
        let headers_place = place.at("headers");
        for (header, value) in self.members(body.get("headers"), &headers_place) {
            let place = headers_place.at(header);
            let Some(value) = self.follow(value, &place).filter(|_| self.writer.row()) else { continue };
            let field = self.field_of(value, "", &place);
            read.headers.push(OutlineField { name: self.writer.line(header), ..field });
        }
        Some(read)
    }

    fn body_of(
        &mut self,
        body: &'d Value,
        name: &str,
        schema: Option<&'d Value>,
        media_types: &[String],
        place: &Place<'_>,
    ) -> OutlineBody {
        let mut read = OutlineBody {
            name: self.writer.line(name),
            description: self.writer.under(body, "description"),
            ..OutlineBody::default()
        };
        for media_type in media_types {
            let content = self.content(media_type, schema, &Value::Null, place);
            read.contents.push(content);
        }
        read
    }

    /// One form of a body.
    pub(super) fn content(
        &mut self,
        media_type: &str,
        schema: Option<&'d Value>,
        beside: &Value,
        place: &Place<'_>,
    ) -> OutlineContent {
        let mut content = OutlineContent { media_type: self.writer.line(media_type), ..OutlineContent::default() };
        if let Some(schema) = schema {
            let place = place.at("schema");
            content.shape = self.shape(schema, &place);
            self.fields(schema, 0, &place, &mut content.fields);
        }
        let mut said = OutlineShape::default();
        self.describe(beside, &mut said);
        if !said.example.is_empty() {
            content.shape.example = said.example;
        }
        content
    }

    /// What Swagger says that an operation consumes or produces, or the document for all.
    fn media_types(&self, operation: &'d Value, key: &str) -> Vec<String> {
        let list = operation.get(key).or_else(|| self.document.get(key)).and_then(Value::as_array);
        let types = list.into_iter().flatten().take(MAX_MEDIA_TYPES).filter_map(Value::as_str);
        types.filter(|text| text.len() < 200).map(str::to_owned).collect()
    }
}

/// The schema of a parameter or header of OpenAPI 3.
fn inner(parameter: &Value) -> Option<&Value> {
    parameter.get("schema").or_else(|| parameter.get("content")?.as_object()?.values().next()?.get("schema"))
}

/// The form that Swagger's fields of a form make together.
fn form(requests: &mut Vec<OutlineBody>) -> &mut OutlineContent {
    let is_form = |content: &OutlineContent| matches!(content.media_type.as_str(), FORM | FORM_WITH_FILES);
    let at = requests.iter().position(|body| body.contents.first().is_some_and(is_form));
    let at = at.unwrap_or_else(|| {
        requests.push(OutlineBody { contents: vec![OutlineContent::default()], ..OutlineBody::default() });
        requests.len() - 1
    });
    &mut requests[at].contents[0]
}

fn is_true(value: &Value, key: &str) -> bool {
    value.get(key) == Some(&Value::Bool(true))
}
