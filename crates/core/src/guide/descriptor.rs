//! What to put into component.yaml, for each schema version.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Guided;
use crate::model::AccessMode;
use crate::reference::{Reference, ResourceScheme};

/// The texts by schema version. What a version cannot say is left out: 1.0 knows no storage.
pub(super) fn texts(connection: &Guided<'_>) -> BTreeMap<String, String> {
    let mut texts: BTreeMap<_, _> =
        ["1.1", "1.2"].into_iter().map(|version| (version.to_owned(), by_name(version, connection))).collect();
    if let Some(reference) = first_form(connection) {
        texts.insert("1.0".to_owned(), by_id(&reference, connection));
    }
    texts
}

fn by_id(reference: &str, connection: &Guided<'_>) -> String {
    let mut text = format!(
        "schemaVersion: 1.0\ndependencies:\n  serviceReferences:\n    - name: {}\n      connectionConfig: {}\n      env:\n",
        scalar(reference),
        connection.id
    );
    for (parameter, variable) in connection.parameters {
        let _ = writeln!(text, "        - from: {}\n          to: {variable}", scalar(&parameter.key));
    }
    text
}

fn by_name(version: &str, connection: &Guided<'_>) -> String {
    let name = scalar(connection.name);
    let mut text = format!(
        "schemaVersion: {version}\ndependencies:\n  connectionReferences:\n    - name: {name}\n      resourceRef: {}\n",
        scalar(&connection.reference.to_string())
    );
    if let Some((parameter, variable)) = connection.parameters.first() {
        let _ = write!(
            text,
            "# The variables are named as this guide says. To choose a name yourself:\n# configurations:\n#   env:\n\
             #     - name: MY_{variable}\n#       valueFrom:\n#         connectionRef:\n#           name: {name}\n\
             #           key: {}\n",
            scalar(&parameter.key)
        );
    }
    text
}

/// The reference as 1.0 writes it, if it can.
fn first_form(connection: &Guided<'_>) -> Option<String> {
    match connection.reference {
        Reference::Service { project, component, major, endpoint, .. } => {
            let visibility = connection.access.map_or(AccessMode::Public, |access| access.0).visibility();
            Some(format!(
                "choreo:///{}/{}/{component}/{}/v{major}/{}",
                connection.organization,
                project.as_deref()?,
                endpoint.as_deref()?,
                visibility.reference_word()
            ))
        }
        Reference::Resource { scheme: ResourceScheme::Storage, .. } => None,
        other => Some(other.to_string()),
    }
}

/// A text as a YAML scalar that no reader takes for anything but a string. A JSON string is a YAML double-quoted one.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_/:.".contains(&b))
        && !text.ends_with(':')
        && !["true", "false", "null", "yes", "no", "on", "off"].contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}
