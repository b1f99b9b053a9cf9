//! API definitions, read tolerantly: what kind of document it is, what it calls itself, which operations it lists.
//!
//! Definitions come from other people and rarely obey their own schemas. Reading one never fails, never resolves a
//! reference to another file, and is bounded in size, nodes and depth; what could not be read is said in `problem`.

mod asyncapi;
mod detect;
mod document;
mod graphql;
mod openapi;
mod outline;
mod protobuf;
mod scopes;
mod wsdl;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use detect::Language;

pub use outline::{outline, outline_text};
pub use scopes::{scope_names, scopes};

/// Largest definition that is read, in bytes.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;
/// Most values, tokens or elements in one definition. OpenAPI documents spend some 15 bytes or more on each value.
const MAX_NODES: usize = 250_000;
/// Deepest nesting: real documents have less than 30, and reading 48 levels fits into the stack of a thread, also
/// unoptimized.
const MAX_DEPTH: usize = 48;
/// Longest text handed to the search, in bytes: a quarter of what PostgreSQL's `tsvector` takes.
const MAX_SEARCH_TEXT: usize = 256 * 1024;

/// The language of a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DefinitionKind {
    /// Swagger 2.0.
    OpenApi2,
    /// OpenAPI 3.0 and later.
    OpenApi3,
    /// A GraphQL schema, as SDL or as the result of an introspection.
    GraphQl,
    /// AsyncAPI 2 or 3.
    AsyncApi,
    /// Protocol buffers, the source of a gRPC service.
    Protobuf,
    /// WSDL 1.1 or 2.0.
    Wsdl,
    /// None of these; `problem` says why.
    Unknown,
}

impl DefinitionKind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::OpenApi2, Self::OpenApi3, Self::GraphQl, Self::AsyncApi, Self::Protobuf, Self::Wsdl, Self::Unknown];

    /// The kind of a word of the wire form; none for another word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The word of the wire form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenApi2 => "openapi2",
            Self::OpenApi3 => "openapi3",
            Self::GraphQl => "graphql",
            Self::AsyncApi => "asyncapi",
            Self::Protobuf => "protobuf",
            Self::Wsdl => "wsdl",
            Self::Unknown => "unknown",
        }
    }
}

/// One thing that a consumer can ask of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Operation {
    /// An HTTP method in capitals; `query`, `mutation`, `subscription`; AsyncAPI's own word; `rpc`; `operation`.
    pub verb: String,
    /// The path, field, channel, `package.Service/Method` or `PortType/Operation`.
    pub path: String,
    /// One line about it; empty when there is none.
    pub summary: String,
    /// The OAuth2 scopes demanded. Where the definition offers alternatives, those of all of them, so that enforcing
    /// them never admits more than the definition does.
    pub scopes: Vec<String>,
}

/// What a definition says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Definition {
    /// The language.
    pub kind: DefinitionKind,
    /// Why it is unknown, or what in it could not be read.
    pub problem: Option<String>,
    /// The name that it gives itself; empty when there is none.
    pub title: String,
    /// What it says about itself; empty when there is nothing.
    pub description: String,
    /// Its own version; empty when there is none.
    pub version: String,
    /// Its operations, in its order.
    pub operations: Vec<Operation>,
    /// The words by which the search finds it.
    pub text_for_search: String,
}

/// Reads a definition. The content decides what it is; the file name only where the content leaves it open.
#[must_use]
pub fn read(bytes: &[u8], file_name: Option<&str>) -> Definition {
    let text = match text_of(bytes) {
        Ok(text) => text,
        Err(reason) => return Definition::unknown(reason),
    };
    let mut definition = match detect::language(text, file_name) {
        Some(Language::Json) => document::json_or_yaml(text).map_or_else(unreadable, structured),
        Some(Language::Yaml) => document::yaml(text).map_or_else(unreadable, structured),
        Some(Language::GraphQl) => graphql::read(text),
        Some(Language::Protobuf) => protobuf::read(text, file_name),
        Some(Language::Xml) => wsdl::read(text),
        None => Definition::unknown("it looks like no language of API definitions that is known here"),
    };
    definition.keep_printable();
    definition.complete_search_text();
    definition
}

impl Definition {
    fn of(kind: DefinitionKind) -> Self {
        Self {
            kind,
            problem: None,
            title: String::new(),
            description: String::new(),
            version: String::new(),
            operations: Vec::new(),
            text_for_search: String::new(),
        }
    }

    /// Takes out control characters: escapes of YAML and JSON write any of them, a NUL too, which no database keeps, and
    /// what is shown on a terminal would act there.
    fn keep_printable(&mut self) {
        let mut texts = vec![&mut self.title, &mut self.description, &mut self.version, &mut self.text_for_search];
        for operation in &mut self.operations {
            texts.extend([&mut operation.verb, &mut operation.path, &mut operation.summary]);
            texts.extend(&mut operation.scopes);
        }
        texts.extend(&mut self.problem);
        for text in texts {
            text.retain(|c| !c.is_control() || matches!(c, '\n' | '\t'));
        }
    }

    fn unknown(reason: impl Into<String>) -> Self {
        Self { problem: Some(reason.into()), ..Self::of(DefinitionKind::Unknown) }
    }

    /// Adds words for the search, up to the limit.
    fn add_search_text(&mut self, words: &str) {
        let words = words.trim();
        let room = MAX_SEARCH_TEXT.saturating_sub(self.text_for_search.len() + 1);
        if words.is_empty() || room == 0 {
            return;
        }
        self.text_for_search.push_str(&words[..words.floor_char_boundary(room)]);
        self.text_for_search.push('\n');
    }

    /// Puts what matters most in front, where the limit does not reach it.
    fn complete_search_text(&mut self) {
        let rest = std::mem::take(&mut self.text_for_search);
        for text in [self.title.clone(), self.description.clone()] {
            self.add_search_text(&text);
        }
        for operation in std::mem::take(&mut self.operations) {
            self.add_search_text(&operation.path);
            self.add_search_text(&operation.summary);
            self.operations.push(operation);
        }
        self.add_search_text(&rest);
    }
}

fn text_of(bytes: &[u8]) -> Result<&str, String> {
    if bytes.len() > MAX_BYTES {
        return Err(format!("it is larger than {MAX_BYTES} bytes"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
    if text.contains('\0') {
        return Err("it is not text".to_owned());
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn unreadable(reason: String) -> Definition {
    Definition::unknown(format!("it cannot be parsed: {reason}"))
}

/// Reads a document whose language is decided by its keys.
fn structured(document: Value) -> Definition {
    let has = |key: &str| document.get(key).is_some();
    if has("openapi") {
        openapi::read(&document, DefinitionKind::OpenApi3)
    } else if has("swagger") {
        openapi::read(&document, DefinitionKind::OpenApi2)
    } else if has("asyncapi") {
        asyncapi::read(&document)
    } else if let Some(schema) = document.get("__schema").or_else(|| document.pointer("/data/__schema")) {
        graphql::read_introspection(schema)
    } else if has("paths") && has("info") {
        let problem = Some("it names no version of OpenAPI and was read as OpenAPI 3".to_owned());
        Definition { problem, ..openapi::read(&document, DefinitionKind::OpenApi3) }
    } else {
        Definition::unknown("it has none of the keys openapi, swagger, asyncapi and __schema")
    }
}

/// The first line of a text, for a summary.
fn first_line(text: &str) -> String {
    text.trim().lines().next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests;
