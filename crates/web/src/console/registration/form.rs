//! What stands in the form of a registration: read from what a browser sent or from what is registered, changed by the
//! buttons that add and take away rows, and given the refusals of the use case, each beside its field.

use tieline_control::Refusal;
use tieline_core::definition::{self, DefinitionKind};
use tieline_core::kind::{Kind, SERVICE_URL};
use tieline_core::wire::service::{ServiceDetail, ServiceView};

use super::super::definition::language;
use super::super::form::{Entered, Fields};
use super::Section;
use super::rows::{EntryRow, Key, ParameterRow, third_party_keys, unused};

/// A registration as the form holds it.
#[derive(Debug, Default)]
pub(super) struct Registration {
    /// What the form began from: it stays while rows come and go, or somebody else's change would be lost.
    pub(super) revision: i64,
    /// The kind of a resource; none for a third-party service.
    pub(super) kind: Option<&'static Kind>,
    pub(super) name: Entered,
    pub(super) version: Entered,
    pub(super) summary: Entered,
    pub(super) labels: Entered,
    pub(super) categories: Entered,
    pub(super) overview: Entered,
    pub(super) document: Entered,
    pub(super) definition: Definition,
    pub(super) parameters: Vec<ParameterRow>,
    pub(super) entries: Vec<EntryRow>,
    /// The field that something is wrong with, which may be far below.
    pub(super) wrong: Option<String>,
    /// What belongs to no field.
    pub(super) refusal: Option<Refusal>,
    /// Whether what is in use may be taken away.
    pub(super) force: bool,
    /// The row that was just added, where the page begins.
    pub(super) added: Option<String>,
}

/// The API definition of a third-party service.
#[derive(Debug, Default)]
pub(super) struct Definition {
    /// What was uploaded; carried along by the form.
    pub(super) text: String,
    /// What is wrong with what was uploaded.
    pub(super) wrong: Option<String>,
    /// The language of what is registered.
    pub(super) registered: Option<String>,
    /// Whether what is registered shall be taken away.
    pub(super) removed: bool,
}

impl Definition {
    fn read(fields: &Fields, registered: Option<&ServiceView>) -> Self {
        let mut found = Self {
            text: fields.lines("definition_text"),
            registered: registered.and_then(|service| service.definition_type.clone()),
            removed: fields.ticked("definition_remove"),
            ..Self::default()
        };
        match fields.file("definition").map(|bytes| std::str::from_utf8(bytes)) {
            Some(Ok(text)) => text.clone_into(&mut found.text),
            Some(Err(_)) => found.wrong = Some("the file is no text in UTF-8: choose another".to_owned()),
            None => {}
        }
        // What was understood is carried along, the rest is said at once.
        let read = definition::read(found.text.as_bytes(), None);
        if !found.text.is_empty() && read.kind == DefinitionKind::Unknown {
            found.text.clear();
            found.wrong = Some(format!("it cannot be read: {}", read.problem.unwrap_or_default()));
        }
        found
    }

    /// The language of what is registered, unless it is shown what was uploaded.
    pub(super) fn language(&self) -> Option<&'static str> {
        self.registered.as_deref().and_then(DefinitionKind::of_word).map(|kind| language(&kind))
    }

    /// What was read of what was uploaded: its language, and how many operations it lists.
    pub(super) fn detected(&self) -> Option<(&'static str, usize)> {
        let found = definition::read(self.text.as_bytes(), None);
        (!self.text.is_empty()).then(|| (language(&found.kind), found.operations.len()))
    }
}

impl Registration {
    /// A form to be filled in, with one row for an endpoint or credential.
    pub(super) fn empty(section: &Section, kind: Option<&'static Kind>) -> Self {
        let mut form = Self { kind, ..Self::default() };
        if section.third_party() {
            form.version = Entered::of("v1");
        }
        form.entries = vec![EntryRow::empty(1, &form.keys())];
        form
    }

    /// What is registered.
    pub(super) fn registered(service: &ServiceView, detail: &ServiceDetail) -> Self {
        let kind = Kind::find(&service.kind);
        let parameters = if kind.is_none() { ParameterRow::registered(&detail.parameters) } else { Vec::new() };
        let mut form = Self {
            revision: service.revision,
            kind,
            name: Entered::of(&service.name),
            version: Entered::of(&service.version),
            summary: Entered::of(&service.summary),
            labels: Entered::of(&service.labels.join(", ")),
            categories: Entered::of(&service.categories.join(", ")),
            overview: Entered::of(&detail.overview),
            document: Entered::of(&detail.document),
            definition: Definition { registered: service.definition_type.clone(), ..Definition::default() },
            parameters,
            ..Self::default()
        };
        form.entries = EntryRow::registered(&detail.entries, &form.keys());
        form
    }

