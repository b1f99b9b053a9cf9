//! OpenAPI 2 and 3: operations of paths by their tags.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::place::Place;
use super::reference::Reader;
use crate::definition::document::entries;
use crate::definition::openapi::METHODS;
use crate::definition::{DefinitionKind, scopes};
use crate::wire::outline::{Outline, OutlineGroup, OutlineOperation, OutlineSchema, OutlineServer};

/// What may stand beside the methods of a path.
const BESIDE_METHODS: [&str; 5] = ["summary", "description", "servers", "parameters", "$ref"];

/// Reads a document that calls itself OpenAPI or Swagger.
pub(super) fn outline(document: &Value, kind: DefinitionKind) -> Outline {
    let old = kind == DefinitionKind::OpenApi2;
    let mut reader = Reader::new(document, if old { "/definitions" } else { "/components/schemas" });
    let mut outline = reader.info(kind);
    outline.servers = if old { reader.base_path() } else { reader.servers(document.get("servers")) };
    let mut groups = Groups::default();
    reader.tags(&mut groups);
    let everywhere = document.get("security").and_then(|security| scopes::asked(document, security));
    let place = Place::ROOT.at("paths");
    for (path, item) in reader.members(document.get("paths"), &place) {
        if path.starts_with('/') {
            reader.path(path, item, None, everywhere.as_ref(), &place.at(path), &mut groups);
        } else {
            reader.writer.note(&place.at(path), "a path begins with /");
        }
    }
    let place = Place::ROOT.at("webhooks");
    for (name, item) in entries(document.get("webhooks")) {
        reader.path(name, item, Some("Webhooks"), everywhere.as_ref(), &place.at(name), &mut groups);
    }
    outline.groups = groups.list.into_iter().filter(|group| !group.operations.is_empty()).collect();
    outline.schemas = reader.schemas();
    outline.notes = reader.writer.into_notes();
    outline
}

impl<'d> Reader<'d> {
    /// What `info` says, as OpenAPI and AsyncAPI have it.
    pub(super) fn info(&mut self, kind: DefinitionKind) -> Outline {
        let info = self.document.get("info");
        if info.is_some_and(|info| !info.is_object()) {
            self.writer.note(&Place::ROOT.at("info"), "it says nothing about the definition: it has no fields");
        }
        let info = info.unwrap_or(&Value::Null);
        Outline {
            title: self.writer.under(info, "title"),
            version: self.writer.under(info, "version"),
            description: self.writer.under(info, "description"),
            ..Outline::of(kind)
        }
    }

    /// The named schemas.
    pub(super) fn schemas(&mut self) -> Vec<OutlineSchema> {
        let mut schemas = Vec::new();
        let (above, last) =
            self.named[1..].split_once('/').map_or(("", &self.named[1..]), |(above, last)| (above, last));
        let (root, outer) = (Place::ROOT, Place::ROOT.at(above));
        let place = if above.is_empty() { root.at(last) } else { outer.at(last) };
        for (name, schema) in self.members(self.document.pointer(self.named), &place) {
            if !self.writer.row() {
                break;
            }
            let place = place.at(name);
            if !schema.is_object() && !schema.is_boolean() {
                self.writer.note(&place, "it is no schema");
                continue;
            }
            let shape = self.shape(schema, &place);
            let mut fields = Vec::new();
            self.fields(schema, 0, &place, &mut fields);
            schemas.push(OutlineSchema { name: self.writer.line(name), shape, fields });
        }
        schemas
    }

