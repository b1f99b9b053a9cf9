//! Definitions for people to read: everything that a page shows, from each language into the one form of
//! [`Outline`].
//!
//! Real documents violate their schemas, so whatever is understood is shown, and the notes say what was not. No reference to
//! another document is followed; work, rows and text are bounded by the `Writer`, whatever the document asks for.

mod asyncapi;
mod body;
mod constraint;
mod graphql;
mod introspection;
mod openapi;
mod place;
mod protobuf;
mod reference;
mod shape;
mod text;
mod writer;
mod wsdl;
mod xsd;

use place::Place;
use writer::Writer;

use super::{DefinitionKind, document, read, text_of};
use crate::wire::outline::Outline;

pub use text::outline_text;

/// Reads a definition of a language for people. What cannot be read at all has one note that says why.
#[must_use]
pub fn outline(kind: DefinitionKind, text: &str) -> Outline {
    match text_of(text.as_bytes()).and_then(|text| of_language(kind, text)) {
        Ok(outline) => outline,
        Err(reason) => {
            let mut writer = Writer::new();
            writer.note(&Place::ROOT, reason);
            Outline { notes: writer.into_notes(), ..Outline::of(kind) }
        }
    }
}

fn of_language(kind: DefinitionKind, text: &str) -> Result<Outline, String> {
    let document = || document::json_or_yaml(text).map_err(|reason| format!("it cannot be parsed: {reason}"));
    match kind {
        DefinitionKind::OpenApi2 | DefinitionKind::OpenApi3 => Ok(openapi::outline(&document()?, kind)),
        DefinitionKind::AsyncApi => Ok(asyncapi::outline(&document()?)),
        DefinitionKind::GraphQl if text.trim_start().starts_with('{') => introspection::outline(&document()?),
        DefinitionKind::GraphQl => graphql::outline(text),
        DefinitionKind::Protobuf => protobuf::outline(text),
        DefinitionKind::Wsdl => wsdl::outline(text),
        DefinitionKind::Unknown => {
            Err(read(text.as_bytes(), None).problem.unwrap_or_else(|| "it is unknown".to_owned()))
        }
    }
}

impl Outline {
    /// An outline that says nothing yet.
    fn of(kind: DefinitionKind) -> Self {
        Self {
            kind,
            title: String::new(),
            version: String::new(),
            description: String::new(),
            servers: Vec::new(),
            groups: Vec::new(),
            schemas: Vec::new(),
            notes: Vec::new(),
        }
    }
}