    /// What a browser sent, beside what is registered.
    pub(super) fn read(
        fields: &Fields,
        kind: Option<&'static Kind>,
        registered: Option<(&ServiceView, &ServiceDetail)>,
    ) -> Self {
        let text = |name: &str| Entered::of(fields.text(name));
        let detail = registered.map(|(_, detail)| detail);
        let mut form = Self {
            revision: fields.text("revision").parse().unwrap_or(0),
            kind,
            name: text("name"),
            version: text("version"),
            summary: text("summary"),
            labels: text("labels"),
            categories: text("categories"),
            overview: Entered::of(&fields.lines("overview")),
            document: Entered::of(&fields.lines("document")),
            force: fields.ticked("force"),
            ..Self::default()
        };
        if kind.is_none() {
            form.definition = Definition::read(fields, registered.map(|(service, _)| service));
            form.wrong = form.definition.wrong.is_some().then(|| "definition".to_owned());
            form.parameters = ParameterRow::read(fields, detail.map_or(&[], |detail| &detail.parameters));
        }
        form.entries = EntryRow::read(fields, &form.keys(), detail.map_or(&[], |detail| &detail.entries));
        form
    }

    /// The keys of every entry.
    fn keys(&self) -> Vec<Key> {
        match self.kind {
            Some(kind) => kind.parameters().into_iter().map(|parameter| Key::of_kind(kind, parameter)).collect(),
            None => third_party_keys(&self.parameters),
        }
    }

    /// Does what a button for rows asks; whether there was one.
    pub(super) fn step(&mut self, step: &str) -> bool {
        let (what, id) = step.split_once('.').unwrap_or((step, ""));
        let id = id.parse::<u32>().ok();
        match what {
            "add-parameter" => {
                let id = unused(self.parameters.iter().map(|row| row.id));
                let row = ParameterRow { id, ..ParameterRow::default() };
                self.entries.iter_mut().for_each(|entry| entry.add(&Key::of(&row)));
                self.parameters.push(row);
                self.added = Some(format!("parameter.{id}.name"));
            }
            "add-entry" => {
                let id = unused(self.entries.iter().map(|row| row.id));
                self.entries.push(EntryRow::empty(id, &self.keys()));
                self.added = Some(format!("entry.{id}.name"));
            }
            "remove-parameter" => {
                if let Some(at) = self.parameters.iter().position(|row| Some(row.id) == id) {
                    let key = Key::of(&self.parameters.remove(at));
                    self.entries.iter_mut().for_each(|entry| entry.remove(&key));
                }
            }
            "remove-entry" => self.entries.retain(|row| Some(row.id) != id),
            _ => return false,
        }
        true
    }

    /// Puts a refusal beside the field that it is about.
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        let path = refusal.path.clone().unwrap_or_default();
        let wrong = format!("{}: {}", refusal.message, refusal.hint);
        let Some((field, beside)) = self.field(&path) else {
            self.refusal = Some(refusal);
            return;
        };
        *beside = Some(wrong);
        self.wrong = Some(field);
    }

    /// The field of a part of the request, and where what is wrong with it is said.
    fn field(&mut self, path: &str) -> Option<(String, &mut Option<String>)> {
        let field = match path {
            "name" => &mut self.name.wrong,
            "version" => &mut self.version.wrong,
            "summary" => &mut self.summary.wrong,
            "labels" => &mut self.labels.wrong,
            "categories" => &mut self.categories.wrong,
            "overview" => &mut self.overview.wrong,
            "document" => &mut self.document.wrong,
            "definition" => &mut self.definition.wrong,
            _ => return self.field_of_row(path),
        };
        Some((path.to_owned(), field))
    }

    /// As [`Registration::field`], in a row: `endpoints[0].values.ApiKey`.
    fn field_of_row(&mut self, path: &str) -> Option<(String, &mut Option<String>)> {
        let (rows, rest) = path.split_once('[')?;
        let (at, part) = rest.split_once("].")?;
        let at: usize = at.parse().ok()?;
        if rows == "parameters" {
            let row = self.parameters.get_mut(at)?;
            let field = format!("parameter.{}.{part}", row.id);
            return match part {
                "name" => Some((field, &mut row.name.wrong)),
                "description" => Some((field, &mut row.description.wrong)),
                _ => None,
            };
        }
        let row = self.entries.get_mut(at)?;
        match part {
            "name" => Some((format!("entry.{}.name", row.id), &mut row.name.wrong)),
            "environments" => Some((format!("entry.{}.environments", row.id), &mut row.wrong)),
            _ => {
                let key = part.strip_prefix("values.").unwrap_or(SERVICE_URL);
                let value = row.values.iter_mut().find(|value| value.key == key)?;
                Some((value.field.clone(), &mut value.entered.wrong))
            }
        }
    }
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;
