//! The rows of the form: parameters, and endpoints or credentials with a value for each key. A row is added or taken away by
//! a button that sends the form, so that it works without scripts; a number that never changes tells it from the others.

use tieline_core::kind::{Kind, SERVICE_URL};
use tieline_core::model::Parameter;
use tieline_core::wire::service::EntryView;

use super::super::form::{Entered, Fields};

/// Rows that are read: more than a registration may have, so that the use case says so.
const MOST: usize = 101;

/// A parameter of a third-party service.
#[derive(Debug, Default)]
pub(super) struct ParameterRow {
    /// What tells the row from the others.
    pub(super) id: u32,
    pub(super) name: Entered,
    pub(super) description: Entered,
    pub(super) secret: bool,
    pub(super) optional: bool,
    /// Whether it is registered already; then it keeps its name.
    pub(super) known: bool,
}

/// An endpoint or credential.
#[derive(Debug, Default)]
pub(super) struct EntryRow {
    /// What tells the row from the others.
    pub(super) id: u32,
    pub(super) name: Entered,
    /// The environments that are ticked.
    pub(super) environments: Vec<String>,
    /// What is wrong with them.
    pub(super) wrong: Option<String>,
    /// One for each key.
    pub(super) values: Vec<ValueRow>,
    /// Whether it is registered already; then it keeps its name.
    pub(super) known: bool,
}

/// The value of a key.
#[derive(Debug, Default)]
pub(super) struct ValueRow {
    /// The key.
    pub(super) key: String,
    /// Its field.
    pub(super) field: String,
    pub(super) label: String,
    pub(super) description: String,
    pub(super) secret: bool,
    pub(super) optional: bool,
    /// Whether it may have several lines.
    pub(super) lines: bool,
    /// What was entered; of a secret what is wrong alone, since no page repeats one.
    pub(super) entered: Entered,
    /// Whether there is a secret, which stays unless another is entered.
    pub(super) kept: bool,
    /// Whether a secret was entered that is to be entered again.
    pub(super) lost: bool,
    /// Whether what there is shall be taken away.
    pub(super) removed: bool,
}

/// A key of every entry, and how the form asks for its value.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// What stands for it in the names of fields.
    id: String,
    key: String,
    label: String,
    description: String,
    secret: bool,
    optional: bool,
    lines: bool,
}

impl Key {
    /// The key of a kind of resource.
    pub(super) fn of_kind(kind: &Kind, parameter: Parameter) -> Self {
        Self {
            lines: kind.has_lines(&parameter.key),
            id: parameter.key.clone(),
            label: parameter.key.clone(),
            // What says no more than the label is not said twice.
            description: if parameter.description == parameter.key { String::new() } else { parameter.description },
            key: parameter.key,
            secret: parameter.sensitive,
            optional: parameter.optional,
        }
    }

    /// The address that every endpoint has.
    pub(super) fn url() -> Self {
        Self {
            id: SERVICE_URL.to_owned(),
            key: SERVICE_URL.to_owned(),
            label: "URL".to_owned(),
            description: "With the path that every call begins with, as https://mail.example/v1".to_owned(),
            secret: false,
            optional: false,
            lines: false,
        }
    }

    /// The key of a parameter.
    pub(super) fn of(parameter: &ParameterRow) -> Self {
        let name = parameter.name.text.clone();
        let unnamed = name.is_empty();
        Self {
            id: parameter.id.to_string(),
            label: if unnamed { "Value of the parameter without a name".to_owned() } else { name.clone() },
            key: name,
            description: parameter.description.text.clone(),
            // Whoever has not named it yet has not said either whether it is a secret.
            secret: parameter.secret || unnamed,
            optional: parameter.optional,
            lines: false,
        }
    }

    /// The field of its value in an entry.
    fn field(&self, entry: u32) -> String {
        format!("entry.{entry}.value.{}", self.id)
    }
}

/// The keys of a third-party service.
pub(super) fn third_party_keys(parameters: &[ParameterRow]) -> Vec<Key> {
    std::iter::once(Key::url()).chain(parameters.iter().map(Key::of)).collect()
}

impl ParameterRow {
    /// The parameters that a form sent.
    pub(super) fn read(fields: &Fields, registered: &[Parameter]) -> Vec<Self> {
        let row = |id: u32| {
            let text = |name: &str| Entered::of(fields.text(&format!("parameter.{id}.{name}")));
            let ticked = |name: &str| fields.ticked(&format!("parameter.{id}.{name}"));
            let name = text("name");
            let known = registered.iter().any(|parameter| parameter.key == name.text);
            Self {
                id,
                description: text("description"),
                secret: ticked("secret"),
                optional: ticked("optional"),
                known,
                name,
            }
        };
        ids(fields, "parameter").map(row).collect()
    }

