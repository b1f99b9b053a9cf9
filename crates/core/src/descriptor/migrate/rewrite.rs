//! endpoints.yaml and component-config.yaml written anew as component.yaml 1.2.

use std::collections::HashSet;

use super::comments::Comments;
use crate::{
    descriptor::{
        model::Format,
        tree::{Entry, Node, Spot, Tree, Value},
    },
    diagnostic::Diagnostic,
    endpoint::EndpointType,
    reference::is_reserved_segment,
};

const LONGEST_NAME: usize = 50;

/// The new text; what it says otherwise goes into the notes.
pub(super) fn rewrite(text: &str, tree: &Tree, format: Format, notes: &mut Vec<Diagnostic>) -> String {
    let comments = Comments::of(text, tree);
    let mut writer = Writer { source: text, comments, pending: Vec::new(), out: String::new(), notes };
    if let Some(root) = &tree.root {
        match format {
            Format::ComponentConfig => writer.component_config(root),
            Format::Endpoints | Format::Component => writer.endpoints_file(root),
        }
    }
    writer.finish()
}

struct Writer<'t, 'n> {
    source: &'t str,
    comments: Comments,
    /// Comments of items that have no line of their own in the new text.
    pending: Vec<String>,
    out: String,
    notes: &'n mut Vec<Diagnostic>,
}

impl Writer<'_, '_> {
    fn endpoints_file(&mut self, root: &Node) {
        self.line(0, "schemaVersion: 1.2", entry(root, "version"));
        if let Some(endpoints) = entry(root, "endpoints") {
            self.endpoints(endpoints, "endpoints");
        }
    }

    fn component_config(&mut self, root: &Node) {
        self.line(0, "schemaVersion: 1.2", entry(root, "apiVersion"));
        self.adopt(entry(root, "kind"));
        let Some(spec) = entry(root, "spec") else { return };
        self.adopt(Some(spec));
        if let Some(inbound) = entry(&spec.node, "inbound") {
            self.endpoints(inbound, "spec.inbound");
        }
        let Some(outbound) = entry(&spec.node, "outbound") else { return };
        let Some(references) = entry(&outbound.node, "serviceReferences") else { return self.adopt(Some(outbound)) };
        self.line(0, "dependencies:", Some(outbound));
        if items(&references.node).is_empty() {
            return self.line(2, "serviceReferences: []", Some(references));
        }
        self.line(2, "serviceReferences:", Some(references));
        for item in items(&references.node) {
            self.service_reference(item);
        }
    }

    fn endpoints(&mut self, list: &Entry, path: &str) {
        if items(&list.node).is_empty() {
            return self.line(0, "endpoints: []", Some(list));
        }
        self.line(0, "endpoints:", Some(list));
        let mut names = HashSet::new();
        for (index, item) in items(&list.node).iter().enumerate() {
            self.endpoint(item, &format!("{path}[{index}]"), &mut names);
        }
    }

    fn endpoint(&mut self, item: &Node, path: &str, names: &mut HashSet<String>) {
        let field = |name: &str| entry(item, name);
        self.above(2, item.start.line);
        if let Some(name) = field("name") {
            let written = text_of(&name.node);
            let new = unique_name(written, names);
            self.line(2, &format!("- name: {new}"), Some(name));
            if new != written {
                let message = format!("the endpoint \"{written}\" is named {new} from now on");
                self.note("migrate_name_changed", &format!("{path}.name"), name.node.start, message);
                let display = self.display_name(&name.node, path);
                self.line(4, &format!("displayName: {display}"), None);
            }
        }
        self.line(4, "service:", None);
        for (old, new) in [("context", "basePath"), ("port", "port")] {
            if let Some(entry) = field(old) {
                let value = self.raw(&entry.node);
                self.line(6, &format!("{new}: {value}"), Some(entry));
            }
        }
        let kind = field("type").map(|kind| text_of(&kind.node));
        if let Some(entry) = field("type") {
            let value = self.raw(&entry.node);
            self.line(4, &format!("type: {value}"), Some(entry));
        }
        self.visibility(field("networkVisibility"), kind.and_then(EndpointType::parse), path);
        if let Some(entry) = field("schemaFilePath") {
            let value = self.raw(&entry.node);
            self.line(4, &format!("schemaFilePath: {value}"), Some(entry));
        }
    }

    fn visibility(&mut self, written: Option<&Entry>, kind: Option<EndpointType>, path: &str) {
        let project_only = kind.is_some_and(EndpointType::project_only);
        let value = match written {
            Some(entry) if !project_only => self.raw(&entry.node),
            // Nothing written means Project in the older formats, but Public in component.yaml.
            _ => "Project".to_owned(),
        };
        if let Some(entry) = written
            && text_of(&entry.node) != "Project"
            && project_only
        {
            let message = format!("the visibility {} became Project, which is what it meant", text_of(&entry.node));
            self.note("migrate_visibility_narrowed", &format!("{path}.networkVisibility"), entry.node.start, message);
        }
        self.line(4, "networkVisibilities:", written);
        self.line(6, &format!("- {value}"), None);
    }

