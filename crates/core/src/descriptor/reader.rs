//! Readers over the tree: one for each shape that a rule can ask for, each reporting what keeps it from reading.
//!
//! The shapes follow the public validator's conversions: a number or boolean counts as text where text is expected, a
//! numeric text as a number, `true` and `1` in text as a boolean; null never counts as missing. What a value must be
//! beyond its shape is for the format readers to say.

use super::{
    model::Location,
    scalar::{self, Scalar},
    tree::{Entry, Node, Spot, Value},
};
use crate::diagnostic::Diagnostic;

/// Most remarks of one list; a file that breaks more rules is told so.
const MAX_REMARKS: usize = 500;

/// Which of the three lists a remark belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    Problem,
    Finding,
    Warning,
}

/// The remarks of one check.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub problems: Vec<Diagnostic>,
    pub findings: Vec<Diagnostic>,
    pub warnings: Vec<Diagnostic>,
    lenient: bool,
}

impl Report {
    /// Reads a section that the public validator does not look into: problems in it are findings.
    pub(super) fn leniently<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.lenient, true);
        let result = read(self);
        self.lenient = before;
        result
    }

    pub(super) fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        at: &Location,
        message: impl Into<String>,
        hint: &str,
    ) {
        let list = match severity {
            Severity::Problem if self.lenient => &mut self.findings,
            Severity::Problem => &mut self.problems,
            Severity::Finding => &mut self.findings,
            Severity::Warning => &mut self.warnings,
        };
        if list.len() < MAX_REMARKS {
            list.push(Diagnostic {
                code: code.to_owned(),
                path: at.path.clone(),
                line: at.line,
                column: at.column,
                message: message.into(),
                hint: hint.to_owned(),
            });
        }
    }

    pub(super) fn problem(&mut self, code: &'static str, at: &Location, message: impl Into<String>, hint: &str) {
        self.add(Severity::Problem, code, at, message, hint);
    }

    pub(super) fn finding(&mut self, code: &'static str, at: &Location, message: impl Into<String>, hint: &str) {
        self.add(Severity::Finding, code, at, message, hint);
    }

    pub(super) fn warning(&mut self, code: &'static str, at: &Location, message: impl Into<String>, hint: &str) {
        self.add(Severity::Warning, code, at, message, hint);
    }

    /// A problem that the public validator ties to no field: the path stays empty, the place does not.
    pub(super) fn file_problem(&mut self, code: &'static str, at: &Location, message: impl Into<String>, hint: &str) {
        let whole = Location { path: String::new(), ..at.clone() };
        self.add(Severity::Problem, code, &whole, message, hint);
    }
}

/// A place where a value may stand.
#[derive(Debug, Clone)]
pub(super) struct Field<'t> {
    pub at: Location,
    node: Option<&'t Node>,
}

/// A value read as text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    /// As the public validator sees it: `1.0` is `1`.
    pub value: String,
    /// As it stands in the file.
    pub written: String,
}

impl<'t> Field<'t> {
    pub(super) fn root(node: &'t Node) -> Self {
        Self { at: location(String::new(), node.start), node: Some(node) }
    }

    pub(super) fn is_missing(&self) -> bool {
        self.node.is_none()
    }

    pub(super) fn is_null(&self) -> bool {
        self.node.is_some_and(|node| matches!(node.value, Value::Scalar(Scalar::Null)))
    }

    /// Text, where there is any; a missing field is no fault.
    pub(super) fn text(&self, report: &mut Report) -> Option<Text> {
        match &self.node?.value {
            Value::Scalar(Scalar::Null) => self.null(report),
            Value::Scalar(scalar) => {
                let written = scalar.text().to_owned();
                let value = match scalar {
                    Scalar::Number { value, .. } => scalar::javascript_text(*value),
                    Scalar::Boolean { value, .. } => value.to_string(),
                    Scalar::Null | Scalar::Text(_) => written.clone(),
                };
                Some(Text { value, written })
            }
            Value::List(_) | Value::Map(_) => {
                report.problem(
                    "field_not_text",
                    &self.at,
                    format!("{} must be text", self.name()),
                    "write one plain value",
                );
                None
            }
        }
    }

    /// Text that must be there and not be empty.
    pub(super) fn required_text(&self, report: &mut Report) -> Option<Text> {
        let text = if self.is_missing() { self.missing(report) } else { self.text(report) };
        match text {
            Some(text) if text.value.is_empty() => self.missing(report),
            text => text,
        }
    }

    /// A number that must be there. A list counts as its first item, as JavaScript converts it.
    pub(super) fn required_number(&self, report: &mut Report) -> Option<f64> {
        let Some(node) = self.node else { return self.missing(report) };
        let value = match &node.value {
            Value::Scalar(Scalar::Null) => return self.null(report),
            Value::Scalar(scalar) => number(scalar),
            Value::List(items) => match items.first().map(|item| &item.value) {
                Some(Value::Scalar(scalar)) => number(scalar),
                _ => None,
            },
            Value::Map(_) => None,
        };
        let message = format!("{} must be a number", self.name());
        match (value, &node.value) {
            (None, _) => report.problem("field_not_number", &self.at, message, "write a number"),
            (Some(_), Value::List(_)) => report.finding("field_not_number", &self.at, message, "write one number"),
            _ => {}
        }
        value
    }

