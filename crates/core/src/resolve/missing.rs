//! Connections that a descriptor refers to and that are not there: what would make them.

use crate::format::shell_word;
use crate::id::ConnectionId;
use crate::model::AccessMode;
use crate::name::ConnectionName;
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
    pub(super) fn new(
        name: Option<&str>,
        reference: &Reference,
        id: Option<ConnectionId>,
        consumer: &Consumer,
    ) -> Self {
        let mut reference = reference.clone();
        let mut access_mode = None;
        if let Reference::Service { project, visibility, .. } = &mut reference {
            project.get_or_insert_with(|| consumer.project.clone());
            access_mode = visibility.map(AccessMode::from);
        }
        let name = name.map_or_else(|| suggested_name(&reference), str::to_owned);
        Self { name, service: reference.to_string(), access_mode, id }
    }

    /// The command that makes it.
    #[must_use]
    pub fn command(&self, consumer: &Consumer) -> String {
        use std::fmt::Write as _;
        let mut command = format!(
            "tieline connection create {} --service {} --level component --organization {} --project {} --component {}",
            shell_word(&self.name),
            shell_word(&self.service),
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

/// A connection name made from what a reference names: `orders` for the component `orders`.
fn suggested_name(reference: &Reference) -> String {
    let subject = match reference {
        Reference::Service { component, .. } => component,
        Reference::ThirdParty { name, .. } | Reference::Resource { name, .. } => name,
    };
    let words: Vec<&str> =
        subject.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let name: String = words.join("-").chars().take(40).collect();
    let name = name.trim_end_matches('-');
    ConnectionName::parse(name).map_or_else(|_| format!("{name}-connection"), |name| name.as_str().to_owned())
}