    /// The members of an object, without extensions; says so where something else stands.
    pub(super) fn members(
        &mut self,
        value: Option<&'d Value>,
        place: &Place<'_>,
    ) -> impl Iterator<Item = (&'d str, &'d Value)> + use<'d> {
        if value.is_some_and(|value| !value.is_object() && !value.is_null()) {
            self.writer.note(place, "it should have fields");
        }
        // Who comes here by references comes again and again.
        let count = value.and_then(Value::as_object).map_or(0, serde_json::Map::len);
        entries(value.filter(|_| self.writer.steps(count))).filter(|(name, _)| !name.starts_with("x-"))
    }

    fn tags(&mut self, groups: &mut Groups) {
        for tag in self.document.get("tags").and_then(Value::as_array).into_iter().flatten() {
            let name = self.writer.under(tag, "name");
            if !name.is_empty() && self.writer.row() {
                groups.named(name).description = self.writer.under(tag, "description");
            }
        }
    }

    /// Where Swagger 2.0 says that the service is.
    fn base_path(&mut self) -> Vec<OutlineServer> {
        let part = |key: &str| self.document.get(key).and_then(Value::as_str).unwrap_or_default();
        let (host, path) = (part("host"), part("basePath"));
        let schemes = self.document.get("schemes").and_then(Value::as_array);
        let urls: Vec<String> = match (host, schemes) {
            ("", _) => vec![path.to_owned()],
            (_, Some(schemes)) if !schemes.is_empty() => schemes
                .iter()
                .filter_map(Value::as_str)
                .take(8)
                .map(|scheme| format!("{scheme}://{host}{path}"))
                .collect(),
            _ => vec![format!("{host}{path}")],
        };
        let urls = urls.iter().filter(|url| !url.is_empty());
        urls.map(|url| OutlineServer { url: self.writer.line(url), ..OutlineServer::default() }).collect()
    }

    /// Where OpenAPI 3 says that the service is.
    fn servers(&mut self, servers: Option<&'d Value>) -> Vec<OutlineServer> {
        let mut found = Vec::new();
        if servers.is_some_and(|servers| !servers.is_array()) {
            self.writer.note(&Place::ROOT.at("servers"), "it should be a list");
        }
        for server in servers.and_then(Value::as_array).into_iter().flatten() {
            if !self.writer.row() {
                break;
            }
            let url = self.writer.under(server, "url");
            let mut said = vec![self.writer.under(server, "description")];
            said.extend(self.variables(server));
            said.retain(|text| !text.is_empty());
            if !url.is_empty() {
                found.push(OutlineServer { url, description: said.join("; ") });
            }
        }
        found
    }

    /// What each variable of a server's address may be.
    pub(super) fn variables(&mut self, server: &'d Value) -> Vec<String> {
        let mut found = Vec::new();
        for (name, variable) in entries(server.get("variables")) {
            if !self.writer.row() {
                break;
            }
            let (default, about) = (self.writer.under(variable, "default"), self.writer.under(variable, "description"));
            let mut text = self.writer.line(name);
            for part in [default, about].iter().filter(|part| !part.is_empty()) {
                text = [text.as_str(), part].join(": ");
            }
            found.push(text);
        }
        found
    }

    /// Adds the operations of a path.
    fn path(
        &mut self,
        path: &str,
        item: &'d Value,
        group: Option<&str>,
        everywhere: Option<&Vec<Vec<String>>>,
        place: &Place<'_>,
        groups: &mut Groups,
    ) {
        let Some(item) = self.follow(item, place) else { return };
        let shared = item.get("parameters");
        for (method, operation) in self.members(Some(item), place) {
            let place = place.at(method);
            if BESIDE_METHODS.contains(&method) {
                continue;
            }
            if !METHODS.contains(&method.to_ascii_lowercase().as_str()) {
                self.writer.note(&place, "it is no method");
                continue;
            }
            if !operation.is_object() {
                self.writer.note(&place, "it is no operation");
                continue;
            }
            if !self.writer.row() {
                break;
            }
            let mut read = self.operation(method, path, operation, shared, &place);
            let own = operation.get("security").map(|own| self.alternatives_of(own));
            let alternatives = own.as_ref().map_or(everywhere, Option::as_ref);
            read.scopes = self.copied(alternatives.into_iter().flatten());
            let tag = operation.pointer("/tags/0").and_then(Value::as_str).unwrap_or_default();
            let name = self.writer.text(group.unwrap_or(tag));
            groups.named(name).operations.push(read);
            if group.is_none() {
                self.callbacks(operation, &place, groups);
            }
        }
    }

    /// Adds what the service calls back; what is called back there is not followed any further.
    fn callbacks(&mut self, operation: &'d Value, place: &Place<'_>, groups: &mut Groups) {
        let place = place.at("callbacks");
        for (name, callback) in self.members(operation.get("callbacks"), &place) {
            let place = place.at(name);
            let Some(callback) = self.follow(callback, &place) else { continue };
            for (address, item) in self.members(Some(callback), &place) {
                self.path(address, item, Some("Callbacks"), None, &place.at(address), groups);
            }
        }
    }

    /// The scopes that a `security` list asks for.
    pub(super) fn alternatives_of(&mut self, security: &Value) -> Option<Vec<Vec<String>>> {
        for requirement in security.as_array()? {
            let scopes = entries(Some(requirement)).map(|(_, scopes)| 1 + scopes.as_array().map_or(0, Vec::len));
            if !self.writer.steps(1 + scopes.sum::<usize>()) {
                return None;
            }
        }
        scopes::asked(self.document, security)
    }

    fn operation(
        &mut self,
        method: &str,
        path: &str,
        operation: &'d Value,
        shared: Option<&'d Value>,
        place: &Place<'_>,
    ) -> OutlineOperation {
        let mut read = OutlineOperation {
            verb: method.to_ascii_uppercase(),
            path: self.writer.line(path),
            id: self.writer.under(operation, "operationId"),
            ..self.about(operation)
        };
        let mut known = HashSet::new();
        // What the operation says comes before what its path says for all of them.
        for list in [operation.get("parameters"), shared].into_iter().flatten() {
            let place = place.at("parameters");
            for (index, parameter) in list.as_array().into_iter().flatten().enumerate() {
                self.parameter(parameter, &mut known, &mut read, &place.item(index));
            }
        }
        self.form_types(operation, &mut read);
        if let Some(body) = operation.get("requestBody") {
            let place = place.at("requestBody");
            read.requests.extend(self.body(body, "", operation, &place));
        }
        let place = place.at("responses");
        for (status, response) in self.members(operation.get("responses"), &place) {
            read.responses.extend(self.body(response, status, operation, &place.at(status)));
        }
        read
    }

    /// What is said about an operation, in any language that says it so.
    pub(super) fn about(&mut self, operation: &Value) -> OutlineOperation {
        OutlineOperation {
            summary: self.writer.under(operation, "summary"),
            description: self.writer.under(operation, "description"),
            deprecated: operation.get("deprecated") == Some(&Value::Bool(true)),
            ..OutlineOperation::default()
        }
    }

    /// Alternatives of scopes, as far as there is room.
    fn copied<'a>(&mut self, alternatives: impl Iterator<Item = &'a Vec<String>>) -> Vec<Vec<String>> {
        let mut all = Vec::new();
        for alternative in alternatives {
            if !self.writer.row() {
                break;
            }
            let scopes = alternative.iter().map_while(|scope| self.writer.choice(&Value::String(scope.clone())));
            all.push(scopes.map(|scope| scope.value).collect());
        }
        all
    }
}

/// Groups in the order in which they are named first.
#[derive(Default)]
struct Groups {
    list: Vec<OutlineGroup>,
    by_name: HashMap<String, usize>,
}

impl Groups {
    fn named(&mut self, name: String) -> &mut OutlineGroup {
        let next = self.list.len();
        let at = *self.by_name.entry(name.clone()).or_insert(next);
        if at == next {
            self.list.push(OutlineGroup { name, ..OutlineGroup::default() });
        }
        &mut self.list[at]
    }
}
