//! The guide of a connection: what to put into the descriptor, and code that reads its variables and uses them, with the
//! real names filled in.
//!
//! The code is data: one file for each way to connect, with a section for each language.

mod descriptor;
mod read;

use std::collections::BTreeMap;

use crate::endpoint::EndpointType;
use crate::id::ConnectionId;
use crate::kind::Kind;
use crate::model::{AccessMode, Parameter, Scheme};
use crate::reference::Reference;
use crate::wire::connection::ConnectionGuide;

pub use read::LANGUAGES;

/// A connection as far as its guide goes.
#[derive(Debug, Clone)]
pub struct Guided<'a> {
    /// The organization's handle.
    pub organization: &'a str,
    /// The connection's name.
    pub name: &'a str,
    /// The connection's id.
    pub id: ConnectionId,
    /// The reference of its service.
    pub reference: &'a Reference,
    /// The kind of its service: `service`, `third-party`, or the name of a resource kind.
    pub kind: &'a str,
    /// What the endpoint of an internal service speaks.
    pub endpoint_type: Option<EndpointType>,
    /// Access mode and scheme of a connection to an internal service.
    pub access: Option<(AccessMode, Scheme)>,
    /// Its parameters, each with its variable.
    pub parameters: &'a [(Parameter, String)],
}

/// Every way to connect, with its code.
const TEMPLATES: &[(&str, &str)] = &[
    ("oauth2", include_str!("templates/oauth2.txt")),
    ("api-key", include_str!("templates/api-key.txt")),
    ("url", include_str!("templates/url.txt")),
    ("address", include_str!("templates/address.txt")),
    ("third-party", include_str!("templates/third-party.txt")),
    ("postgresql", include_str!("templates/postgresql.txt")),
    ("mariadb", include_str!("templates/mysql.txt")),
    ("mysql", include_str!("templates/mysql.txt")),
    ("redis", include_str!("templates/redis.txt")),
    ("kafka", include_str!("templates/kafka.txt")),
    ("rabbitmq", include_str!("templates/rabbitmq.txt")),
    ("nats", include_str!("templates/nats.txt")),
    ("mqtt", include_str!("templates/mqtt.txt")),
    ("s3", include_str!("templates/s3.txt")),
];

/// The guide of a connection.
#[must_use]
pub fn guide(connection: &Guided<'_>) -> ConnectionGuide {
    let template = TEMPLATES.iter().find(|(name, _)| *name == way(connection)).map_or("", |(_, text)| text);
    let code = LANGUAGES.iter().map(|language| {
        let section = section(template, language);
        let mut text = section.replace("{{read}}", &read::lines(language, connection.parameters));
        for (parameter, variable) in connection.parameters {
            text = text.replace(&format!("{{{{{}}}}}", parameter.key), &format!("{{{variable}}}"));
        }
        ((*language).to_owned(), text)
    });
    ConnectionGuide {
        name: connection.name.to_owned(),
        variables: connection
            .parameters
            .iter()
            .map(|(parameter, variable)| (parameter.key.clone(), variable.clone()))
            .collect(),
        descriptor: descriptor::texts(connection),
        code: code.collect::<BTreeMap<_, _>>(),
    }
}

/// Which template a connection is used by. A browser application of an OAuth2 service gets the address alone, so the
/// parameters decide, not the scheme.
fn way(connection: &Guided<'_>) -> &'static str {
    if let Some(kind) = Kind::find(connection.kind) {
        return kind.name;
    }
    let has = |key: &str| connection.parameters.iter().any(|(parameter, _)| parameter.key == key);
    match (connection.access, connection.endpoint_type) {
        (None, _) => "third-party",
        (Some(_), Some(kind)) if !matches!(kind, EndpointType::REST | EndpointType::GraphQL) => "address",
        _ if has(crate::kind::CONSUMER_KEY) => "oauth2",
        _ if has(crate::kind::CHOREO_API_KEY) => "api-key",
        _ => "url",
    }
}

fn section<'a>(template: &'a str, language: &str) -> &'a str {
    let sections = template.split("=== ").filter_map(|section| section.split_once('\n'));
    sections.into_iter().find(|(name, _)| *name == language).map_or("", |(_, text)| text)
}
