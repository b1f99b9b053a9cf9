//! What a definition says, for people to read: operations, what they take and answer, and the types that they name.
//!
//! Everything is plain text; descriptions may be CommonMark, which is for who shows them to render or not. Empty fields are
//! absent in JSON. Nothing nests: a field below another follows it with a greater `depth`, and a named type is a link, so that
//! types that contain themselves need no end.

use serde::{Deserialize, Serialize};

use crate::definition::DefinitionKind;

/// A definition, as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Outline {
    /// The language.
    pub kind: DefinitionKind,
    /// The name that it gives itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Its own version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// What it says about itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Where it says that the service is. For information: calls go where a connection leads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<OutlineServer>,
    /// Its operations, by tag, root type, channel, service or port type.
    pub groups: Vec<OutlineGroup>,
    /// The types that it names.
    pub schemas: Vec<OutlineSchema>,
    /// What of it was not understood, or is left out.
    pub notes: Vec<OutlineNote>,
}

/// An address that a definition names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OutlineServer {
    /// The address, possibly with variables in braces, or only a base path.
    pub url: String,
    /// What it says about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// Operations that belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OutlineGroup {
    /// What holds them together; empty for those that nothing does.
    pub name: String,
    /// What the definition says about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The operations, in the definition's order.
    pub operations: Vec<OutlineOperation>,
}

/// One thing that a consumer can ask of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OutlineOperation {
    /// An HTTP method in capitals; `query`, `mutation`, `subscription`; AsyncAPI's own word; `rpc`; `operation`.
    pub verb: String,
    /// The path, field, channel or method.
    pub path: String,
    /// The name by which generated clients know it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// One line about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// All about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whether it should not be used any more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deprecated: bool,
    /// The OAuth2 scopes that a token needs: all of one of these alternatives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<Vec<String>>,
    /// What it takes beside a body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<OutlineField>,
    /// What it takes: at most one body, or each message that the operation is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<OutlineBody>,
    /// What it answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub responses: Vec<OutlineBody>,
}

/// A body that is sent or answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OutlineBody {
    /// The status of an answer, the name of a message or fault; empty for a body that is the only one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whether a request must have it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// The headers that it comes with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<OutlineField>,
    /// Its forms, by media type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contents: Vec<OutlineContent>,
}

/// One form of a body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OutlineContent {
    /// The media type; empty where the language has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub media_type: String,
    /// What it is.
    #[serde(flatten)]
    pub shape: OutlineShape,
    /// The fields of a type that has no name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<OutlineField>,
}

/// A type with a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OutlineSchema {
    /// Its name, the only one of this name in the definition.
    pub name: String,
    /// What it is.
    #[serde(flatten)]
    pub shape: OutlineShape,
    /// Its fields, and theirs below them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<OutlineField>,
}

/// A field of a type, a parameter or a header.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OutlineField {
    /// Its name; `*` for any other.
    pub name: String,
    /// How deep it is below the first: one deeper than the nearest field before it that is less deep.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub depth: u8,
    /// Where a parameter goes: `path`, `query`, `header`, `cookie`, `channel`, `argument`, `attribute`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// Whether it must be there.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// What it is.
    #[serde(flatten)]
    pub shape: OutlineShape,
}

/// What a value may be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OutlineShape {
    /// Its type, as `array of Order` or `Order | null`: pieces of text, to be read one after the other.
    #[serde(rename = "type", default, skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<OutlineType>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whether it should not be used any more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deprecated: bool,
    /// What else holds for it, in words: `at least 1`, `read-only`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<String>,
    /// The only values that it may have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<OutlineValue>,
    /// What it is where it is left out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub default: String,
    /// What it could be.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub example: String,
}

/// A piece of a type's text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OutlineType {
    /// The text.
    pub text: String,
    /// The named type that it is about: the `name` of one of `schemas`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
}

/// One value of those that something may have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OutlineValue {
    /// The value.
    pub value: String,
    /// What it means.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whether it should not be used any more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deprecated: bool,
}

/// Something that was not understood, or is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OutlineNote {
    /// Where, as `paths./orders.get.parameters[0]`; empty for the whole definition.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// Why.
    pub cause: String,
}

impl OutlineShape {
    /// The whole text of the type.
    #[must_use]
    pub fn type_text(&self) -> String {
        self.of.iter().map(|piece| piece.text.as_str()).collect()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(value: &u8) -> bool {
    *value == 0
}
