//! Connections that a descriptor refers to and that are not there: what would make them.

use crate::format::command_word;
use crate::id::ConnectionId;
use crate::model::AccessMode;
use crate::reference::Reference;
use crate::resolve::Consumer;

/// What makes a missing connection at component level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingConnection {
    /// Its name: the file's, or one made from the service's.
    pub name: String,
    /// The service, as a reference that stands alone.
    pub service: String,
    /// The access mode that the reference names.
    pub access_mode: Option<AccessMode>,
    /// The id that the file carries.
    pub id: Option<ConnectionId>,
}

impl MissingConnection {
    /// One that the file refers to by name.
    pub(super) fn named(name: &str, reference: &Reference, consumer: &Consumer) -> Self {
        let (service, access_mode) = standing_alone(reference, consumer);
        Self { name: name.to_owned(), service, access_mode, id: None }
    }

    /// One that the file refers to by id: its name is made from the service's, with a number if that is taken.
    pub(super) fn with_id(
        id: ConnectionId,
        reference: &Reference,
        consumer: &Consumer,
        taken: impl Fn(&str) -> bool,
    ) -> Self {
        let (service, access_mode) = standing_alone(reference, consumer);
        let base = suggested_name(reference);
        let numbered = |number: usize| if number == 1 { base.clone() } else { format!("{base}-{number}") };
        let name = (1..).map(numbered).find(|name| !taken(name)).unwrap_or_default();
        Self { name, service, access_mode, id: Some(id) }
    }

    /// The command that makes it.
    #[must_use]
    pub fn command(&self, consumer: &Consumer) -> String {
        use std::fmt::Write as _;
        let mut command = format!(
            "tieline connection create {} --service {} --level component --organization {} --project {} --component {}",
            command_word(&self.name),
            command_word(&self.service),
            consumer.organization,
            consumer.project,
            consumer.component
        );
        if let Some(mode) = self.access_mode {
            let _ = write!(command, " --access-mode {mode}");
        }
        if let Some(id) = self.id {
            let _ = write!(command, " --id {id}");
        }
        command
    }
}

/// The reference with its project, and the access mode that it names.
fn standing_alone(reference: &Reference, consumer: &Consumer) -> (String, Option<AccessMode>) {
    let mut reference = reference.clone();
    let mut access_mode = None;
    if let Reference::Service { project, visibility, .. } = &mut reference {
        project.get_or_insert_with(|| consumer.project.clone());
        access_mode = visibility.map(AccessMode::from);
    }
    (reference.to_string(), access_mode)
}

/// A connection name made from what a reference names: `orders` for the component `orders`.
fn suggested_name(reference: &Reference) -> String {
    let subject = match reference {
        Reference::Service { component, .. } => component,
        Reference::ThirdParty { name, .. } | Reference::Resource { name, .. } => name,
    };
    let words: Vec<&str> =
        subject.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let name: String = words.join("-").chars().take(36).collect();
    let name = name.trim_end_matches('-');
    match name.len() {
        0 => "connection".to_owned(),
        1 | 2 => format!("{name}-connection"),
        _ => name.to_owned(),
    }
}
