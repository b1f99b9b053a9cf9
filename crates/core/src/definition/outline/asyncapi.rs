//! AsyncAPI 2 and 3: operations by channel, with the messages that they are about.

use std::collections::HashMap;

use serde_json::Value;

use super::place::Place;
use super::reference::{Reader, last_name, reference_of};
use crate::definition::DefinitionKind;
use crate::definition::document::{entries, scalar};
use crate::wire::outline::{Outline, OutlineBody, OutlineField, OutlineGroup, OutlineOperation, OutlineServer};

/// Reads a document that calls itself AsyncAPI.
pub(super) fn outline(document: &Value) -> Outline {
    let mut reader = Reader::new(document, "/components/schemas");
    let mut outline = reader.info(DefinitionKind::AsyncApi);
    outline.servers = reader.brokers();
    outline.groups = reader.channels();
    outline.schemas = reader.schemas();
    outline.notes = reader.writer.into_notes();
    outline
}

impl<'d> Reader<'d> {
    /// Version 2 has one address, version 3 host and path.
    fn brokers(&mut self) -> Vec<OutlineServer> {
        let place = Place::ROOT.at("servers");
        let mut found = Vec::new();
        for (name, server) in self.members(self.document.get("servers"), &place) {
            let Some(server) = self.follow(server, &place.at(name)).filter(|_| self.writer.row()) else { continue };
            let address = [self.writer.under(server, "url"), self.writer.under(server, "host")].concat();
            let address = address + &self.writer.under(server, "pathname");
            let protocol = self.writer.under(server, "protocol");
            let mut said = vec![self.writer.line(name), self.writer.under(server, "description")];
            said.extend(self.variables(server));
            said.retain(|text| !text.is_empty());
            let url = match address.contains("://") || protocol.is_empty() {
                true => address,
                false => format!("{protocol}://{address}"),
            };
            found.push(OutlineServer { url, description: said.join("; ") });
        }
        found
    }

    /// Each channel with its operations: below it in version 2, with a reference to it in version 3.
    fn channels(&mut self) -> Vec<OutlineGroup> {
        let place = Place::ROOT.at("channels");
        let mut groups: Vec<OutlineGroup> = Vec::new();
        let mut known = HashMap::new();
        for (name, channel) in self.members(self.document.get("channels"), &place) {
            let place = place.at(name);
            let Some(channel) = self.follow(channel, &place).filter(|_| self.writer.row()) else { continue };
            let address = match self.writer.under(channel, "address") {
                address if address.is_empty() => self.writer.line(name),
                address => address,
            };
            let said = [
                self.writer.under(channel, "title"),
                self.writer.under(channel, "summary"),
                self.writer.under(channel, "description"),
            ];
            let said: Vec<_> = said.into_iter().filter(|text| !text.is_empty()).collect();
            let mut group = OutlineGroup { name: address, description: said.join("\n\n"), operations: Vec::new() };
            for verb in ["publish", "subscribe"] {
                if let Some(operation) = channel.get(verb) {
                    let place = place.at(verb);
                    if !operation.is_object() {
                        self.writer.note(&place, "it is no operation");
                        continue;
                    }
                    let read = self.channel_operation(verb, &group.name, channel, operation, &place);
                    group.operations.extend(read);
                }
            }
            known.insert(name, groups.len());
            groups.push(group);
        }
        self.operations(&known, &mut groups);
        groups
    }

    fn operations(&mut self, known: &HashMap<&str, usize>, groups: &mut Vec<OutlineGroup>) {
        let place = Place::ROOT.at("operations");
        for (name, operation) in self.members(self.document.get("operations"), &place) {
            let place = place.at(name);
            let Some(operation) = self.follow(operation, &place) else { continue };
            if !operation.is_object() {
                self.writer.note(&place, "it is no operation");
                continue;
            }
            let channel = operation.get("channel").unwrap_or(&Value::Null);
            let at = reference_of(channel).and_then(|reference| known.get(last_name(reference).as_str()));
            let followed = self.follow(channel, &place.at("channel")).unwrap_or(&Value::Null);
            let group = match at {
                Some(at) => &mut groups[*at],
                None => {
                    self.writer.note(&place, "it names no channel that is there");
                    groups.push(OutlineGroup { name: self.writer.line(name), ..OutlineGroup::default() });
                    let last = groups.len() - 1;
                    &mut groups[last]
                }
            };
            let action = self.writer.under(operation, "action");
            let read = self.channel_operation(&action, &group.name, followed, operation, &place);
            group.operations.extend(read.map(|mut read| {
                if read.id.is_empty() {
                    read.id = self.writer.line(name);
                }
                read
            }));
        }
    }