    pub(super) fn boolean(&self, report: &mut Report) -> Option<bool> {
        let text = match &self.node?.value {
            Value::Scalar(Scalar::Null) => return self.null(report),
            Value::Scalar(Scalar::Boolean { value, .. }) => return Some(*value),
            Value::Scalar(Scalar::Number { value, .. }) => scalar::javascript_text(*value),
            Value::Scalar(Scalar::Text(text)) => text.to_ascii_lowercase(),
            Value::List(_) | Value::Map(_) => String::new(),
        };
        match text.as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => {
                let message = format!("{} must be true or false", self.name());
                report.problem("field_not_boolean", &self.at, message, "write true or false");
                None
            }
        }
    }

    /// The items of a list, where there is one.
    pub(super) fn list(&self, report: &mut Report) -> Option<Vec<Self>> {
        match &self.node?.value {
            Value::Scalar(Scalar::Null) => self.null(report),
            Value::List(items) => {
                let item = |(index, node): (usize, &'t std::rc::Rc<Node>)| Field {
                    at: location(format!("{}[{index}]", self.at.path), node.start),
                    node: Some(node),
                };
                Some(items.iter().enumerate().map(item).collect())
            }
            Value::Scalar(_) | Value::Map(_) => {
                let hint = "begin each item on its own line with \"- \"";
                report.problem("field_not_list", &self.at, format!("{} must be a list", self.name()), hint);
                None
            }
        }
    }

    /// A mapping, where there is one.
    pub(super) fn map(&self, report: &mut Report) -> Option<Map<'t>> {
        match &self.node?.value {
            Value::Scalar(Scalar::Null) => self.null(report),
            Value::Map(entries) => Some(Map { at: self.at.clone(), entries }),
            Value::Scalar(_) | Value::List(_) => {
                let hint = "write its fields below it, indented, as \"name: value\"";
                report.problem("field_not_mapping", &self.at, format!("{} must be a mapping", self.name()), hint);
                None
            }
        }
    }

    /// A mapping; a missing one reads as empty, so that its required fields are asked for.
    pub(super) fn map_or_empty(&self, report: &mut Report) -> Option<Map<'t>> {
        if self.is_missing() { Some(Map { at: self.at.clone(), entries: &[] }) } else { self.map(report) }
    }

    /// Says that the field must be there.
    pub(super) fn missing<T>(&self, report: &mut Report) -> Option<T> {
        report.problem("field_missing", &self.at, format!("{} is required", self.name()), "add it");
        None
    }

    fn null<T>(&self, report: &mut Report) -> Option<T> {
        let hint = "give it a value, or remove the line";
        report.problem("field_null", &self.at, format!("{} has no value", self.name()), hint);
        None
    }

    fn name(&self) -> &str {
        if self.at.path.is_empty() { "the file" } else { &self.at.path }
    }
}

/// A mapping that is being read.
#[derive(Debug, Clone)]
pub(super) struct Map<'t> {
    pub at: Location,
    entries: &'t [Entry],
}

impl<'t> Map<'t> {
    /// The field of a name; a missing one has the place of the mapping.
    pub(super) fn get(&self, name: &str) -> Field<'t> {
        let path = if self.at.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.at.path) };
        match self.entries.iter().find(|entry| entry.key == name) {
            Some(entry) => {
                let is_text = matches!(&entry.node.value, Value::Scalar(scalar) if !scalar.text().is_empty());
                let start = if is_text { entry.node.start } else { entry.key_start };
                Field { at: location(path, start), node: Some(&entry.node) }
            }
            None => Field { at: Location { path, ..self.at.clone() }, node: None },
        }
    }

    /// Whether JavaScript would take the value of this name for true: something other than null and empty text.
    pub(super) fn is_truthy(&self, name: &str) -> bool {
        self.entries.iter().find(|entry| entry.key == name).is_some_and(|entry| match &entry.node.value {
            Value::Scalar(Scalar::Null) => false,
            Value::Scalar(scalar) => !scalar.text().is_empty(),
            Value::List(_) | Value::Map(_) => true,
        })
    }

    /// Warns of every field that is not in the list.
    pub(super) fn warn_unknown(&self, known: &[&str], report: &mut Report) {
        let unknown = self.entries.iter().filter(|entry| !known.contains(&entry.key.as_str()));
        for entry in unknown.take(MAX_REMARKS) {
            let key = shortened(&entry.key);
            let path = if self.at.path.is_empty() { key } else { format!("{}.{key}", self.at.path) };
            let message = format!("the field {path} is not known and has no effect");
            let hint = format!("known here: {}", known.join(", "));
            report.warning("field_unknown", &location(path, entry.key_start), message, &hint);
        }
    }
}

fn number(scalar: &Scalar) -> Option<f64> {
    match scalar {
        Scalar::Number { value, .. } => Some(*value).filter(|value| !value.is_nan()),
        Scalar::Text(text) => scalar::javascript_number(text),
        Scalar::Null | Scalar::Boolean { .. } => None,
    }
}

/// A text of the file for a message: at most 60 characters of it.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn location(path: String, spot: Spot) -> Location {
    Location { path, line: spot.line, column: spot.column }
}