    fn service_reference(&mut self, item: &Node) {
        self.above(4, item.start.line);
        let mut lead = "- ";
        for name in ["name", "connectionConfig"] {
            if let Some(entry) = entry(item, name) {
                let value = self.raw(&entry.node);
                self.line(4 + 2 - lead.len(), &format!("{lead}{name}: {value}"), Some(entry));
                lead = "";
            }
        }
        let Some(env) = entry(item, "env") else { return };
        if items(&env.node).is_empty() {
            return self.line(6, "env: []", Some(env));
        }
        self.line(6, "env:", Some(env));
        for mapping in items(&env.node) {
            self.above(8, mapping.start.line);
            let mut lead = "- ";
            for name in ["from", "to"] {
                if let Some(entry) = entry(mapping, name) {
                    let value = self.raw(&entry.node);
                    self.line(8 + 2 - lead.len(), &format!("{lead}{name}: {value}"), Some(entry));
                    lead = "";
                }
            }
        }
    }

    /// The name for people, cut to what is allowed.
    fn display_name(&mut self, name: &Node, path: &str) -> String {
        let written = text_of(name);
        if written.encode_utf16().count() <= LONGEST_NAME {
            return self.raw(name);
        }
        let message = format!("the display name was cut to {LONGEST_NAME} characters");
        self.note("migrate_name_changed", &format!("{path}.name"), name.start, message);
        let mut length = 0;
        let fits = |c: &char| {
            length += c.len_utf16();
            length <= LONGEST_NAME
        };
        quoted(&written.chars().take_while(fits).collect::<String>())
    }

    /// A scalar as it stands in the source; in double quotes where it spans lines.
    fn raw(&self, node: &Node) -> String {
        let slice = self.source.get(node.start.byte..node.end_byte).unwrap_or_default().trim();
        if slice.is_empty() || slice.contains('\n') { quoted(text_of(node)) } else { slice.to_owned() }
    }

    /// Writes a line for an item of the source, with the comments of that item.
    fn line(&mut self, indent: usize, text: &str, of: Option<&Entry>) {
        if let Some(entry) = of {
            self.above(indent, entry.key_start.line);
        }
        self.flush(indent);
        self.out.push_str(&" ".repeat(indent));
        self.out.push_str(text);
        if let Some(comment) = of.and_then(|entry| self.comments.beside(entry.key_start.line)) {
            self.out.push(' ');
            self.out.push_str(&comment);
        }
        self.out.push('\n');
    }

    /// Writes the comments above a line of the source.
    fn above(&mut self, indent: usize, line: u32) {
        let comments = self.comments.above(line);
        self.pending.extend(comments);
        self.flush(indent);
    }

    /// Keeps the comments of an item that has no line in the new text for the next one.
    fn adopt(&mut self, of: Option<&Entry>) {
        let Some(entry) = of else { return };
        let line = entry.key_start.line;
        self.pending.extend(self.comments.above(line));
        self.pending.extend(self.comments.beside(line));
    }

    fn flush(&mut self, indent: usize) {
        for comment in self.pending.drain(..) {
            if !comment.is_empty() {
                self.out.push_str(&" ".repeat(indent));
                self.out.push_str(&comment);
            }
            self.out.push('\n');
        }
    }

    fn note(&mut self, code: &str, path: &str, spot: Spot, message: String) {
        self.notes.push(Diagnostic {
            code: code.to_owned(),
            path: path.to_owned(),
            line: spot.line,
            column: spot.column,
            message,
            hint: "look at it in the new file".to_owned(),
        });
    }

    fn finish(mut self) -> String {
        let rest = self.comments.rest();
        self.pending.extend(rest);
        while self.pending.last().is_some_and(String::is_empty) {
            self.pending.pop();
        }
        self.flush(0);
        self.out
    }
}

fn entry<'n>(node: &'n Node, name: &str) -> Option<&'n Entry> {
    match &node.value {
        Value::Map(entries) => entries.iter().find(|entry| entry.key == name),
        Value::Scalar(_) | Value::List(_) => None,
    }
}

fn items(node: &Node) -> &[std::rc::Rc<Node>] {
    match &node.value {
        Value::List(items) => items,
        Value::Scalar(_) | Value::Map(_) => &[],
    }
}

fn text_of(node: &Node) -> &str {
    match &node.value {
        Value::Scalar(scalar) => scalar.text(),
        Value::List(_) | Value::Map(_) => "",
    }
}

/// A text in double quotes; JSON's escapes are YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A name that component.yaml allows, as near as possible to the free text of the older formats.
fn unique_name(written: &str, taken: &mut HashSet<String>) -> String {
    let as_it_is = is_name(written) && !is_reserved_segment(written);
    let mut name = if as_it_is { written.to_owned() } else { handle(written) };
    let base = name.clone();
    for number in 2.. {
        if taken.insert(name.clone()) {
            break;
        }
        let suffix = format!("-{number}");
        let kept = base.get(..LONGEST_NAME - suffix.len()).unwrap_or(&base);
        name = format!("{kept}{suffix}");
    }
    name
}

fn is_name(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.len() <= LONGEST_NAME && text.bytes().all(allowed)
}

fn handle(written: &str) -> String {
    let mut name = String::new();
    for c in written.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_end_matches('-');
    let begins_well = name.starts_with(|c: char| c.is_ascii_lowercase()) && !is_reserved_segment(name);
    let mut name = match name {
        "" => "endpoint".to_owned(),
        name if begins_well => name.to_owned(),
        name => format!("endpoint-{name}"),
    };
    name.truncate(LONGEST_NAME);
    name
}