    fn channel_operation(
        &mut self,
        verb: &str,
        path: &str,
        channel: &'d Value,
        operation: &'d Value,
        place: &Place<'_>,
    ) -> Option<OutlineOperation> {
        if !self.writer.row() {
            return None;
        }
        let mut read = OutlineOperation {
            verb: verb.to_owned(),
            path: self.writer.line(path),
            id: self.writer.under(operation, "operationId"),
            ..self.about(operation)
        };
        if read.summary.is_empty() {
            read.summary = self.writer.under(operation, "title");
        }
        read.scopes = self.alternatives_of(operation.get("security").unwrap_or(&Value::Null)).unwrap_or_default();
        read.parameters = self.channel_parameters(channel, place);
        // An operation of version 3 that names no messages is about all of its channel.
        let messages =
            operation.get("message").or_else(|| operation.get("messages")).or_else(|| channel.get("messages"));
        if let Some(messages) = messages {
            self.messages(messages, "", place, &mut read.requests);
        }
        if let Some(reply) = operation.get("reply").and_then(|reply| self.follow(reply, place)) {
            let channel = reply.get("channel").and_then(|channel| self.follow(channel, place));
            let messages = reply.get("messages").or_else(|| channel?.get("messages"));
            if let Some(messages) = messages {
                self.messages(messages, "", &place.at("reply"), &mut read.responses);
            }
        }
        Some(read)
    }

    fn channel_parameters(&mut self, channel: &'d Value, place: &Place<'_>) -> Vec<OutlineField> {
        let mut found = Vec::new();
        for (name, parameter) in self.members(channel.get("parameters"), &place.at("parameters")) {
            let place = place.at(name);
            let Some(parameter) = self.follow(parameter, &place).filter(|_| self.writer.row()) else { continue };
            // Version 2 has a schema inside, version 3 only strings.
            let mut shape = self.shape(parameter.get("schema").unwrap_or(parameter), &place);
            if parameter.get("schema").is_some() {
                self.describe(parameter, &mut shape);
            } else {
                shape.of = vec![self.writer.piece("string")];
            }
            let name = self.writer.line(name);
            found.push(OutlineField { name, depth: 0, place: "channel".to_owned(), required: true, shape });
        }
        found
    }

    /// Adds one message, or each of several: alternatives in version 2, names or references in version 3.
    fn messages(&mut self, messages: &'d Value, name: &str, place: &Place<'_>, out: &mut Vec<OutlineBody>) {
        let several: Vec<(&str, &Value)> = match messages.get("oneOf").unwrap_or(messages) {
            several if !self.writer.steps(size(several)) => Vec::new(),
            Value::Array(several) => several.iter().map(|message| ("", message)).collect(),
            Value::Object(fields) if fields.values().all(|field| field.is_object()) && !is_message(messages) => {
                entries(Some(messages)).collect()
            }
            _ => vec![(name, messages)],
        };
        for (name, message) in several {
            if !self.writer.row() {
                return;
            }
            let name = reference_of(message).map_or_else(|| name.to_owned(), last_name);
            if let Some(message) = self.follow(message, place) {
                let body = self.message(message, &name, place);
                out.push(body);
            }
        }
    }

    fn message(&mut self, message: &'d Value, name: &str, place: &Place<'_>) -> OutlineBody {
        let place = place.at("message");
        let said = [scalar(message.get("title")), scalar(message.get("summary")), scalar(message.get("description"))];
        let own = scalar(message.get("name"));
        let mut body = OutlineBody {
            name: self.writer.line(if own.is_empty() { name } else { &own }),
            description: self
                .writer
                .text(&said.iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join("\n\n")),
            ..OutlineBody::default()
        };
        if let Some(headers) = message.get("headers") {
            self.fields(headers, 0, &place.at("headers"), &mut body.headers);
        }
        let payload = message.get("payload");
        // Version 3 may say which language a schema is in, and have the schema inside.
        let inside = payload.and_then(|payload| payload.get("schemaFormat").and(payload.get("schema")));
        let media_type = scalar(message.get("contentType").or_else(|| self.document.get("defaultContentType")));
        let beside =
            message.get("examples").and_then(|examples| examples.get(0)).and_then(|first| first.get("payload"));
        let mut content = self.content(&media_type, inside.or(payload), &Value::Null, &place);
        if let Some(example) = beside {
            content.shape.example = self.writer.value(example);
        }
        body.contents.push(content);
        body
    }
}

/// How many items or fields something has.
fn size(value: &Value) -> usize {
    value.as_array().map_or(0, Vec::len) + value.as_object().map_or(0, serde_json::Map::len)
}

/// Whether something is one message, and not several by their names.
fn is_message(value: &Value) -> bool {
    ["payload", "headers", "$ref", "name", "contentType", "summary"].iter().any(|key| value.get(key).is_some())
}