    /// The parameters that are registered, without the address.
    pub(super) fn registered(parameters: &[Parameter]) -> Vec<Self> {
        let own = parameters.iter().filter(|parameter| parameter.key != SERVICE_URL);
        let row = |(id, parameter): (u32, &Parameter)| Self {
            id,
            name: Entered::of(&parameter.key),
            description: Entered::of(&parameter.description),
            secret: parameter.sensitive,
            optional: parameter.optional,
            known: true,
        };
        (1..).zip(own).map(row).collect()
    }
}

impl EntryRow {
    /// The entries that a form sent. Secrets stay in the fields.
    pub(super) fn read(fields: &Fields, keys: &[Key], registered: &[EntryView]) -> Vec<Self> {
        let row = |id: u32| {
            let name = fields.text(&format!("entry.{id}.name"));
            let known = registered.iter().find(|entry| entry.name.eq_ignore_ascii_case(name));
            let value = |key: &Key| {
                let row = ValueRow::of(id, key, known);
                let text = fields.lines(&row.field);
                let entered = Entered::of(if key.secret { "" } else { text.trim() });
                let removed = fields.ticked(&format!("{}.remove", row.field));
                ValueRow { entered, lost: key.secret && !text.is_empty(), removed, ..row }
            };
            Self {
                id,
                name: Entered::of(name),
                environments: fields.all(&format!("entry.{id}.environment")).map(str::to_owned).collect(),
                wrong: None,
                values: keys.iter().map(value).collect(),
                known: known.is_some(),
            }
        };
        ids(fields, "entry").map(row).collect()
    }

    /// The entries that are registered.
    pub(super) fn registered(entries: &[EntryView], keys: &[Key]) -> Vec<Self> {
        let row = |(id, entry): (u32, &EntryView)| {
            let value = |key: &Key| {
                let shown = entry.values.get(&key.key).cloned().flatten().unwrap_or_default();
                ValueRow { entered: Entered::of(&shown), ..ValueRow::of(id, key, Some(entry)) }
            };
            Self {
                id,
                name: Entered::of(&entry.name),
                environments: entry.environments.clone(),
                wrong: None,
                values: keys.iter().map(value).collect(),
                known: true,
            }
        };
        (1..).zip(entries).map(row).collect()
    }

    /// A row to be filled in.
    pub(super) fn empty(id: u32, keys: &[Key]) -> Self {
        Self { id, values: keys.iter().map(|key| ValueRow::of(id, key, None)).collect(), ..Self::default() }
    }

    /// Asks for one key more.
    pub(super) fn add(&mut self, key: &Key) {
        self.values.push(ValueRow::of(self.id, key, None));
    }

    /// Asks for one key less.
    pub(super) fn remove(&mut self, key: &Key) {
        let field = key.field(self.id);
        self.values.retain(|value| value.field != field);
    }

    /// Whether an environment is ticked.
    pub(super) fn in_environment(&self, handle: &str) -> bool {
        self.environments.iter().any(|ticked| ticked.eq_ignore_ascii_case(handle))
    }
}

impl ValueRow {
    fn of(entry: u32, key: &Key, registered: Option<&EntryView>) -> Self {
        Self {
            key: key.key.clone(),
            field: key.field(entry),
            label: key.label.clone(),
            description: key.description.clone(),
            secret: key.secret,
            optional: key.optional,
            lines: key.lines,
            kept: key.secret && registered.is_some_and(|entry| entry.values.contains_key(&key.key)),
            ..Self::default()
        }
    }
}

impl ValueRow {
    /// The elements that describe its field.
    pub(super) fn described(&self) -> String {
        let parts = [
            ("error", self.entered.wrong.is_some()),
            ("again", self.lost),
            ("hint", !self.description.is_empty() || self.kept),
        ];
        let ids = parts.iter().filter(|(_, there)| *there).map(|(part, _)| format!("{}-{part}", self.field));
        ids.collect::<Vec<_>>().join(" ")
    }
}

/// The number for a row to be added.
pub(super) fn unused(ids: impl Iterator<Item = u32>) -> u32 {
    ids.max().map_or(1, |most| most.saturating_add(1))
}

/// The rows that a form sent.
fn ids<'a>(fields: &'a Fields, rows: &'a str) -> impl Iterator<Item = u32> + 'a {
    fields.all(rows).filter_map(|id| id.parse().ok()).take(MOST)
}
